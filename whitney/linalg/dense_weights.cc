#include "whitney/linalg/dense_weights.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/simd.h"

namespace whitney {
namespace {

constexpr int64_t kTileRows = 414;  // of a: 46 register blocks, kTermBlock terms of which stay in L2
constexpr int64_t kTilePanels = 5;  // of the weights: what is written of a tile stays in L2 too

// Calls body(first row, last row, first panel, last panel) of each tile by number. There are as many tiles
// for each thread: with 5 tiles of 24 panels, one of two threads would be idle for a sixth of the time.
class Tiles {
 public:
  Tiles(int64_t rows, int64_t panels, int threads)
      : rows_(rows), panels_(panels), threads_(threads), num_row_tiles_((rows + kTileRows - 1) / kTileRows) {
    const int64_t least = (panels + kTilePanels - 1) / kTilePanels;
    num_panel_tiles_ = std::min((least + threads - 1) / threads * threads, panels);
  }
  int64_t size() const { return num_row_tiles_ * num_panel_tiles_; }
  // A loop deals its tiles to threads in runs. The run that ends with a tile; -1: it goes on.
  int64_t run_ended_by(int64_t tile) const {
    const int64_t run = tile * threads_ / size();
    return (tile + 1) * threads_ >= (run + 1) * size() ? run : -1;
  }
  int64_t first_panel_of_run(int64_t run) const {
    const int64_t tile = (run * size() + threads_ - 1) / threads_;
    return panels_ * (tile % num_panel_tiles_) / num_panel_tiles_;
  }
  template <class Body>
  void run(int64_t tile, const Body& body) const {
    const int64_t r = tile / num_panel_tiles_, p = tile % num_panel_tiles_;
    body(rows_ * r / num_row_tiles_, rows_ * (r + 1) / num_row_tiles_, panels_ * p / num_panel_tiles_,
         panels_ * (p + 1) / num_panel_tiles_);
  }

 private:
  int64_t rows_, panels_, threads_, num_row_tiles_, num_panel_tiles_ = 0;
};

}  // namespace

DenseWeights::DenseWeights(const MatrixView& weights, std::span<const float> bias) {
  packed_.reset(weights.rows, weights.cols);
  std::vector<float> panel(static_cast<size_t>(PackedRows::kPanelRows * weights.cols));
  for (int64_t p = 0; p < packed_.num_panels(); ++p) {
    const int64_t first = p * PackedRows::kPanelRows;
    MatrixView rows = weights.slice(first, std::min(first + PackedRows::kPanelRows, weights.rows));
    if (rows.dtype != DType::kF32) {
      for (int64_t i = 0; i < rows.rows; ++i) copy_row_as_float(rows, i, panel.data() + i * rows.cols);
      rows = {panel.data(), rows.rows, rows.cols, rows.cols, DType::kF32};
    }
    packed_.pack_panel(p, rows);
  }
  set_bias(bias);
}

DenseWeights::DenseWeights(const Context& context, int64_t rows, int64_t cols, const CopyRows& copy_rows,
                           std::span<const float> bias) {
  packed_.reset(rows, cols);
  std::vector<std::vector<float>> panels(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, packed_.num_panels(), [&](int worker, int64_t p) {
    std::vector<float>& panel = panels[static_cast<size_t>(worker)];
    panel.resize(static_cast<size_t>(PackedRows::kPanelRows * cols));
    const int64_t first = p * PackedRows::kPanelRows, last = std::min(first + PackedRows::kPanelRows, rows);
    copy_rows(first, last, panel.data());
    packed_.pack_panel(p, {panel.data(), last - first, cols, cols, DType::kF32});
  });
  set_bias(bias);
}

void DenseWeights::set_bias(std::span<const float> bias) {
  if (bias.empty()) return;
  if (std::ssize(bias) != rows()) fail("a bias of ", bias.size(), " values for ", rows(), " outputs");
  bias_ = Array<float>::copy_of(bias);
}

int64_t DenseWeights::size_bytes() const {
  return packed_.size_bytes() + bias_.size() * static_cast<int64_t>(sizeof(float));
}

void DenseWeights::check(const MatrixView& a) const {
  if (a.dtype != DType::kF32) fail("dense products take F32 matrices, not ", name_of(a.dtype));
  if (a.cols != cols()) fail("cannot multiply rows of width ", a.cols, " with weights of width ", cols());
}

void DenseWeights::multiply(const Context& context, const MatrixView& a, float* out, int64_t out_stride,
                            Epilogue epilogue, const DenseWeights* next) const {
  check_simd_level();
  check(a);
  if (a.rows == 0) return;
  const int threads = context.num_threads();
  const Tiles tiles(a.rows, packed_.num_panels(), threads);
  // A thread that has ended its run will begin with the same run of the next weights.
  const auto wanted_after = [&](int64_t tile) -> std::span<const float> {
    const int64_t run = next == nullptr ? -1 : tiles.run_ended_by(tile);
    if (run < 0) return {};
    return next->packed_.first_terms(
        Tiles(a.rows, next->packed_.num_panels(), threads).first_panel_of_run(run));
  };
  parallel_for(context, tiles.size(), [&](int64_t tile) {
    tiles.run(tile, [&](int64_t first, int64_t last, int64_t first_panel, int64_t last_panel) {
      multiply_panels(a.slice(first, last), packed_, first_panel, last_panel, bias_.span(), epilogue,
                      out + first * out_stride + first_panel * PackedRows::kPanelRows, out_stride,
                      wanted_after(tile));
    });
  });
}

void DenseWeights::multiply_on_this_thread(const MatrixView& a, float* out, int64_t out_stride,
                                           Epilogue epilogue) const {
  check(a);
  if (a.rows == 0) return;
  const Tiles tiles(a.rows, packed_.num_panels(), 1);
  for (int64_t tile = 0; tile < tiles.size(); ++tile) {
    tiles.run(tile, [&](int64_t first, int64_t last, int64_t first_panel, int64_t last_panel) {
      multiply_panels(a.slice(first, last), packed_, first_panel, last_panel, bias_.span(), epilogue,
                      out + first * out_stride + first_panel * PackedRows::kPanelRows, out_stride);
    });
  }
}

}  // namespace whitney
