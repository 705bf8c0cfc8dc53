#include "whitney/codec/block_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "whitney/codec/code_rows.h"
#include "whitney/codec/codec_cases_test.h"

namespace whitney::codec {
namespace {

std::vector<uint8_t> numbered(int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 + i / 7);
  return bytes;
}

TEST(BlockLayout, FieldsLieTogetherAndTakeAsManyBytes) {
  const BlockLayout layout{{1, 4}, 6};
  EXPECT_EQ(layout.code_bytes(), 8);
  EXPECT_EQ(layout.block_bytes(), 256);
  const std::vector<uint8_t> codes = numbered(32 * 8);
  std::vector<uint8_t> block(256);
  layout.pack(codes.data(), 32, block.data());
  for (size_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(block[lane], codes[8 * lane]);
    EXPECT_TRUE(std::equal(block.begin() + 32 + 4 * static_cast<std::ptrdiff_t>(lane),
                           block.begin() + 36 + 4 * static_cast<std::ptrdiff_t>(lane),
                           codes.begin() + 8 * static_cast<std::ptrdiff_t>(lane) + 1));
  }
}

TEST(BlockLayout, CodesAreReadAsTheyWereWritten) {
  for (const BlockLayout& layout :
       {BlockLayout{{1, 4, 2, 2}, 26}, BlockLayout{{}, 7}, BlockLayout{{1, 1, 1}, 0}}) {
    const int64_t bytes = layout.code_bytes();
    std::vector<uint8_t> codes = numbered(32 * bytes);
    if (layout.num_parts % 2 != 0) {  // the half that stands for no part is 0
      for (auto at = codes.begin() + bytes - 1; at < codes.end(); at += std::min(bytes, codes.end() - at))
        *at &= 15;
    }
    std::vector<uint8_t> packed(static_cast<size_t>(layout.block_bytes())), written(packed);
    layout.pack(codes.data(), 32, packed.data());
    for (int64_t lane = 0; lane < 32; ++lane) {
      layout.write(codes.data() + lane * bytes, lane, written.data());
      std::vector<uint8_t> code(static_cast<size_t>(bytes));
      layout.read(packed.data(), lane, code.data());
      EXPECT_TRUE(
          std::ranges::equal(code, std::span(codes).subspan(static_cast<size_t>(lane * bytes), code.size())));
    }
    EXPECT_EQ(packed, written);
  }
}

/// Codes of rows in blocks and one behind the other, after the same changes.
TEST(CodeRows, GiveBackTheirCodesAfterAnyChange) {
  const Matrix vectors = normal_vectors(100, 20), more = normal_vectors(37, 20, 1);
  for (const auto& [method, options] :
       {std::pair("rabitq", Value::object()), std::pair("sq8", Value::object()),
        std::pair("pq", Value::object({{"num_subspaces", 5}, {"bits", "4"}}))}) {
    const auto codec = fitted(method, vectors, options);
    const Codes some = encode_rows(*codec, Rows(vectors), {}), added = encode_rows(*codec, Rows(more), {});
    CodeRows rows(*codec, some.codes, {});
    EXPECT_EQ(rows.in_blocks(), std::string_view(method) != "sq8");
    EXPECT_TRUE(std::ranges::equal(rows.codes().span(), some.codes.span()));
    rows.append(added.codes);
    EXPECT_EQ(rows.size(), 137);
    EXPECT_EQ(rows.size_bytes(), (rows.in_blocks() ? 160 : 137) * codec->code_bytes());
    std::vector<int64_t> kept;
    std::vector<uint8_t> expected;
    for (int64_t row = 1; row < 137; row += 3) {
      kept.push_back(row);
      const Array<uint8_t>& from = row < 100 ? some.codes : added.codes;
      const auto* code = from.data() + (row < 100 ? row : row - 100) * codec->code_bytes();
      expected.insert(expected.end(), code, code + codec->code_bytes());
    }
    rows.keep(kept);
    EXPECT_TRUE(std::ranges::equal(rows.codes().span(), expected)) << method;
  }
}

}  // namespace
}  // namespace whitney::codec
