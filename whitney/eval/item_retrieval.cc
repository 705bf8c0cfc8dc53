#include "whitney/eval/item_retrieval.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/readers.h"
#include "whitney/data/recommender_model.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/item_ranks.h"
#include "whitney/eval/ranking_metrics.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

/// The rank of an answer that is not ranked.
constexpr int64_t kMissed = 0;

/// Pairs by rows, as far as both items are known.
struct KnownPairs {
  std::vector<eval::ItemPair> pairs;
  /// Their places among all pairs.
  std::vector<size_t> places;
};

KnownPairs known_pairs(const IdPairs& pairs, const Ids& ids) {
  KnownPairs known;
  for (size_t i = 0; i < pairs.first.size(); ++i) {
    const auto query = ids.find(pairs.first[i]), answer = ids.find(pairs.second[i]);
    if (!query || !answer) continue;
    if (*query == *answer) refuse_pair_with_itself(pairs, i);
    known.pairs.push_back({static_cast<uint32_t>(*query), static_cast<uint32_t>(*answer)});
    known.places.push_back(i);
  }
  if (!known.pairs.empty()) return known;
  fail(pairs.name, ": none of its pairs names two known items, such as ", data::quoted(ids.text(0)));
}

Report::Row row_of(const std::string& slice, std::span<const int64_t> ranks,
                   const ItemRetrievalOptions& options, const Context& context) {
  Report::Row row;
  row.labels = Value::object({{"slice", slice}});
  const auto add = [&](const std::string& name, const auto& value_of_rank) {
    std::vector<double> values;
    for (const int64_t rank : ranks) values.push_back(rank == kMissed ? 0 : value_of_rank(rank));
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    eval::add_figure(row, name, "", sum / static_cast<double>(ranks.size()),
                     eval::bootstrap_mean_interval(context, values, options.bootstrap));
  };
  if (!ranks.empty()) {
    for (const int64_t k : options.ks)
      add(concat("hit@", k), [&](int64_t rank) { return rank <= k ? 1.0 : 0.0; });
    add("mrr", [](int64_t rank) { return eval::scaled_reciprocal_rank({&rank, 1}, 1); });
    add("scaled_mrr",
        [&](int64_t rank) { return eval::scaled_reciprocal_rank({&rank, 1}, options.rank_step); });
  }
  row.figures.push_back({"pairs", "", static_cast<double>(ranks.size())});
  return row;
}

void add_slices(const IdPairs& pairs, const std::vector<std::string>& listed, std::span<const int64_t> ranks,
                const ItemRetrievalOptions& options, const Context& context, Report& report) {
  const std::set<std::string_view> items(listed.begin(), listed.end());
  std::vector<int64_t> with, without;
  for (size_t i = 0; i < ranks.size(); ++i) {
    const bool holds = items.contains(pairs.first[i]) || items.contains(pairs.second[i]);
    (holds ? with : without).push_back(ranks[i]);
  }
  report.rows.push_back(row_of("pairs with a listed item", with, options, context));
  report.rows.push_back(row_of("pairs without", without, options, context));
}

}  // namespace

Report item_retrieval(const eval::ItemScores& scores, const Ids& ids, const IdPairs& pairs,
                      const std::optional<std::vector<std::string>>& listed,
                      const ItemRetrievalOptions& options, const Context& context) {
  if (options.ks.empty()) throw UsageError("option \"ks\" needs ranks, such as 10,50");
  const KnownPairs known = known_pairs(pairs, ids);
  const std::vector<int64_t> found = eval::answer_ranks(scores, known.pairs, context);
  std::vector<int64_t> ranks(pairs.first.size(), kMissed);
  for (size_t i = 0; i < found.size(); ++i) ranks[known.places[i]] = found[i];

  Report report;
  report.title = "Item retrieval, all items ranked";
  report.rows.push_back(row_of("all pairs", ranks, options, context));
  if (listed) add_slices(pairs, *listed, ranks, options, context, report);
  const std::set<std::string_view> queries(pairs.first.begin(), pairs.first.end());
  report.notes.push_back(concat(pairs.size(), " pairs of ", queries.size(), " distinct queries, ", ids.size(),
                                " items ranked, all but the query"));
  const int64_t missed = pairs.size() - std::ssize(found);
  if (missed > 0)
    report.notes.push_back(concat(missed, missed == 1 ? " pair names an unknown item and counts as missed"
                                                      : " pairs name an unknown item and count as missed"));
  return report;
}

