#include "whitney/linalg/sum_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(SumRows, IsComputedByHand) {
  // Row 1 only: 2 * 0.5 * {3, 4} + 1 * {30, 40}.
  const std::vector<float> a{1, 2, 3, 4}, b{10, 20, -1, 30, 40, -1}, scale{7, 0.5f};
  const std::vector<ScaledRows> terms{{a.data(), 2, 2, scale.data()}, {b.data(), 3, 1, nullptr}};
  at_each_level([&] {
    std::vector<float> out(4, -7.0f);
    sum_rows(terms, 1, 2, 2, out.data(), 2);
    EXPECT_EQ(out, (std::vector<float>{-7, -7, 33, 44}));
  });
}

TEST(SumRows, OfNoTermsIsZero) {
  std::vector<float> out(4, -7.0f);
  sum_rows({}, 0, 1, 3, out.data(), 4);
  EXPECT_EQ(out, (std::vector<float>{0, 0, 0, -7}));
}

TEST(SumRows, GivesTheSameBytesInPlaceAndInStages) {
  at_each_level([] {
    for (int64_t cols : awkward_lengths()) {
      const int64_t rows = 3;
      const std::vector<float> a = random_floats(rows * cols, 1), b = random_floats(rows * cols, 2),
                               c = random_floats(rows * cols, 3), scale = random_floats(rows, 4);
      const ScaledRows of_a{a.data(), cols, 0.3, scale.data()}, of_b{b.data(), cols, 6.67, nullptr},
          of_c{c.data(), cols, -1.1, scale.data()};
      std::vector<float> at_once(a.size());
      sum_rows(std::vector<ScaledRows>{of_a, of_b, of_c}, 0, rows, cols, at_once.data(), cols);
      std::vector<float> staged(a);
      const ScaledRows so_far{staged.data(), cols, 1, nullptr};
      sum_rows(std::vector<ScaledRows>{{staged.data(), cols, 0.3, scale.data()}, of_b}, 0, rows, cols,
               staged.data(), cols);
      sum_rows(std::vector<ScaledRows>{so_far, of_c}, 0, rows, cols, staged.data(), cols);
      ASSERT_EQ(staged, at_once) << cols << " columns";
    }
  });
}

}  // namespace
}  // namespace whitney
