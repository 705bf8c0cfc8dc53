#include <gtest/gtest.h>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

TEST(HalfCodecs, RoundToNearestAndTiesToEven) {
  // float16 has 11 bits: 2049 lies between 2048 and 2050, 2051 between 2050 and 2052. bfloat16 has 8: 257,
  // 259.
  const Matrix vectors = matrix_of({{2049, 2051, -0.5F, 257, 259}});
  EXPECT_EQ(round_trip(*fitted("f16", vectors), vectors, 0),
            (std::vector<float>{2048, 2052, -0.5F, 257, 259}));
  EXPECT_EQ(round_trip(*fitted("bf16", vectors), vectors, 0),
            (std::vector<float>{2048, 2048, -0.5F, 256, 260}));
}

TEST(HalfCodecs, RefuseWhatTheyCannotHold) {
  const Embeddings large = embeddings_of(matrix_of({{1, 2}, {70'000, 1}}), "l2");
  const std::string text = error_of([&] { compress("f16", large, Value::object(), {}); });
  EXPECT_NE(text.find("row 1"), std::string::npos) << text;
  EXPECT_NE(text.find("bf16"), std::string::npos) << text;
  EXPECT_EQ(compress("bf16", large, Value::object(), {}).size(), 2);
}

TEST(HalfCodecs, KeepNormsUnderCosine) {
  const CompressedEmbeddings small =
      compress("f16", embeddings_of(matrix_of({{3, 4}}), "cosine"), Value::object(), {});
  const Embeddings back = small.decode({});
  EXPECT_EQ(back.vectors.dtype(), DType::kF16);
  EXPECT_EQ(back.vectors.to_float32().row<float>(0)[1], 4);
}

}  // namespace
}  // namespace whitney::codec
