#include "whitney/linalg/fast_scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

// Of vectors of 32, 96, 800, 1024, 1056 and 4096 bits; odd; around whole vectors of tables and 16-bit sums.
constexpr int64_t kParts[] = {1, 2, 3, 5, 8, 24, 200, 256, 257, 258, 264, 1024};

std::vector<uint8_t> random_codes(int64_t count, int64_t num_parts) {
  RandomStream random(42, "fast scan codes", static_cast<uint64_t>(num_parts));
  std::vector<uint8_t> codes(static_cast<size_t>(count * fast_scan_code_bytes(num_parts)));
  for (uint8_t& byte : codes) byte = static_cast<uint8_t>(random.below(256));
  return codes;
}

/// Blocks `gap` bytes apart, between bytes that spoil sums.
std::vector<uint8_t> blocks_of(const std::vector<uint8_t>& codes, int64_t num_parts, int64_t gap) {
  const int64_t code_bytes = fast_scan_code_bytes(num_parts);
  const int64_t block_bytes = fast_scan_block_bytes(num_parts), count = std::ssize(codes) / code_bytes;
  std::vector<uint8_t> blocks;
  for (int64_t begin = 0; begin < count; begin += kFastScanLanes) {
    std::vector<uint8_t> block(static_cast<size_t>(block_bytes + gap), 0xff);
    pack_fast_scan_block(codes.data() + begin * code_bytes, code_bytes,
                         std::min(kFastScanLanes, count - begin), num_parts, block.data());
    blocks.insert(blocks.end(), block.begin(), block.end());
  }
  return blocks;
}

FastScanTables random_tables(int64_t num_parts, uint64_t least) {
  RandomStream random(42, "fast scan tables", static_cast<uint64_t>(num_parts));
  FastScanTables tables;
  tables.num_parts = num_parts;
  tables.entries = Array<uint8_t>((num_parts + 3) / 4 * 64, uint8_t{0});
  for (int64_t i = 0; i < num_parts * 16; ++i)
    tables.entries.mutable_data()[i] = static_cast<uint8_t>(least + random.below(256 - least));
  return tables;
}

int part_of(const uint8_t* code, int64_t part) { return code[part / 2] >> (part % 2 * 4) & 15; }

TEST(FastScan, SumsAreThoseOfTheEntriesOneByOne) {
  constexpr int64_t kCodes = 70, kGap = 24;  // two blocks and a part of a third
  for (const int64_t num_parts : kParts) {
    const std::vector<uint8_t> codes = random_codes(kCodes, num_parts);
    const std::vector<uint8_t> blocks = blocks_of(codes, num_parts, kGap);
    for (const uint64_t least : {0, 255}) {  // random, and all at the maximum
      const FastScanTables tables = random_tables(num_parts, least);
      std::vector<uint32_t> expected;
      for (int64_t i = 0; i < kCodes; ++i) {
        uint32_t sum = 0;
        for (int64_t m = 0; m < num_parts; ++m)
          sum += tables.entries[m * 16 + part_of(codes.data() + i * fast_scan_code_bytes(num_parts), m)];
        expected.push_back(sum);
      }
      at_each_level([&] {
        std::vector<uint32_t> sums(3 * 32);
        fast_scan_sums(blocks.data(), fast_scan_block_bytes(num_parts) + kGap, 3, tables, sums.data());
        sums.resize(kCodes);
        EXPECT_EQ(sums, expected) << num_parts << " parts, entries from " << least;
      });
    }
  }
}

