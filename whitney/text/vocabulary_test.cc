#include "whitney/text/vocabulary.h"

#include <gtest/gtest.h>

#include <string>

namespace whitney::text {
namespace {

TEST(Vocabulary, FindsTokensAndIdsAfterManyGrowths) {
  Vocabulary vocabulary;
  const auto token = [](int i) { return std::string(static_cast<size_t>(i % 5), 'x') + std::to_string(i); };
  for (int i = 0; i < 10000; ++i) vocabulary.add(token(i), 2 * i);  // ids may have gaps
  for (int i = 0; i < 10000; ++i) {
    EXPECT_EQ(vocabulary.find(token(i)), 2 * i);
    EXPECT_EQ(vocabulary.token_of(2 * i), token(i));
    EXPECT_EQ(vocabulary.token_of(2 * i + 1), std::nullopt);
  }
  EXPECT_EQ(vocabulary.find("x"), kNoToken);
  EXPECT_EQ(vocabulary.size(), 19999);
}

TEST(Vocabulary, LetsTheLaterOfTwoLinesWin) {
  Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.find(""), kNoToken);
  vocabulary.add("a", 0);
  vocabulary.add("", 1);
  vocabulary.add("a", 2);
  EXPECT_EQ(vocabulary.find("a"), 2);
  EXPECT_EQ(vocabulary.find(""), 1);
  EXPECT_EQ(vocabulary.token_of(0), "a");
}

}  // namespace
}  // namespace whitney::text
