#include "whitney/linalg/sparse.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#include "whitney/linalg/sparse_rows.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/sparse.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <bool kWeighted, class V>
HWY_INLINE void AddRow(V weight, V value, V& sum) {
  if constexpr (kWeighted) {
    sum = hn::MulAdd(weight, value, sum);
  } else {
    sum = hn::Add(value, sum);
  }
}

HWY_INLINE double SumOfSquares(const float* values, int64_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::PromoteTo(d, hn::LoadU(df, values + i));
    sums = hn::MulAdd(value, value, sums);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < n; ++i) sum += double{values[i]} * double{values[i]};
  return sum;
}

// Asks for the first `bytes` bytes at `from`.
HWY_INLINE void AskFor(const char* from, int64_t bytes, bool far) {
  if (far) {
    for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at, 0, 2);
  } else {
    for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + at, 0, 3);
  }
}

// Sums entries [begin, end) of one row into the columns of sizeof...(kVector) vectors from `column` on, with
// those of `addend`; adds their squares to `squares`.
template <bool kWeighted, class D, size_t... kVector>
HWY_INLINE void SumEntries(D d, const SparseRows& in, int64_t begin, int64_t end, int64_t column, float scale,
                           const float* addend, float* out, double* squares,
                           std::index_sequence<kVector...>) {
  using V = hn::Vec<D>;
  constexpr size_t kVectors = sizeof...(kVector);
  const size_t n = hn::Lanes(d);
  // Lines of a row's columns that are asked for ahead of time.
  const int64_t bytes = static_cast<int64_t>(kVectors * n * sizeof(float));
  const V zero = hn::Zero(d);
  V total[kVectors] = {((void)kVector, zero)...};
  for (int64_t block = begin; block < end; block += kSumBlock) {
    V sum[kVectors] = {((void)kVector, zero)...};
    const int64_t block_end = HWY_MIN(block + kSumBlock, end);
    for (int64_t e = block; e < block_end; ++e) {
      const int64_t ahead = HWY_MIN(e + in.distance, in.num_entries - 1);
      const char* next = reinterpret_cast<const char*>(in.dense + in.columns[ahead] * in.stride + column);
      AskFor(next, bytes, in.far);
      const float* values = in.dense + in.columns[e] * in.stride + column;
      const V weight = kWeighted ? hn::Set(d, in.weights[e]) : zero;
      (AddRow<kWeighted>(weight, hn::LoadU(d, values + kVector * n), sum[kVector]), ...);
    }
    // The first block is the total so far: a short row is summed as if there were no blocks.
    if (block == begin) {
      ((total[kVector] = sum[kVector]), ...);
    } else {
      ((total[kVector] = hn::Add(total[kVector], sum[kVector])), ...);
    }
  }
  const V scales = hn::Set(d, scale);
  if (addend != nullptr) {
    ((total[kVector] = hn::MulAdd(total[kVector], scales, hn::LoadU(d, addend + column + kVector * n))), ...);
  } else {
    ((total[kVector] = hn::Mul(total[kVector], scales)), ...);
  }
  if (squares != nullptr) {
    HWY_ALIGN float result[kVectors * hn::MaxLanes(d)];
    (hn::StoreU(total[kVector], d, result + kVector * n), ...);
    *squares += SumOfSquares(result, static_cast<int64_t>(kVectors * n));
  }
  if (in.stream && kVectors * n * sizeof(float) % 64 == 0) {
    (hn::Stream(total[kVector], d, out + column + kVector * n), ...);
  } else {
    (hn::StoreU(total[kVector], d, out + column + kVector * n), ...);
  }
}

