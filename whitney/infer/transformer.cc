#include "whitney/infer/transformer.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/infer/activation.h"
#include "whitney/linalg/simd.h"

namespace whitney::infer {
namespace {

// Rows that go through a feed-forward net at a time: their inside, the widest thing there is, stays bounded.
constexpr int64_t kFeedRows = 512;
// Values that a task mixes.
constexpr int64_t kMixedValues = 1 << 14;

float* reserve(Array<float>& array, int64_t size) {
  if (array.size() < size) array = Array<float>(size);
  return array.mutable_data();
}

MatrixView rows_of(const float* data, int64_t rows, int64_t cols) {
  return {data, rows, cols, cols, DType::kF32};
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
        num_layers_(options.num_layers.value_or(std::ssize(model.layers))) {
    const int64_t heads = model.num_heads * model.head_dim;
    int64_t wide = tokens_ * (heads + 2 * model.num_kv_heads * model.head_dim);
    for (const TransformerLayer& layer : model.layers) {
      wide = std::max(wide, std::min(tokens_, kFeedRows) * layer.up.out());
    }
    hidden_ = reserve(workspace.hidden, tokens_ * model.width);
    other_ = reserve(workspace.other, tokens_ * std::max(model.width, heads));
    wide_ = reserve(workspace.wide, wide);
    if (!options.layer_weights.empty()) mixed_ = reserve(workspace.mixed, tokens_ * model.width);
    if (model.relative_bias) {
      model.relative_bias->expand(longest_, reserve(workspace.bias, model.num_heads * (2 * longest_ - 1)));
    }
  }

  void run() {
    embed();
    for (int64_t i = 0; i < num_layers_; ++i) {
      context_.check_cancelled();
      mix(i);
      const TransformerLayer& layer = model_.layers[static_cast<size_t>(i)];
      if (model_.norm_first) {
        run_norm_first(layer);
      } else {
        run_norm_last(layer);
      }
    }
    if (model_.final_norm) normalize_rows(context_, *model_.final_norm, tokens_, hidden_, hidden_);
    mix(num_layers_);
    if (mixed_ != nullptr) leave_mixed();
  }

 private:
  void embed() {
    const TokenEmbeddings& embeddings = model_.embeddings;
    const int64_t width = model_.width;
    parallel_for(context_, batch_.num_texts(), [&](int64_t s) {
      const int64_t first = batch_.starts[static_cast<size_t>(s)],
                    last = batch_.starts[static_cast<size_t>(s) + 1];
      for (int64_t t = first; t < last; ++t) {
        float* row = hidden_ + t * width;
        const int64_t id = batch_.ids[static_cast<size_t>(t)];
        embeddings.words.copy_rows(id, id + 1, row);
        for (int64_t c = 0; c < embeddings.type.size(); ++c) row[c] += embeddings.type[c];
        if (embeddings.positions.rows() == 0) continue;
        const float* position = embeddings.positions.row<float>(t - first + embeddings.first_position).data();
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

  // hidden = norm(hidden + part(hidden)), twice.
  void run_norm_last(const TransformerLayer& layer) {
    attend_to(layer, hidden_);
    normalize_rows(context_, *layer.attention_norm, tokens_, hidden_, hidden_);
    feed_forward(layer, hidden_);
    normalize_rows(context_, *layer.feed_norm, tokens_, hidden_, hidden_);
  }

  // hidden += part(norm(hidden)), twice.
  void run_norm_first(const TransformerLayer& layer) {
    const float* input = hidden_;
    if (layer.attention_norm) {
      normalize_rows(context_, *layer.attention_norm, tokens_, hidden_, other_);
      input = other_;
    }
    attend_to(layer, input);
    normalize_rows(context_, *layer.feed_norm, tokens_, hidden_, other_);
    feed_forward(layer, other_);
  }

  // Adds to hidden_. `input` may be hidden_ or other_.
  void attend_to(const TransformerLayer& layer, const float* input) {
    layer.qkv.apply(context_, rows_of(input, tokens_, model_.width), wide_);
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
    attend(context_, settings, batch_.starts, wide_, workspace_.attention, other_);
    layer.attention_out.apply_and_add(context_, rows_of(other_, tokens_, model_.num_heads * model_.head_dim),
                                      hidden_);
  }

  // Adds to hidden_. `input` may be hidden_ or other_.
  void feed_forward(const TransformerLayer& layer, const float* input) {
    const int64_t width = model_.width, inside = layer.up.out();
    for (int64_t first = 0; first < tokens_; first += kFeedRows) {
      const int64_t rows = std::min(kFeedRows, tokens_ - first);
      layer.up.apply(context_, rows_of(input + first * width, rows, width), wide_);
      if (layer.is_gated) {
        parallel_blocks(context_, rows, 16, [&](int64_t begin, int64_t end) {
          for (int64_t r = begin; r < end; ++r) {
            float* row = wide_ + r * inside;
            activate_gate(layer.gate, row, row + inside / 2, inside / 2, row);
          }
        });
      }
      layer.down.apply_and_add(context_, {wide_, rows, layer.down.in(), inside, DType::kF32},
                               hidden_ + first * width);
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
  float* hidden_ = nullptr;
  float* other_ = nullptr;
  float* wide_ = nullptr;
  float* mixed_ = nullptr;  // null where one layer's states are the result
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

int64_t Transformer::workspace_bytes(int64_t num_tokens, int threads) const {
  const int64_t heads = num_heads * head_dim, qkv = heads + 2 * num_kv_heads * head_dim;
  int64_t inside = 0;
  for (const TransformerLayer& layer : layers) inside = std::max(inside, layer.up.out());
  const int64_t wide = std::max(num_tokens * qkv, std::min(num_tokens, kFeedRows) * inside);
  // Keys and values of a head, and the scores of a hundred queries (see attention.cc).
  const int64_t attention = threads * (num_tokens * 2 * (head_dim + 32) + 12 * (num_tokens + 64) + (1 << 18));
  return 4 * (num_tokens * (width + std::max(width, heads)) + wide + attention);
}

}  // namespace whitney::infer
