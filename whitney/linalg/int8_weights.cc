#include "whitney/linalg/int8_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/int8_tile.h"
#include "whitney/linalg/simd.h"

namespace whitney {
namespace {

constexpr int64_t kMostTerms = 65'536;  // sums of more products might not fit 32 bits
constexpr int64_t kTileRows = 414;      // of a: 46 register blocks, which stay in L2 up to a width of 4,000
constexpr int64_t kTilePanels = 5;

// The largest absolute value, as bits; from kNotFinite on there is one that is NaN or infinite. As integers,
// because compilers for the oldest processors do not vectorise the largest of floats.
constexpr int32_t kNotFinite = 0x7F800000;
int32_t most_bits(std::span<const float> values) {
  int32_t most = 0;
  for (const float value : values) {
    const int32_t bits = std::bit_cast<int32_t>(value) & 0x7FFFFFFF;
    most = bits > most ? bits : most;
  }
  return most;
}

// Writes the nearest integers, the even one of two, of values * per_unit, which are within [-127, 127] but
// for rounding; returns their sum. Beside 1.5 * 2^23 there is no room for a fraction.
int32_t write_codes(std::span<const float> values, float per_unit, int8_t* codes) {
  constexpr float kNoFraction = 12'582'912.0f;
  int32_t sum = 0;
  for (size_t t = 0; t < values.size(); ++t) {
    const int32_t code =
        std::bit_cast<int32_t>(values[t] * per_unit + kNoFraction) - std::bit_cast<int32_t>(kNoFraction);
    codes[t] = static_cast<int8_t>(code);
    sum += code;
  }
  return sum;
}

int64_t num_groups_of(int64_t cols) { return (cols + 3) / 4; }
int64_t num_panels_of(int64_t rows) { return (rows + kInt8PanelRows - 1) / kInt8PanelRows; }

}  // namespace

// ---- rows ----

void QuantizedRows::reset(int64_t rows, int64_t cols) {
  rows_ = rows;
  cols_ = cols;
  stride_ = num_groups_of(cols) * 4;
  codes_.resize(static_cast<size_t>(rows * stride_));
  scales_.resize(static_cast<size_t>(rows));
  zeros_.resize(static_cast<size_t>(rows));
}

void QuantizedRows::quantize_block(int64_t first, const MatrixView& rows) {
  WHITNEY_CHECK(rows.dtype == DType::kF32 && rows.cols == cols_ && first + rows.rows <= rows_, rows.rows,
                " x ", rows.cols, " values of ", name_of(rows.dtype), " at row ", first, " of ", rows_, " x ",
                cols_);
  for (int64_t i = 0; i < rows.rows; ++i) {
    const size_t at = static_cast<size_t>(first + i);
    uint8_t* codes = codes_.data() + (first + i) * stride_;
    quantize_row(rows.row<float>(i).data(), cols_, codes, scales_[at], zeros_[at]);
    std::fill(codes + cols_, codes + stride_, uint8_t{0});
  }
}

void QuantizedRows::quantize(const MatrixView& rows) {
  reset(rows.rows, rows.cols);
  quantize_block(0, rows);
}

// ---- weights ----

Int8Weights::Int8Weights(const MatrixView& weights, std::span<const float> bias) {
  allocate(weights.rows, weights.cols, bias);
  std::vector<float> panel(static_cast<size_t>(kInt8PanelRows * cols_));
  for (int64_t p = 0; p < num_panels_of(rows_); ++p) {
    const int64_t first = p * kInt8PanelRows, last = std::min(first + kInt8PanelRows, rows_);
    for (int64_t i = first; i < last; ++i) {
      copy_row_as_float(weights, i, panel.data() + (i - first) * cols_);
    }
    pack_panel(p, panel.data());
  }
}

Int8Weights::Int8Weights(const Context& context, int64_t rows, int64_t cols, const CopyRows& copy_rows,
                         std::span<const float> bias) {
  allocate(rows, cols, bias);
  std::vector<std::vector<float>> panels(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_panels_of(rows), [&](int worker, int64_t p) {
    std::vector<float>& panel = panels[static_cast<size_t>(worker)];
    panel.resize(static_cast<size_t>(kInt8PanelRows * cols));
    copy_rows(p * kInt8PanelRows, std::min((p + 1) * kInt8PanelRows, rows), panel.data());
    pack_panel(p, panel.data());
  });
}

void Int8Weights::allocate(int64_t rows, int64_t cols, std::span<const float> bias) {
  if (cols > kMostTerms) fail("int8 products take rows of up to ", kMostTerms, " values, not ", cols);
  if (!bias.empty() && std::ssize(bias) != rows)
    fail("a bias of ", bias.size(), " values for ", rows, " outputs");
  rows_ = rows;
  cols_ = cols;
  const int64_t padded = num_panels_of(rows) * kInt8PanelRows;
  codes_ = Array<int8_t>(padded * num_groups_of(cols) * 4, int8_t{0});
  scales_ = Array<float>(padded, 0.0f);
  sums_ = Array<int32_t>(padded, 0);
  if (bias.empty()) return;
  bias_ = Array<float>(padded, 0.0f);
  std::copy(bias.begin(), bias.end(), bias_.mutable_data());
}

void Int8Weights::pack_panel(int64_t panel, const float* rows) {
  const int64_t first = panel * kInt8PanelRows, num_rows = std::min(kInt8PanelRows, rows_ - first);
  const int64_t num_groups = num_groups_of(cols_);
  int8_t* codes = codes_.mutable_data() + first * num_groups * 4;
  std::vector<int8_t> row_codes(static_cast<size_t>(num_groups * 4));
  for (int64_t c = 0; c < num_rows; ++c) {
    const std::span row(rows + c * cols_, static_cast<size_t>(cols_));
    const int32_t bits = most_bits(row);
    if (bits >= kNotFinite) {
      const auto bad = std::ranges::find_if(row, [](float value) { return !std::isfinite(value); });
      fail("row ", first + c, " of the weights holds ", *bad, "; int8 needs finite values");
    }
    const float most = std::bit_cast<float>(bits);
    // So small a row counts as zeros: its reciprocal would overflow.
    const float scale = most / 127 >= 1e-36f ? most / 127 : 0.0f;
    scales_.mutable_data()[first + c] = scale;
    sums_.mutable_data()[first + c] = write_codes(row, scale > 0 ? 1 / scale : 0.0f, row_codes.data());
    for (int64_t g = 0; g < num_groups; ++g)
      std::memcpy(codes + (g * kInt8PanelRows + c) * 4, row_codes.data() + g * 4, 4);
  }
}

int64_t Int8Weights::size_bytes() const {
  return codes_.size() + (scales_.size() + sums_.size() + bias_.size()) * 4;
}

void Int8Weights::check(int64_t cols) const {
  if (cols != cols_) fail("cannot multiply rows of width ", cols, " with weights of width ", cols_);
}

Int8Task Int8Weights::task_of(int64_t first_panel, int64_t last_panel, Epilogue epilogue, float* out,
                              int64_t out_stride) const {
  const int64_t first = first_panel * kInt8PanelRows, num_groups = num_groups_of(cols_);
  return {.codes = codes_.data() + first * num_groups * 4,
          .scales = scales_.data() + first,
          .sums = sums_.data() + first,
          .bias = bias_.empty() ? nullptr : bias_.data() + first,
          .num_panels = last_panel - first_panel,
          .num_columns = std::min(last_panel * kInt8PanelRows, rows_) - first,
          .num_groups = num_groups,
          .epilogue = epilogue,
          .out = out + first,
          .out_stride = out_stride};
}

void Int8Weights::multiply(const Context& context, const MatrixView& a, float* out, int64_t out_stride,
                           Epilogue epilogue) const {
  check_simd_level();
  if (a.dtype != DType::kF32) fail("int8 products take F32 rows, not ", name_of(a.dtype));
  check(a.cols);
  QuantizedRows rows;
  rows.reset(a.rows, a.cols);
  parallel_blocks(context, a.rows, 64,
                  [&](int64_t begin, int64_t end) { rows.quantize_block(begin, a.slice(begin, end)); });
  const int64_t num_panels = num_panels_of(rows_);
  const int64_t num_row_tiles = (a.rows + kTileRows - 1) / kTileRows;
  // As many tiles for each thread.
  const int64_t threads = context.num_threads(), least = (num_panels + kTilePanels - 1) / kTilePanels;
  const int64_t num_panel_tiles = std::min((least + threads - 1) / threads * threads, num_panels);
  parallel_for(context, num_row_tiles * num_panel_tiles, [&](int64_t tile) {
    const int64_t r = tile / num_panel_tiles, p = tile % num_panel_tiles;
    const int64_t first = a.rows * r / num_row_tiles, last = a.rows * (r + 1) / num_row_tiles;
    const int64_t begin = num_panels * p / num_panel_tiles, end = num_panels * (p + 1) / num_panel_tiles;
    multiply_int8(rows, first, last, task_of(begin, end, epilogue, out + first * out_stride, out_stride));
  });
}

void Int8Weights::multiply_on_this_thread(const QuantizedRows& a, float* out, int64_t out_stride,
                                          Epilogue epilogue) const {
  check(a.cols());
  for (int64_t first = 0; first < a.rows(); first += kTileRows) {
    const int64_t last = std::min(first + kTileRows, a.rows());
    multiply_int8(a, first, last,
                  task_of(0, num_panels_of(rows_), epilogue, out + first * out_stride, out_stride));
  }
}

}  // namespace whitney