// All of a work item's rows over one tile of columns.
template <bool kWeighted, size_t kVectors, class D>
void SumTile(D d, const SparseRows& in, const SparseWork& work, int64_t column) {
  for (int64_t row = work.row_begin; row < work.row_end; ++row) {
    const int64_t begin = HWY_MAX(in.offsets[row], work.entry_begin);
    const int64_t end = HWY_MIN(in.offsets[row + 1], work.entry_end);
    // A part of a long row is scaled when its parts are joined.
    const float scale = work.part != nullptr || in.row_scale == nullptr ? 1.0f : in.row_scale[row];
    float* out = work.part != nullptr ? work.part : in.out + row * in.width;
    const float* addend = in.addend == nullptr || work.part != nullptr ? nullptr : in.addend + row * in.width;
    double* squares = in.squares == nullptr || work.part != nullptr ? nullptr : in.squares + row;
    if (squares != nullptr && column == 0) *squares = 0;
    SumEntries<kWeighted>(d, in, begin, end, column, scale, addend, out, squares,
                          std::make_index_sequence<kVectors>());
  }
}

template <bool kWeighted>
void SumWork(const SparseRows& in, const SparseWork& work) {
  const hn::ScalableTag<float> d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  int64_t column = 0;
  // Every column sees the same operations in the same order, however wide its tile is.
  for (; column + 8 * n <= in.width; column += 8 * n) SumTile<kWeighted, 8>(d, in, work, column);
  if (column + 4 * n <= in.width) SumTile<kWeighted, 4>(d, in, work, column), column += 4 * n;
  if (column + 2 * n <= in.width) SumTile<kWeighted, 2>(d, in, work, column), column += 2 * n;
  if (column + n <= in.width) SumTile<kWeighted, 1>(d, in, work, column), column += n;
  const hn::CappedTag<float, 4> d4;
  const int64_t n4 = static_cast<int64_t>(hn::Lanes(d4));
  for (; column + n4 <= in.width; column += n4) SumTile<kWeighted, 1>(d4, in, work, column);
  for (; column < in.width; ++column) SumTile<kWeighted, 1>(hn::CappedTag<float, 1>(), in, work, column);
  if (in.stream) hwy::FlushStream();
}

