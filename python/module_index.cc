#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_ids.h"
#include "python/module_rooms.h"
#include "python/module_texts.h"
#include "python/module_values.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/shared_searcher.h"

namespace whitney::python {
namespace {

// Nobody waits for a searcher's lock with the GIL.
template <class Work>
auto read(const SharedSearcher& shared, const Call& call, const Work& work) {
  return call([&](const Context& context) {
    return shared.read([&](const Searcher& searcher) { return work(searcher, context); });
  });
}
template <class Work>
void change(SharedSearcher& shared, const Call& call, const Work& work) {
  call([&](const Context& context) { shared.change([&](Searcher& searcher) { work(searcher, context); }); });
}
// For what takes no time.
template <class Look>
auto look(const SharedSearcher& shared, const Look& look_at) {
  const nb::gil_scoped_release released;
  return shared.read([&](const Searcher& searcher) { return look_at(searcher.index()); });
}

using Shared = std::shared_ptr<SharedSearcher>;

Shared build(const std::string& method, const Embeddings& embeddings, const nb::dict& options,
             const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  return std::make_shared<SharedSearcher>(call(
      [&](const Context& context) { return Searcher(build_index(method, embeddings, given, context)); }));
}

Attributes attributes_of(const Corpus& corpus, std::vector<Column> columns) {
  Attributes attributes{corpus.ids.size(), std::move(columns)};
  attributes.validate();
  return attributes;
}

Shared build_texts(const std::string& method, const Corpus& corpus, std::vector<Column> columns,
                   const nb::dict& options, const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  const Attributes attributes = attributes_of(corpus, std::move(columns));
  return std::make_shared<SharedSearcher>(call([&](const Context& context) {
    return Searcher(build_index(method, corpus, attributes, given, context));
  }));
}

void add_texts(SharedSearcher& shared, const Corpus& more, std::vector<Column> columns, const Call& call) {
  const Attributes attributes = attributes_of(more, std::move(columns));
  change(shared, call,
         [&](Searcher& searcher, const Context& context) { searcher.add_texts(more, attributes, context); });
}

std::string input_of(const std::string& method) {
  const auto* builder =
      dynamic_cast<const IndexBuilder*>(Registry::instance().get(Verb::kIndex, method).runner.get());
  WHITNEY_CHECK(builder != nullptr, "the method ", method, " of index builds no index");
  return std::string(name_of_enum(builder->input()));
}

// (rows, values, ids of the rows, counts, explain, whether the time was up)
using Hits = std::tuple<nb::object, nb::object, nb::object, nb::object, nb::object, bool>;

SearchRequest request_of(int64_t k, const std::string& filter, const nb::dict& options,
                         std::vector<int64_t> excluded, bool exact, bool explain,
                         std::optional<double> timeout_ms) {
  SearchRequest request;
  request.k = k;
  request.filter = filter;
  request.options = value_from(options, "search");
  request.excluded = std::move(excluded);
  request.exact = exact;
  request.explain = explain;
  request.timeout_ms = timeout_ms;
  return request;
}

// `ask(searcher, context)` searches.
template <class Ask>
Hits found(const SharedSearcher& shared, const Call& call, const Ask& ask) {
  Ids ids;
  SearchResult result = read(shared, call, [&](const Searcher& searcher, const Context& context) {
    ids = searcher.index().ids();
    return ask(searcher, context);
  });
  const auto m = static_cast<size_t>(result.neighbors.num_queries),
             width = static_cast<size_t>(result.neighbors.k);
  const nb::object names = ids_of_rows(ids, result.neighbors.rows, nb::make_tuple(m, width));
  const size_t num_counts = result.counts.size();
  return {numpy_from(std::move(result.neighbors.rows), {m, width}),
          numpy_from(std::move(result.neighbors.values), {m, width}),
          names,
          numpy_from(std::move(result.counts), {num_counts}),
          object_from(result.explain),
          result.partial};
}

Hits search(const SharedSearcher& shared, const Matrix& queries, int64_t k, const std::string& filter,
            const nb::dict& options, std::vector<int64_t> excluded, bool exact, bool explain,
            std::optional<double> timeout_ms, const Call& call) {
  const SearchRequest request =
      request_of(k, filter, options, std::move(excluded), exact, explain, timeout_ms);
  return found(shared, call, [&](const Searcher& searcher, const Context& context) {
    return searcher.search(queries, request, context);
  });
}

Hits search_texts(const SharedSearcher& shared, const nb::list& queries, int64_t k, const std::string& filter,
                  const nb::dict& options, std::vector<int64_t> excluded, bool exact, bool explain,
                  std::optional<double> timeout_ms, const Call& call) {
  const SearchRequest request =
      request_of(k, filter, options, std::move(excluded), exact, explain, timeout_ms);
  const std::vector<std::string_view> views = texts_of(queries);
  const std::vector<std::string> texts(views.begin(), views.end());
  return found(shared, call, [&](const Searcher& searcher, const Context& context) {
    return searcher.search_texts(texts, request, context);
  });
}

Shared build_ragged(const std::string& method, const RaggedEmbeddings& rows, const nb::dict& options,
                    const Call& call) {
  const Value given = value_from(options, concat("options of ", method));
  return std::make_shared<SharedSearcher>(
      call([&](const Context& context) { return Searcher(build_index(method, rows, given, context)); }));
}

Hits search_ragged(const SharedSearcher& shared, const RaggedEmbeddings& queries, int64_t k,
                   const std::string& filter, const nb::dict& options, std::vector<int64_t> excluded,
                   bool exact, bool explain, std::optional<double> timeout_ms, const Call& call) {
  const SearchRequest request =
      request_of(k, filter, options, std::move(excluded), exact, explain, timeout_ms);
  return found(shared, call, [&](const Searcher& searcher, const Context& context) {
    return searcher.search_ragged(queries, request, context);
  });
}

nb::object stored_vector(const SharedSearcher& shared, int64_t row) {
  std::vector<float> vector = look(shared, [&](const Index& index) { return index.vector(row); });
  const size_t size = vector.size();
  return numpy_from(std::move(vector), {size});
}

// Rows that were removed are not found.
std::optional<int64_t> find(const SharedSearcher& shared, nb::handle id) {
  const Ids ids = look(shared, [](const Index& index) { return index.ids(); });
  const std::optional<int64_t> row = find_row(ids, id);
  const bool is_live = row && look(shared, [&](const Index& index) {
                         return index.live().contains(static_cast<uint32_t>(*row));
                       });
  return is_live ? row : std::nullopt;
}

nb::object live_rows(const SharedSearcher& shared) {
  std::vector<uint32_t> rows = look(shared, [](const Index& index) { return index.live().rows(); });
  const size_t size = rows.size();
  return numpy_from(std::move(rows), {size});
}

nb::object matches(const SharedSearcher& shared, const std::string& filter, const Call& call) {
  std::vector<uint32_t> rows = read(shared, call, [&](const Searcher& searcher, const Context& context) {
    return searcher.matches(filter, context).rows();
  });
  const size_t size = rows.size();
  return numpy_from(std::move(rows), {size});
}

nb::list search_options(const SharedSearcher& shared) {
  return list_from(look(shared, [](const Index& index) { return index.search_options(); }));
}

}  // namespace

void bind_index(nb::module_& module) {
  nb::class_<SharedSearcher>(module, "Searcher", "An index with its attributes ready for filters.")
      .def_static("build", &build, nb::arg("method"), nb::arg("embeddings"), nb::arg("options"),
                  nb::arg("call"))
      .def_static(
          "of_codes",
          [](const CompressedEmbeddings& compressed) {
            return std::make_shared<SharedSearcher>(Searcher(codes_index(compressed)));
          },
          nb::arg("compressed"))
      .def_static("build_texts", &build_texts, nb::arg("method"), nb::arg("corpus"), nb::arg("columns"),
                  nb::arg("options"), nb::arg("call"))
      .def_static(
          "open",
          [](const std::string& path, const Call& call) {
            return std::make_shared<SharedSearcher>(
                call([&](const Context&) { return Searcher::open(path); }));
          },
          nb::arg("path"), nb::arg("call"))
      .def("search", &search, nb::arg("queries"), nb::arg("k"), nb::arg("filter"), nb::arg("options"),
           nb::arg("excluded"), nb::arg("exact"), nb::arg("explain"), nb::arg("timeout_ms").none(),
           nb::arg("call"), "(rows, values, ids: m x k; counts: m; explain; whether the time was up)")
      .def("search_texts", &search_texts, nb::arg("queries"), nb::arg("k"), nb::arg("filter"),
           nb::arg("options"), nb::arg("excluded"), nb::arg("exact"), nb::arg("explain"),
           nb::arg("timeout_ms").none(), nb::arg("call"))
      .def_static("build_ragged", &build_ragged, nb::arg("method"), nb::arg("rows"), nb::arg("options"),
                  nb::arg("call"))
      .def("search_ragged", &search_ragged, nb::arg("queries"), nb::arg("k"), nb::arg("filter"),
           nb::arg("options"), nb::arg("excluded"), nb::arg("exact"), nb::arg("explain"),
           nb::arg("timeout_ms").none(), nb::arg("call"))
      .def(
          "add_ragged",
          [](SharedSearcher& shared, const RaggedEmbeddings& more, const Call& call) {
            change(shared, call,
                   [&](Searcher& searcher, const Context& context) { searcher.add_ragged(more, context); });
          },
          nb::arg("rows"), nb::arg("call"))
      .def(
          "ragged",
          [](const SharedSearcher& shared, int64_t row) {
            return look(shared, [&](const Index& index) { return index.ragged(row); });
          },
          nb::arg("row"))
      .def("matches", &matches, nb::arg("filter"), nb::arg("call"))
      .def(
          "add",
          [](SharedSearcher& shared, const Embeddings& more, const Call& call) {
            change(shared, call,
                   [&](Searcher& searcher, const Context& context) { searcher.add(more, context); });
          },
          nb::arg("embeddings"), nb::arg("call"))
      .def("add_texts", &add_texts, nb::arg("corpus"), nb::arg("columns"), nb::arg("call"))
      .def(
          "remove",
          [](SharedSearcher& shared, const Ids& ids, const Call& call) {
            change(shared, call,
                   [&](Searcher& searcher, const Context& context) { searcher.remove(ids, context); });
          },
          nb::arg("ids"), nb::arg("call"))
      .def(
          "save",
          [](const SharedSearcher& shared, const std::string& path, bool force, const Call& call) {
            read(shared, call, [&](const Searcher& searcher, const Context& context) {
              searcher.index().save(path, force, context);
            });
          },
          nb::arg("path"), nb::arg("force"), nb::arg("call"))
      .def("find", &find, nb::arg("id"), "The live row of an id; None when there is none.")
      .def("vector", &stored_vector, nb::arg("row"))
      .def("live_rows", &live_rows)
      .def("search_options", &search_options)
      .def_prop_ro("ids",
                   [](const SharedSearcher& s) { return look(s, [](const Index& i) { return i.ids(); }); })
      .def_prop_ro("columns",
                   [](const SharedSearcher& s) {
                     return look(s, [](const Index& i) { return i.attributes().columns; });
                   })
      .def_prop_ro("record",
                   [](const SharedSearcher& s) {
                     return object_from(look(s, [](const Index& i) { return i.record(); }));
                   })
      .def_prop_ro(
          "input",
          [](const SharedSearcher& s) {
            return std::string(look(s, [](const Index& i) { return name_of_enum(i.input()); }));
          },
          "What it is asked by: \"vectors\", \"texts\", \"sparse\" or \"vector sets\".")
      .def_prop_ro("method",
                   [](const SharedSearcher& s) {
                     return look(s, [](const Index& i) { return std::string(i.method()); });
                   })
      .def_prop_ro("metric",
                   [](const SharedSearcher& s) {
                     return look(s, [](const Index& i) { return std::string(name_of_enum(i.metric())); });
                   })
      .def_prop_ro("dim",
                   [](const SharedSearcher& s) { return look(s, [](const Index& i) { return i.dim(); }); })
      .def_prop_ro(
          "num_live",
          [](const SharedSearcher& s) { return look(s, [](const Index& i) { return i.live().size(); }); })
      .def_prop_ro("size_bytes", [](const SharedSearcher& s) {
        return look(s, [](const Index& i) { return i.size_bytes(); });
      });
  module.def("index_input", &input_of, nb::arg("method"),
             "What an index is made of: \"vectors\", \"texts\", \"sparse\" or \"vector sets\".");
}

}  // namespace whitney::python
