#include "whitney/infer/transformer.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/infer/activation.h"
#include "whitney/infer/latent_attention.h"
#include "whitney/linalg/simd.h"

namespace whitney::infer {
namespace {

// Rows that go through a feed-forward net at a time: their inside, the widest thing there is, stays bounded.
constexpr int64_t kFeedRows = 512;
// Rows for each thread from which on each takes its own through a layer, where they read the weights once
// each: with fewer, sharing out the weights costs less than reading them several times.
constexpr int64_t kRowsApart = 24;
// Values that a task mixes.
constexpr int64_t kMixedValues = 1 << 14;

float* reserve(Array<float>& array, int64_t size) {
  if (array.size() < size) array = Array<float>(size);
  return array.mutable_data();
}

MatrixView rows_of(const float* data, int64_t rows, int64_t cols) {
  return {data, rows, cols, cols, DType::kF32};
}

struct Rows {
  int64_t first, last;
  int64_t count() const { return last - first; }
};

// Parts of the rows that go through the layers on a thread each, which meet twice a layer; 1: all together,
// each product shared out.
int64_t num_parts(int threads, int64_t tokens) {
  return tokens >= kRowsApart * threads && tokens <= kFeedRows ? threads : 1;
}

// One pass over one batch.
class Forward {
 public:
  Forward(const Context& context, const Transformer& model, const PackedBatch& batch,
          const ForwardOptions& options, Workspace& workspace)
      : context_(context),
        model_(model),
        batch_(batch),
        options_(options),
        workspace_(workspace),
        tokens_(batch.num_tokens()),
        longest_(batch.longest()),
        num_layers_(options.num_layers.value_or(std::ssize(model.layers))),
        num_parts_(num_parts(context.num_threads(), tokens_)) {
    const int64_t heads = model.num_heads * model.head_dim;
    const int64_t qkv = tokens_ * (heads + 2 * model.num_kv_heads * model.head_dim);
    const int64_t inside = model.inside() * std::min(tokens_, kFeedRows);
    hidden_ = reserve(workspace.hidden, tokens_ * model.width);
    attended_ = reserve(workspace.attended, tokens_ * heads);
    if (model.norm_first) normed_ = reserve(workspace.normed, tokens_ * model.width);
    if (num_parts_ == 1) {
      qkv_ = inside_ = reserve(workspace.wide, std::max(qkv, inside));
    } else {
      qkv_ = reserve(workspace.wide, qkv + inside);
      inside_ = qkv_ + qkv;
    }
    if (!options.layer_weights.empty()) mixed_ = reserve(workspace.mixed, tokens_ * model.width);
    if (model.relative_bias) {
      model.relative_bias->expand(longest_, reserve(workspace.bias, model.num_heads * (2 * longest_ - 1)));
    }
  }

  void run() {
    embed();
    if (num_layers_ > 0) {
      mix(0);
      in_parts([&](const Context& context, Rows rows) { project(context, model_.layers[0], rows); });
    }
    for (int64_t i = 0; i < num_layers_; ++i) {
      context_.check_cancelled();
      const TransformerLayer& layer = model_.layers[static_cast<size_t>(i)];
      attend_to_tokens(layer);
      // Behind the last layer comes the next text.
      const bool is_last = i + 1 == num_layers_;
      const TransformerLayer& next = is_last ? model_.layers[0] : model_.layers[static_cast<size_t>(i) + 1];
      in_parts([&](const Context& context, Rows rows) {
        finish(context, layer, rows, next.qkv);
        if (!is_last) project(context, next, rows);
      });
      if (!is_last) mix(i + 1);
    }
    if (model_.final_norm) normalize_rows(context_, *model_.final_norm, tokens_, hidden_, hidden_);
    mix(num_layers_);
    if (mixed_ != nullptr) leave_mixed();
    if (model_.latents != nullptr) look_at_latents();
  }

 private:
  void embed() {
    const TokenEmbeddings& embeddings = model_.embeddings;
    const int64_t width = model_.width;
    parallel_for(context_, batch_.num_texts(), [&](int64_t s) {
      const int64_t first = batch_.starts[static_cast<size_t>(s)],
                    last = batch_.starts[static_cast<size_t>(s) + 1];
      int64_t next_place = embeddings.first_position;
      for (int64_t t = first; t < last; ++t) {
        float* row = hidden_ + t * width;
        const int64_t id = batch_.ids[static_cast<size_t>(t)];
        embeddings.words.copy_rows(id, id + 1, row);
        for (int64_t c = 0; c < embeddings.type.size(); ++c) row[c] += embeddings.type[c];
        if (embeddings.positions.rows() == 0) continue;
        const int64_t place = id == embeddings.padding ? id : next_place++;
        const float* position = embeddings.positions.row<float>(place).data();
        for (int64_t c = 0; c < width; ++c) row[c] += position[c];
      }
    });
    if (embeddings.norm) normalize_rows(context_, *embeddings.norm, tokens_, hidden_, hidden_);
  }

