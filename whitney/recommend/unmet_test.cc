#include "whitney/recommend/unmet.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

// Users 0 and 2 of three took items 1 and 3 of four.
Interactions some_events() {
  const std::vector<uint32_t> users = {0, 2}, items = {1, 3};
  return build_interactions(Ids::row_numbers(3), Ids::row_numbers(4), {users, items, {}, {}}, {});
}

TEST(Unmet, RowsAreZeroAndOthersAsTheyWere) {
  Factors factors{Matrix(3, 2), Matrix(4, 2)};
  for (Matrix* rows : {&factors.users, &factors.items})
    std::fill_n(rows->mutable_data<float>(), rows->rows() * 2, 0.5F);
  clear_unmet(factors, some_events());
  for (int64_t user = 0; user < 3; ++user)
    EXPECT_THAT(factors.users.row<float>(user), testing::Each(user == 1 ? 0.0F : 0.5F)) << user;
  for (int64_t item = 0; item < 4; ++item)
    EXPECT_THAT(factors.items.row<float>(item), testing::Each(item % 2 == 0 ? 0.0F : 0.5F)) << item;
}

TEST(Unmet, AreCountedByANoteWhereThereAreSome) {
  Listener some, none;
  note_unmet(some_events(), "lightgcn", some.context());
  EXPECT_THAT(some.notes, testing::HasSubstr("lightgcn: 1 user and 2 items without an event"));
  const std::vector<uint32_t> first = {0};
  note_unmet(build_interactions(Ids::row_numbers(1), Ids::row_numbers(1), {first, first, {}, {}}, {}),
             "lightgcn", none.context());
  EXPECT_EQ(none.notes, "");
}

}  // namespace
}  // namespace whitney::recommend