void SumSparse(const SparseRows& in, const SparseWork& work) {
  if (in.weights != nullptr) {
    SumWork<true>(in, work);
  } else {
    SumWork<false>(in, work);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(SumSparse);

namespace {

struct Plan {
  std::vector<SparseWork> work;
  // Rows cut in parts, and where their parts are in work: parts of one row follow each other.
  struct LongRow {
    int64_t row;
    size_t first_part, last_part;
  };
  std::vector<LongRow> long_rows;
  Array<float> parts;
};

// Cuts the rows in work items of about equal size, which depend on the matrix only; rows longer than
// kPartEntries become several, each with a row of sums of its own.
Plan plan_work(const SparseView& sparse, int64_t width) {
  constexpr int64_t kWorkRows = 4096;
  Plan plan;
  const auto& offsets = sparse.offsets;
  for (int64_t row = 0; row < sparse.rows;) {
    const int64_t begin = offsets[static_cast<size_t>(row)], end = offsets[static_cast<size_t>(row) + 1];
    if (end - begin > kPartEntries) {
      const size_t first = plan.work.size();
      for (int64_t at = begin; at < end; at += kPartEntries) {
        plan.work.push_back({row, row + 1, at, std::min(at + kPartEntries, end), nullptr});
      }
      plan.long_rows.push_back({row, first, plan.work.size()});
      ++row;
      continue;
    }
    // The rows from here that together have at most kPartEntries entries; none of them is a long one.
    const auto last = offsets.begin() + std::min(row + kWorkRows, sparse.rows) + 1;
    const auto after = std::upper_bound(offsets.begin() + row + 1, last, begin + kPartEntries);
    const int64_t row_end = after - offsets.begin() - 1;
    plan.work.push_back({row, row_end, begin, offsets[static_cast<size_t>(row_end)], nullptr});
    row = row_end;
  }
  size_t num_parts = 0;
  for (const Plan::LongRow& row : plan.long_rows) num_parts += row.last_part - row.first_part;
  plan.parts = Array<float>(static_cast<int64_t>(num_parts) * width);
  float* part = plan.parts.mutable_data();
  for (const Plan::LongRow& row : plan.long_rows) {
    for (size_t i = row.first_part; i < row.last_part; ++i, part += width) plan.work[i].part = part;
  }
  return plan;
}

// Adds the parts of a long row in order.
void join_parts(const Plan& plan, const Plan::LongRow& row, const SparseRows& in) {
  const int64_t width = in.width;
  float* sums = in.out + row.row * width;
  const float scale = in.row_scale == nullptr ? 1.0f : in.row_scale[row.row];
  std::vector<float> total(plan.work[row.first_part].part, plan.work[row.first_part].part + width);
  for (size_t i = row.first_part + 1; i < row.last_part; ++i) {
    for (int64_t c = 0; c < width; ++c) total[static_cast<size_t>(c)] += plan.work[i].part[c];
  }
  for (int64_t c = 0; c < width; ++c) {
    const float scaled = total[static_cast<size_t>(c)] * scale;
    sums[c] = in.addend == nullptr ? scaled : scaled + in.addend[row.row * width + c];
  }
  if (in.squares == nullptr) return;
  in.squares[row.row] = 0;
  for (int64_t c = 0; c < width; ++c) in.squares[row.row] += double{sums[c]} * double{sums[c]};
}

void check_shapes(const SparseView& sparse, std::span<const float> row_scale, const MatrixView& dense) {
  if (dense.rows != sparse.cols) {
    fail("cannot multiply a sparse matrix of ", sparse.cols, " columns with ", dense.rows, " dense rows");
  }
  if (dense.dtype != DType::kF32) fail("sparse products take a F32 matrix, not ", name_of(dense.dtype));
  WHITNEY_CHECK(std::ssize(sparse.offsets) == sparse.rows + 1, "offsets ", sparse.offsets.size(), " for ",
                sparse.rows, " rows");
  WHITNEY_CHECK(sparse.weights.empty() || sparse.weights.size() == sparse.columns.size(), "weights ",
                sparse.weights.size(), " for ", sparse.columns.size(), " entries");
  WHITNEY_CHECK(row_scale.empty() || std::ssize(row_scale) == sparse.rows, "row_scale ", row_scale.size(),
                " for ", sparse.rows, " rows");
}

}  // namespace

void multiply_sparse(const Context& context, const SparseView& sparse, std::span<const float> row_scale,
                     const MatrixView& dense, float* out, double* squared_norms, const float* addend) {
  // Measured on a matrix of 2^16 rows of 128 (32 MiB) and of 2^21: 1.3 to 1.5 times as fast past the caches;
  // as fast at 4 MiB; where
  // the next product reads the result, 18 MiB are found in the caches again.
  constexpr int64_t kStreamBytes = int64_t{1} << 25, kFarBytes = int64_t{1} << 28;
  constexpr int64_t kLine = 64, kFloat = sizeof(float);
  check_simd_level();
  check_shapes(sparse, row_scale, dense);
  if (sparse.rows == 0 || dense.cols == 0) return;
  SparseRows in;
  in.offsets = sparse.offsets.data();
  in.columns = sparse.columns.data();
  in.weights = sparse.weights.empty() ? nullptr : sparse.weights.data();
  in.num_entries = std::ssize(sparse.columns);
  in.dense = static_cast<const float*>(dense.data);
  in.stride = dense.stride;
  in.width = dense.cols;
  in.row_scale = row_scale.empty() ? nullptr : row_scale.data();
  in.addend = addend;
  in.out = out;
  in.squares = squared_norms;
  in.far = dense.rows * dense.cols * kFloat >= kFarBytes;
  in.distance = prefetch_distance(dense.cols, in.far);
  in.stream = sparse.rows * dense.cols * kFloat >= kStreamBytes && dense.cols * kFloat % kLine == 0 &&
              reinterpret_cast<uintptr_t>(out) % kLine == 0;
  Plan plan = plan_work(sparse, dense.cols);
  parallel_for(context, std::ssize(plan.work), [&](int64_t item) {
    HWY_DYNAMIC_DISPATCH(SumSparse)(in, plan.work[static_cast<size_t>(item)]);
  });
  for (const Plan::LongRow& row : plan.long_rows) join_parts(plan, row, in);
}

}  // namespace whitney
#endif  // HWY_ONCE
