#include "whitney/text/skip_gram_cells.h"

namespace whitney::text {

void CellTrainer::train(std::span<const SkipGramPair> pairs, std::span<const RowPairs> rows, int64_t block,
                        float rate, FastRandom& random) {
  // Targets that are handed to the kernel at once: beside the tables, they stay in L1.
  constexpr size_t kBatch = 1024;
  const double per_pair = noise_ == nullptr ? 0 : negatives_ * noise_->share(block);
  size_t at = 0;
  for (const RowPairs& row : rows) {
    size_t end = at;
    while (end < pairs.size() && pairs[end].input == row.row) ++end;
    const double expected = per_pair * row.count;
    const int64_t num_negatives =
        noise_ == nullptr ? 0 : static_cast<int64_t>(expected + static_cast<double>(random.uniform()));
    if (end > at || num_negatives > 0) {
      const auto begin = static_cast<uint32_t>(targets_.size());
      add_row(row.row, pairs.subspan(at, end - at), num_negatives, block, random);
      runs_.push_back({row.row, begin, static_cast<uint32_t>(targets_.size())});
      if (targets_.size() >= kBatch) flush(rate);
    }
    at = end;
  }
  flush(rate);
}

/// Spreads the pairs evenly among the noise.
void CellTrainer::add_row(uint32_t input, std::span<const SkipGramPair> pairs, int64_t num_negatives,
                          int64_t block, FastRandom& random) {
  const bool one_table = tables_.inputs == tables_.outputs;
  const auto num_pairs = std::ssize(pairs), total = num_pairs + num_negatives;
  int64_t balance = num_pairs == 0 ? 0 : total - num_pairs;  // the first target is a pair, where there is one
  size_t next = 0;
  for (int64_t i = 0; i < total; ++i) {
    balance += num_pairs;
    if (balance >= total) {
      balance -= total;
      const uint32_t output = pairs[next++].output;
      targets_.push_back(output & ~HuffmanTree::kLabelZero);
      labels_.push_back((output & HuffmanTree::kLabelZero) == 0 ? 1.0F : 0.0F);
    } else {
      const uint32_t noise = noise_->draw(block, random.next_u64());
      if (one_table && noise == input) continue;
      targets_.push_back(noise);
      labels_.push_back(0.0F);
    }
  }
}

void CellTrainer::flush(float rate) {
  skip_gram_steps(tables_, runs_, targets_, labels_, rate);
  runs_.clear();
  targets_.clear();
  labels_.clear();
}

}  // namespace whitney::text
