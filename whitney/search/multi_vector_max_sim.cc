#include "whitney/search/multi_vector_max_sim.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/multi_vector_kernels.h"

namespace whitney::search {
namespace {

// Products of so many vectors at a time stay in the second cache.
constexpr int64_t kVectorsAtOnce = 126;  // whole tiles of 9 rows
constexpr int64_t kRowsPerMaxSimTask = 16;

}  // namespace

void VectorSets::fail_damaged(int64_t row) {
  fail("the places of the vectors of row ", row, " are damaged (expected: the index as it was written)");
}

MaxSimQueries::MaxSimQueries(const VectorSets& queries) {
  // The vectors of the queries alone, which may be some of many.
  const int64_t first = queries.starts.front(), last = queries.starts.back();
  weights_ = DenseWeights(queries.vectors.slice(first, last));
  for (const int64_t start : queries.starts) starts_.push_back(start - first);
}

void MaxSimQueries::multiply(const MatrixView& base, float* out) const {
  weights_.multiply_on_this_thread(base, out, num_vectors());
}

void MaxSimQueries::add_up(std::span<float> best, float* scores) const {
  for (size_t q = 0; q + 1 < starts_.size(); ++q) {
    double sum = 0;
    for (auto j = static_cast<size_t>(starts_[q]); j < static_cast<size_t>(starts_[q + 1]); ++j)
      sum += best[j] == kNone ? 0 : double{best[j]};
    scores[q] = static_cast<float>(sum);
    if (!std::isfinite(scores[q]))
      fail("a score leaves the range of float32: the values of the vectors are too large");
  }
  std::ranges::fill(best, kNone);
}

// Rows that follow one another are multiplied together.
void MaxSimQueries::score_on_this_thread(const VectorSets& base, std::span<const uint32_t> rows,
                                         float* scores) const {
  const auto width = static_cast<size_t>(num_vectors());
  std::vector<float> products(static_cast<size_t>(kVectorsAtOnce) * width), best(width, kNone);
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    auto [first, row_end] = base.range(rows[i]);
    const int64_t last = base.range(rows[end - 1]).second;
    if (first > last) VectorSets::fail_damaged(rows[i]);
    const auto finish = [&] {
      add_up(best, scores + i * static_cast<size_t>(size()));
      if (++i < end) row_end = base.range(rows[i]).second;
    };
    for (int64_t at = first; at < last; at += kVectorsAtOnce) {
      const int64_t stop = std::min(at + kVectorsAtOnce, last);
      multiply(base.vectors.slice(at, stop), products.data());
      for (int64_t vector = at; vector < stop;) {
        while (row_end <= vector && i + 1 < end) finish();
        const int64_t until = std::min(row_end, stop);
        if (until <= vector) VectorSets::fail_damaged(rows[i]);
        max_of_rows(products.data() + static_cast<size_t>(vector - at) * width,
                    static_cast<size_t>(until - vector), best);
        vector = until;
      }
    }
    while (i < end) finish();
  }
}

bool MaxSimQueries::score(const Context& context, const VectorSets& base, std::span<const uint32_t> rows,
                          const Deadline& deadline, float* scores) const {
  if (num_vectors() == 0) {
    std::fill_n(scores, rows.size() * static_cast<size_t>(size()), 0.0F);
    return true;
  }
  SharedDeadlineWatch watch(deadline);
  parallel_blocks(context, std::ssize(rows), kRowsPerMaxSimTask, [&](int64_t begin, int64_t end) {
    if (watch.is_over()) {
      std::fill_n(scores + begin * size(), (end - begin) * size(), kNotScored);
      return;
    }
    score_on_this_thread(base, rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                         scores + begin * size());
  });
  return !watch.was_over();
}

}  // namespace whitney::search
