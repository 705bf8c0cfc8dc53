#include "whitney/linalg/simd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <string>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
// Highway comes after the choice of levels.
#include <hwy/highway.h>

namespace whitney {
namespace {

using testing::HasSubstr;

// Sets WHITNEY_SIMD, and puts back what it was.
class SimdEnvironment {
 public:
  explicit SimdEnvironment(const char* value) {
    if (const char* before = getenv("WHITNEY_SIMD")) before_ = before;
    setenv("WHITNEY_SIMD", value, 1);
  }
  ~SimdEnvironment() {
    if (before_) {
      setenv("WHITNEY_SIMD", before_->c_str(), 1);
    } else {
      unsetenv("WHITNEY_SIMD");
    }
    set_simd_level("");
  }
  SimdEnvironment(const SimdEnvironment&) = delete;
  SimdEnvironment& operator=(const SimdEnvironment&) = delete;

 private:
  std::optional<std::string> before_;
};

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error";
}

TEST(Simd, ListsEveryLevelThatThisMachineAndBuildHave) {
  const SimdEnvironment environment("");  // no level is forced
  set_simd_level("");
  EXPECT_EQ(simd_levels().size(), hwy::SupportedAndGeneratedTargets().size());
  EXPECT_EQ(simd_levels().front(), "scalar");
}

TEST(Simd, UsesTheHighestLevelByDefault) {
  const SimdEnvironment environment("");
  set_simd_level("");
  EXPECT_EQ(simd_level(), simd_levels().back());
}

TEST(Simd, ForcesEachLevel) {
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    EXPECT_EQ(simd_level(), level);
    EXPECT_EQ(hwy::SupportedAndGeneratedTargets().size(), 1u);
  }
  set_simd_level("");
}

TEST(Simd, NamesTheLevelsOfThisMachineWhenOneIsMisspelt) {
  const std::string message = message_of([] { set_simd_level("avx9"); });
  EXPECT_THAT(message, HasSubstr("\"avx9\""));
  EXPECT_THAT(message, HasSubstr("this machine has scalar"));
}

TEST(Simd, KeepsTheLevelWhenAnotherIsRefused) {
  set_simd_level("scalar");
  EXPECT_THROW(set_simd_level("avx9"), Error);
  EXPECT_EQ(simd_level(), "scalar");
  set_simd_level("");
}

TEST(Simd, ObeysTheEnvironment) {
  const SimdEnvironment environment("scalar");
  set_simd_level("");
  EXPECT_EQ(simd_level(), "scalar");
}

TEST(Simd, RefusesWorkWhileTheEnvironmentNamesAnUnknownLevel) {
  const SimdEnvironment environment("avx9");
  EXPECT_THROW(set_simd_level(""), Error);
  EXPECT_THAT(message_of([] { check_simd_level(); }), HasSubstr("WHITNEY_SIMD"));
  setenv("WHITNEY_SIMD", "", 1);
  set_simd_level("");
  EXPECT_NO_THROW(check_simd_level());
}

TEST(Simd, AForcedLevelEndsTheComplaintAboutTheEnvironment) {
  const SimdEnvironment environment("avx9");
  EXPECT_THROW(set_simd_level(""), Error);
  set_simd_level("scalar");
  EXPECT_EQ(simd_level(), "scalar");
  setenv("WHITNEY_SIMD", "", 1);
}

}  // namespace
}  // namespace whitney
