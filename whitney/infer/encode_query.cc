#include "whitney/infer/encode_query.h"

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/infer/encode_record.h"
#include "whitney/infer/encoded_file.h"

namespace whitney::infer {
namespace {

// The record of the run that encoded the vectors, among the ancestors of what is searched; null when they
// came from elsewhere.
const Value* encoding_record(const Value& record) {
  const Value* method = record.find("method");
  if (method != nullptr && method->is_string() && method->as_string() == "encode") return &record;
  const Value* parents = record.find("parents");
  if (parents == nullptr || !parents->is_list()) return nullptr;
  for (const Value& parent : parents->as_list()) {
    if (const Value* found = encoding_record(parent)) return found;
  }
  return nullptr;
}

// The ancestor that changed the vectors for good (compress standardize, say): what is made of its vectors,
// unlike its own file, does not change queries. Null when there is none.
const Value* changed_ancestor(const Value& record) {
  const Value* parents = record.find("parents");
  if (parents == nullptr || !parents->is_list()) return nullptr;
  for (const Value& parent : parents->as_list()) {
    const Value* changes = parent.find("changes_vectors");
    if (changes != nullptr && *changes == Value(true)) return &parent;
    if (const Value* found = changed_ancestor(parent)) return found;
  }
  return nullptr;
}

void check_vectors_are_as_encoded(const Value& record) {
  const Value* changed = changed_ancestor(record);
  if (changed == nullptr) return;
  const Value* name = changed->find("method");
  const std::string method = name != nullptr && name->is_string() ? name->as_string() : "a codec";
  fail("the vectors searched were changed by compress ", method,
       " behind their encoding, and queries encoded from texts are not: search the compressed file itself, "
       "or by "
       "vectors that compress ",
       method, " changed with option \"like\"");
}

// The fingerprint of what was read of a kind, where the record of an encoding has it.
std::optional<std::string> fingerprint_of_input(const Value& encoding, std::string_view wanted) {
  const Value* inputs = encoding.find("inputs");
  if (inputs == nullptr || !inputs->is_list()) return std::nullopt;
  for (const Value& input : inputs->as_list()) {
    const Value* kind = input.find("kind");
    const Value* fingerprint = input.find("fingerprint");
    if (kind == nullptr || fingerprint == nullptr || !kind->is_string() || !fingerprint->is_string())
      continue;
    if (kind->as_string() == wanted) return fingerprint->as_string();
  }
  return std::nullopt;
}

// Vectors of queries that another table weighed would not meet those of the texts.
void check_token_weights(const Value& encoding, const EncodeOptions& options) {
  if (!options.token_weights) return;
  const std::optional<std::string> wanted = fingerprint_of_input(encoding, "token_weights");
  if (wanted && fingerprint_of_model(options.token_weights->value) != *wanted) {
    fail(options.token_weights->value,
         ": has changed since the texts were encoded; queries need the weights that their tokens had");
  }
}

EncodeOptions query_options(const Encoder& encoder, const Value& record) {
  EncodeOptions options;
  if (const Value* encoding = encoding_record(record)) {
    if (const Value* stored = encoding->find("options")) options = options_from<EncodeOptions>(*stored);
    check_token_weights(*encoding, options);
    options.long_texts = LongTexts::kCut;  // one query, one vector
    options.overlap = 0;
    options.prompt_name.reset();
  }
  if (!options.prompt) options.prompt_name = encoder.query_prompt();
  return options;
}

}  // namespace

Precision encoded_precision(const Value& record) {
  const Value* encoding = encoding_record(record);
  const Value* precision = encoding != nullptr ? encoding->find("precision") : nullptr;
  const bool is_int8 = precision != nullptr && precision->is_string() &&
                       precision->as_string() == name_of_enum(Precision::kInt8);
  return is_int8 ? Precision::kInt8 : Precision::kFloat32;
}

std::optional<std::string> encoding_model(const Value& record) {
  const Value* encoding = encoding_record(record);
  return encoding != nullptr ? fingerprint_of_input(*encoding, "model") : std::nullopt;
}

namespace {

void check_width(const Encoder& encoder, int64_t given, int64_t wanted) {
  if (given == wanted) return;
  fail(encoder.folder().path, ": gives vectors of ", given, " dimensions, and those searched have ", wanted,
       ": name the model that made them");
}

}  // namespace

Matrix encode_queries(const Context& context, const Encoder& encoder, const Value& record, int64_t dim,
                      std::span<const std::string_view> queries) {
  check_vectors_are_as_encoded(record);
  EncodeOptions options = query_options(encoder, record);
  options.output = EncodeOutput::kDense;
  Matrix vectors = encoder.encode(context, queries, options).vectors;
  check_width(encoder, vectors.cols(), dim);
  return vectors;
}

RaggedEmbeddings encode_ragged_queries(const Context& context, const Encoder& encoder, const Value& record,
                                       bool is_sparse, int64_t dim,
                                       std::span<const std::string_view> queries) {
  EncodeOptions options = query_options(encoder, record);
  options.output = is_sparse ? EncodeOutput::kSparse : EncodeOutput::kTokens;
  check_width(encoder, encoder.dim(options), dim);
  EncodedCorpus encoded;
  encoded.ids = Ids::row_numbers(std::ssize(queries));
  encoded.encoding = encoder.encode(context, queries, options);
  encoded.record.set("num_words", dim);
  return ragged_of(encoded);
}

}  // namespace whitney::infer
