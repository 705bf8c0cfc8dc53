#include "whitney/linalg/code_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr int64_t kRows = 7;

/// Codes of kRows rows behind heads of 3 bytes, and the values they were packed from.
struct Case {
  Case(int64_t dim, int bits) : stride(3 + packed_code_bytes(dim, bits)) {
    RandomStream random(42, "codes", static_cast<uint64_t>(dim));
    packed.assign(static_cast<size_t>(kRows * stride), 0xff);
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<uint8_t> one(static_cast<size_t>(dim));
      for (uint8_t& value : one) value = static_cast<uint8_t>(random.below(uint64_t{1} << bits));
      pack_codes(one.data(), dim, bits, packed.data() + 3 + row * stride);
      values.push_back(one);
    }
    codes = {packed.data() + 3, stride, dim, bits};
  }
  int64_t stride;
  std::vector<uint8_t> packed;
  std::vector<std::vector<uint8_t>> values;
  PackedCodes codes;
};

std::vector<int64_t> dims() {
  std::vector<int64_t> all = awkward_lengths();
  all.insert(all.end(), {96, 127, 128, 129, 784});
  return all;
}

// Calls body(case) for widths around lane counts, of both kinds of codes, at every level.
template <class Body>
void for_each_case(const Body& body) {
  for (const int64_t dim : dims()) {
    for (const int bits : {4, 8}) {
      const testing::ScopedTrace trace(__FILE__, __LINE__,
                                       testing::Message() << dim << " x " << bits << " bits");
      const Case codes(dim, bits);
      at_each_level([&] { body(codes, dim); });
    }
  }
}

TEST(CodeScores, PackedCodesUnpackToThemselves) {
  for (const int64_t dim : dims()) {
    for (const int bits : {4, 8}) {
      const Case made(dim, bits);
      std::vector<uint8_t> back(static_cast<size_t>(dim));
      unpack_codes(made.codes.base, dim, bits, back.data());
      EXPECT_EQ(back, made.values[0]) << dim << " x " << bits;
    }
  }
}

TEST(CodeScores, AreComputedByHand) {
  const std::vector<uint8_t> values{1, 2, 15};
  std::vector<uint8_t> packed(2);
  pack_codes(values.data(), 3, 4, packed.data());
  EXPECT_EQ(packed, (std::vector<uint8_t>{0xf1, 0x02}));
  const PackedCodes codes{packed.data(), 2, 3, 4};
  at_each_level([&] {
    const float weights[] = {10, 100, 1000}, steps[] = {1, 2, 0.5F}, offset = 1, step = 0.5F;
    float out = 0;
    weighted_code_sums(codes, 1, weights, &out);
    EXPECT_EQ(out, 10 + 200 + 15000);
    const float target[] = {3, 5, 7};
    code_squared_l2(codes, 1, target, steps, &out);  // 3-1, 5-4, 7-7.5
    EXPECT_EQ(out, 4 + 1 + 0.25F);
    row_code_squared_l2(codes, 1, target, &offset, &step, &out);  // 3-1.5, 5-2, 7-8.5
    EXPECT_EQ(out, 2.25F + 9 + 2.25F);
  });
}

TEST(CodeScores, SumsAreThoseOfTheValues) {
  for_each_case([](const Case& made, int64_t dim) {
    const std::vector<float> values = random_floats(dim, 1);
    const Guarded<float> weights = guarded(values, 1);
    std::vector<float> out(kRows);
    weighted_code_sums(made.codes, kRows, weights.data(), out.data());
    for (size_t row = 0; row < kRows; ++row) {
      double sum = 0, terms = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        sum += static_cast<double>(values[i]) * made.values[row][i];
        terms += std::abs(static_cast<double>(values[i]) * made.values[row][i]);
      }
      EXPECT_NEAR(out[row], sum, static_cast<double>(dim + 1) * kUnit * terms);
    }
  });
}

TEST(CodeScores, SquaredDistancesAreThoseOfTheDecodedValues) {
  for_each_case([](const Case& made, int64_t dim) {
    const std::vector<float> target = random_floats(dim, 2), steps = random_floats(dim, 3, 1);
    const std::vector<float> offsets = random_floats(kRows, 4), row_steps = random_floats(kRows, 5, 1);
    const Guarded<float> guarded_target = guarded(target, 1), guarded_steps = guarded(steps, 2);
    std::vector<float> out(kRows), by_row(kRows);
    code_squared_l2(made.codes, kRows, guarded_target.data(), guarded_steps.data(), out.data());
    row_code_squared_l2(made.codes, kRows, guarded_target.data(), offsets.data(), row_steps.data(),
                        by_row.data());
    for (size_t row = 0; row < kRows; ++row) {
      // A difference errs by a few units of its operands, which its square multiplies by twice the
      // difference.
      double sum = 0, slack = 0, row_sum = 0, row_slack = 0;
      for (size_t i = 0; i < target.size(); ++i) {
        const double code = made.values[row][i];
        const auto add = [&](double decoded, double size, double& total, double& bound) {
          const double difference = target[i] - decoded;
          total += difference * difference;
          bound += 8 * size * std::abs(difference) + static_cast<double>(dim + 4) * difference * difference;
        };
        add(steps[i] * code, std::abs(target[i]) + std::abs(steps[i] * code), sum, slack);
        add(offsets[row] + row_steps[row] * code,
            std::abs(target[i]) + std::abs(offsets[row]) + std::abs(row_steps[row] * code), row_sum,
            row_slack);
      }
      EXPECT_NEAR(out[row], sum, kUnit * slack);
      EXPECT_NEAR(by_row[row], row_sum, kUnit * row_slack);
    }
  });
}

}  // namespace
}  // namespace whitney
