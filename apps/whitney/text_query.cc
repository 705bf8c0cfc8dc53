#include "apps/whitney/text_query.h"

#include <string_view>

#include "whitney/core/error.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encode_query.h"

namespace whitney::app {

Matrix encode_query(const Index& index, const std::string& model_path, const std::string& text,
                    Session& session) {
  const Value& record = index.record();
  const infer::Encoder encoder =
      infer::Encoder::open(session.context, model_path, infer::encoded_precision(record));
  const std::optional<std::string> model = infer::encoding_model(record);
  if (model && *model != infer::fingerprint_of_model(model_path))
    session.note(concat("the vectors searched were made by another model than ", model_path));
  const std::string_view texts[] = {text};
  return infer::encode_queries(session.context, encoder, record, index.dim(), texts);
}

}  // namespace whitney::app
