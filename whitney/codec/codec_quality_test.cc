// Recall of the codecs on real vectors, against what an implementation of the same formulas in NumPy
// measured.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/data/readers.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/top_k.h"

namespace whitney::codec {
namespace {

struct Data {
  Matrix base, queries;
  Neighbors truth;
};

std::string data_path(const std::string& name) {
  const char* folder = std::getenv("WHITNEY_DATA");
  return std::string(folder != nullptr ? folder : "../shared/data") + "/" + name;
}

Matrix first_rows(const std::string& name, int64_t count) {
  return Matrix::copy_of(read_vectors(data_path(name), {}, {}).vectors.view().slice(0, count)).to_float32();
}

Data data_of(const std::string& base, const std::string& queries) {
  Data data{first_rows(base, 10'000), first_rows(queries, 200), {}};
  data.truth = exact_search(data.queries, data.base, 10, Metric::kL2, {});
  return data;
}

// Of the 10 nearest, the share that is among the 10 best by the codes; `fine`: of all rows by both levels.
double recall(const Data& data, std::string_view method, const Value& options, bool fine = false) {
  const auto codec = fitted(method, data.base, options);
  const Codes codes = encode_rows(*codec, Rows(data.base), {});
  const int64_t n = data.base.rows();
  std::vector<float> values(static_cast<size_t>(n));
  int64_t hits = 0;
  for (int64_t q = 0; q < data.queries.rows(); ++q) {
    const float* query = data.queries.row<float>(q).data();
    if (fine) {
      const auto scorer = codec->fine_scorer(Kernel::kSquaredL2, query);
      for (int64_t i = 0; i < n; ++i) {
        values[static_cast<size_t>(i)] = scorer->score(codes.codes.data() + i * codec->code_bytes(),
                                                       codes.fine.data() + i * codec->fine_bytes());
      }
    } else {
      codec->scorer(Kernel::kSquaredL2, query)->score(codes.codes.data(), n, values.data());
    }
    TopK top(10);
    top.push_run(values, 0);
    const auto begin = data.truth.rows.begin() + q * 10;
    for (const TopK::Entry& entry : top.take()) hits += std::count(begin, begin + 10, int64_t{entry.row});
  }
  return static_cast<double>(hits) / static_cast<double>(10 * data.queries.rows());
}

Value bits(int count, int centroids) {
  return Value::object({{"bits", count}, {"num_centroids", centroids}});
}
Value levels(const char* name, bool mean = true) {
  return Value::object({{"bits", name}, {"remove_mean", mean}});
}

// The figures are of 500 queries; of 200, recall@10 differs from these by .01 at a standard deviation or two.
void expect_recall(double measured, double expected, double tolerance, const char* what) {
  std::printf("  %-24s %.4f (NumPy %.4f)\n", what, measured, expected);
  EXPECT_NEAR(measured, expected, tolerance) << what;
}

TEST(CodecQuality, RecallOfScalarsOnDeepDescriptorsIsThatOfTheFormulas) {
  if (!std::filesystem::exists(data_path("deep10k/base.fbin.gz")))
    GTEST_SKIP() << "no deep10k (WHITNEY_DATA)";
  const Data data = data_of("deep10k/base.fbin.gz", "deep10k/query.fbin.gz");
  const Value one_range = Value::object({{"per_dimension", false}}), none = Value::object();
  expect_recall(recall(data, "sq8", none), 0.990, 0.015, "sq8");
  expect_recall(recall(data, "sq8", one_range), 0.988, 0.015, "sq8, one range");
  expect_recall(recall(data, "sq4", none), 0.871, 0.02, "sq4");
  expect_recall(recall(data, "sq4", one_range), 0.838, 0.02, "sq4, one range");
  expect_recall(recall(data, "lvq", levels("8")), 0.994, 0.005, "lvq 8");
  expect_recall(recall(data, "lvq", levels("4")), 0.912, 0.015, "lvq 4");
  expect_recall(recall(data, "lvq", levels("4x4"), true), 0.992, 0.005, "lvq 4x4");
  expect_recall(recall(data, "lvq", levels("4x8"), true), 0.9998, 0.005, "lvq 4x8");
}

TEST(CodecQuality, RecallOfPqOnDeepDescriptorsIsThatOfTheFormulas) {
  if (!std::filesystem::exists(data_path("deep10k/base.fbin.gz")))
    GTEST_SKIP() << "no deep10k (WHITNEY_DATA)";
  const Data data = data_of("deep10k/base.fbin.gz", "deep10k/query.fbin.gz");
  expect_recall(recall(data, "pq", Value::object({{"num_subspaces", 12}})), 0.576, 0.03, "pq, 12 bytes");
  expect_recall(recall(data, "pq", Value::object({{"num_subspaces", 24}, {"bits", "4"}})), 0.532, 0.03,
                "pq of 4 bits, 12 bytes");
}

TEST(CodecQuality, RecallOfRabitqOnDeepDescriptorsIsThatOfTheFormulas) {
  if (!std::filesystem::exists(data_path("deep10k/base.fbin.gz")))
    GTEST_SKIP() << "no deep10k (WHITNEY_DATA)";
  const Data data = data_of("deep10k/base.fbin.gz", "deep10k/query.fbin.gz");
  expect_recall(recall(data, "rabitq", bits(1, 1)), 0.521, 0.03, "rabitq 1");
  expect_recall(recall(data, "rabitq", bits(1, 16)), 0.587, 0.03, "rabitq 1, 16 means");
  expect_recall(recall(data, "rabitq", bits(2, 1), true), 0.735, 0.025, "rabitq 2");
  expect_recall(recall(data, "rabitq", bits(4, 1), true), 0.921, 0.02, "rabitq 4");
  expect_recall(recall(data, "rabitq", bits(7, 1), true), 0.985, 0.015, "rabitq 7");
}

TEST(CodecQuality, ALearnedRotationOfDeepDescriptorsFindsMoreThanPq) {
  if (!std::filesystem::exists(data_path("deep10k/base.fbin.gz")))
    GTEST_SKIP() << "no deep10k (WHITNEY_DATA)";
  const Data data = data_of("deep10k/base.fbin.gz", "deep10k/query.fbin.gz");
  // The formulas' recall is that of 15 rounds; codec_bench takes all 50.
  const double opq = recall(data, "opq", Value::object({{"num_subspaces", 12}, {"num_rounds", 5}}));
  expect_recall(opq, 0.614, 0.03, "opq, 12 bytes");
  EXPECT_GT(opq, recall(data, "pq", Value::object({{"num_subspaces", 12}})));
}

TEST(CodecQuality, CodebooksOfWholeDeepDescriptorsFindMoreThanPq) {
  if (!std::filesystem::exists(data_path("deep10k/base.fbin.gz")))
    GTEST_SKIP() << "no deep10k (WHITNEY_DATA)";
  const Data data = data_of("deep10k/base.fbin.gz", "deep10k/query.fbin.gz");
  const Value stages =
      Value::object({{"num_stages", 6}, {"beam_size", 2}, {"max_iterations", 3}, {"refinements", 1}});
  EXPECT_GT(recall(data, "rvq", stages), recall(data, "pq", Value::object({{"num_subspaces", 6}})));
}

TEST(CodecQuality, ARotationBeforePqHarmsPixels) {
  if (!std::filesystem::exists(data_path("mnist/train-images-idx3-ubyte.gz")))
    GTEST_SKIP() << "no mnist (WHITNEY_DATA)";
  const Data data = data_of("mnist/train-images-idx3-ubyte.gz", "mnist/t10k-images-idx3-ubyte.gz");
  const double pq = recall(data, "pq", Value::object({{"num_subspaces", 14}}));
  const double turned =
      recall(data, "rotation", Value::object({{"codec", "pq"}, {"codec.num_subspaces", 14}}));
  expect_recall(pq, 0.740, 0.03, "pq, 14 bytes");
  expect_recall(turned, 0.506, 0.03, "rotation, then pq, 14 bytes");
  EXPECT_LT(turned, pq - 0.15);
}

TEST(CodecQuality, RecallOnDigitsIsThatOfTheFormulas) {
  if (!std::filesystem::exists(data_path("mnist/train-images-idx3-ubyte.gz")))
    GTEST_SKIP() << "no mnist (WHITNEY_DATA)";
  const Data data = data_of("mnist/train-images-idx3-ubyte.gz", "mnist/t10k-images-idx3-ubyte.gz");
  const Value none = Value::object();
  expect_recall(recall(data, "sq8", none), 1.0, 0.005, "sq8");
  expect_recall(recall(data, "sq4", none), 0.979, 0.015, "sq4");
  expect_recall(recall(data, "lvq", levels("4")), 0.960, 0.012, "lvq 4");
  expect_recall(recall(data, "lvq", levels("4", false)), 0.979, 0.012, "lvq 4, no mean");
  expect_recall(recall(data, "rabitq", bits(1, 1)), 0.837, 0.025, "rabitq 1");
  expect_recall(recall(data, "rabitq", bits(1, 16)), 0.868, 0.025, "rabitq 1, 16 means");
}

}  // namespace
}  // namespace whitney::codec
