#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/infer/gguf.h"
#include "whitney/infer/model_config.h"
#include "whitney/infer/splade_settings.h"
#include "whitney/infer/weights.h"

namespace whitney::infer {

enum class PoolingMode : uint8_t { kCls, kMax, kMean, kMeanSqrt, kWeightedMean, kLastToken };

struct PoolingSettings {
  /// Several are laid side by side, in this order.
  std::vector<PoolingMode> modes{PoolingMode::kMean};
  /// 0 where the file does not say.
  int64_t dim = 0;
  /// False: the tokens of the prompt take no part.
  bool include_prompt = true;
};

enum class Activation : uint8_t { kIdentity, kTanh, kRelu, kGelu, kGeluTanh, kSilu, kSigmoid };

struct DenseSettings {
  int64_t in = 0;
  int64_t out = 0;
  bool bias = true;
  Activation activation = Activation::kTanh;
};

enum class ModuleKind : uint8_t {
  kTransformer,
  kPooling,
  kDense,
  kNormalize,
  kLayerNorm,
  kDropout,  // does nothing when a model is run
  kWeightedLayerPooling,
  kWordWeights,
  kStaticEmbedding,
  kSpladePooling  // of the logits of a masked-LM head
};

/// One step of a sentence-transformers model.
struct ModelModule {
  ModuleKind kind = ModuleKind::kTransformer;
  /// Where its files are; Weights::open takes it for kDense, kLayerNorm, kStaticEmbedding and
  /// kWeightedLayerPooling.
  std::string folder;
  PoolingSettings pooling;  // kPooling
  DenseSettings dense;      // kDense
  int64_t dim = 0;          // kLayerNorm
  /// kWeightedLayerPooling: the states behind so many layers are the first that is mixed; 0: the embeddings.
  int64_t layer_start = 0;
  /// kTransformer: hands out the logits of its masked-LM head in place of states.
  bool fills_masks = false;
  SpladeSettings splade{};  // kSpladePooling
};

/// What a model is, read from a folder as sentence-transformers or transformers save it, or from one .gguf
/// file: everything but weights and tokenizer.
struct ModelFolder {
  /// Reads and checks the small files. Throws Error that names the file and field: missing files, unknown
  /// module types, paths that leave the folder, weights that are a pickle.
  static ModelFolder open(const std::string& path);

  std::string path;
  /// In the order in which they run; a bare transformer gets mean pooling behind it.
  std::vector<ModelModule> modules;
  /// The transformer's config.json; empty for a static model.
  std::optional<ModelConfig> config;
  /// The transformer's folder (or the static embedding's), where tokenizer files are.
  std::string transformer_folder;
  /// Set for a .gguf file, which holds config and tokenizer too.
  std::shared_ptr<const GgufFile> gguf;

  /// The most tokens of a text, special tokens inside; nothing when nothing bounds it.
  std::optional<int64_t> max_length;
  /// Lower-cases texts and prompts: Tokenizer::open's lower_case.
  bool do_lower_case = false;
  /// Put behind each text: the token that ends one, where the model was trained to see it and the tokenizer
  /// does not add it (NV-Embed). Mostly empty.
  std::string suffix;
  /// Name to text, in the file's order.
  std::vector<std::pair<std::string, std::string>> prompts;
  std::optional<std::string> default_prompt_name;
  /// "cosine", "dot", "euclidean" or "manhattan".
  std::string similarity = "cosine";
  /// How texts become weights of words where that is what the model was saved to give (a SpladePooling).
  std::optional<SpladeSettings> splade;

  /// The prompt's text, empty when there is none: `name` if given (Error when there is no such prompt), else
  /// the default one.
  std::string prompt(std::optional<std::string_view> name) const;
  /// Maps the transformer's tensors (or the static embedding's).
  Weights weights() const;
};

}  // namespace whitney::infer
