#include "whitney/train/gnn/pinsage_negatives.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/fast_random.h"
#include "whitney/core/random.h"

namespace whitney::gnn {
namespace {

constexpr int64_t kLeastRank = 20, kMostRank = 5000;
constexpr int64_t kRankSteps = 3;

/// Good answers of each query, ascending.
SparseMatrix answers_of(std::span<const ItemPair> labels, int64_t num_items) {
  std::vector<ItemPair> pairs(labels.begin(), labels.end());
  std::ranges::sort(pairs);
  pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
  SparseMatrix rows;
  rows.cols = num_items;
  size_t next = 0;
  for (int64_t item = 0; item < num_items; ++item) {
    for (; next < pairs.size() && pairs[next].query == item; ++next)
      rows.columns.push_back(pairs[next].answer);
    rows.offsets.push_back(std::ssize(rows.columns));
  }
  return rows;
}

std::span<const uint32_t> row_of(const SparseMatrix& matrix, int64_t row) {
  const auto begin = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row)]);
  const auto end = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row) + 1]);
  return std::span(matrix.columns).subspan(begin, end - begin);
}

}  // namespace

RankBand hard_band(int64_t num_items, const PinSageOptions& options) {
  if (options.hard_from >= options.hard_to) {
    throw UsageError(concat("hard_from is ", options.hard_from, " and hard_to ", options.hard_to,
                            " (expected: a band, from the smaller share to the larger one)"));
  }
  const auto rank = [&](double share) {
    return static_cast<int64_t>(std::ceil(share * static_cast<double>(num_items)));
  };
  RankBand band;
  band.from = std::max(kLeastRank, rank(options.hard_from));
  band.to = std::min({kMostRank, rank(options.hard_to), num_items});
  // Both ends of the paper's band where a share of the catalogue lies beyond it.
  if (band.from >= kMostRank) band.from = 2000;
  return band;
}

int64_t curriculum(int64_t epoch, const PinSageOptions& options) {
  return std::min<int64_t>(epoch, options.hard_negatives);
}

PinSageNegatives::PinSageNegatives(const graph::ItemContexts& graph, std::span<const ItemPair> labels,
                                   const PinSageOptions& options, const Context& context)
    : num_items_(graph.num_items()), num_shared_(options.negatives), seed_(context.seed) {
  bands_.cols = num_items_;
  if (options.hard_negatives == 0) return;
  const RankBand band = hard_band(num_items_, options);
  if (band.from > band.to) {
    context.note(concat("there are no hard negatives: of ", num_items_,
                        " items none has a rank between 20 and hard_to"));
    bands_.offsets.assign(static_cast<size_t>(num_items_) + 1, 0);
    return;
  }
  graph::VisitOptions ranked{.neighbors = band.to, .stop = options.stop, .max_steps = kRankSteps};
  const SparseMatrix ranks = graph::truncated_page_rank(graph, ranked, context);
  const SparseMatrix answers = answers_of(labels, num_items_);
  for (int64_t item = 0; item < num_items_; ++item) {
    const std::span<const uint32_t> order = row_of(ranks, item), good = row_of(answers, item);
    for (size_t rank = static_cast<size_t>(band.from) - 1; rank < order.size(); ++rank) {
      if (!std::ranges::binary_search(good, order[rank])) bands_.columns.push_back(order[rank]);
    }
    bands_.offsets.push_back(std::ssize(bands_.columns));
  }
}

std::vector<uint32_t> PinSageNegatives::shared(int64_t number) const {
  RandomStream random(seed_, "pinsage negatives", static_cast<uint64_t>(number));
  std::vector<uint32_t> items(static_cast<size_t>(num_shared_));
  for (uint32_t& item : items) item = static_cast<uint32_t>(random.below(static_cast<uint64_t>(num_items_)));
  return items;
}

void PinSageNegatives::hard(uint32_t query, int64_t count, int64_t epoch, int64_t example,
                            std::vector<uint32_t>& items) const {
  if (count == 0) return;
  const std::span<const uint32_t> band = row_of(bands_, query);
  if (band.empty()) {
    items.insert(items.end(), static_cast<size_t>(count), query);
    return;
  }
  const uint64_t seed_of_epoch =
      RandomStream(seed_, "pinsage hard negatives", static_cast<uint64_t>(epoch)).next_u64();
  FastRandom random(seed_of_epoch, "pinsage hard negatives of a pair", static_cast<uint64_t>(example));
  for (int64_t i = 0; i < count; ++i)
    items.push_back(band[place_and_rest(random.next_u64(), band.size()).place]);
}

}  // namespace whitney::gnn
