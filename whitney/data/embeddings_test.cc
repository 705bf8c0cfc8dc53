#include "whitney/data/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Embeddings three() {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"a", "b", "c"});
  embeddings.vectors = Matrix::zeros(3, 2);
  return embeddings;
}

Attributes years(std::initializer_list<int64_t> values) {
  ColumnBuilder builder("year");
  for (const int64_t value : values) builder.add_int(value, "");
  Attributes attributes;
  attributes.num_rows = static_cast<int64_t>(values.size());
  attributes.columns.push_back(builder.finish());
  return attributes;
}

TEST(EmbeddingsValidate, NamesRowIdAndDimensionOfNaN) {
  Embeddings embeddings = three();
  embeddings.vectors.mutable_data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { embeddings.validate(); }),
              HasSubstr("the vector of \"b\" (row 1, counted from 0) holds NaN in dimension 1"));
  embeddings.vectors.mutable_data<float>()[3] = -std::numeric_limits<float>::infinity();
  EXPECT_THAT(error_of([&] { embeddings.validate(); }), HasSubstr("an infinite value"));
}

TEST(EmbeddingsValidate, FindsNaNOfEveryFloatType) {
  for (const auto& [dtype, bits] : {std::pair{DType::kF16, 0x7e00}, {DType::kBF16, 0x7fc0}}) {
    Embeddings embeddings = three();
    embeddings.vectors = Matrix::zeros(3, 2, dtype);
    embeddings.validate();
    embeddings.vectors.mutable_data<uint16_t>()[5] = static_cast<uint16_t>(bits);
    EXPECT_THAT(error_of([&] { embeddings.validate(); }), HasSubstr("the vector of \"c\""));
  }
}

TEST(EmbeddingsValidate, NamesTheFirstRowAtAnyThreadCount) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(300'000);
  embeddings.vectors = Matrix::zeros(300'000, 4);
  for (const int64_t row : {299'999, 150'001, 150'000})
    embeddings.vectors.mutable_data<float>()[4 * row] = std::numeric_limits<float>::quiet_NaN();
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    EXPECT_THAT(error_of([&] { embeddings.validate(context); }), HasSubstr("row 150000,"));
  }
}

TEST(EmbeddingsValidate, NamesAnIdThatStandsTwice) {
  Embeddings embeddings = three();
  embeddings.ids = Ids::strings({"a", "b", "a"});
  EXPECT_THAT(error_of([&] { embeddings.validate(); }),
              HasSubstr("id \"a\" stands twice in the embeddings, in rows 0 and 2"));
}

TEST(EmbeddingsValidate, RefusesSidesThatDifferInRows) {
  Embeddings embeddings = three();
  embeddings.ids = Ids::strings({"a", "b"});
  EXPECT_THAT(error_of([&] { embeddings.validate(); }), HasSubstr("2 ids for 3 vectors"));
  embeddings = three();
  embeddings.attributes = years({1, 2});
  EXPECT_THAT(error_of([&] { embeddings.validate(); }), HasSubstr("attributes of 2 rows for 3 vectors"));
}

TEST(EmbeddingsValidate, RefusesTypesThatAreNoVectors) {
  Embeddings embeddings = three();
  embeddings.vectors = Matrix::zeros(3, 2, DType::kI32);
  EXPECT_THAT(error_of([&] { embeddings.validate(); }), HasSubstr("vectors are of type I32"));
}

TEST(EmbeddingsMetric, IsCosineUnlessTheRecordTells) {
  Embeddings embeddings = three();
  EXPECT_EQ(embeddings.metric(), Metric::kCosine);
  embeddings.record.set("metric", "inner_product");
  EXPECT_EQ(embeddings.metric(), Metric::kInnerProduct);
  embeddings.record.set("metric", "manhattan");
  EXPECT_THAT(error_of([&] { embeddings.metric(); }),
              HasSubstr("\"manhattan\" (expected: cosine, inner_product or l2)"));
}

TEST(JoinAttributes, PutsEachRowOfTheTableBesideItsId) {
  const Table table{Ids::strings({"c", "x", "a"}), years({3, 9, 1})};
  const JoinResult joined = join_attributes(three().ids, table);
  const Column& year = *joined.attributes.find("year");
  EXPECT_EQ(year.value(0), Value(1));
  EXPECT_TRUE(year.value(1).is_null());
  EXPECT_EQ(year.value(2), Value(3));
  EXPECT_EQ(joined.unmatched_rows, 1);
  EXPECT_EQ(joined.unused_rows, 1);
}

TEST(JoinAttributes, FindsIntegersWrittenAsText) {
  const JoinResult joined =
      join_attributes(Ids::integers({7, 8}), {Ids::strings({"8", "7"}), years({80, 70})});
  EXPECT_EQ(joined.attributes.find("year")->value(0), Value(70));
  EXPECT_EQ(joined.unmatched_rows, 0);
  const JoinResult other = join_attributes(Ids::strings({"8"}), {Ids::integers({7, 8}), years({70, 80})});
  EXPECT_EQ(other.attributes.find("year")->value(0), Value(80));
  EXPECT_EQ(other.unused_rows, 1);
}

TEST(JoinAttributes, RefusesATableWithAnIdTwice) {
  EXPECT_THAT(error_of([] { join_attributes(three().ids, {Ids::strings({"a", "a"}), years({1, 2})}); }),
              HasSubstr("id \"a\" stands twice in the table"));
}

TEST(AppendColumns, RefusesANameThatBothHave) {
  Attributes attributes = years({1, 2});
  EXPECT_THAT(error_of([&] { append_columns(attributes, years({3, 4})); }), HasSubstr("\"year\""));
  Attributes none;
  append_columns(none, years({3, 4}));
  EXPECT_THAT(none.names(), ElementsAre("year"));
}

TEST(Fingerprint, IsTheSameInMemoryAndMapped) {
  const TemporaryFolder folder;
  Embeddings embeddings = three();
  embeddings.attributes = years({1, 2, 3});
  save_embeddings(embeddings, folder.file("a.safetensors"), false, {});
  EXPECT_EQ(fingerprint(load_embeddings(folder.file("a.safetensors"))), fingerprint(embeddings));
}

TEST(Fingerprint, ChangesWithEveryPart) {
  const std::string before = fingerprint(three());
  Embeddings vectors = three(), ids = three(), attributes = three(), shape = three();
  vectors.vectors.mutable_data<float>()[0] = 1;
  ids.ids = Ids::strings({"a", "bc", ""});
  attributes.attributes = years({1, 2, 3});
  shape.vectors = Matrix::zeros(2, 3);
  for (const Embeddings* changed : {&vectors, &ids, &attributes, &shape})
    EXPECT_NE(fingerprint(*changed), before);
}

}  // namespace
}  // namespace whitney
