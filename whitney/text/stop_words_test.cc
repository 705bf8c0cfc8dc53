#include "whitney/text/stop_words.h"

#include <gtest/gtest.h>

namespace whitney::text {
namespace {

TEST(StopWords, OfNoListAreNone) { EXPECT_FALSE(is_stop_word(StopWords::kNone, "the")); }

TEST(StopWords, OfTheShortListAreAmongTheLongOne) {
  for (const std::string_view word : {"a", "into", "the", "was", "with"}) {
    EXPECT_TRUE(is_stop_word(StopWords::kEnglish, word)) << word;
    EXPECT_TRUE(is_stop_word(StopWords::kEnglishLong, word)) << word;
  }
  EXPECT_FALSE(is_stop_word(StopWords::kEnglish, "have"));
  EXPECT_TRUE(is_stop_word(StopWords::kEnglishLong, "have"));
}

TEST(StopWords, AreNotWhatOnlyLooksLikeThem) {
  for (const std::string_view word : {"thee", "tho", "yourselve", "yourselvess", "i'm", "qu", "ourselvex"}) {
    EXPECT_FALSE(is_stop_word(StopWords::kEnglishLong, word)) << word;
  }
  for (const std::string_view word : {"yourselves", "a", "you", "d", "themselves", "against"})
    EXPECT_TRUE(is_stop_word(StopWords::kEnglishLong, word)) << word;
  EXPECT_FALSE(is_stop_word(StopWords::kNone, "the"));
}

TEST(StopWords, AreWholeWordsInLowerCase) {
  EXPECT_FALSE(is_stop_word(StopWords::kEnglish, "The"));
  EXPECT_FALSE(is_stop_word(StopWords::kEnglish, "th"));
  EXPECT_FALSE(is_stop_word(StopWords::kEnglish, ""));
}

}  // namespace
}  // namespace whitney::text
