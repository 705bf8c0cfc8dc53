#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/ragged.h"
#include "whitney/infer/encoder.h"

namespace whitney::infer {

/// Says how texts were encoded, from the record of their vectors or of what was made of these (an index):
/// float32 where it does not tell.
WHITNEY_API Precision encoded_precision(const Value& record);

/// Gives the fingerprint of the model that encoded the texts (fingerprint_of_model), where the record has it.
WHITNEY_API std::optional<std::string> encoding_model(const Value& record);

/// Encodes queries as the texts were that they search: under the options of their record, each to one vector,
/// with the model's query prompt if the texts had none of their own. `dim` is the width of the texts'
/// vectors; another one is an Error that asks for the model that made them, and so are vectors that were
/// changed for good behind their encoding, unless what is searched changes its queries likewise.
WHITNEY_API Matrix encode_queries(const Context& context, const Encoder& encoder, const Value& record,
                                  int64_t dim, std::span<const std::string_view> queries);

/// The same for an index of ragged rows: each query becomes weights of words, or a vector a token.
WHITNEY_API RaggedEmbeddings encode_ragged_queries(const Context& context, const Encoder& encoder,
                                                   const Value& record, bool is_sparse, int64_t dim,
                                                   std::span<const std::string_view> queries);

}  // namespace whitney::infer
