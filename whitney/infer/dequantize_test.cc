#include "whitney/infer/dequantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "whitney/core/dtype.h"
#include "whitney/infer/gguf.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

std::vector<uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

const GgufTensor& named(const GgufFile& file, const std::string& name) {
  for (const GgufTensor& tensor : file.tensors) {
    if (tensor.name == name) return tensor;
  }
  fail("no tensor ", name);
}

std::vector<float> values_of(const GgufFile& file, const GgufTensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.shape[0] * tensor.shape[1]));
  dequantize(tensor.type, file.bytes.data() + tensor.begin, std::ssize(values), values.data());
  return values;
}

class Blocks : public testing::TestWithParam<WeightType> {};

// blocks.gguf holds what PyPI's gguf makes of random blocks.
TEST_P(Blocks, GiveTheBitsOfTheReferenceAtEachLevel) {
  const std::string path = kept_file("gguf/blocks.gguf");
  if (path.empty()) GTEST_SKIP() << "no tests/data/gguf above this folder and no WHITNEY_ROOT";
  const GgufFile file = open_gguf(path);
  const std::string name(name_of(GetParam()));
  ASSERT_EQ(named(file, name).type, GetParam());
  const auto expected = bits_of(values_of(file, named(file, name + ".float")));
  at_each_level([&] { EXPECT_EQ(bits_of(values_of(file, named(file, name))), expected); });
}

INSTANTIATE_TEST_SUITE_P(Dequantize, Blocks,
                         testing::Values(WeightType::kF16, WeightType::kBF16, WeightType::kQ4_0,
                                         WeightType::kQ4_1, WeightType::kQ5_0, WeightType::kQ5_1,
                                         WeightType::kQ8_0, WeightType::kQ2_K, WeightType::kQ3_K,
                                         WeightType::kQ4_K, WeightType::kQ5_K, WeightType::kQ6_K),
                         [](const auto& block) { return std::string(name_of(block.param)); });

// d = 0.5, minimum -1: value i of 0..15 is 0.5 * i - 1 (low nibbles), value 16 + i is 0.5 * (15 - i) - 1.
TEST(Dequantize, ReadsABlockOfQ4_1ByHand) {
  std::string block{'\x00', '\x38', '\x00', '\xbc'};
  for (int i = 0; i < 16; ++i) block += static_cast<char>(i | (15 - i) << 4);
  std::vector<float> values(32);
  dequantize(WeightType::kQ4_1, bytes_of(block).data(), 32, values.data());
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(values[static_cast<size_t>(i)], 0.5f * static_cast<float>(i) - 1);
    EXPECT_EQ(values[static_cast<size_t>(16 + i)], 0.5f * static_cast<float>(15 - i) - 1);
  }
}

// A float32 scale, 256 signed bytes, 16 sums that play no part.
TEST(Dequantize, ReadsABlockOfQ8_KByHand) {
  std::string block(292, '\x7f');
  const float scale = 0.25f;
  std::memcpy(block.data(), &scale, sizeof scale);
  for (int i = 0; i < 256; ++i) block[static_cast<size_t>(4 + i)] = static_cast<char>(i - 128);
  std::vector<float> values(256);
  at_each_level([&] {
    dequantize(WeightType::kQ8_K, bytes_of(block).data(), 256, values.data());
    EXPECT_EQ(values.front(), -32.0f);
    EXPECT_EQ(values[128], 0.0f);
    EXPECT_EQ(values.back(), 31.75f);
  });
}

TEST(Dequantize, WidensEveryHalfExactlyAtAnyLengthAndPlace) {
  std::vector<uint16_t> halves;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    if (std::isfinite(to_float(Float16{static_cast<uint16_t>(bits)})))
      halves.push_back(static_cast<uint16_t>(bits));
  }
  std::vector<float> values(halves.size());
  at_each_level([&] {
    dequantize(WeightType::kF16, reinterpret_cast<const std::byte*>(halves.data()), std::ssize(halves),
               values.data());
    for (size_t i = 0; i < halves.size(); ++i)
      ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(to_float(Float16{halves[i]})));
    // One byte past any alignment.
    std::string shifted(1, 'x');
    shifted.append(reinterpret_cast<const char*>(halves.data()), 2 * halves.size());
    for (const int64_t n : awkward_lengths()) {
      std::vector<float> few(static_cast<size_t>(n) + 1, -1.0f);
      dequantize(WeightType::kF16, reinterpret_cast<const std::byte*>(shifted.data() + 1), n, few.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(few[static_cast<size_t>(i)], values[static_cast<size_t>(i)]);
      ASSERT_EQ(few.back(), -1.0f) << "wrote behind the end";
    }
  });
}

TEST(Dequantize, WidensBrainFloatsByTheirBits) {
  std::vector<uint16_t> upper;
  for (uint32_t bits = 0; bits < 65536; bits += 7) upper.push_back(static_cast<uint16_t>(bits));
  std::vector<float> values(upper.size());
  at_each_level([&] {
    dequantize(WeightType::kBF16, reinterpret_cast<const std::byte*>(upper.data()), std::ssize(upper),
               values.data());
    for (size_t i = 0; i < upper.size(); ++i)
      ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), uint32_t{upper[i]} << 16);
  });
}

TEST(Dequantize, RoundsDoublesAndCopiesFloats) {
  const std::vector<double> doubles{0.1, -1e-300, 3};
  std::vector<float> values(3);
  dequantize(WeightType::kF64, reinterpret_cast<const std::byte*>(doubles.data()), 3, values.data());
  EXPECT_EQ(values, (std::vector<float>{0.1f, -0.0f, 3}));
  const std::vector<float> floats{1.5f, -2, 0};
  dequantize(WeightType::kF32, reinterpret_cast<const std::byte*>(floats.data()), 3, values.data());
  EXPECT_EQ(values, floats);
}

TEST(WeightType, KnowsGgmlsNumbersAndThoseThatAreNotRead) {
  EXPECT_EQ(ggml_type(0), WeightType::kF32);
  EXPECT_EQ(ggml_type(14), WeightType::kQ6_K);
  EXPECT_EQ(ggml_type(30), WeightType::kBF16);
  EXPECT_EQ(ggml_type(4), std::nullopt) << "given up by ggml";
  EXPECT_EQ(ggml_type(23), std::nullopt);
  EXPECT_EQ(ggml_name(23), "IQ4_XS");
  EXPECT_EQ(ggml_name(1000), "");
  EXPECT_TRUE(is_readable(WeightType::kQ8_K));
  EXPECT_FALSE(is_readable(WeightType::kI64));
}

}  // namespace
}  // namespace whitney::infer
