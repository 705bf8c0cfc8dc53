#include "whitney/linalg/dense.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/simd.h"

namespace whitney {
namespace {

constexpr int64_t kTileRows = 240;  // of a: packed, they stay in L2 up to a width of about 1,500
constexpr int64_t kTileCols = 256;  // of b
// Enough tasks for any machine's threads, few enough that packing rows of a once per task costs nothing.
constexpr int64_t kMostTasks = 256;

struct Worker {
  PackedRows packed;
  TileScratch scratch;
};

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
  const int64_t num_groups = std::clamp(kMostTasks / num_row_tiles, int64_t{1}, num_col_tiles);
  std::vector<Worker> workers(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_row_tiles * num_groups, [&](int worker, int64_t task) {
    auto& [packed, scratch] = workers[static_cast<size_t>(worker)];
    const int64_t tile = task / num_groups, group = task % num_groups;
    const int64_t first = a.rows * tile / num_row_tiles, last = a.rows * (tile + 1) / num_row_tiles;
    packed.pack(a.slice(first, last));
    const int64_t end = num_col_tiles * (group + 1) / num_groups;
    for (int64_t c = num_col_tiles * group / num_groups; c < end; ++c) {
      const int64_t begin = c * kTileCols;
      multiply_tile(Kernel::kInnerProduct, packed, b.slice(begin, std::min(begin + kTileCols, b.rows)),
                    scratch, out + first * b.rows + begin, b.rows);
    }
  });
}

}  // namespace whitney
