#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "whitney/core/context.h"
#include "whitney/core/dtype.h"
#include "whitney/core/matrix.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Shows rows x cols values that begin at byte `begin` of a file, in place where their address suits the
/// type, else copied. Throws Error naming `name` when rows x cols does not fit the bytes behind `begin`
/// exactly; nothing is allocated before that is checked.
Matrix matrix_in_file(const SharedBytes& file, int64_t begin, int64_t rows, int64_t cols, DType dtype,
                      const std::string& name);

/// Turns the bytes of each value round, in place: from big-endian.
void swap_bytes(Matrix& matrix);

/// The same values as `wanted` (F32, U8, I8 or I32); what the format named by `path` holds. F64 is rounded to
/// F32. Throws Error naming the row's id, the dimension and the value when one does not fit exactly.
Matrix to_stored_type(const Matrix& matrix, DType wanted, const std::string& path,
                      const std::function<std::string(int64_t row)>& id_of, const Context& context);

/// Such as "float32" or "int8", for an error's sentence.
std::string_view type_words(DType dtype);

}  // namespace whitney::data
