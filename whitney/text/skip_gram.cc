#include "whitney/text/skip_gram.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/simd.h"
#include "whitney/text/skip_gram_blocks.h"
#include "whitney/text/skip_gram_cells.h"
#include "whitney/text/skip_gram_grid.h"
#include "whitney/text/skip_gram_huffman.h"
#include "whitney/text/skip_gram_noise.h"
#include "whitney/text/skip_gram_step.h"

namespace whitney::text {
namespace {

constexpr int64_t kRowBlock = 1024;

/// The tables, their rows, and what is trained beside the pairs.
struct Model {
  BlockLayout inputs, outputs;
  HuffmanTree tree;
  std::optional<BlockNoise> noise;
  Array<float> input_rows, output_rows;
  SkipGramTables tables;
  bool one_table = false;

  PairRows rows() const { return {inputs.row_of, outputs.row_of, tree.starts.empty() ? nullptr : &tree}; }
};

Array<float> zero_rows(int64_t rows, int64_t stride, const Context& context) {
  Array<float> values(rows * stride);
  float* data = values.mutable_data();
  parallel_blocks(context, rows, kRowBlock, [&](int64_t begin, int64_t end) {
    std::fill(data + begin * stride, data + end * stride, 0.0F);
  });
  return values;
}

void draw_inputs(Model& model, int64_t dim, const Context& context) {
  float* data = model.input_rows.mutable_data();
  const auto n = std::ssize(model.inputs.row_of);
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      FastRandom random(context.seed, "skip-gram vectors", static_cast<uint64_t>(i));
      float* row = data + int64_t{model.inputs.row_of[static_cast<size_t>(i)]} * model.tables.stride;
      for (int64_t j = 0; j < dim; ++j) row[j] = (random.uniform() - 0.5F) / static_cast<float>(dim);
    }
  });
}

Model make_model(const SkipGramData& data, const SkipGramOptions& options, const Context& context) {
  Model model;
  const auto n = std::ssize(data.counts);
  const int64_t num_blocks = options.deterministic ? num_blocks_for(n) : 1;
  model.one_table = data.one_table;
  model.inputs = deal_blocks(data.counts, num_blocks);
  if (data.softmax == Softmax::kHierarchical) {
    model.tree = huffman_tree(data.counts);
    model.outputs = deal_blocks(model.tree.node_counts, num_blocks);
    for (uint32_t& node : model.tree.nodes) {
      const uint32_t label = node & HuffmanTree::kLabelZero;
      node = model.outputs.row_of[node & ~HuffmanTree::kLabelZero] | label;
    }
  } else {
    model.outputs = model.inputs;
    model.noise.emplace(data.counts, options.noise_exponent, model.outputs);
  }
  model.tables.stride = skip_gram_stride(options.dim);
  model.input_rows = zero_rows(model.inputs.num_rows(), model.tables.stride, context);
  if (!data.one_table) model.output_rows = zero_rows(model.outputs.num_rows(), model.tables.stride, context);
  draw_inputs(model, options.dim, context);
  model.tables.inputs = model.input_rows.mutable_data();
  model.tables.outputs = data.one_table ? model.tables.inputs : model.output_rows.mutable_data();
  // A block that is trained beside others should find its rows in L2.
  constexpr int64_t kL2Bytes = 1 << 20;
  model.tables.prefetch = model.outputs.block_rows * model.tables.stride * 4 > kL2Bytes;
  return model;
}

float rate_at(double share_done, const SkipGramOptions& options) {
  return static_cast<float>(options.learning_rate * std::max(1 - share_done, 1e-4));
}

