#include "whitney/train/nn/one_torch_thread.h"

#include <gtest/gtest.h>

#include "whitney/core/parallel.h"
#include "whitney/train/nn/torch.h"

namespace whitney::nn {
namespace {

TEST(OneTorchThread, HoldsForTheThreadsOfALoopAndEnds) {
  at::set_num_threads(3);
  {
    const OneTorchThread one;
    EXPECT_EQ(at::get_num_threads(), 1);
    Context context;
    context.threads = 4;
    std::vector<int> found(64);
    parallel_for(context, 64, [&](int64_t task) {
      use_one_torch_thread();
      found[static_cast<size_t>(task)] = at::get_num_threads();
    });
    EXPECT_EQ(found, std::vector<int>(64, 1));
  }
  EXPECT_EQ(at::get_num_threads(), 3);
}

}  // namespace
}  // namespace whitney::nn
