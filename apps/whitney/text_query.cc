#include "apps/whitney/text_query.h"

#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/infer/encode_corpus.h"

namespace whitney::app {
namespace {

// The record of the run that encoded the index's vectors, among the index's ancestors; null when they came
// from elsewhere.
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

// A query is encoded as the texts were, in the same precision.
infer::Precision precision_of(const Value* record) {
  const Value* precision = record != nullptr ? record->find("precision") : nullptr;
  const bool is_int8 = precision != nullptr && precision->is_string() && precision->as_string() == "int8";
  return is_int8 ? infer::Precision::kInt8 : infer::Precision::kFloat32;
}

bool is_of_model(const Value& record, const std::string& fingerprint) {
  const Value* inputs = record.find("inputs");
  if (inputs == nullptr || !inputs->is_list()) return true;
  for (const Value& input : inputs->as_list()) {
    const Value* kind = input.find("kind");
    const Value* found = input.find("fingerprint");
    if (kind == nullptr || found == nullptr || !kind->is_string() || !found->is_string()) continue;
    if (kind->as_string() == "model") return found->as_string() == fingerprint;
  }
  return true;
}

}  // namespace

Matrix encode_query(const Index& index, const std::string& model_path, const std::string& text,
                    Session& session) {
  const Value* record = encoding_record(index.record());
  const infer::Encoder encoder = infer::Encoder::open(session.context, model_path, precision_of(record));
  infer::EncodeOptions options;
  if (record != nullptr) {
    if (const Value* stored = record->find("options")) options = options_from<infer::EncodeOptions>(*stored);
    options.long_texts = infer::LongTexts::kCut;  // one query, one vector
    options.overlap = 0;
    options.prompt_name.reset();
    if (!is_of_model(*record, infer::fingerprint_of_model(model_path)))
      session.note(concat("the vectors searched were made by another model than ", model_path));
  }
  if (!options.prompt) options.prompt_name = encoder.query_prompt();
  const std::string_view texts[] = {text};
  Matrix query = encoder.encode(session.context, texts, options).vectors;
  if (query.cols() != index.dim()) {
    fail(model_path, ": gives vectors of ", query.cols(), " dimensions, and those searched have ",
         index.dim(), ": name the model that made them");
  }
  return query;
}

}  // namespace whitney::app
