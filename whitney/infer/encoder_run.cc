// The passes of an encoder over the pieces of its texts.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/infer/batch_plan.h"
#include "whitney/infer/encoder_parts.h"
#include "whitney/infer/pooling.h"
#include "whitney/linalg/distance.h"

namespace whitney::infer {
namespace {

// Gets the states (tokens x width) of one piece; `context` is for work on them.
using UsePiece = std::function<void(const Context& context, int64_t piece, const float* states)>;

// Lays the pieces of a batch end to end.
struct Packed {
  std::vector<int32_t> ids;
  std::vector<int64_t> starts{0};
  std::vector<int64_t> prefixes;

  void pack(const TextPieces& all, std::span<const int64_t> pieces) {
    ids.clear();
    starts.assign(1, 0);
    prefixes.clear();
    for (const int64_t piece : pieces) {
      const std::span<const int32_t> added = all.tokens[piece];
      ids.insert(ids.end(), added.begin(), added.end());
      starts.push_back(std::ssize(ids));
      if (!all.prefixes.empty()) prefixes.push_back(all.prefixes[static_cast<size_t>(piece)]);
    }
  }
};

struct Worker {
  Packed packed;
  Workspace workspace;
};

ForwardOptions forward_options(const EncodeOptions& options) {
  ForwardOptions forward;
  forward.num_layers = options.layer;
  if (options.attention != AttentionSwitch::kModel) {
    forward.causal = options.attention != AttentionSwitch::kBidirectional;
  }
  return forward;
}

// Runs all pieces. Where there are batches for all threads, each runs on one thread, in its own workspace
// that stays in the thread's caches; else one batch at a time runs on all. Either way gives the same bits.
void run_pieces(const Context& context, const Encoder::Parts& parts, const TextPieces& all,
                const EncodeOptions& options, const UsePiece& use) {
  const text::TokenBatch& tokens = all.tokens;
  constexpr int64_t kWorthAThread = 96;  // tokens
  const Transformer& model = *parts.transformer;
  const int threads = context.num_threads();
  const int64_t batch_tokens = parts.batch_tokens(threads);
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < tokens.size(); ++i) lengths.push_back(std::ssize(tokens[i]));
  const int64_t total = std::ssize(tokens.ids);
  const bool spread = threads > 1 && tokens.size() >= threads && total >= kWorthAThread * threads;
  // As many batches for each thread, or the last ones would leave threads idle.
  const int64_t needed = (total + batch_tokens - 1) / batch_tokens;
  const auto batches =
      plan_batches(lengths, batch_tokens, spread ? (needed + threads - 1) / threads * threads : 1);
  const bool batch_a_thread = std::ssize(batches) >= threads;
  Context inner = context;
  inner.progress = nullptr;
  inner.threads = batch_a_thread ? 1 : threads;
  ForwardOptions forward = forward_options(options);
  const std::vector<float> layer_weights = parts.layers_mixed(options);
  forward.layer_weights = layer_weights;
  std::vector<Worker> workers(static_cast<size_t>(batch_a_thread ? threads : 1));
  for (Worker& worker : workers) worker.workspace = parts.workspaces.take();
  int64_t done = 0;
  std::mutex progress_mutex;
  const auto run_batch = [&](int number, int64_t b) {
    Worker& worker = workers[static_cast<size_t>(number)];
    const std::vector<int64_t>& pieces = batches[static_cast<size_t>(b)];
    worker.packed.pack(all, pieces);
    const PackedBatch batch{worker.packed.ids, worker.packed.starts, worker.packed.prefixes};
    model.run(inner, batch, forward, worker.workspace);
    for (size_t p = 0; p < pieces.size(); ++p) {
      use(inner, pieces[p], worker.workspace.hidden.data() + batch.starts[p] * model.width);
    }
    const std::scoped_lock lock(progress_mutex);  // a listener hears one call at a time
    done += std::ssize(pieces);
    context.advance("encode", done, tokens.size(), "texts");
  };
  if (batch_a_thread) {
    parallel_for_workers(context, std::ssize(batches), run_batch);
  } else {
    for (int64_t b = 0; b < std::ssize(batches); ++b) run_batch(0, b);
  }
  for (Worker& worker : workers) parts.workspaces.give(std::move(worker.workspace));
}

// Those of tokens [begin, begin + count) of a piece, none where there are none.
std::span<const float> part_of(const std::vector<float>& weights, int64_t begin, int64_t count) {
  if (weights.empty()) return {};
  return std::span(weights).subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
}

Matrix first_columns(const Matrix& vectors, int64_t dim) {
  MatrixView view = vectors.view();
  view.cols = dim;
  return Matrix::copy_of(view);
}

// Words, ascending, and their weights.
using WeighedWords = std::vector<std::pair<int32_t, float>>;

// The words that weigh anything, or the heaviest of them, of equal ones the first. What is no number is kept,
// so that it is seen.
WeighedWords words_that_weigh(std::span<const float> all, std::optional<int64_t> max_words) {
  WeighedWords kept;
  for (size_t v = 0; v < all.size(); ++v) {
    if (!(all[v] <= 0)) kept.emplace_back(static_cast<int32_t>(v), all[v]);
  }
  if (!max_words || std::ssize(kept) <= *max_words) return kept;
  const auto heaviness = [](const std::pair<int32_t, float>& word) {
    return std::pair(std::isnan(word.second) ? -std::numeric_limits<float>::infinity() : -word.second,
                     word.first);
  };
  std::ranges::nth_element(kept, kept.begin() + *max_words, {}, heaviness);
  kept.resize(static_cast<size_t>(*max_words));
  std::ranges::sort(kept, {}, &std::pair<int32_t, float>::first);
  return kept;
}

// One row a text: the mean of its spans' vectors, each weighing its tokens.
Matrix averaged_windows(const Matrix& vectors, const TextPieces& pieces) {
  Matrix means = Matrix::zeros(pieces.num_texts(), vectors.cols());
  for (int64_t i = 0; i < pieces.num_texts(); ++i) {
    float* mean = means.mutable_data<float>() + i * vectors.cols();
    const int64_t first = pieces.starts[static_cast<size_t>(i)],
                  last = pieces.starts[static_cast<size_t>(i) + 1];
    int64_t tokens = 0;
    for (int64_t s = first; s < last; ++s) {
      const PooledSpan& span = pieces.spans[static_cast<size_t>(s)];
      tokens += span.end - span.begin;
    }
    for (int64_t s = first; s < last; ++s) {
      const PooledSpan& span = pieces.spans[static_cast<size_t>(s)];
      const float share =
          static_cast<float>(span.end - span.begin) / static_cast<float>(std::max<int64_t>(tokens, 1));
      const float* row = vectors.row<float>(s).data();
      for (int64_t c = 0; c < vectors.cols(); ++c) mean[c] += share * row[c];
    }
  }
  return means;
}

}  // namespace

