#include "whitney/text/piece_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::text {
namespace {

TEST(PieceTrie, FindsEachOfManyStringsAndNoOther) {
  RandomStream random(42, "pieces", 0);
  const auto random_text = [&] {
    std::string text;
    for (size_t n = random.below(7); n > 0; --n)
      text += static_cast<char>(random.below(2) == 0 ? random.below(256) : 'a' + random.below(3));
    return text;
  };
  std::map<std::string, int32_t> expected;
  for (int32_t id = 0; id < 20000; ++id) expected[random_text()] = id;
  expected.erase("");
  const PieceTrie trie({expected.begin(), expected.end()});
  for (const auto& [text, id] : expected) EXPECT_EQ(trie.find(text), id);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text();
    const auto found = expected.find(text);
    EXPECT_EQ(trie.find(text), found == expected.end() ? -1 : found->second);
  }
}

TEST(PieceTrie, HoldsZeroBytesAndNothingAtAll) {
  const PieceTrie empty;
  EXPECT_EQ(empty.find(""), -1);
  EXPECT_EQ(empty.find(std::string_view("\0", 1)), -1);
  EXPECT_EQ(empty.find("\xFF"), -1);
  const PieceTrie zero({{std::string_view("\0\0", 2), 7}, {"", 8}});
  EXPECT_EQ(zero.find(std::string_view("\0\0", 2)), 7);
  EXPECT_EQ(zero.find(std::string_view("\0", 1)), -1);
  EXPECT_EQ(zero.find(""), -1);
}

TEST(PieceTrie, TakesTheLastOfEqualStrings) {
  const PieceTrie trie({{"ab", 1}, {"ab", 2}});
  EXPECT_EQ(trie.find("ab"), 2);
}

}  // namespace
}  // namespace whitney::text
