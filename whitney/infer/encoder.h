#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/registry.h"
#include "whitney/infer/encode_options.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/model_folder.h"
#include "whitney/text/tokenizer.h"

namespace whitney::infer {

/// What texts became.
struct Encoding {
  /// One row a text, or with output=tokens and long_texts=late the rows [starts[i], starts[i + 1]) of text i.
  Matrix vectors;
  std::vector<int64_t> starts;
  /// output=sparse instead: words [sparse_starts[i], sparse_starts[i + 1]) of text i, ascending, and their
  /// weights.
  std::vector<int64_t> sparse_starts;
  std::vector<int32_t> sparse_words;
  std::vector<float> sparse_weights;
};

/// A text encoder as sentence-transformers, transformers or llama.cpp keep it: tokenizer, transformer (or a
/// static table), pooling and what follows. What a text becomes depends on the text, the options and the SIMD
/// level, bit for bit, never on its neighbours, their order or the threads. Const calls are safe from many
/// threads.
class WHITNEY_API Encoder {
 public:
  /// Opens a folder or a .gguf file. Weights are packed for the products once (about as many bytes as float32
  /// takes, with kInt8 a quarter); the word embeddings stay in the mapped file. Throws Error that names file
  /// and field.
  static Encoder open(const Context& context, const std::string& path,
                      Precision precision = Precision::kFloat32);
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;
  ~Encoder();

  /// Encodes texts. Progress is told in texts. Throws Error for options that the model cannot serve, with
  /// what it can, and NotFinite for values that are no numbers.
  Encoding encode(const Context& context, std::span<const std::string_view> texts,
                  const EncodeOptions& options = {}) const;
  /// The tokens that encode runs of each text under the options (long_texts=cut): its prompt or frame and
  /// special tokens inside.
  text::TokenBatch tokens_of(const Context& context, std::span<const std::string_view> texts,
                             const EncodeOptions& options = {}) const;
  /// As encode, of tokens as they are: no prompt, special token or cut is added.
  Encoding encode_tokens(const Context& context, text::TokenBatch tokens,
                         const EncodeOptions& options = {}) const;

  /// What comes out under the options: what they ask for, else weights of words of a model with a
  /// SpladePooling, and one vector a text of any other.
  EncodeOutput output(const EncodeOptions& options = {}) const;
  /// Width of a vector under the options (of a token's with output=tokens; with output=sparse the words of
  /// the vocabulary). Throws Error as encode does.
  int64_t dim(const EncodeOptions& options = {}) const;
  int64_t num_layers() const;
  Precision precision() const;
  /// Null for a checkpoint without tokenizer files, which encode_tokens alone can use.
  const text::Tokenizer* tokenizer() const;
  /// "cosine", "dot", "euclidean" or "manhattan", as the model's files say.
  const std::string& similarity() const;
  /// The prompt that the model keeps for texts searched with ("query"), or searched ("document", "passage",
  /// "corpus", the first that it has); nothing when it has none.
  std::optional<std::string> query_prompt() const;
  std::optional<std::string> document_prompt() const;
  /// The most tokens of a text that take part, special tokens included, where options do not say; nothing
  /// when nothing bounds it.
  std::optional<int64_t> max_length() const;
  /// What the model's small files say: prompts, modules, architecture.
  const ModelFolder& folder() const;
  /// Bytes of the packed weights, and floating-point operations of the linear layers a token.
  int64_t weights_bytes() const;
  double flops_per_token() const;
  /// What encoding texts of so many tokens in all will take: weights, working memory and result.
  CostEstimate estimate(const Context& context, int64_t num_texts, int64_t num_tokens,
                        const EncodeOptions& options = {}) const;

  struct Parts;

 private:
  explicit Encoder(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace whitney::infer
