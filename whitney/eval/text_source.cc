#include "whitney/eval/text_source.h"

#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/readers.h"

namespace whitney::eval {
namespace {

// The distinct texts in order of first appearance, and for each text its place among them.
struct DistinctTexts {
  std::vector<std::string_view> texts;
  std::vector<int64_t> places;

  explicit DistinctTexts(std::span<const std::string> all) {
    std::unordered_map<std::string_view, int64_t> known;
    for (const std::string& text : all) {
      const auto [found, is_new] = known.try_emplace(text, std::ssize(texts));
      if (is_new) texts.push_back(text);
      places.push_back(found->second);
    }
  }
};

void check_gives_one_vector(const infer::EncodeOptions& options) {
  if (*options.output != infer::EncodeOutput::kDense) {
    throw UsageError(concat("option \"encode.output\": \"", name_of_enum(*options.output),
                            "\" gives no single vector of a text (expected: dense)"));
  }
  if (options.long_texts == infer::LongTexts::kLate)
    throw UsageError(
        "option \"encode.long_texts\": \"late\" gives several vectors of a text (expected: cut or mean)");
}

}  // namespace

void note_idle_encoding(const Context& context, const Value& resolved) {
  note_idle_part<TextEncoding>(context, resolved, "encode", "on embeddings, only on a model");
}

bool TextSource::is_model(const std::string& path) {
  return std::filesystem::is_directory(path) || path.ends_with(".gguf");
}

TextSource::TextSource(infer::Encoder encoder, TextEncoding encoding)
    : encoder_(std::move(encoder)), encoding_(std::move(encoding)) {
  if (!encoding_.options.output) encoding_.options.output = infer::EncodeOutput::kDense;
  check_gives_one_vector(encoding_.options);
}

TextSource::TextSource(Embeddings embeddings) : embeddings_(std::move(embeddings)) {}

TextSource TextSource::open(const Context& context, const std::string& path, const TextEncoding& encoding) {
  if (is_model(path)) return {infer::Encoder::open(context, path, encoding.precision), encoding};
  return TextSource(read_vectors(path, {}, context));
}

TextVectors TextSource::encode(const Context& context, std::span<const std::string> texts,
                               TextRole role) const {
  if (!encoder_) fail("embeddings encode no texts (expected: a model, a folder or a .gguf file)");
  const DistinctTexts distinct(texts);
  infer::EncodeOptions options = encoding_.options;
  if (!options.prompt && !options.prompt_name && role != TextRole::kPlain)
    options.prompt_name = role == TextRole::kQuery ? encoder_->query_prompt() : encoder_->document_prompt();
  return {encoder_->encode(context, distinct.texts, options).vectors, distinct.places};
}

TextVectors TextSource::vectors_of(const Context& context, std::span<const std::string> texts_or_ids,
                                   TextRole role) const {
  if (encoder_) return encode(context, texts_or_ids, role);
  const DistinctTexts distinct(texts_or_ids);
  TextVectors result{Matrix(std::ssize(distinct.texts), embeddings_->dim()), distinct.places};
  float* out = result.vectors.mutable_data<float>();
  for (const std::string_view id : distinct.texts) {
    const std::optional<int64_t> row = embeddings_->ids.find(id);
    if (!row) fail("no vector has the id \"", id, "\"", embeddings_->ids.did_you_mean(id));
    copy_row_as_float(embeddings_->vectors, *row, out);
    out += embeddings_->dim();
  }
  return result;
}

}  // namespace whitney::eval
