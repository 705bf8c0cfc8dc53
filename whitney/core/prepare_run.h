#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"

namespace whitney {

/// Resolves what a user gave against the method's declaration and notes, through the context, each option
/// that has no effect in this combination. Every door that runs a method begins with it. Throws UsageError as
/// resolve_options does.
WHITNEY_API Value prepare_options(const Method& method, const Value& given, const Context& context);

/// What every record begins with: program_version, method, options (resolved) and seed. JSON integers are
/// read as 64 bits with a sign; a seed beyond them is kept as text.
WHITNEY_API Value record_of_run(const Method& method, const Value& options, const Context& context);

/// Throws Error with both figures when the estimate is above the memory that the context allows: called
/// before the work.
WHITNEY_API void refuse_if_too_large(const Method& method, const CostEstimate& cost, const Context& context);

/// Writes a number of bytes for people: "812 bytes", "1.2 MB", "4.0 GB" (powers of 1000).
WHITNEY_API std::string size_text(int64_t size_bytes);

}  // namespace whitney