TEST(FastScan, SelectsTheLanesWhoseSumsAreWithinALimit) {
  constexpr int64_t kBlocks = 3, kGap = 24;
  for (const int64_t num_parts : kParts) {
    const std::vector<uint8_t> blocks = blocks_of(random_codes(kBlocks * 32, num_parts), num_parts, kGap);
    const int64_t stride = fast_scan_block_bytes(num_parts) + kGap;
    for (const uint64_t least : {0, 255}) {
      const FastScanTables tables = random_tables(num_parts, least);
      std::vector<uint32_t> all(kBlocks * 32);
      fast_scan_sums(blocks.data(), stride, kBlocks, tables, all.data());
      for (const uint32_t most : {0U, all[5], all[40], all[41] + 1, 4294967295U}) {
        at_each_level([&] {
          std::vector<uint32_t> places(all.size()), sums(all.size());
          const int64_t found =
              fast_scan_select(blocks.data(), stride, kBlocks, tables, most, places.data(), sums.data());
          int64_t expected = 0;
          for (uint32_t lane = 0; lane < all.size(); ++lane) {
            if (all[lane] > most) continue;
            ASSERT_LT(expected, found) << num_parts;
            EXPECT_EQ(places[static_cast<size_t>(expected)], lane);
            EXPECT_EQ(sums[static_cast<size_t>(expected++)], all[lane]);
          }
          EXPECT_EQ(found, expected) << num_parts << " parts, at most " << most;
        });
      }
    }
  }
}

TEST(FastScan, ALimitOfSumsLeavesNoNumberOut) {
  FastScanTables tables;
  tables.base = -3;
  tables.step = 0.5;
  tables.error = 0.25;
  EXPECT_FALSE(tables.most_entries(-4, 0));
  // 0 - (-3) + 0.25 is 6.5 steps, and one more for what rounding takes.
  EXPECT_EQ(tables.most_entries(0, 0), 7U);
  EXPECT_EQ(tables.most_entries(std::numeric_limits<float>::infinity(), 0), 4294967295U);
  tables.error = std::numeric_limits<float>::infinity();
  EXPECT_EQ(tables.most_entries(-1e30F, 0), 4294967295U);
}

TEST(FastScan, ABlockIsLaidByHand) {
  // Lane 0 holds parts 1 and 2, lane 8 parts 3 and 4, lane 17 parts 5 and 6.
  std::vector<uint8_t> codes(32);
  codes[0] = 0x21;
  codes[8] = 0x43;
  codes[17] = 0x65;
  std::vector<uint8_t> block(32), expected(32);
  pack_fast_scan_block(codes.data(), 1, 32, 2, block.data());
  expected[0] = 0x01;   // lanes 0 and 16
  expected[1] = 0x03;   // lanes 8 and 24
  expected[2] = 0x50;   // lanes 1 and 17
  expected[16] = 0x02;  // the second part of the same
  expected[17] = 0x04;
  expected[18] = 0x60;
  EXPECT_EQ(block, expected);
}

TEST(FastScan, ALaneIsReadAndWrittenAmongTheOthers) {
  for (const int64_t num_parts : {int64_t{1}, int64_t{7}, int64_t{96}}) {
    const int64_t bytes = fast_scan_code_bytes(num_parts);
    std::vector<uint8_t> codes = random_codes(kFastScanLanes + 1, num_parts);
    const std::vector<uint8_t> other(codes.end() - bytes, codes.end());
    codes.resize(static_cast<size_t>(kFastScanLanes * bytes));
    std::vector<uint8_t> block = blocks_of(codes, num_parts, 0);
    for (const int64_t lane : {0, 7, 8, 15, 16, 31}) {
      std::vector<uint8_t> code(static_cast<size_t>(bytes));
      read_fast_scan_lane(block.data(), num_parts, lane, code.data());
      EXPECT_EQ(code, std::vector<uint8_t>(codes.begin() + lane * bytes, codes.begin() + (lane + 1) * bytes));
      std::copy(other.begin(), other.end(), codes.begin() + lane * bytes);
      write_fast_scan_lane(other.data(), num_parts, lane, block.data());
      EXPECT_EQ(block, blocks_of(codes, num_parts, 0)) << num_parts << " parts, lane " << lane;
    }
  }
}

TEST(FastScan, LanesWithoutACodeHoldZero) {
  const std::vector<uint8_t> codes = random_codes(5, 4);
  std::vector<uint8_t> block = blocks_of(codes, 4, 0), code(2);
  read_fast_scan_lane(block.data(), 4, 5, code.data());
  EXPECT_EQ(code, (std::vector<uint8_t>{0, 0}));
}

