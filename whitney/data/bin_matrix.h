#pragma once

#include <string>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Reads the formats of the big-ann benchmarks, .fbin (F32), .u8bin (U8), .i8bin (I8) and .ibin (I32): the
/// numbers of rows and columns as 4 bytes each, then the values row by row, little-endian. In place. Throws
/// Error naming the file when the header and its size disagree.
Matrix read_bin_matrix(const SharedBytes& file, DType dtype, const std::string& name);

/// Writes the same. Throws Error when there are more than 2^32 - 1 rows.
void write_bin_matrix(const Matrix& matrix, AtomicFile& file, const Context& context);

}  // namespace whitney::data
