#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/data/interactions_core.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/interactions_split.h"
#include "whitney/data/interactions_values.h"
#include "whitney/data/interactions_writer.h"
#include "whitney/data/learner.h"
#include "whitney/search/indexed_recommendations.h"
#include "whitney/search/recommendations.h"
#include "whitney/search/shared_searcher.h"

namespace whitney::python {
namespace {

using Shared = std::shared_ptr<Recommendations>;

Interactions read_events(const std::string& path, const nb::dict& options, const Call& call) {
  const auto how = options_from_dict<InteractionsOptions>("read_interactions", options);
  return call(
      [&](const Context& context) { return std::move(read_interactions({path}, how, context).front()); });
}

Interactions events_that_count_of(const Interactions& events, const nb::dict& options, const Call& call) {
  const auto how = options_from_dict<InteractionsOptions>("read_interactions", options);
  return call([&](const Context& context) {
    return events_that_count(events, how, "Interactions, which are read already", context);
  });
}

// The places of the rows of arrays (or of a frame: `what`) that count; values: float32, may be empty.
nb::object places_that_count(nb::handle values, int64_t size, const std::string& what,
                             const nb::dict& options, const Call& call) {
  const auto how = options_from_dict<InteractionsOptions>("read_interactions", options);
  const auto of_values = array_view<float>(values, "values");
  auto places = call([&](const Context& context) {
    note_without_fields(how, what, context);
    return events_that_count(of_values.span(), size, how, "", context);
  });
  const size_t count = places.size();
  return numpy_from(std::move(places), {count});
}

Interactions events_of_rows(const Ids& users, const Ids& items, nb::handle user_rows, nb::handle item_rows,
                            nb::handle values, nb::handle times, const Call& call) {
  const auto of_users = array_view<uint32_t>(user_rows, "users"),
             of_items = array_view<uint32_t>(item_rows, "items");
  const auto with_values = array_view<float>(values, "values");
  const auto with_times = array_view<int64_t>(times, "times");
  return call([&](const Context& context) {
    return build_interactions(
        users, items, {of_users.span(), of_items.span(), with_values.span(), with_times.span()}, context);
  });
}

void write_events(const Interactions& events, const std::string& path, bool force, const Call& call) {
  call([&](const Context& context) { write_interactions(events, path, force, context); });
}

Interactions core_of_events(const Interactions& events, const nb::dict& options, const Call& call) {
  const auto core = options_from_dict<KCoreOptions>("k_core", options);
  return call([&](const Context& context) { return core_of(events, core, context); });
}

// (train, validation, test, checksum)
std::tuple<Interactions, Interactions, Interactions, std::string> split_events(const Interactions& events,
                                                                               const nb::dict& options,
                                                                               const Call& call) {
  const auto how = options_from_dict<InteractionsSplitOptions>("split", options);
  InteractionsSplit split =
      call([&](const Context& context) { return split_interactions(events, how, context); });
  return {std::move(split.train), std::move(split.validation), std::move(split.test),
          std::move(split.checksum)};
}

Shared learn_recommender(const std::string& method, const Interactions& events, const nb::dict& options,
                         const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  const Dataset data = events;
  return std::make_shared<Recommendations>(call([&](const Context& context) {
    return std::get<RecommenderModel>(run_learner(method, data, given, context));
  }));
}

Shared with_attributes(const Recommendations& recommendations, const Table& table) {
  RecommenderModel model = recommendations.model();
  const JoinResult joined = join_attributes(model.history.items, table);
  append_columns(model.attributes, joined.attributes);
  model.attributes.num_rows = model.history.num_items();
  return std::make_shared<Recommendations>(std::move(model));
}

uint32_t row_of(const Ids& ids, const char* what, nb::handle id) {
  const std::optional<int64_t> row = find_row(ids, id);
  if (!row) {
    const auto text = nb::cast<std::string>(nb::str(id));
    fail("no ", what, " has the id \"", text, "\"", ids.did_you_mean(text));
  }
  return static_cast<uint32_t>(*row);
}

std::vector<uint32_t> rows_of(const Ids& ids, const char* what, const nb::list& given) {
  std::vector<uint32_t> rows;
  for (const nb::handle id : given) rows.push_back(row_of(ids, what, id));
  return rows;
}

// Ascending, none twice, of each new user.
std::vector<std::vector<uint32_t>> rows_of_lists(const Ids& ids, const nb::list& items_of_users) {
  std::vector<std::vector<uint32_t>> lists;
  for (const nb::handle list : items_of_users) {
    auto& rows = lists.emplace_back(rows_of(ids, "item", nb::cast<nb::list>(list)));
    std::ranges::sort(rows);
    rows.erase(std::ranges::unique(rows).begin(), rows.end());
  }
  return lists;
}

// (items' rows, scores, ids of the items, counts, whether the time was up)
using Recommended = std::tuple<nb::object, nb::object, nb::object, nb::object, bool>;

Recommended named(const Ids& ids, SearchResult result) {
  const auto m = static_cast<size_t>(result.neighbors.num_queries),
             width = static_cast<size_t>(result.neighbors.k);
  const nb::object names = ids_of_rows(ids, result.neighbors.rows, nb::make_tuple(m, width));
  const size_t num_counts = result.counts.size();
  return {numpy_from(std::move(result.neighbors.rows), {m, width}),
          numpy_from(std::move(result.neighbors.values), {m, width}), names,
          numpy_from(std::move(result.counts), {num_counts}), result.partial};
}

template <class Ask>
Recommended answered(const Recommendations& recommendations, const Call& call, const Ask& ask) {
  return named(recommendations.model().history.items, call(ask));
}

// Through an index of the items, which nobody changes meanwhile: `ask(indexed, context)` recommends.
template <class Ask>
Recommended answered_by(const SharedSearcher& shared, const Recommendations& recommendations,
                        const Call& call, const Ask& ask) {
  Ids ids;
  SearchResult result = call([&](const Context& context) {
    return shared.read([&](const Searcher& searcher) {
      ids = searcher.index().ids();
      return ask(IndexedRecommendations(recommendations, searcher, context), context);
    });
  });
  return named(ids, std::move(result));
}

SearchRequest request_of(int64_t k, const std::string& filter, const nb::dict& options, bool exact,
                         std::optional<double> timeout_ms) {
  SearchRequest request;
  request.k = k;
  request.filter = filter;
  request.options = value_from(options, "search");
  request.exact = exact;
  request.timeout_ms = timeout_ms;
  return request;
}

Recommended recommend(const Recommendations& recommendations, const nb::list& users, int64_t k,
                      const std::string& filter, bool keep_seen, const Call& call) {
  const auto rows = rows_of(recommendations.model().history.users, "user", users);
  return answered(recommendations, call, [&](const Context& context) {
    return recommendations.recommend(rows, {k, filter, keep_seen}, context);
  });
}

Recommended recommend_to_new(const Recommendations& recommendations, const nb::list& items_of_users,
                             int64_t k, const std::string& filter, bool keep_seen, const Call& call) {
  const auto items = rows_of_lists(recommendations.model().history.items, items_of_users);
  return answered(recommendations, call, [&](const Context& context) {
    return recommendations.recommend_to_new(items, {k, filter, keep_seen}, context);
  });
}

Recommended recommend_by(const Recommendations& recommendations, const SharedSearcher& index,
                         const nb::list& users, int64_t k, const std::string& filter, bool keep_seen,
                         const nb::dict& options, bool exact, std::optional<double> timeout_ms,
                         const Call& call) {
  const auto rows = rows_of(recommendations.model().history.users, "user", users);
  const SearchRequest request = request_of(k, filter, options, exact, timeout_ms);
  return answered_by(index, recommendations, call,
                     [&](const IndexedRecommendations& indexed, const Context& context) {
                       return indexed.recommend(rows, request, keep_seen, context);
                     });
}

Recommended recommend_to_new_by(const Recommendations& recommendations, const SharedSearcher& index,
                                const nb::list& items_of_users, int64_t k, const std::string& filter,
                                bool keep_seen, const nb::dict& options, bool exact,
                                std::optional<double> timeout_ms, const Call& call) {
  const auto items = rows_of_lists(recommendations.model().history.items, items_of_users);
  const SearchRequest request = request_of(k, filter, options, exact, timeout_ms);
  return answered_by(index, recommendations, call,
                     [&](const IndexedRecommendations& indexed, const Context& context) {
                       return indexed.recommend_to_new(items, request, keep_seen, context);
                     });
}

Recommended similar_items(const Recommendations& recommendations, const nb::list& items, int64_t k,
                          const std::string& filter, const Call& call) {
  const auto rows = rows_of(recommendations.model().history.items, "item", items);
  return answered(recommendations, call, [&](const Context& context) {
    return recommendations.similar_items(rows, {k, filter, false}, context);
  });
}

nb::object factors_of(const Recommendations& recommendations, bool of_users) {
  const auto* factors = std::get_if<Factors>(&recommendations.model().scores);
  if (factors == nullptr) return nb::none();
  return nb::cast(of_users ? factors->users : factors->items);
}

void bind_interactions(nb::module_& module) {
  nb::class_<Interactions>(module, "Interactions", "Events of users with items, a row for each user.")
      .def_static("read", &read_events, nb::arg("path"), nb::arg("options"), nb::arg("call"))
      .def_static("places_that_count", &places_that_count, nb::arg("values"), nb::arg("size"),
                  nb::arg("what"), nb::arg("options"), nb::arg("call"))
      .def_static("of_rows", &events_of_rows, nb::arg("users"), nb::arg("items"), nb::arg("user_rows"),
                  nb::arg("item_rows"), nb::arg("values"), nb::arg("times"), nb::arg("call"))
      .def("that_count", &events_that_count_of, nb::arg("options"), nb::arg("call"))
      .def("write", &write_events, nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def("k_core", &core_of_events, nb::arg("options"), nb::arg("call"))
      .def("split", &split_events, nb::arg("options"), nb::arg("call"))
      .def_ro("users", &Interactions::users)
      .def_ro("items", &Interactions::items)
      .def_prop_ro("size", [](const Interactions& events) { return events.size(); })
      .def_prop_ro("offsets", [](const Interactions& events) { return numpy_view(events.offsets); })
      .def_prop_ro("targets", [](const Interactions& events) { return numpy_view(events.targets); })
      .def_prop_ro("values", [](const Interactions& events) { return numpy_view(events.values); })
      .def_prop_ro("times", [](const Interactions& events) { return numpy_view(events.times); });
}

}  // namespace

void bind_recommend(nb::module_& module) {
  bind_interactions(module);
  module.def(
      "events_options",
      [] {
        return std::pair(list_from(option_specs<KCoreOptions>()),
                         list_from(option_specs<InteractionsSplitOptions>()));
      },
      "Declarations of the options of a core, and of a split.");
  module.def("learn_recommender", &learn_recommender, nb::arg("method"), nb::arg("events"),
             nb::arg("options"), nb::arg("call"));
  nb::class_<Recommendations>(module, "Recommender", "A trained recommender, asked for items.")
      .def_static(
          "open",
          [](const std::string& path) {
            return std::make_shared<Recommendations>(Recommendations::open(path));
          },
          nb::arg("path"))
      .def(
          "save",
          [](const Recommendations& self, const std::string& path, bool force, const Call& call) {
            call([&](const Context& context) { save_recommender(self.model(), path, force, context); });
          },
          nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def("recommend", &recommend, nb::arg("users"), nb::arg("k"), nb::arg("filter"), nb::arg("keep_seen"),
           nb::arg("call"))
      .def("recommend_to_new", &recommend_to_new, nb::arg("items_of_users"), nb::arg("k"), nb::arg("filter"),
           nb::arg("keep_seen"), nb::arg("call"))
      .def("recommend_by", &recommend_by, nb::arg("index"), nb::arg("users"), nb::arg("k"), nb::arg("filter"),
           nb::arg("keep_seen"), nb::arg("options"), nb::arg("exact"), nb::arg("timeout_ms").none(),
           nb::arg("call"))
      .def("recommend_to_new_by", &recommend_to_new_by, nb::arg("index"), nb::arg("items_of_users"),
           nb::arg("k"), nb::arg("filter"), nb::arg("keep_seen"), nb::arg("options"), nb::arg("exact"),
           nb::arg("timeout_ms").none(), nb::arg("call"))
      .def("similar_items", &similar_items, nb::arg("items"), nb::arg("k"), nb::arg("filter"),
           nb::arg("call"))
      .def("with_attributes", &with_attributes, nb::arg("table"))
      .def_prop_ro("users", [](const Recommendations& self) { return self.model().history.users; })
      .def_prop_ro("items", [](const Recommendations& self) { return self.model().history.items; })
      .def_prop_ro("columns", [](const Recommendations& self) { return self.model().attributes.columns; })
      .def_prop_ro("record", [](const Recommendations& self) { return object_from(self.model().record); })
      .def("factors", &factors_of, nb::arg("of_users"));
}

}  // namespace whitney::python