Matrix Encoder::Parts::pooled(const Context& context, const TextPieces& pieces,
                              const EncodeOptions& options) const {
  const std::vector<PoolingMode> wanted = modes(options);
  const int64_t cols = transformer ? pooled_dim(wanted, width()) : width();
  Matrix vectors(std::ssize(pieces.spans), cols);
  float* out = vectors.mutable_data<float>();
  if (table) {
    parallel_for(context, std::ssize(pieces.spans), [&](int64_t s) {
      table->encode(pieces.tokens[pieces.spans[static_cast<size_t>(s)].piece], out + s * cols);
    });
    return vectors;
  }
  // Spans are in the order of their pieces.
  std::vector<int64_t> first_spans(static_cast<size_t>(pieces.tokens.size()) + 1, 0);
  for (const PooledSpan& span : pieces.spans) ++first_spans[static_cast<size_t>(span.piece) + 1];
  for (size_t p = 1; p < first_spans.size(); ++p) first_spans[p] += first_spans[p - 1];
  const TokenWeights table_weights = options.token_weights
                                         ? TokenWeights::of_table(options.token_weights->value, *tokenizer)
                                         : TokenWeights();
  const TokenWeights& words = options.token_weights ? table_weights : token_weights;
  run_pieces(context, *this, pieces, options, [&](const Context&, int64_t piece, const float* states) {
    const std::vector<float> weights = words.of(pieces.tokens[piece]);
    const size_t p = static_cast<size_t>(piece);
    for (int64_t s = first_spans[p]; s < first_spans[p + 1]; ++s) {
      const PooledSpan span = pooled_part(pieces.spans[static_cast<size_t>(s)], options);
      const int64_t rows = span.end - span.begin;
      pool(wanted, states + span.begin * width(), rows, width(), part_of(weights, span.begin, rows),
           out + s * cols, span.places_before);
    }
  });
  return vectors;
}