namespace {

struct ScoredItems {
  Ids ids;
  std::unique_ptr<eval::ItemScores> scores;
};

std::vector<int64_t> rows_by_id(const Ids& ids) {
  std::vector<int64_t> rows(static_cast<size_t>(ids.size()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::ranges::sort(rows, [&](int64_t a, int64_t b) {
    return ids.is_integer() ? ids.integer(a) < ids.integer(b) : ids.string(a) < ids.string(b);
  });
  return rows;
}

ScoredItems scored_by_vectors(const Embeddings& embeddings, Metric metric, const Context& context) {
  const std::vector<int64_t> rows = rows_by_id(embeddings.ids);
  if (std::ranges::is_sorted(rows))
    return {embeddings.ids, eval::vector_scores(context, embeddings.vectors, metric)};
  Matrix ordered(embeddings.vectors.rows(), embeddings.dim(), embeddings.vectors.dtype());
  const int64_t row_bytes = embeddings.dim() * size_of(ordered.dtype());
  auto* out = ordered.mutable_data<std::byte>();
  for (const int64_t row : rows) out = std::copy_n(embeddings.vectors.view().row_bytes(row), row_bytes, out);
  return {embeddings.ids.select(rows), eval::vector_scores(context, ordered, metric)};
}

/// What scores items without vectors: a recommender by weights of items or by popularity.
std::optional<ScoredItems> scored_without_vectors(const std::string& path) {
  if (std::filesystem::path(path).extension() != ".safetensors") return std::nullopt;
  const Artifact artifact = Artifact::open(path);
  if (!holds_recommender(artifact)) return std::nullopt;
  RecommenderModel model = load_recommender(artifact);
  if (auto* weights = std::get_if<ItemWeights>(&model.scores))
    return ScoredItems{model.history.items, eval::weight_scores(std::move(*weights))};
  if (std::holds_alternative<Popularity>(model.scores))
    return ScoredItems{model.history.items, eval::popularity_scores(model.history)};
  return std::nullopt;
}

class ItemRetrieval : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"items", "answers"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<ItemRetrievalOptions>(resolved);
    const IdPairs pairs = read_id_pairs(paths[1], context);
    std::optional<std::vector<std::string>> listed;
    if (options.items) listed = read_corpus(options.items->value, {}, "text", context).texts;
    std::optional<ScoredItems> scored = scored_without_vectors(paths[0]);
    if (!scored) {
      const Embeddings embeddings = options.source.read(paths[0], resolved, context);
      scored = scored_by_vectors(embeddings, options.metric.value_or(embeddings.metric()), context);
    } else if (options.metric) {
      context.note("option \"metric\" has no effect: the recommender has no vectors to compare");
    }
    return item_retrieval(*scored->scores, scored->ids, pairs, listed, options, context);
  }
};

// clang-format off
const bool registered = register_method(declare_method<ItemRetrievalOptions>(
    Verb::kEvaluate,
    {.name = "item-retrieval",
     .class_name = "ItemRetrieval",
     .summary = "How high items that answer an item stand in the ranking of all items",
     .description =
         "For every pair of a query and its answer all items but the query are ranked: the share of pairs whose answer is "
         "among the first k (the hit-rate), the mean reciprocal rank, and PinSage's, in which so many ranks at a time count "
         "alike. Of equal scores the item of the lower id comes first. A hit-rate depends on how many items are ranked, "
         "which the note tells.\n"
         "The items are embeddings, a model that `learn` made of users and items (by its items' vectors, its weights between "
         "items, or popularity), or a text encoder, which encodes --texts. The answers are lines of two ids between a tab, "
         "repeated ones count again. --items tells of items that training did not meet, say, in rows of their own.",
     .source = "Ying, He, Chen, Eksombatchai, Hamilton, Leskovec, KDD 2018, arXiv 1806.01973, section 4.1",
     .example = "whitney evaluate item-retrieval items.safetensors answers.tsv --ks 10,50 --rank-step 10"},
    std::make_shared<ItemRetrieval>()));
// clang-format on

}  // namespace

}  // namespace whitney