TEST(FastScan, SubsetSumsAreComputedByHand) {
  const std::vector<float> tables = subset_sums(std::vector<float>{1, 20, 300, 4000, 5});
  ASSERT_EQ(tables.size(), 32U);
  EXPECT_EQ(tables[0], 0);
  EXPECT_EQ(tables[0b0101], 301);
  EXPECT_EQ(tables[0b1110], 4320);
  EXPECT_EQ(tables[16 + 0b0001], 5);
  EXPECT_EQ(tables[16 + 0b1110], 0);  // coordinates that are not there
}

TEST(FastScan, QuantisedSumsErrByHalfAStepAPartAtMost) {
  constexpr int64_t kCodes = 64;
  for (const int64_t num_parts : {int64_t{1}, int64_t{12}, int64_t{98}, int64_t{300}}) {
    const std::vector<float> numbers = random_floats(num_parts * 16, 3);
    const std::vector<uint8_t> codes = random_codes(kCodes, num_parts);
    const std::vector<uint8_t> blocks = blocks_of(codes, num_parts, 0);
    for (const TableRange range : {TableRange::kEach, TableRange::kAll}) {
      at_each_level([&] {
        const FastScanTables tables = quantize_tables(numbers, range);
        EXPECT_LE(tables.error, static_cast<float>(num_parts) * tables.step * 0.501F);
        std::vector<uint32_t> sums(kCodes);
        std::vector<float> least(kCodes), greatest(kCodes);
        const int64_t stride = fast_scan_block_bytes(num_parts);
        fast_scan_sums(blocks.data(), stride, 2, tables, sums.data());
        fast_scan_ranges(blocks.data(), stride, 2, tables, 0.5F, least.data(), greatest.data());
        for (int64_t i = 0; i < kCodes; ++i) {
          double truth = 0;
          for (int64_t m = 0; m < num_parts; ++m) {
            const int part = part_of(codes.data() + i * fast_scan_code_bytes(num_parts), m);
            truth += numbers[static_cast<size_t>(m * 16 + part)];
          }
          const auto at = static_cast<size_t>(i);
          EXPECT_NEAR(tables.sum_of(sums[at]), truth, tables.error);
          EXPECT_LE(least[at] + 0.49, truth);
          EXPECT_GE(greatest[at] - 0.49, truth);
        }
      });
    }
  }
}

TEST(FastScan, EntriesAreTheSameAtEveryLevelAndAsTheFormulaSays) {
  const std::vector<float> numbers = random_floats(48, 4);
  const float least = *std::ranges::min_element(numbers), greatest = *std::ranges::max_element(numbers);
  at_each_level([&] {
    const FastScanTables all = quantize_tables(numbers, TableRange::kAll);
    for (int64_t i = 0; i < 48; ++i) {
      const double scaled = (numbers[static_cast<size_t>(i)] - least) / ((greatest - least) / 255.0);
      EXPECT_NEAR(all.entries[i], scaled, 0.501);
    }
    EXPECT_FLOAT_EQ(all.base, 3 * least);
    set_simd_level("scalar");
    const FastScanTables scalar = quantize_tables(numbers, TableRange::kAll);
    EXPECT_TRUE(std::ranges::equal(all.entries.span(), scalar.entries.span()));
  });
}

TEST(FastScan, NumbersThatAreEqualOrNotFiniteKeepTheirRange) {
  const std::vector<uint8_t> blocks = blocks_of(random_codes(32, 2), 2, 0);
  std::vector<float> least(32), greatest(32);
  for (const float odd : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> numbers(32, 1.5F);
    fast_scan_ranges(blocks.data(), 32, 1, quantize_tables(numbers), 0, least.data(), greatest.data());
    EXPECT_NEAR(least[0], 3, 1e-5);
    EXPECT_NEAR(greatest[31], 3, 1e-5);
    numbers[7] = odd;
    fast_scan_ranges(blocks.data(), 32, 1, quantize_tables(numbers), 0, least.data(), greatest.data());
    EXPECT_EQ(least[0], -std::numeric_limits<float>::infinity());
    EXPECT_EQ(greatest[31], std::numeric_limits<float>::infinity());
  }
}

}  // namespace
}  // namespace whitney
