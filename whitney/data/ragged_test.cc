#include "whitney/data/ragged.h"

#include <gtest/gtest.h>

#include <limits>

#include "whitney/core/error.h"

namespace whitney {
namespace {

RaggedEmbeddings two_sparse_rows() {
  return sparse_rows_of(std::vector<int64_t>{0, 3, 4}, std::vector<int64_t>{7, 2, 7, 0},
                        std::vector<float>{1, 2, 3, 4}, 10);
}

std::string error_of(const RaggedEmbeddings& ragged) {
  try {
    ragged.validate();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Ragged, SortsTheDimensionsOfARowAndAddsEqualOnesUp) {
  const RaggedEmbeddings sparse = two_sparse_rows();
  EXPECT_EQ(error_of(sparse), "");
  EXPECT_EQ(std::vector<int64_t>(sparse.starts.begin(), sparse.starts.end()),
            (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(std::vector<int32_t>(sparse.indices.begin(), sparse.indices.end()),
            (std::vector<int32_t>{2, 7, 0}));
  EXPECT_EQ(std::vector<float>(sparse.values.begin(), sparse.values.end()), (std::vector<float>{2, 4, 4}));
}

TEST(Ragged, NamesTheRowOfADimensionOrAValueThatCannotBe) {
  EXPECT_THROW(
      sparse_rows_of(std::vector<int64_t>{0, 1}, std::vector<int64_t>{10}, std::vector<float>{1}, 10), Error);
  RaggedEmbeddings sparse = two_sparse_rows();
  sparse.values.mutable_data()[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(error_of(sparse).find("row 1 (\"1\") holds NaN in dimension 0"), std::string::npos);
  sparse = two_sparse_rows();
  sparse.indices.mutable_data()[1] = 2;
  EXPECT_NE(error_of(sparse).find("dimension 2 of 10 behind dimension 2"), std::string::npos);
  sparse = two_sparse_rows();
  sparse.starts.mutable_data()[1] = 5;
  EXPECT_NE(error_of(sparse).find("starts"), std::string::npos);
}

TEST(Ragged, RowsTakenAndJoinedAreWhatTheyWere) {
  const RaggedEmbeddings sparse = two_sparse_rows();
  const RaggedEmbeddings turned = sparse.entries_of(std::vector<int64_t>{1, 0});
  EXPECT_EQ(turned.indices[0], 0);
  EXPECT_EQ(turned.starts[1], 1);
  const RaggedEmbeddings both = joined_entries(turned, sparse);
  EXPECT_EQ(both.size(), 4);
  EXPECT_EQ(both.starts[4], 6);
  EXPECT_EQ(both.indices[3], 2);

  RaggedEmbeddings vectors;
  vectors.starts = {0, 1, 3};
  vectors.vectors = Matrix(3, 2);
  for (int i = 0; i < 6; ++i) vectors.vectors.mutable_data<float>()[i] = static_cast<float>(i);
  const RaggedEmbeddings last = vectors.entries_of(std::vector<int64_t>{1});
  EXPECT_EQ(last.vectors.rows(), 2);
  EXPECT_EQ(last.vectors.row<float>(0)[0], 2.0F);
  const RaggedEmbeddings joined = joined_entries(last, vectors);
  EXPECT_EQ(joined.starts[3], 5);
  EXPECT_EQ(joined.vectors.row<float>(2)[1], 1.0F);
}

TEST(Ragged, FingerprintsDifferWithAnyPart) {
  const RaggedEmbeddings sparse = two_sparse_rows();
  RaggedEmbeddings other = sparse;
  other.values.mutable_data()[0] = 5;
  EXPECT_NE(fingerprint(sparse), fingerprint(other));
  other = sparse;
  other.ids = Ids::strings({"a", "b"});
  EXPECT_NE(fingerprint(sparse), fingerprint(other));
}

}  // namespace
}  // namespace whitney
