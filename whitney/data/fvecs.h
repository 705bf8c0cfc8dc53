#pragma once

#include <string>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Reads the formats of the TEXMEX corpora, .fvecs (F32), .ivecs (I32) and .bvecs (U8): each vector is its
/// width as 4 bytes and its values, little-endian. Throws Error naming the file and the vector whose width
/// differs from the first one's, or where the file ends early.
Matrix read_fvecs(const SharedBytes& file, DType dtype, const std::string& name, const Context& context);

/// Writes the same.
void write_fvecs(const Matrix& matrix, AtomicFile& file, const Context& context);

}  // namespace whitney::data
