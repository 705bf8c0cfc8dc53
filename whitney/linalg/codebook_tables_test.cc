#include "whitney/linalg/codebook_tables.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(CodebookTables, HoldTheKernelsValueOfEachCentroid) {
  for (const int64_t size : {16, 48, 256}) {
    for (const int64_t width : {0, 1, 3, 8, 31}) {
      RandomStream random(1, "codebook", static_cast<uint64_t>(size * 100 + width));
      std::vector<float> query(static_cast<size_t>(width)), columns(static_cast<size_t>(width * size));
      for (float& value : query) value = static_cast<float>(random.uniform() - 0.5);
      for (float& value : columns) value = static_cast<float>(random.uniform() - 0.5);
      at_each_level([&] {
        std::vector<float> products(static_cast<size_t>(size), 7.0F), squares(products);
        codebook_table(Kernel::kInnerProduct, query.data(), columns.data(), width, size, products.data());
        codebook_table(Kernel::kSquaredL2, query.data(), columns.data(), width, size, squares.data());
        for (size_t j = 0; j < products.size(); ++j) {
          double product = 0, square = 0, magnitude = 0;
          for (size_t i = 0; i < query.size(); ++i) {
            const double a = query[i], b = columns[i * products.size() + j];
            product += a * b;
            square += (a - b) * (a - b);
            magnitude += std::abs(a * b) + (a - b) * (a - b);
          }
          // Each of the sums of float32 rounds width times, each term twice.
          const double tolerance = std::ldexp(static_cast<double>(width) + 2, -23) * magnitude;
          EXPECT_NEAR(products[j], product, tolerance);
          EXPECT_NEAR(squares[j], square, tolerance);
        }
      });
    }
  }
}

}  // namespace
}  // namespace whitney
