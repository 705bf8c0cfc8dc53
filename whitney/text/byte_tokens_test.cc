#include "whitney/text/byte_tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace whitney::text {
namespace {

TEST(ByteTokens, AreFoundByTheirHexadecimalNames) {
  Vocabulary vocabulary;
  vocabulary.add("<0x0A>", 7);
  vocabulary.add("<0xFF>", 3);
  const auto ids = byte_tokens(vocabulary);
  EXPECT_EQ(ids[0x0A], 7);
  EXPECT_EQ(ids[0xFF], 3);
  EXPECT_EQ(ids[0x41], kNoToken);
}

TEST(ByteTokens, SpellAPieceWhenEachOfItsBytesHasOne) {
  Vocabulary vocabulary;
  vocabulary.add("<0xC3>", 0);
  vocabulary.add("<0xA9>", 1);
  const auto ids = byte_tokens(vocabulary);
  EXPECT_TRUE(spells_all("\xC3\xA9", ids));
  EXPECT_FALSE(spells_all("\xC3\xA8", ids));
  EXPECT_TRUE(spells_all("", ids));
}

TEST(ByteTokens, GiveTheirByteBack) {
  EXPECT_EQ(byte_of_token("<0x00>"), 0);
  EXPECT_EQ(byte_of_token("<0xE2>"), 0xE2);
  for (const char* other : {"<0x1>", "<0x123>", "<0xG1>", "0x41", "<0x41", ""})
    EXPECT_EQ(byte_of_token(other), -1) << other;
}

}  // namespace
}  // namespace whitney::text
