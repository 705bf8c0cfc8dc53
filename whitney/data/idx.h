#pragma once

#include <string>

#include "whitney/core/matrix.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Reads IDX, the format of the MNIST files: two zero bytes, a type, the number of dimensions, each extent as
/// 4 bytes, then the values, big-endian. The first dimension counts the rows, the others are laid out as one:
/// 60,000 images of 28 x 28 are 60,000 x 784. Types: U8 and I8 as they are, I32 turned round, I16, F32 and
/// F64 as F32. Throws Error naming the file and what of its header does not fit.
Matrix read_idx(const SharedBytes& file, const std::string& name);

}  // namespace whitney::data
