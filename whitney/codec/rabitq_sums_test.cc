#include "whitney/codec/rabitq_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::codec {
namespace {

struct Case {
  std::vector<unsigned> numbers;
  std::vector<uint8_t> signs, low;
  std::vector<float> weights, less;
};

// The bytes are as many as the code has: a read behind them is seen by AddressSanitizer.
Case make_case(int64_t dim, int low_bits, uint64_t seed) {
  RandomStream random(seed, "codes", static_cast<uint64_t>(dim * 8 + low_bits));
  Case made;
  made.signs.assign(static_cast<size_t>((dim + 7) / 8), 0);
  made.low.assign(static_cast<size_t>((dim * low_bits + 7) / 8), 0);
  for (int64_t i = 0; i < dim; ++i) {
    const auto number = static_cast<unsigned>(random.below(uint64_t{2} << low_bits));
    made.numbers.push_back(number);
    if (number >> low_bits != 0)
      made.signs[static_cast<size_t>(i / 8)] |= static_cast<uint8_t>(1U << (i % 8));
    for (int bit = 0; bit < low_bits; ++bit) {
      const int64_t at = i * low_bits + bit;
      if ((number >> bit & 1) != 0)
        made.low[static_cast<size_t>(at / 8)] |= static_cast<uint8_t>(1U << (at % 8));
    }
  }
  made.weights.resize(static_cast<size_t>(rabitq_padded(dim)));
  made.less.resize(made.weights.size());
  for (size_t i = 0; i < static_cast<size_t>(dim); ++i) {
    made.weights[i] = static_cast<float>(random.uniform() - 0.5);
    made.less[i] = static_cast<float>(random.uniform() - 0.5);
  }
  return made;
}

TEST(RabitqSums, AreThoseOfTheNumbers) {
  at_each_level([] {
    for (const int low_bits : {0, 1, 2, 3, 4, 5, 6, 7}) {
      for (const int64_t dim : {1, 7, 8, 15, 16, 17, 33, 96, 100, 131}) {
        const Case made = make_case(dim, low_bits, 5);
        double with = 0, without = 0, size = 0;
        for (size_t i = 0; i < made.numbers.size(); ++i) {
          without += static_cast<double>(made.weights[i]) * made.numbers[i];
          with += (static_cast<double>(made.weights[i]) - made.less[i]) * made.numbers[i];
          size += (std::abs(made.weights[i]) + std::abs(made.less[i])) * made.numbers[i];
        }
        const RabitqNumbers code{made.signs.data(), low_bits == 0 ? nullptr : made.low.data(), low_bits, dim};
        // Each of the dim terms and each of the dim sums is rounded once.
        const double tolerance = std::ldexp(static_cast<double>(dim) + 1, -23) * size;
        EXPECT_NEAR(rabitq_sum(code, made.weights.data(), nullptr), without, tolerance)
            << low_bits << " bits, " << dim;
        EXPECT_NEAR(rabitq_sum(code, made.weights.data(), made.less.data()), with, tolerance)
            << low_bits << " bits, " << dim;
      }
    }
  });
}

}  // namespace
}  // namespace whitney::codec