/// Chunks that are sorted together: 16 pairs a row, for each to be worth the sorting, and enough for each
/// pair of blocks to be worth a thread's while; but a 64th of all at most, for the rate to fall in steps. On
/// large graphs the size makes no difference to what is learned (micro F1 on BlogCatalog with 20 walks, 50 %
/// labelled: 37.5, 37.6 and 37.7 by episodes of 65,536, 262,144 and 1,000,000 pairs; 37.6 in the order of the
/// walks); on small ones a row had a hundred pairs one after the other with episodes of 262,144.
int64_t chunks_per_episode(int64_t n, double samples_per_chunk, int64_t num_chunks) {
  const auto num_blocks = static_cast<double>(num_blocks_for(n));
  const double samples = std::clamp(16.0 * static_cast<double>(n), 256 * num_blocks * num_blocks, 67108864.0);
  const auto chunks = static_cast<int64_t>(std::ceil(samples / std::max(samples_per_chunk, 1.0)));
  return std::clamp<int64_t>(chunks, 1, std::max<int64_t>(num_chunks / 64, 1));
}

/// Rows of one pair: 1, or the mean way through the tree.
double samples_per_pair(const HuffmanTree& tree, std::span<const int64_t> counts) {
  if (tree.starts.empty()) return 1;
  double steps = 0, total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += static_cast<double>(counts[i]);
    steps += static_cast<double>(counts[i]) * static_cast<double>(tree.starts[i + 1] - tree.starts[i]);
  }
  return total > 0 ? steps / total : 1;
}

void train_in_blocks(const SkipGramData& data, const SkipGramOptions& options, const Model& model,
                     const Context& context) {
  const BlockNoise* noise = model.noise ? &*model.noise : nullptr;
  const auto rounds = cell_rounds(model.inputs.num_blocks, model.one_table);
  std::vector<CellTrainer> trainers(static_cast<size_t>(context.num_threads()),
                                    CellTrainer(model.tables, noise, options.negatives));
  PairGrid grid(model.inputs, model.outputs, model.rows());
  const int64_t num_chunks = data.source->num_chunks();
  const double samples = data.source->pairs_per_chunk() * samples_per_pair(model.tree, data.counts);
  const int64_t per_episode = chunks_per_episode(std::ssize(data.counts), samples, num_chunks);
  uint64_t round_number = 0;
  for (int64_t begin = 0; begin < num_chunks; begin += per_episode) {
    const int64_t end = std::min(begin + per_episode, num_chunks);
    grid.fill(*data.source, begin, end, context);
    for (size_t r = 0; r < rounds.size(); ++r, ++round_number) {
      const double in_episode = static_cast<double>(r) / static_cast<double>(rounds.size());
      const double done = static_cast<double>(begin) + in_episode * static_cast<double>(end - begin);
      const float rate = rate_at(done / static_cast<double>(num_chunks), options);
      const auto num_tasks = std::ssize(rounds[r]);
      parallel_for_workers(context, num_tasks, [&](int worker, int64_t task) {
        FastRandom random(context.seed, "skip-gram noise",
                          round_number * static_cast<uint64_t>(num_tasks) + static_cast<uint64_t>(task));
        for (const BlockCell& cell : rounds[r][static_cast<size_t>(task)]) {
          trainers[static_cast<size_t>(worker)].train(grid.cell(cell), grid.rows_of(cell.input), cell.output,
                                                      rate, random);
        }
      });
    }
    context.advance("training", end, num_chunks, "blocks of pairs");
  }
}

/// The runs of equal inputs.
void find_runs(std::span<const SkipGramPair> pairs, std::vector<RowPairs>& runs) {
  runs.clear();
  for (const SkipGramPair& pair : pairs) {
    if (runs.empty() || runs.back().row != pair.input) runs.push_back({pair.input, 0});
    ++runs.back().count;
  }
}

