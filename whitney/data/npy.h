#pragma once

#include <string>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Reads NumPy's .npy (versions 1 to 3) of two dimensions, in C or Fortran order and of either byte order. In
/// place where it can be. Types: f2, f4, i1, u1, i4, u4, i8, u8 as they are; f8, i2, u2 as F32; b1 as U8.
/// Throws Error naming the file and what of its header does not fit.
Matrix read_npy(const SharedBytes& file, const std::string& name);

/// Writes version 1.0, C order, the values at a multiple of 64 bytes. bfloat16, which NumPy has not, becomes
/// float32.
void write_npy(const Matrix& matrix, AtomicFile& file, const Context& context);

}  // namespace whitney::data
