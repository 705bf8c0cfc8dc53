#include "whitney/linalg/byte_scan.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

// Small whole numbers whose step is 1: then base and sums are exact, and so are the ranges.
std::vector<float> whole_numbers(int64_t num_parts) {
  RandomStream random(42, "byte tables", static_cast<uint64_t>(num_parts));
  std::vector<float> tables(static_cast<size_t>(num_parts * 256));
  for (float& number : tables) number = static_cast<float>(random.below(256));
  for (size_t m = 0; m < tables.size(); m += 256) {
    tables[m + 17] = 0;
    tables[m + 200] = 255;
  }
  return tables;
}

TEST(ByteScan, SumsAreThoseOfTheNumbersOneByOne) {
  constexpr int64_t kBlocks = 5, kGap = 8;
  for (const int64_t num_parts : {1, 2, 12, 98, 256, 257, 600}) {
    const std::vector<float> numbers = whole_numbers(num_parts);
    const int64_t stride = num_parts * 32 + kGap;
    std::vector<uint8_t> blocks(static_cast<size_t>(kBlocks * stride), 0xff);
    RandomStream random(42, "byte codes", static_cast<uint64_t>(num_parts));
    std::vector<float> expected;
    for (int64_t b = 0; b < kBlocks; ++b) {
      for (int64_t lane = 0; lane < 32; ++lane) {
        float sum = 0;
        for (int64_t p = 0; p < num_parts; ++p) {
          const auto code =
              lane == 3 ? 200U : static_cast<unsigned>(random.below(256));  // lane 3: all at 255
          blocks[static_cast<size_t>(b * stride + p * 32 + lane)] = static_cast<uint8_t>(code);
          sum += numbers[static_cast<size_t>(p * 256) + code];
        }
        expected.push_back(sum);
      }
    }
    at_each_level([&] {
      FastScanTables tables = quantize_tables(numbers, TableRange::kEach, 256);
      EXPECT_EQ(tables.step, 1);
      tables.error = 0;
      std::vector<float> least(expected.size()), greatest(expected.size());
      byte_scan_ranges(blocks.data(), stride, kBlocks, tables, 0, least.data(), greatest.data());
      EXPECT_EQ(least, expected) << num_parts << " parts";
      EXPECT_EQ(greatest, expected) << num_parts << " parts";
      byte_scan_ranges(blocks.data(), stride, 1, tables, 0.5F, least.data(), greatest.data());
      EXPECT_EQ(least[31], expected[31] - 0.5F);
      EXPECT_EQ(greatest[0], expected[0] + 0.5F);
    });
  }
}

}  // namespace
}  // namespace whitney
