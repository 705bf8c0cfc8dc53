#include "apps/whitney/text_query.h"

#include <string_view>

#include "whitney/core/error.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encode_query.h"

namespace whitney::app {

namespace {

infer::Encoder open_encoder(const Index& index, const std::string& model_path, Session& session) {
  const Value& record = index.record();
  infer::Encoder encoder =
      infer::Encoder::open(session.context, model_path, infer::encoded_precision(record));
  const std::optional<std::string> model = infer::encoding_model(record);
  if (model && *model != infer::fingerprint_of_model(model_path))
    session.note(concat("the vectors searched were made by another model than ", model_path));
  return encoder;
}

}  // namespace

Matrix encode_query(const Index& index, const std::string& model_path, const std::string& text,
                    Session& session) {
  const infer::Encoder encoder = open_encoder(index, model_path, session);
  const std::string_view texts[] = {text};
  return infer::encode_queries(session.context, encoder, index.record(), index.dim(), texts);
}

RaggedEmbeddings encode_ragged_query(const Index& index, const std::string& model_path,
                                     const std::string& text, Session& session) {
  const infer::Encoder encoder = open_encoder(index, model_path, session);
  const std::string_view texts[] = {text};
  const bool is_sparse = index.input() == IndexInput::kSparse;
  return infer::encode_ragged_queries(session.context, encoder, index.record(), is_sparse, index.dim(),
                                      texts);
}

}  // namespace whitney::app