Matrix Encoder::Parts::states(const Context& context, const TextPieces& pieces,
                              const EncodeOptions& options) const {
  Matrix vectors(std::ssize(pieces.tokens.ids), width());
  float* out = vectors.mutable_data<float>();
  run_pieces(context, *this, pieces, options, [&](const Context&, int64_t piece, const float* states) {
    const int64_t first = pieces.tokens.starts[static_cast<size_t>(piece)];
    std::copy_n(states, std::ssize(pieces.tokens[piece]) * width(), out + first * width());
  });
  return vectors;
}

void Encoder::Parts::weigh_words(const Context& context, const TextPieces& pieces,
                                 const EncodeOptions& options, Encoding& encoding) const {
  const MaskedLmHead& words = masked_lm_head(context);
  const SpladeSettings splade = folder.splade.value_or(SpladeSettings());
  std::vector<WeighedWords> weights(static_cast<size_t>(pieces.tokens.size()));
  run_pieces(context, *this, pieces, options, [&](const Context& inner, int64_t piece, const float* states) {
    std::vector<float> all(static_cast<size_t>(words.vocabulary_size()));
    words.weigh_words(inner, splade, states, std::ssize(pieces.tokens[piece]), all.data());
    weights[static_cast<size_t>(piece)] = words_that_weigh(all, splade.max_words);
  });
  encoding.sparse_starts.assign(1, 0);
  for (const auto& text : weights) {
    for (const auto& [word, weight] : text) {
      encoding.sparse_words.push_back(word);
      encoding.sparse_weights.push_back(weight);
    }
    encoding.sparse_starts.push_back(std::ssize(encoding.sparse_words));
  }
}

Matrix Encoder::Parts::finished(const Context& context, Matrix vectors, const TextPieces* averaged,
                                const EncodeOptions& options) const {
  bool is_normal = false;
  for (const Step& step : steps) {
    is_normal = step.kind == ModuleKind::kNormalize;
    if (step.kind == ModuleKind::kNormalize) {
      if (options.normalize.value_or(true)) whitney::normalize_rows(context, vectors, vectors);
      continue;
    }
    const int64_t in = step.kind == ModuleKind::kDense ? step.dense.in() : step.norm.dim();
    if (vectors.cols() != in) {
      fail(folder.path, ": a module behind the pooling takes vectors of ", in, " values, not ",
           vectors.cols(), "; does another pooling not fit this model?");
    }
    if (step.kind == ModuleKind::kLayerNorm) {
      float* values = vectors.mutable_data<float>();
      infer::normalize_rows(context, step.norm, vectors.rows(), values, values);
    } else {
      Matrix result(vectors.rows(), step.dense.out());
      step.dense.apply(context, vectors, result.mutable_data<float>());
      vectors = std::move(result);
    }
  }
  if (averaged != nullptr) vectors = averaged_windows(vectors, *averaged);
  // A mean and a prefix of unit vectors are none.
  const bool is_spoilt = averaged != nullptr || options.dim.has_value();
  return cut_and_normalized(context, std::move(vectors), options,
                            options.normalize.value_or(is_normal) && (is_spoilt || !is_normal));
}

Matrix Encoder::Parts::cut_and_normalized(const Context& context, Matrix vectors,
                                          const EncodeOptions& options, bool normalizes) const {
  if (options.dim) {
    if (*options.dim > vectors.cols()) {
      fail("dim ", *options.dim, " is above the ", vectors.cols(), " values that the model gives");
    }
    vectors = first_columns(vectors, *options.dim);
  }
  if (normalizes) whitney::normalize_rows(context, vectors, vectors);
  return vectors;
}

}  // namespace whitney::infer
