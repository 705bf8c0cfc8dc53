#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/nested_fields.h"
#include "whitney/core/options.h"
#include "whitney/core/value.h"
#include "whitney/data/embeddings.h"
#include "whitney/infer/encode_options.h"
#include "whitney/infer/encoder.h"

namespace whitney::eval {

/// How a task's model makes vectors of texts.
struct TextEncoding {
  infer::Precision precision = infer::Precision::kFloat32;
  infer::EncodeOptions options;

  void fields(auto&& field) {
    field("precision", precision, "How a model's weights are kept: int8 takes a quarter of the memory");
    options.fields(field);
  }
};

/// Notes which resolved options "encode..." a user gave although embeddings, which are encoded already, are
/// measured.
WHITNEY_API void note_idle_encoding(const Context& context, const Value& resolved);

/// Whom a text is encoded for: a model may keep a prompt for queries and one for documents.
enum class TextRole : uint8_t { kPlain, kQuery, kDocument };

/// The vectors of some texts: each distinct one once.
struct TextVectors {
  /// Float32, a row per distinct text, in order of first appearance.
  Matrix vectors;
  /// For each text its row.
  std::vector<int64_t> rows;

  std::span<const float> of(int64_t text) const {
    return vectors.row<float>(rows[static_cast<size_t>(text)]);
  }
};

/// What a text task measures: a model that encodes texts, or embeddings that were made of them.
class WHITNEY_API TextSource {
 public:
  /// True for what `open` takes as a model: a folder or a .gguf file.
  static bool is_model(const std::string& path);
  /// Opens a model, or reads embeddings as read_vectors does. Throws Error that names the file.
  static TextSource open(const Context& context, const std::string& path, const TextEncoding& encoding);
  TextSource(infer::Encoder encoder, TextEncoding encoding);
  explicit TextSource(Embeddings embeddings);

  /// Null where there are embeddings.
  const infer::Encoder* encoder() const { return encoder_ ? &*encoder_ : nullptr; }
  /// Null where there is a model.
  const Embeddings* embeddings() const { return embeddings_ ? &*embeddings_ : nullptr; }

  /// Encodes texts, equal ones once; without a prompt in the options, with the model's for the role. Throws
  /// Error where there is no model, UsageError for options that do not give one vector a text.
  TextVectors encode(const Context& context, std::span<const std::string> texts,
                     TextRole role = TextRole::kPlain) const;
  /// The vector of each: of texts where there is a model, of the rows with these ids where there are
  /// embeddings. Throws Error that names an id without a vector and the nearest known one.
  TextVectors vectors_of(const Context& context, std::span<const std::string> texts_or_ids,
                         TextRole role = TextRole::kPlain) const;

 private:
  std::optional<infer::Encoder> encoder_;
  TextEncoding encoding_;
  std::optional<Embeddings> embeddings_;
};

}  // namespace whitney::eval
