#include "whitney/text/skip_gram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/text/skip_gram_step.h"

namespace whitney::text {
namespace {

Context with_threads(int threads, uint64_t seed = 42) {
  Context context;
  context.threads = threads;
  context.seed = seed;
  return context;
}

/// Items of two halves: an item is seen with items of its own half only.
struct TwoHalves : PairSource {
  int64_t n, chunks;
  TwoHalves(int64_t items, int64_t count) : n(items), chunks(count) {}
  int64_t num_chunks() const override { return chunks; }
  double pairs_per_chunk() const override { return 500; }
  void read(int64_t chunk, PairBuffer& pairs) const override {
    RandomStream random(7, "test", static_cast<uint64_t>(chunk));
    for (int i = 0; i < 500; ++i) {
      const uint64_t half = random.below(2), size = static_cast<uint64_t>(n / 2);
      const auto item = [&] { return static_cast<uint32_t>(half * size + random.below(size)); };
      const uint32_t u = item();
      pairs.add(u, item());
    }
  }
};

std::vector<int64_t> ones(int64_t n) { return std::vector<int64_t>(static_cast<size_t>(n), 1); }

double mean_cosine(const Matrix& vectors, bool same_half) {
  const int64_t n = vectors.rows();
  double total = 0, count = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      const bool same = (i < n / 2) == (j < n / 2);
      if (same != same_half) continue;
      double dot = 0, a = 0, b = 0;
      for (int64_t k = 0; k < vectors.cols(); ++k) {
        const double x = vectors.row<float>(i)[static_cast<size_t>(k)];
        const double y = vectors.row<float>(j)[static_cast<size_t>(k)];
        dot += x * y, a += x * x, b += y * y;
      }
      total += dot / std::sqrt(a * b);
      ++count;
    }
  }
  return total / count;
}

bool same_bytes(const Matrix& a, const Matrix& b) {
  return std::memcmp(a.bytes().data(), b.bytes().data(), static_cast<size_t>(a.bytes().size())) == 0;
}

SkipGramOptions small_options() { return {.dim = 9, .learning_rate = 0.1}; }

TEST(SkipGram, TellsWhatIsSeenTogether) {
  const TwoHalves pairs(256, 200);
  const std::vector<int64_t> counts = ones(256);
  for (const Softmax softmax : {Softmax::kNegativeSampling, Softmax::kHierarchical}) {
    const SkipGramData data{.source = &pairs, .counts = counts, .softmax = softmax};
    for (const bool deterministic : {true, false}) {
      SkipGramOptions options = small_options();
      options.deterministic = deterministic;
      const Matrix vectors = train_skip_gram(data, options, with_threads(1));
      EXPECT_GT(mean_cosine(vectors, true), 0.7) << name_of_enum(softmax) << deterministic;
      EXPECT_LT(mean_cosine(vectors, false), 0.2) << name_of_enum(softmax) << deterministic;
    }
  }
  const SkipGramData one_table{.source = &pairs, .counts = counts, .one_table = true};
  const Matrix vectors = train_skip_gram(one_table, small_options(), with_threads(1));
  EXPECT_GT(mean_cosine(vectors, true), 0.6);
  EXPECT_LT(mean_cosine(vectors, false), 0.2);
}

TEST(SkipGram, GivesTheSameBytesAtAnyNumberOfThreads) {
  const TwoHalves pairs(300, 20);
  const std::vector<int64_t> counts = ones(300);
  for (const bool one_table : {false, true}) {
    const SkipGramData data{.source = &pairs, .counts = counts, .one_table = one_table};
    const Matrix one = train_skip_gram(data, small_options(), with_threads(1));
    EXPECT_TRUE(same_bytes(one, train_skip_gram(data, small_options(), with_threads(2))));
    EXPECT_TRUE(same_bytes(one, train_skip_gram(data, small_options(), with_threads(5))));
    EXPECT_FALSE(same_bytes(one, train_skip_gram(data, small_options(), with_threads(1, 43))));
  }
  const SkipGramData tree{.source = &pairs, .counts = counts, .softmax = Softmax::kHierarchical};
  EXPECT_TRUE(same_bytes(train_skip_gram(tree, small_options(), with_threads(1)),
                         train_skip_gram(tree, small_options(), with_threads(5))));
}

TEST(SkipGram, GivesItemsThatNeverOccurZeroRows) {
  const TwoHalves pairs(10, 2);
  std::vector<int64_t> counts = ones(12);
  counts[10] = counts[11] = 0;
  for (const Softmax softmax : {Softmax::kNegativeSampling, Softmax::kHierarchical}) {
    const Matrix vectors = train_skip_gram({.source = &pairs, .counts = counts, .softmax = softmax},
                                           small_options(), with_threads(1));
    for (int64_t i = 0; i < 12; ++i) {
      double norm = 0;
      for (const float x : vectors.row<float>(i)) norm += double{x} * x;
      EXPECT_TRUE(std::isfinite(norm));
      EXPECT_EQ(norm == 0, i >= 10) << i;
    }
  }
}

TEST(SkipGram, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  const TwoHalves pairs(10, 2);
  const std::vector<int64_t> counts = ones(10);
  EXPECT_THROW(train_skip_gram({.source = &pairs, .counts = counts}, small_options(), context), Cancelled);
}

TEST(SkipGram, EstimatesTablesAndAnEpisode) {
  const SkipGramOptions options{.dim = 100};
  const int64_t n = 1000000;
  const int64_t two = skip_gram_bytes(n, 1e9, 1e4, Softmax::kNegativeSampling, false, options);
  const int64_t one = skip_gram_bytes(n, 1e9, 1e4, Softmax::kNegativeSampling, true, options);
  // Two tables of 112 floats a row, and 16 pairs an item of 24 bytes and a little.
  EXPECT_GT(two, 2 * n * 112 * 4 + 16 * n * 24);
  EXPECT_LT(two, 2 * n * 112 * 4 + 16 * n * 27 + 50 * n);
  EXPECT_LT(one, two);
  SkipGramOptions hogwild = options;
  hogwild.deterministic = false;
  EXPECT_LT(skip_gram_bytes(n, 1e9, 1e4, Softmax::kNegativeSampling, false, hogwild), two);
}

}  // namespace
}  // namespace whitney::text
