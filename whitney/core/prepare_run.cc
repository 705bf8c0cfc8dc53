#include "whitney/core/prepare_run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include "whitney/core/error.h"

namespace whitney {
namespace {

// A method may name an option instead of writing a sentence: it counts where it was changed.
void note_ineffective(const Method& method, const Value& resolved, const std::string& told,
                      const Context& context) {
  const OptionSpec* spec = find_option(method, told, resolved);
  if (spec == nullptr) return context.note(told);
  if (resolved.at(told) != spec->default_value)
    context.note(concat("option \"", told, "\" of ", method.info.name, " has no effect with these options"));
}

}  // namespace

Value prepare_options(const Method& method, const Value& given, const Context& context) {
  Value resolved = resolve_options(method, given);
  if (method.ineffective) {
    for (const std::string& told : method.ineffective(resolved))
      note_ineffective(method, resolved, told, context);
  }
  return resolved;
}

Value record_of_run(const Method& method, const Value& options, const Context& context) {
  Value kept = Value::object();
  for (const auto& [name, value] : options.as_object()) {
    const auto& left_out = method.about_the_run;
    if (std::find(left_out.begin(), left_out.end(), name) == left_out.end()) kept.set(name, value);
  }
  Value record =
      Value::object({{"program_version", kVersion}, {"method", method.info.name}, {"options", kept}});
  constexpr auto kMostInteger = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (context.seed <= kMostInteger) {
    record.set("seed", static_cast<int64_t>(context.seed));
  } else {
    record.set("seed", std::to_string(context.seed));
  }
  return record;
}

void refuse_if_too_large(const Method& method, const CostEstimate& cost, const Context& context) {
  const int64_t limit = context.memory_limit_bytes();
  if (cost.peak_bytes <= limit) return;
  fail(method.info.name, " needs about ", size_text(cost.peak_bytes), " of memory for this input, and ",
       size_text(limit), " are allowed", context.max_memory_bytes ? " by max_memory" : " on this machine",
       "; a smaller dim or fewer rows need less (`whitney estimate` tells how much)");
}

std::string size_text(int64_t size_bytes) {
  static constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (size_bytes < 1000) return concat(size_bytes, size_bytes == 1 ? " byte" : " bytes");
  double value = static_cast<double>(size_bytes) / 1000;
  size_t unit = 0;
  // 999.95 would print as 1000.0.
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value, std::chars_format::fixed, 1).ptr;
  return concat(std::string_view(digits.data(), end), " ", kUnits[unit]);
}

}  // namespace whitney
