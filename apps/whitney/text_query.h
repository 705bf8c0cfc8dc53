#pragma once

#include <string>

#include "apps/whitney/session.h"
#include "whitney/core/matrix.h"
#include "whitney/data/ragged.h"
#include "whitney/search/index.h"

namespace whitney::app {

/// Encodes the text of a query for an index of vectors: by the options that the index's texts were encoded
/// with, and the model's prompt for queries if it has one. Says so in a note when the vectors are of another
/// model.
Matrix encode_query(const Index& index, const std::string& model_path, const std::string& text,
                    Session& session);

/// The same for an index of sparse vectors, or of several vectors a row.
RaggedEmbeddings encode_ragged_query(const Index& index, const std::string& model_path,
                                     const std::string& text, Session& session);

}  // namespace whitney::app
