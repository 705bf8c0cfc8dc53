#include "whitney/linalg/hit_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

// Set 0 holds group 1, set 5 groups 1 and 2, set 9 group 2: ranks 0, 3 and 4 hold groups 1, 2 and 1.
TEST(HitSums, AreThoseOfEachSetByHand) {
  at_each_level([] {
    constexpr size_t kWidth = 16;
    std::vector<double> members(3 * kWidth, 0), found(kWidth, 0), sum(kWidth, 0);
    members[kWidth + 0] = members[kWidth + 5] = members[2 * kWidth + 5] = members[2 * kWidth + 9] = 1;
    const std::vector<double> factors = {1, 0.5, 0.25, 0.125, 2};
    add_hits(std::vector<Hit>{{0, 1}}, members, factors, {found, sum});
    add_hits(std::vector<Hit>{{3, 2}, {4, 1}}, members, factors, {found, sum});
    EXPECT_EQ(found[0], 2);
    EXPECT_EQ(found[5], 3);
    EXPECT_EQ(found[9], 1);
    EXPECT_EQ(sum[0], 1 + 2 * 2);
    EXPECT_EQ(sum[5], 1 + 2 * 0.125 + 3 * 2);
    EXPECT_EQ(sum[9], 0.125);
    for (const size_t empty : {1U, 4U, 8U, 15U}) {
      EXPECT_EQ(found[empty], 0);
      EXPECT_EQ(sum[empty], 0);
    }
  });
}

TEST(HitSums, OfNoHitsStayAsTheyAre) {
  at_each_level([] {
    std::vector<double> found(8, 3), sum(8, 4);
    add_hits({}, std::vector<double>(8, 1), {}, {found, sum});
    EXPECT_EQ(found, std::vector<double>(8, 3));
    EXPECT_EQ(sum, std::vector<double>(8, 4));
  });
}

}  // namespace
}  // namespace whitney
