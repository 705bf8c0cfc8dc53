#include "whitney/core/hash.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(Hash, MatchesTheKnownAnswersOfXxh3) {
  // XXH3 of the empty input with seed 0, from the specification's sanity checks.
  EXPECT_EQ(hash64(std::string_view()), 0x2d06800538d394c2ull);
  EXPECT_EQ(Hasher128().digest(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, IsTheSameInPiecesAndAtOnce) {
  Hasher128 whole, pieces;
  whole.update("hello world", 11);
  pieces.update("hello", 5);
  pieces.update(" world", 6);
  EXPECT_EQ(whole.digest(), pieces.digest());
  EXPECT_EQ(whole.digest().size(), 32u);
}

TEST(Hash, WritesSixteenDigits) {
  const std::byte bytes[] = {std::byte{1}, std::byte{2}};
  EXPECT_EQ(hash64_hex(bytes).size(), 16u);
  EXPECT_EQ(hash64_hex(std::span<const std::byte>()), "2d06800538d394c2");
}

}  // namespace
}  // namespace whitney