  // mixed += weight * hidden, where the states behind so many layers have a weight. Value by value in the
  // order of the layers: the same bits in any batch.
  void mix(int64_t layers_behind) {
    const int64_t at = layers_behind - num_layers_ - 1 + std::ssize(options_.layer_weights);
    if (at < 0) return;
    const float weight = options_.layer_weights[static_cast<size_t>(at)];
    parallel_blocks(context_, tokens_ * model_.width, kMixedValues, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) mixed_[i] = (at == 0 ? 0.0f : mixed_[i]) + weight * hidden_[i];
    });
  }

  void leave_mixed() {
    double total = 0;
    for (const float weight : options_.layer_weights) total += static_cast<double>(weight);
    const float scale = static_cast<float>(1 / total);
    parallel_blocks(context_, tokens_ * model_.width, kMixedValues, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) hidden_[i] = mixed_[i] * scale;
    });
  }

  void look_at_latents() {
    float* normed = reserve(workspace_.normed, tokens_ * model_.width);
    for (int64_t first = 0; first < tokens_; first += kFeedRows) {
      const int64_t at = first * model_.width;
      model_.latents->apply(context_, std::min(kFeedRows, tokens_ - first), hidden_ + at, normed + at,
                            inside_);
    }
  }

  // Calls body(context, rows) for all rows, which then shares out its work among threads, or for a part of
  // them on each thread. Only attention looks at other rows: between two of them a part needs no other.
  template <class Body>
  void in_parts(const Body& body) {
    if (num_parts_ == 1) return body(context_, Rows{0, tokens_});
    Context alone = context_;
    alone.threads = 1;
    parallel_for(context_, num_parts_, [&](int64_t part) {
      body(alone, Rows{tokens_ * part / num_parts_, tokens_ * (part + 1) / num_parts_});
    });
  }

  // Queries, keys and values of norm(hidden), or of hidden where the sums are normalised.
  void project(const Context& context, const TransformerLayer& layer, Rows rows) {
    const float* input = hidden_ + rows.first * model_.width;
    if (model_.norm_first && layer.attention_norm) input = normed(context, *layer.attention_norm, rows);
    layer.qkv.apply(context, rows_of(input, rows.count(), model_.width), qkv_ + rows.first * layer.qkv.out(),
                    &layer.attention_out);
  }

  void attend_to_tokens(const TransformerLayer& layer) {
    AttentionSettings settings;
    settings.num_heads = model_.num_heads;
    settings.num_kv_heads = model_.num_kv_heads;
    settings.head_dim = model_.head_dim;
    settings.scale = model_.scale;
    settings.reach_before = layer.reach_before;
    settings.reach_after = layer.reach_after;
    if (options_.causal) {
      settings.reach_after = *options_.causal ? 0 : std::max(layer.reach_after, layer.reach_before);
    }
    if (!batch_.prefixes.empty()) settings.prefixes = batch_.prefixes.data();
    if (layer.query_norm) settings.query_norm = &*layer.query_norm;
    if (layer.key_norm) settings.key_norm = &*layer.key_norm;
    std::shared_ptr<const RotaryAngles> angles;
    if (layer.rotary != nullptr) angles = layer.rotary->reach(longest_);
    settings.angles = angles.get();
    if (model_.relative_bias) {
      settings.bias = workspace_.bias.data();
      settings.bias_reach = longest_;
    }
    attend(context_, settings, batch_.starts, qkv_, workspace_.attention, attended_);
  }

  // hidden = norm(hidden + part(hidden)), or hidden += part(norm(hidden)), of what was attended to and then
  // of the feed-forward net. next: the product behind them.
  void finish(const Context& context, const TransformerLayer& layer, Rows rows, const Linear& next) {
    float* hidden = hidden_ + rows.first * model_.width;
    const int64_t heads = model_.num_heads * model_.head_dim;
    layer.attention_out.apply_and_add(context, rows_of(attended_ + rows.first * heads, rows.count(), heads),
                                      hidden, &layer.up);
    if (model_.norm_first) {
      return feed_forward(context, layer, rows, normed(context, *layer.feed_norm, rows), next);
    }
    normalize_rows(context, *layer.attention_norm, rows.count(), hidden, hidden);
    feed_forward(context, layer, rows, hidden, next);
    normalize_rows(context, *layer.feed_norm, rows.count(), hidden, hidden);
  }

  const float* normed(const Context& context, const Norm& norm, Rows rows) {
    const int64_t at = rows.first * model_.width;
    normalize_rows(context, norm, rows.count(), hidden_ + at, normed_ + at);
    return normed_ + at;
  }

  // Adds to the rows of hidden_. `input` may be these.
  void feed_forward(const Context& context, const TransformerLayer& layer, Rows rows, const float* input,
                    const Linear& next) {
    const int64_t width = model_.width, inside = layer.up.out();
    float* wide = inside_ + (num_parts_ > 1 ? rows.first * inside : 0);
    for (int64_t first = 0; first < rows.count(); first += kFeedRows) {
      const int64_t count = std::min(kFeedRows, rows.count() - first);
      layer.up.apply(context, rows_of(input + first * width, count, width), wide, &layer.down);
      if (layer.is_gated) {
        parallel_blocks(context, count, 16, [&](int64_t begin, int64_t end) {
          for (int64_t r = begin; r < end; ++r) {
            float* row = wide + r * inside;
            activate_gate(layer.gate, row, row + inside / 2, inside / 2, row);
          }
        });
      }
      layer.down.apply_and_add(context, {wide, count, layer.down.in(), inside, DType::kF32},
                               hidden_ + (rows.first + first) * width, &next);
    }
  }

  const Context& context_;
  const Transformer& model_;
  const PackedBatch& batch_;
  const ForwardOptions& options_;
  Workspace& workspace_;
  int64_t tokens_;
  int64_t longest_;
  int64_t num_layers_;
  int64_t num_parts_;
  float* hidden_ = nullptr;
  float* attended_ = nullptr;
  float* normed_ = nullptr;
  float* qkv_ = nullptr;
  float* inside_ = nullptr;  // of the feed-forward net; as qkv_ where there is one part
  float* mixed_ = nullptr;   // null where one layer's states are the result
};

}  // namespace

