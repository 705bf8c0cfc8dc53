#pragma once

#include <span>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/data/artifact.h"

namespace whitney {

/// Compares the hash of the header with that of the record. Throws Error that names the file where they
/// differ or the record has none.
WHITNEY_API void verify_header(const Artifact& artifact);

/// Compares the hashes of some tensors with those of the record, on the calling thread. names: of tensors,
/// or, where they end with a dot, how names begin; what the file does not hold is left out. Throws Error that
/// names file and tensor where they differ or the record lacks one. Reads every byte of these tensors.
WHITNEY_API void verify_tensors(const Artifact& artifact, std::span<const std::string_view> names);

}  // namespace whitney
