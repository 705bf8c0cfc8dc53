#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/dtype.h"
#include "whitney/data/learner.h"

namespace whitney {

/// The size of a file of vectors.
struct VectorsSize {
  int64_t rows = 0;
  int64_t dim = 0;
  DType dtype = DType::kF32;
  /// False when it was estimated from a sample.
  bool exact = true;
};

/// Tells the size of a file of vectors from its header or, for text and for packed fvecs, from its first
/// megabytes. Formats as read_vectors has them. Nothing is loaded whole. Throws Error that names the file.
WHITNEY_API VectorsSize estimate_vectors_size(const std::string& path);

/// Tells about how large a learner's input is, from the first megabytes of the file (exactly when they are
/// all). Nothing is loaded whole, packed or not. Throws Error for standard input, which can be read only
/// once.
WHITNEY_API DataSize estimate_size(const std::string& path, DataKind kind, bool directed);

}  // namespace whitney
