#include "whitney/linalg/dense.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/simd.h"

namespace whitney {
namespace {

constexpr int64_t kTileRows = 414;  // of a: kTermBlock terms of them stay in L2
constexpr int64_t kTileCols = 240;  // rows of b, five panels
// Enough tasks for any machine's threads, few enough that packing rows of b once per task costs nothing.
constexpr int64_t kMostTasks = 256;

}  // namespace

void multiply_transposed(const Context& context, const MatrixView& a, const MatrixView& b, float* out) {
  check_simd_level();
  if (a.cols != b.cols) fail("cannot multiply rows of width ", a.cols, " with rows of width ", b.cols);
  if (a.dtype != DType::kF32 || b.dtype != DType::kF32) {
    fail("dense products take F32 matrices, not ", name_of(a.dtype), " and ", name_of(b.dtype));
  }
  if (a.rows == 0 || b.rows == 0) return;
  const int64_t num_row_tiles = (a.rows + kTileRows - 1) / kTileRows;
  const int64_t num_col_tiles = (b.rows + kTileCols - 1) / kTileCols;
  const int64_t num_groups = std::clamp(kMostTasks / num_col_tiles, int64_t{1}, num_row_tiles);
  std::vector<PackedRows> packed(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_col_tiles * num_groups, [&](int worker, int64_t task) {
    PackedRows& tile = packed[static_cast<size_t>(worker)];
    const int64_t column = task / num_groups * kTileCols, group = task % num_groups;
    tile.pack(b.slice(column, std::min(column + kTileCols, b.rows)));
    const int64_t end = num_row_tiles * (group + 1) / num_groups;
    for (int64_t r = num_row_tiles * group / num_groups; r < end; ++r) {
      const int64_t first = a.rows * r / num_row_tiles, last = a.rows * (r + 1) / num_row_tiles;
      multiply_tile(Kernel::kInnerProduct, a.slice(first, last), tile, out + first * b.rows + column, b.rows);
    }
  });
}

}  // namespace whitney