int64_t PackedBatch::longest() const {
  int64_t longest = 0;
  for (size_t s = 0; s + 1 < starts.size(); ++s) longest = std::max(longest, starts[s + 1] - starts[s]);
  return longest;
}

void Transformer::run(const Context& context, const PackedBatch& batch, const ForwardOptions& options,
                      Workspace& workspace) const {
  check_simd_level();
  if (batch.longest() > max_tokens) {
    fail("a text has ", batch.longest(), " tokens, but the model takes ", max_tokens, " at most");
  }
  for (int32_t id : batch.ids) {
    if (id < 0 || id >= vocabulary_size()) {
      fail("token id ", id, " is not in the model's vocabulary of ", vocabulary_size(),
           "; do tokenizer and weights belong together?");
    }
  }
  if (options.num_layers && (*options.num_layers < 0 || *options.num_layers > std::ssize(layers))) {
    fail("cannot stop after layer ", *options.num_layers, ": the model has ", layers.size(), " layers");
  }
  const int64_t num_states = options.num_layers.value_or(std::ssize(layers)) + 1;
  if (std::ssize(options.layer_weights) > num_states) {
    fail("cannot mix the states of ", options.layer_weights.size(), " layers: there are ", num_states,
         ", the embeddings among them");
  }
  if (batch.num_tokens() == 0) return;
  Forward(context, *this, batch, options, workspace).run();
}

int64_t Transformer::inside() const {
  int64_t inside = latents == nullptr ? 0 : latents->inside();
  for (const TransformerLayer& layer : layers) inside = std::max(inside, layer.up.out());
  return inside;
}

int64_t Transformer::workspace_bytes(int64_t num_tokens, int threads) const {
  const int64_t heads = num_heads * head_dim, qkv = heads + 2 * num_kv_heads * head_dim;
  const int64_t inside = this->inside() * std::min(num_tokens, kFeedRows);
  const int64_t wide =
      num_parts(threads, num_tokens) > 1 ? num_tokens * qkv + inside : std::max(num_tokens * qkv, inside);
  // Keys and values of a head, and the scores of a hundred queries (see attention.cc).
  const int64_t attention = threads * (num_tokens * 2 * (head_dim + 32) + 12 * (num_tokens + 64) + (1 << 18));
  const int64_t rows = width + heads + (norm_first || latents != nullptr ? width : 0);
  return 4 * (num_tokens * rows + wide + attention);
}

}  // namespace whitney::infer
