#pragma once

#include <span>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/data/artifact.h"

namespace whitney {

/// Compares the hashes of some tensors with those of the record, on the calling thread. names: of tensors,
/// or, where they end with a dot, how names begin; what the file does not hold is left out. Throws Error that
/// names file and tensor where they differ or the record lacks one. Reads every byte of these tensors.
WHITNEY_API void verify_tensors(const Artifact& artifact, std::span<const std::string_view> names);

}  // namespace whitney