/// Hogwild (Recht et al. 2011): chunks in any order, all threads on all rows.
void train_without_order(const SkipGramData& data, const SkipGramOptions& options, const Model& model,
                         const Context& context) {
  struct Worker {
    CellTrainer trainer;
    PairBuffer pairs;
    std::vector<RowPairs> runs;
  };
  const BlockNoise* noise = model.noise ? &*model.noise : nullptr;
  std::vector<Worker> workers(
      static_cast<size_t>(context.num_threads()),
      Worker{CellTrainer(model.tables, noise, options.negatives), PairBuffer(model.rows()), {}});
  const int64_t num_chunks = data.source->num_chunks();
  const int64_t per_call = std::max<int64_t>(num_chunks / 256, context.num_threads());
  for (int64_t begin = 0; begin < num_chunks; begin += per_call) {
    const int64_t end = std::min(begin + per_call, num_chunks);
    parallel_for_workers(context, end - begin, [&](int worker, int64_t c) {
      Worker& own = workers[static_cast<size_t>(worker)];
      own.pairs.clear();
      data.source->read(begin + c, own.pairs);
      find_runs(own.pairs.pairs(), own.runs);
      FastRandom random(context.seed, "skip-gram noise", static_cast<uint64_t>(begin + c));
      const double done = static_cast<double>(begin + c) / static_cast<double>(num_chunks);
      own.trainer.train(own.pairs.pairs(), own.runs, 0, rate_at(done, options), random);
    });
    context.advance("training", end, num_chunks, "blocks of pairs");
  }
}

Matrix items_in_order(const Model& model, std::span<const int64_t> counts, int64_t dim,
                      const Context& context) {
  const auto n = std::ssize(counts);
  Matrix result(n, dim);
  float* to = result.mutable_data<float>();
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* row =
          model.tables.inputs + int64_t{model.inputs.row_of[static_cast<size_t>(i)]} * model.tables.stride;
      if (counts[static_cast<size_t>(i)] > 0) {
        std::memcpy(to + i * dim, row, static_cast<size_t>(dim) * sizeof(float));
      } else {
        std::fill_n(to + i * dim, dim, 0.0F);
      }
    }
  });
  return result;
}

}  // namespace

Matrix train_skip_gram(const SkipGramData& data, const SkipGramOptions& options, const Context& context) {
  check_simd_level();
  WHITNEY_CHECK(!data.one_table || data.softmax == Softmax::kNegativeSampling,
                "a tree has a table of its own");
  Model model = make_model(data, options, context);
  if (options.deterministic) {
    train_in_blocks(data, options, model, context);
  } else {
    train_without_order(data, options, model, context);
  }
  model.output_rows = Array<float>();  // before the result takes its place
  return items_in_order(model, data.counts, options.dim, context);
}

int64_t skip_gram_bytes(int64_t n, double total_pairs, double pairs_per_chunk, Softmax softmax,
                        bool one_table, const SkipGramOptions& options) {
  const double steps =
      softmax == Softmax::kHierarchical ? std::max(1.0, std::log2(static_cast<double>(n))) : 1;
  const auto num_chunks = static_cast<int64_t>(total_pairs / std::max(pairs_per_chunk, 1.0)) + 1;
  const double samples = pairs_per_chunk * steps;
  const double episode = samples * static_cast<double>(chunks_per_episode(n, samples, num_chunks));
  const int64_t table = n * skip_gram_stride(options.dim) * 4, result = n * int64_t{options.dim} * 4;
  // Pairs as they were read, and twice for sorting; rows, noise and counts of each item, or the tree.
  const auto pairs = options.deterministic ? static_cast<int64_t>(episode * 8 * 3.1) : int64_t{0};
  const auto items = n * 40 + (softmax == Softmax::kHierarchical ? static_cast<int64_t>(steps) * n * 4 : 0);
  const int64_t training = table * (one_table ? 1 : 2) + pairs;
  return std::max(training, table + result) + items;
}

double skip_gram_seconds(int64_t n, double total_pairs, Softmax softmax, const SkipGramOptions& options,
                         const Context& context) {
  const double targets = softmax == Softmax::kHierarchical ? std::max(1.0, std::log2(static_cast<double>(n)))
                                                           : 1.0 + options.negatives;
  // As measured with AVX-512 where a block's rows are in L2: so much for a target, and the values of its row.
  constexpr double kPerTarget = 4e-9, kPerValue = 4e-11;
  return total_pairs * targets * (kPerTarget + kPerValue * options.dim) / context.num_threads();
}

}  // namespace whitney::text
