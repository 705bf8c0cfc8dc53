#include "whitney/linalg/simd.h"

#include <cstdlib>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
// Highway comes after the choice of levels.
#include <hwy/highway.h>

namespace whitney {
namespace {

struct Level {
  const char* name;
  int64_t target;
};

// Lowest first. The fallback is one bit or the other, by compiler.
constexpr Level kLevels[] = {{"scalar", HWY_SCALAR | HWY_EMU128},
                             {"sse4", HWY_SSE4},
                             {"avx2", HWY_AVX2},
                             {"avx3", HWY_AVX3},
                             {"avx3_dl", HWY_AVX3_DL}};

// What the processor and this build have, whatever is forced now: the first question comes before anything is
// forced.
int64_t available_targets() {
  static const int64_t targets = [] {
    return (hwy::SupportedTargets() & HWY_TARGETS) | (HWY_TARGETS & (HWY_SCALAR | HWY_EMU128));
  }();
  return targets;
}

void force(const std::string& name, const char* where) {
  for (const Level& level : kLevels) {
    if (name == level.name && (available_targets() & level.target) != 0) {
      hwy::SetSupportedTargetsForTest(available_targets() & level.target);
      return;
    }
  }
  std::string levels;
  for (const std::string& known : simd_levels()) levels += (levels.empty() ? "" : ", ") + known;
  fail(where, ": SIMD level \"", name, "\" is not available; this machine has ", levels);
}

// The sentence about a WHITNEY_SIMD that cannot be used; empty when there is none.
std::string& environment_error() {
  static std::string text;
  return text;
}

void apply_environment() {
  environment_error().clear();
  const char* name = std::getenv("WHITNEY_SIMD");
  if (name == nullptr || *name == '\0') {
    hwy::SetSupportedTargetsForTest(0);
    return;
  }
  try {
    force(name, "WHITNEY_SIMD");
  } catch (const Error& error) {
    environment_error() = error.what();
  }
}

// Kernels may be called before anybody asks for the level, so the variable is read when the library is
// loaded.
const bool applied_at_load = [] {
  available_targets();
  apply_environment();
  return true;
}();

}  // namespace

std::string simd_level() {
  check_simd_level();
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  std::string best = kLevels[0].name;
  for (const Level& level : kLevels) {
    if ((targets & level.target) != 0) best = level.name;
  }
  return best;
}

std::vector<std::string> simd_levels() {
  std::vector<std::string> names;
  for (const Level& level : kLevels) {
    if ((available_targets() & level.target) != 0) names.emplace_back(level.name);
  }
  return names;
}

void set_simd_level(const std::string& level) {
  if (!level.empty()) {
    force(level, "set_simd_level");
    environment_error().clear();
    return;
  }
  apply_environment();
  check_simd_level();
}

void check_simd_level() {
  if (applied_at_load && !environment_error().empty()) throw Error(environment_error());
}

}  // namespace whitney
