#include "whitney/search/bm25_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/search/bm25_scratch.h"

namespace whitney::search {
namespace {

SortedWords words_of(const std::vector<std::string>& words) {
  std::vector<uint64_t> offsets = {0};
  std::string bytes;
  for (const std::string& word : words) offsets.push_back((bytes += word).size());
  return {Array<uint64_t>::copy_of(offsets), Array<char>::copy_of(std::span<const char>(bytes))};
}

std::vector<std::string> numbered(int size) {
  std::vector<std::string> words;
  for (int i = 0; i < size; ++i) words.push_back("w" + std::to_string(10'000 + i));
  return words;
}

TEST(SortedWords, AreFoundByTheirHashAndByBisectionWithout) {
  for (const int size : {0, 1, 2, 3, 100, 5000}) {
    const std::vector<std::string> words = numbered(size);
    const SortedWords hashed = words_of(words), plain(hashed.offsets(), hashed.bytes(), {});
    EXPECT_GT(hashed.slots().size(), size);
    for (int i = 0; i < size; ++i) {
      ASSERT_EQ(hashed.find(words[static_cast<size_t>(i)]), i);
      ASSERT_EQ(plain.find(words[static_cast<size_t>(i)]), i);
    }
    for (const char* other : {"", "a", "w10", "w1", "x"}) {
      EXPECT_FALSE(hashed.find(other)) << other;
      EXPECT_FALSE(plain.find(other)) << other;
    }
  }
}

TEST(SortedWords, WithoutAFreeSlotAreLookedForOnceAround) {
  const SortedWords words = words_of(numbered(3));
  const SortedWords full(words.offsets(), words.bytes(), Array<uint32_t>(words.slots().size(), uint32_t{0}));
  EXPECT_EQ(full.find("w10000"), 0);
  EXPECT_FALSE(full.find("w10001"));
}

TEST(SortedWords, RefuseATableThatCannotBe) {
  const SortedWords words = words_of(numbered(3));
  EXPECT_THROW(SortedWords(words.offsets(), words.bytes(), Array<uint32_t>(3, uint32_t{0})), Error);
  const SortedWords wrong(words.offsets(), words.bytes(), Array<uint32_t>(words.slots().size(), uint32_t{3}));
  EXPECT_THROW(wrong.find("w10000"), Error);
}

TEST(Bm25WordMemo, RemembersShortWordsAndTellsThemApart) {
  Bm25WordMemo memo;
  std::vector<std::string> words;
  for (size_t size = 1; size <= 16; ++size) {
    for (size_t at = 0; at < size; ++at) {
      words.emplace_back(size, 'a');
      words.back()[at] = 'b';
    }
  }
  for (const std::string& word : words) {
    ASSERT_EQ(memo.find(Bm25WordMemo::key_of(word)), Bm25WordMemo::kUnmet) << word;
    memo.keep(Bm25WordMemo::key_of(word), static_cast<uint32_t>(word.size()));
    ASSERT_EQ(memo.find(Bm25WordMemo::key_of(word)), word.size());
  }
  for (const std::string& word : {std::string(17, 'a'), std::string()}) {
    memo.keep(Bm25WordMemo::key_of(word), 1);
    EXPECT_EQ(memo.find(Bm25WordMemo::key_of(word)), Bm25WordMemo::kUnmet);
  }
}

}  // namespace
}  // namespace whitney::search
