#include "whitney/search/posting_list.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/random.h"

namespace whitney::search {
namespace {

using Numbers = std::vector<uint32_t>;

Numbers random_numbers(uint64_t seed, size_t size, int width) {
  RandomStream stream(seed, "numbers", static_cast<uint64_t>(width));
  Numbers numbers(size);
  for (uint32_t& number : numbers)
    number = width == 0 ? 0 : static_cast<uint32_t>(stream.next_u64() >> (64 - width));
  return numbers;
}

TEST(PostingBits, ComeBackFromABlockAtEveryWidth) {
  for (int width = 0; width <= 32; ++width) {
    const Numbers numbers = random_numbers(1, kPostingBlock, width);
    Numbers packed, unpacked(kPostingBlock);
    pack_block(std::span<const uint32_t, kPostingBlock>(numbers), width, packed);
    ASSERT_EQ(std::ssize(packed), run_words(kPostingBlock, width));
    unpack_block(packed.data(), width, unpacked.data());
    EXPECT_EQ(unpacked, numbers) << width;
    for (int64_t i = 0; i < kPostingBlock && width > 0; ++i)
      ASSERT_EQ(block_value(packed.data(), width, i), numbers[static_cast<size_t>(i)])
          << width << " at " << i;
  }
}

TEST(PostingBits, ComeBackFromARunOfAnyLength) {
  for (int width = 0; width <= 32; ++width) {
    for (const size_t size : {size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{127}}) {
      const Numbers numbers = random_numbers(2, size, width);
      Numbers packed;
      pack_run(numbers, width, packed);
      ASSERT_EQ(std::ssize(packed), run_words(std::ssize(numbers), width));
      packed.resize(packed.size() + 2);
      for (size_t i = 0; i < size; ++i)
        ASSERT_EQ(run_value(packed.data(), width, static_cast<int64_t>(i)), numbers[i]) << width;
      Numbers unpacked(size);
      unpack_run(packed.data(), width, std::ssize(unpacked), unpacked.data());
      EXPECT_EQ(unpacked, numbers) << width;
    }
  }
}

TEST(PostingBits, AreAsManyAsTheLargestNeeds) {
  EXPECT_EQ(bit_width_of(Numbers{}), 0);
  EXPECT_EQ(bit_width_of(Numbers{0, 0}), 0);
  EXPECT_EQ(bit_width_of(Numbers{3, 8, 1}), 4);
  EXPECT_EQ(bit_width_of(Numbers{0xFFFFFFFFU}), 32);
}

struct List {
  Numbers rows, counts, positions;
  std::vector<float> scores;
};

// Rows `step` apart from `first`, row i with i % 3 + 1 positions.
List make_list(uint32_t first, uint32_t step, uint32_t size) {
  List list;
  for (uint32_t i = 0; i < size; ++i) {
    list.rows.push_back(first + i * step);
    list.counts.push_back(i % 3 + 1);
    list.scores.push_back(static_cast<float>((i * 7) % 100));
    for (uint32_t j = 0; j <= i % 3; ++j) list.positions.push_back(i + 1000 * j);
  }
  return list;
}

PostingLists packed(const std::vector<List>& lists, PostingParts with) {
  std::vector<PostingWriter> writers(2, PostingWriter(with));
  int64_t num_rows = 0;
  for (size_t i = 0; i < lists.size(); ++i) {
    writers[2 * i / std::max<size_t>(lists.size(), 1)].add_list(lists[i].rows, lists[i].counts,
                                                                lists[i].scores, lists[i].positions);
    num_rows = std::max<int64_t>(num_rows, lists[i].rows.back() + int64_t{1});
  }
  return PostingWriter::join(writers, num_rows);
}

// The last one has distances of more than 23 bits, and rows from 2^31 on.
TEST(PostingList, ComesBackWithCountsScoresAndPositions) {
  const std::vector<List> lists = {make_list(5, 1, 1), make_list(0, 3, 128), make_list(7, 1000, 300),
                                   make_list(9, (1 << 23) + 5, 300)};
  const PostingLists all = packed(lists, {.positions = true, .scores = true});
  all.check_shapes();
  ASSERT_EQ(all.num_lists(), 4);
  for (int64_t i = 0; i < 4; ++i) {
    List found;
    Numbers positions;
    PostingCursor cursor(all, i);
    EXPECT_EQ(cursor.count(), std::ssize(lists[static_cast<size_t>(i)].rows));
    for (; !cursor.at_end(); cursor.next_block()) {
      const auto rows = cursor.rows();
      found.rows.insert(found.rows.end(), rows.begin(), rows.end());
      for (int64_t j = 0; j < std::ssize(rows); ++j) {
        found.counts.push_back(cursor.count_of(j));
        found.scores.push_back(std::bit_cast<float>(cursor.score_bits()[j]));
        cursor.positions_of(j, positions);
        found.positions.insert(found.positions.end(), positions.begin(), positions.end());
      }
    }
    EXPECT_EQ(found.rows, lists[static_cast<size_t>(i)].rows);
    EXPECT_EQ(found.counts, lists[static_cast<size_t>(i)].counts);
    EXPECT_EQ(found.scores, lists[static_cast<size_t>(i)].scores);
    EXPECT_EQ(found.positions, lists[static_cast<size_t>(i)].positions);
  }
}

// Two lists of 2,048 blocks: the i-th blocks of both fall on one slot.
TEST(PostingList, KeepsDecodedBlocksForTheCursorsThatShareThem) {
  const std::vector<List> lists = {make_list(3, 2, 2048 * 128), make_list(10, 3, 2048 * 128)};
  const PostingLists all = packed(lists, {});
  DecodedBlocks kept;
  for (int round = 0; round < 2; ++round) {
    PostingCursor a(all, 0, &kept), b(all, 1, &kept);
    for (uint32_t block = 0; block < 2048; ++block) {
      ASSERT_EQ(a.rows().front(), 3 + block * 256);
      ASSERT_EQ(b.rows().front(), 10 + block * 384);
      ASSERT_LE(a.least_row(), 3 + block * 256);
      ASSERT_EQ(a.rows().back(), 3 + block * 256 + 254);
      ASSERT_EQ(b.rows().back(), 10 + block * 384 + 381);
      ASSERT_EQ(a.num_decoded(), block + 1);
      a.next_block();
      b.next_block();
    }
    EXPECT_TRUE(a.at_end());
  }
}

TEST(PostingList, SkipsToTheBlockOfARow) {
  const PostingLists all = packed({make_list(10, 10, 5000)}, {});
  PostingCursor cursor(all, 0);
  EXPECT_EQ(cursor.least_row(), 0u);
  cursor.skip_to(1290);
  EXPECT_EQ(cursor.rows().front(), 1290u);  // 128 rows of 10 are before it
  cursor.skip_to(49'999);
  EXPECT_EQ(cursor.rows().back(), 50'000u);
  cursor.skip_to(50'001);
  EXPECT_TRUE(cursor.at_end());
}

TEST(PostingList, TellsTheBestScoreOfTheBlocksThatBeginBeforeARow) {
  std::vector<List> lists = {make_list(0, 1, 300)};
  std::ranges::fill(lists[0].scores, 1.0F);
  lists[0].scores[5] = 2;
  lists[0].scores[200] = 3;
  lists[0].scores[299] = 4;
  const PostingLists all = packed(lists, {});
  PostingCursor cursor(all, 0);
  EXPECT_EQ(cursor.best_before(128), 2);
  EXPECT_EQ(cursor.best_before(129), 3);
  EXPECT_EQ(cursor.best_before(1000), 4);
  EXPECT_EQ(cursor.num_blocks_before(128), 1);
  EXPECT_EQ(cursor.num_blocks_before(129), 2);
  EXPECT_EQ(cursor.num_blocks_before(1000), 3);
  cursor.skip_to(256);
  EXPECT_EQ(cursor.best_before(257), 4);
}

TEST(PostingList, OfNoListsIsEmpty) {
  const PostingLists all = packed({}, {.positions = true});
  all.check_shapes();
  EXPECT_EQ(all.num_lists(), 0);
}

TEST(PostingList, RefusesWidthsAndRowsThatCannotBe) {
  PostingLists all = packed({make_list(0, 5, 200)}, {});
  PostingLists damaged = all;
  damaged.row_widths.mutable_data()[0] = 33;
  EXPECT_THROW(PostingCursor(damaged, 0).rows(), Error);
  damaged = all;
  damaged.num_rows = 900;
  PostingCursor cursor(damaged, 0);
  cursor.skip_to(900);
  EXPECT_THROW(cursor.rows(), Error);
  damaged = all;
  damaged.counts.mutable_data()[0] = 128;
  EXPECT_THROW(PostingCursor(damaged, 0), Error);
  damaged = all;
  damaged.starts = Array<uint64_t>{0};
  EXPECT_THROW(damaged.check_shapes(), Error);
}

}  // namespace
}  // namespace whitney::search
