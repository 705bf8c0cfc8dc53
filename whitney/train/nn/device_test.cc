#include "whitney/train/nn/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error_of.h"

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

TEST(Device, NamesTheProcessor) { EXPECT_TRUE(device_named("cpu").is_cpu()); }

TEST(Device, SaysWhatWouldBeRight) {
  EXPECT_THAT(error_of([] { device_named("gpu7"); }), HasSubstr("option \"device\" is \"gpu7\""));
  EXPECT_THAT(error_of([] { device_named("meta"); }), HasSubstr("trained on cpu or cuda"));
  if (torch::cuda::is_available()) GTEST_SKIP() << "a card is there";
  EXPECT_THAT(error_of([] { device_named("cuda"); }), HasSubstr("give cpu"));
}

}  // namespace
}  // namespace whitney::nn
