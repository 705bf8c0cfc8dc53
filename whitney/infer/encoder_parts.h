#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "whitney/infer/encoder.h"
#include "whitney/infer/masked_lm_head.h"
#include "whitney/infer/model_folder.h"
#include "whitney/infer/static_embedding.h"
#include "whitney/infer/text_pieces.h"
#include "whitney/infer/token_weights.h"
#include "whitney/infer/transformer.h"
#include "whitney/infer/workspace_stash.h"

namespace whitney::infer {

/// What an encoder is made of.
struct Encoder::Parts {
  /// A module behind the pooling.
  struct Step {
    ModuleKind kind = ModuleKind::kNormalize;
    Linear dense;
    Norm norm;
  };

  ModelFolder folder;
  Precision precision = Precision::kFloat32;
  std::optional<Transformer> transformer;
  std::optional<StaticEmbedding> table;
  std::optional<text::Tokenizer> tokenizer;
  /// Of a WeightedLayerPooling: what the states behind the last layers weigh; else empty.
  std::vector<float> layer_weights;
  TokenWeights token_weights;
  PoolingSettings pooling;
  std::vector<Step> steps;
  /// Read when it is first asked for.
  mutable std::once_flag head_once;
  mutable std::optional<MaskedLmHead> head;
  mutable WorkspaceStash workspaces;

  static std::unique_ptr<const Parts> open(const Context& context, const std::string& path,
                                           Precision precision);

  const MaskedLmHead& masked_lm_head(const Context& context) const;
  /// The options with the output that the model gives where they ask for none. What follows takes these.
  EncodeOptions resolved(const EncodeOptions& options) const;
  int64_t width() const { return transformer ? transformer->width : table->dim(); }
  std::vector<PoolingMode> modes(const EncodeOptions& options) const;
  /// ForwardOptions::layer_weights.
  std::vector<float> layers_mixed(const EncodeOptions& options) const;
  /// Throws Error for options that this model cannot serve.
  void check(const EncodeOptions& options) const;
  void check_layers(const EncodeOptions& options) const;
  PieceSettings piece_settings(const EncodeOptions& options) const;
  /// Tokens of a batch, so that the working memory of all threads stays near 48 MB.
  int64_t batch_tokens(int threads) const;

  /// Vectors of the spans before the modules behind the pooling; or all tokens' states.
  Matrix pooled(const Context& context, const TextPieces& pieces, const EncodeOptions& options) const;
  Matrix states(const Context& context, const TextPieces& pieces, const EncodeOptions& options) const;
  void weigh_words(const Context& context, const TextPieces& pieces, const EncodeOptions& options,
                   Encoding& encoding) const;
  /// Runs the modules behind the pooling, cuts to `dim` and normalises.
  Matrix finished(const Context& context, Matrix vectors, const TextPieces* averaged,
                  const EncodeOptions& options) const;
  Matrix cut_and_normalized(const Context& context, Matrix vectors, const EncodeOptions& options,
                            bool normalizes) const;
};

}  // namespace whitney::infer
