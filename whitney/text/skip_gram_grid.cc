#include "whitney/text/skip_gram_grid.h"

#include <algorithm>
#include <utility>

#include "whitney/core/parallel.h"

namespace whitney::text {
namespace {

constexpr uint32_t row_of(uint32_t output) { return output & ~HuffmanTree::kLabelZero; }

/// The blocks alone: the rows of the items are in PairRows.
BlockLayout shape_of(const BlockLayout& layout) { return {layout.num_blocks, layout.block_rows, {}}; }

}  // namespace

PairGrid::PairGrid(const BlockLayout& inputs, const BlockLayout& outputs, const PairRows& rows)
    : shape_inputs_(shape_of(inputs)),
      shape_outputs_(shape_of(outputs)),
      input_block_(std::max<int64_t>(inputs.block_rows, 1)),
      output_block_(std::max<int64_t>(outputs.block_rows, 1)),
      rows_(rows),
      active_(static_cast<size_t>(inputs.num_blocks)) {}

std::span<const SkipGramPair> PairGrid::cell(BlockCell cell) const {
  const auto at = static_cast<size_t>(cell.input * (shape_outputs_.num_blocks + 1) + cell.output);
  return sorted_.span().subspan(static_cast<size_t>(cell_starts_[at]),
                                static_cast<size_t>(cell_starts_[at + 1] - cell_starts_[at]));
}

void PairGrid::fill(const PairSource& source, int64_t begin, int64_t end, const Context& context) {
  num_chunks_ = end - begin;
  while (std::ssize(chunks_) < num_chunks_) {
    chunks_.emplace_back(rows_);
    // A little more than the mean, so that the memory is rarely doubled.
    chunks_.back().reserve(static_cast<int64_t>(source.pairs_per_chunk() * 1.05));
  }
  read(source, begin, context);
  SkipGramPair* pairs = sorted_.mutable_data();
  SkipGramPair* by_row = spare_.mutable_data();
  scatter_to_blocks(pairs, context);
  cell_starts_.assign(static_cast<size_t>(shape_inputs_.num_blocks * (shape_outputs_.num_blocks + 1)), 0);
  parallel_for(context, shape_inputs_.num_blocks, [&](int64_t block) { sort_block(block, pairs, by_row); });
}

/// Reads the chunks and counts their pairs by input block.
void PairGrid::read(const PairSource& source, int64_t begin, const Context& context) {
  const int64_t num_blocks = shape_inputs_.num_blocks;
  chunk_starts_.assign(static_cast<size_t>(num_chunks_ * num_blocks), 0);
  parallel_for(context, num_chunks_, [&](int64_t c) {
    PairBuffer& buffer = chunks_[static_cast<size_t>(c)];
    buffer.clear();
    source.read(begin + c, buffer);
    int64_t* counts = chunk_starts_.data() + c * num_blocks;
    for (const SkipGramPair& pair : buffer.pairs()) ++counts[input_block_(pair.input)];
  });
  block_starts_.assign(static_cast<size_t>(num_blocks) + 1, 0);
  int64_t at = 0;
  for (int64_t b = 0; b < num_blocks; ++b) {
    block_starts_[static_cast<size_t>(b)] = at;
    for (int64_t c = 0; c < num_chunks_; ++c) {
      const int64_t count = chunk_starts_[static_cast<size_t>(c * num_blocks + b)];
      chunk_starts_[static_cast<size_t>(c * num_blocks + b)] = at;
      at += count;
    }
  }
  block_starts_.back() = num_pairs_ = at;
  if (num_pairs_ > sorted_.size()) {
    sorted_ = Array<SkipGramPair>(num_pairs_ + num_pairs_ / 16);
    spare_ = Array<SkipGramPair>(num_pairs_ + num_pairs_ / 16);
  }
}

void PairGrid::scatter_to_blocks(SkipGramPair* to, const Context& context) {
  parallel_for(context, num_chunks_, [&](int64_t c) {
    int64_t* next = chunk_starts_.data() + c * shape_inputs_.num_blocks;
    for (const SkipGramPair& pair : chunks_[static_cast<size_t>(c)].pairs())
      to[next[input_block_(pair.input)]++] = pair;
  });
}

/// Two stable counting sorts: by input row, then by the output's block.
void PairGrid::sort_block(int64_t block, SkipGramPair* pairs, SkipGramPair* by_row) {
  const int64_t begin = block_starts_[static_cast<size_t>(block)];
  const int64_t end = block_starts_[static_cast<size_t>(block) + 1];
  const int64_t num_outputs = shape_outputs_.num_blocks;
  const auto first_row = static_cast<uint32_t>(block * shape_inputs_.block_rows);
  std::vector<int64_t> next(static_cast<size_t>(shape_inputs_.block_rows));
  std::vector<int64_t> next_cell(static_cast<size_t>(num_outputs));
  for (int64_t i = begin; i < end; ++i) {
    ++next[pairs[i].input - first_row];
    ++next_cell[static_cast<size_t>(output_block_(row_of(pairs[i].output)))];
  }
  std::vector<RowPairs>& active = active_[static_cast<size_t>(block)];
  active.clear();
  int64_t at = begin;
  for (size_t row = 0; row < next.size(); ++row) {
    if (next[row] > 0)
      active.push_back({first_row + static_cast<uint32_t>(row), static_cast<uint32_t>(next[row])});
    at += std::exchange(next[row], at);
  }
  for (int64_t i = begin; i < end; ++i) by_row[next[pairs[i].input - first_row]++] = pairs[i];
  int64_t* starts = cell_starts_.data() + block * (num_outputs + 1);
  at = begin;
  for (int64_t o = 0; o < num_outputs; ++o) {
    starts[o] = at;
    at += std::exchange(next_cell[static_cast<size_t>(o)], at);
  }
  starts[num_outputs] = end;
  for (int64_t i = begin; i < end; ++i)
    pairs[next_cell[static_cast<size_t>(output_block_(row_of(by_row[i].output)))]++] = by_row[i];
}

}  // namespace whitney::text
