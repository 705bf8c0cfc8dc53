#include "whitney/codec/auto.h"

#include <gtest/gtest.h>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

TEST(Auto, ABudgetIsASizeOrAShare) {
  EXPECT_EQ(budget_per_vector("64MB", 1'000'000, 384), 64);
  EXPECT_EQ(budget_per_vector("1.5kB", 10, 384), 150);
  EXPECT_EQ(budget_per_vector("0.25", 10, 384), 384);
  for (const char* bad : {"", "MB", "-1MB", "64 parsecs", "2", "1e"}) {
    EXPECT_NE(error_of([&] { budget_per_vector(bad, 10, 10); }).find("64MB"), std::string::npos) << bad;
  }
}

TEST(Auto, TriesWhatFitsAndPutsTheBestFirst) {
  const Matrix vectors = normal_vectors(1500, 32);
  const std::vector<CodecTrial> trials = try_codecs(Rows(vectors), Metric::kL2, 40, 50, {});
  EXPECT_GT(trials.size(), 5U);
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_LE(trials[i].bytes_per_vector, 40);
    EXPECT_GE(trials[i].recall_with_vectors, trials[i].recall - 1e-9) << trials[i].method;
    EXPECT_LE(trials[i].recall, trials[i > 0 ? i - 1 : 0].recall);
  }
  EXPECT_GT(trials.front().recall, 0.95);
}

TEST(Auto, TheRecordNamesTheChosenCodecAndWhatWasTried) {
  const Embeddings embeddings = embeddings_of(normal_vectors(1200, 32), "cosine");
  const CompressedEmbeddings small = compress("auto", embeddings, Value::object({{"budget", "0.2"}}), {});
  EXPECT_LE(small.bytes_per_vector(), 25);
  const Value::List& trials = small.record.at("trials").as_list();
  EXPECT_EQ(small.record.at("method"), trials.at(0).at("method"));
  EXPECT_EQ(small.record.at("options"), trials.at(0).at("options"));
  EXPECT_EQ(trials.at(0).at("bytes_per_vector").as_int(), small.bytes_per_vector());
}

TEST(Auto, SaysHowLittleWouldBeEnough) {
  const Matrix vectors = normal_vectors(300, 32);
  EXPECT_NE(
      error_of([&] { try_codecs(Rows(vectors), Metric::kL2, 0, 50, {}); }).find("the least tried takes"),
      std::string::npos);
}

}  // namespace
}  // namespace whitney::codec
