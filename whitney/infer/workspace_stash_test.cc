#include "whitney/infer/workspace_stash.h"

#include <gtest/gtest.h>

namespace whitney::infer {
namespace {

Workspace of_size(int64_t values) {
  Workspace workspace;
  workspace.wide = Array<float>(values);
  return workspace;
}

TEST(WorkspaceStash, GivesBackTheMemoryItWasGiven) {
  WorkspaceStash stash;
  EXPECT_EQ(stash.take().wide.size(), 0);
  Workspace given = of_size(1000);
  const float* memory = given.wide.data();
  stash.give(std::move(given));
  EXPECT_EQ(stash.num_kept(), 1U);
  const Workspace taken = stash.take();
  EXPECT_EQ(taken.wide.data(), memory);
  EXPECT_EQ(stash.num_kept(), 0U);
}

TEST(WorkspaceStash, KeepsNoLargeOneAndNoMoreThanAFew) {
  WorkspaceStash stash;
  stash.give(of_size(WorkspaceStash::kMostBytes / static_cast<int64_t>(sizeof(float)) + 1));
  EXPECT_EQ(stash.num_kept(), 0U);
  for (size_t i = 0; i < WorkspaceStash::kMostKept + 2; ++i) stash.give(of_size(10));
  EXPECT_EQ(stash.num_kept(), WorkspaceStash::kMostKept);
}

}  // namespace
}  // namespace whitney::infer
