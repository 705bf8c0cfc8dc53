#include "whitney/codec/lvq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/code_scores.h"

namespace whitney::codec {
namespace {

// Rows by which the mean is kept or not.
constexpr int64_t kTrialRows = 1000;

Float16 next(Float16 half, bool up) {
  const bool negative = (half.bits & 0x8000U) != 0;
  if ((half.bits & 0x7fffU) == 0) return {static_cast<uint16_t>(up ? 0x0001U : 0x8001U)};
  return {static_cast<uint16_t>(half.bits + (negative == up ? -1 : 1))};
}

// Rounded down or up, so that the grid spans what it was made for.
Float16 toward(double value, bool up) {
  const Float16 half = to_float16(static_cast<float>(value));
  const double back = to_float(half);
  return (up ? back < value : back > value) ? next(half, up) : half;
}

// Offset and step as they are stored: all that follows is computed from these, so that codes and decoding
// agree.
LvqGrid write_grid(std::span<const float> y, int bits, uint8_t* code) {
  const auto [least, most] = std::ranges::minmax_element(y);
  const double levels = (1 << bits) - 1;
  const Float16 offset = toward(*least, false);
  Float16 step = toward((*most - static_cast<double>(to_float(offset))) / levels, true);
  // A constant vector whose value float16 holds leaves no range; any step decodes it.
  if ((step.bits & 0x7fffU) == 0) step = to_float16(1);
  std::memcpy(code, &offset.bits, 2);
  std::memcpy(code + 2, &step.bits, 2);
  return read_lvq_grid(code);
}

class LvqScorer : public CodeScorer {
 public:
  LvqScorer(const LvqSpace& fitted, int bits, Kernel kernel, const float* query)
      : bits_(bits), kernel_(kernel), scale_(fitted.scale), query_(query, query + fitted.mean.size()) {
    double base = 0, sum = 0;
    for (size_t i = 0; i < query_.size(); ++i) {
      base += static_cast<double>(query_[i]) * fitted.mean[i];
      sum += query_[i];
      if (kernel == Kernel::kSquaredL2) query_[i] = (query_[i] - fitted.mean[i]) / scale_;
    }
    base_ = static_cast<float>(base);
    sum_ = static_cast<float>(sum);
  }

  void score(const uint8_t* codes, int64_t count, float* out) const override {
    const auto dim = std::ssize(query_);
    const int64_t stride = kLvqHead + packed_code_bytes(dim, bits_), block = 64;
    float offsets[block], steps[block];
    for (int64_t begin = 0; begin < count; begin += block) {
      const int64_t size = std::min(block, count - begin);
      const uint8_t* rows = codes + begin * stride;
      for (int64_t j = 0; j < size; ++j) {
        const LvqGrid grid = read_lvq_grid(rows + j * stride);
        offsets[j] = grid.offset;
        steps[j] = grid.step;
      }
      const PackedCodes packed{rows + kLvqHead, stride, dim, bits_};
      float* values = out + begin;
      if (kernel_ == Kernel::kSquaredL2) {
        row_code_squared_l2(packed, size, query_.data(), offsets, steps, values);
        for (int64_t j = 0; j < size; ++j) values[j] *= scale_ * scale_;
      } else {
        // <q, mean + scale (b + s c)> = <q, mean> + scale (b sum(q) + s <q, c>)
        weighted_code_sums(packed, size, query_.data(), values);
        for (int64_t j = 0; j < size; ++j)
          values[j] = base_ + scale_ * (offsets[j] * sum_ + steps[j] * values[j]);
      }
    }
  }

 private:
  int bits_;
  Kernel kernel_;
  float scale_;
  std::vector<float> query_;
  float base_ = 0, sum_ = 0;
};

class LvqCodec : public Codec {
 public:
  LvqCodec(LvqSpace fitted, LvqLevels levels) : fitted_(std::move(fitted)), levels_(levels) {}
  int64_t dim() const override { return std::ssize(fitted_.mean); }
  int64_t code_bytes() const override { return kLvqHead + packed_code_bytes(dim(), levels_.first); }
  int64_t fine_bytes() const override {
    return levels_.second == 0 ? 0 : packed_code_bytes(dim(), levels_.second);
  }

  void encode(const float* row, uint8_t* code, uint8_t* fine) const override {
    std::vector<float> y(fitted_.mean.size());
    for (size_t i = 0; i < y.size(); ++i) y[i] = (row[i] - fitted_.mean[i]) / fitted_.scale;
    const LvqGrid grid = encode_lvq(y, levels_, code, fine);
    if (!grid.is_finite()) {
      fail("has values too far beyond those that lvq was fitted to (about ",
           65504 * static_cast<double>(fitted_.scale), " is the most)");
    }
  }

  void decode(const uint8_t* code, const uint8_t* fine, float* row) const override {
    const LvqGrid grid = read_lvq_grid(code);
    std::vector<uint8_t> values(fitted_.mean.size());
    unpack_codes(code + kLvqHead, dim(), levels_.first, values.data());
    for (size_t i = 0; i < values.size(); ++i)
      row[i] = grid.offset + grid.step * static_cast<float>(values[i]);
    if (fine != nullptr && levels_.second > 0) {
      const int half = 1 << (levels_.second - 1);
      const float t = grid.step / static_cast<float>(2 * half);
      unpack_codes(fine, dim(), levels_.second, values.data());
      for (size_t i = 0; i < values.size(); ++i) row[i] += t * static_cast<float>(values[i] - half);
    }
    for (size_t i = 0; i < values.size(); ++i) row[i] = fitted_.mean[i] + fitted_.scale * row[i];
  }

  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    return std::make_unique<LvqScorer>(fitted_, levels_.first, kernel, query);
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "mean", {dim()}, Array<float>::copy_of(fitted_.mean));
    writer.add(prefix + "scale", {1}, Array<float>{fitted_.scale});
  }

 private:
  LvqSpace fitted_;
  LvqLevels levels_;
};

// In float64, block by block in their order.
std::vector<float> mean_of(const Rows& rows, const Context& context) {
  const auto dim = static_cast<size_t>(rows.dim());
  using Sums = std::vector<double>;
  const Sums sums = ordered_reduce(
      context, rows.size(), 4096, Sums(),
      [&](int64_t begin, int64_t end) {
        std::vector<float> row(dim);
        Sums part(dim);
        for (int64_t i = begin; i < end; ++i) {
          rows.read(i, row.data());
          for (size_t j = 0; j < dim; ++j) part[j] += row[j];
        }
        return part;
      },
      [](Sums all, const Sums& part) {
        if (all.empty()) return part;
        for (size_t j = 0; j < part.size(); ++j) all[j] += part[j];
        return all;
      });
  std::vector<float> mean(dim);
  for (size_t j = 0; j < dim; ++j) mean[j] = static_cast<float>(sums[j] / static_cast<double>(rows.size()));
  return mean;
}

// The power of 2 that brings the largest distance from `mean` in a coordinate to between 1/2 and 1.
float scale_of(const Rows& rows, const std::vector<float>& mean, const Context& context) {
  const double most = ordered_reduce(
      context, rows.size(), 4096, 0.0,
      [&](int64_t begin, int64_t end) {
        std::vector<float> row(mean.size());
        double largest = 0;
        for (int64_t i = begin; i < end; ++i) {
          rows.read(i, row.data());
          for (size_t j = 0; j < mean.size(); ++j)
            largest = std::max(largest, std::abs(static_cast<double>(row[j]) - mean[j]));
        }
        return largest;
      },
      [](double a, double b) { return std::max(a, b); });
  if (most == 0) return 1;
  int exponent = 0;
  std::frexp(most, &exponent);
  return std::ldexp(1.0F, std::clamp(exponent, -125, 126));
}

LvqSpace space_of(const Rows& rows, bool remove_mean, const Context& context) {
  LvqSpace space;
  space.mean.assign(static_cast<size_t>(rows.dim()), 0.0F);
  if (remove_mean) space.mean = mean_of(rows, context);
  space.scale = scale_of(rows, space.mean, context);
  return space;
}

std::unique_ptr<Codec> fit(const Rows& rows, const LvqOptions& options, const Context& context) {
  return std::make_unique<LvqCodec>(fit_lvq(rows, options, context), lvq_levels(options.bits));
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const LvqOptions& options) {
  const Array<float> mean = saved.floats("mean", saved.dim), scale = saved.floats("scale", 1);
  return std::make_unique<LvqCodec>(LvqSpace{{mean.begin(), mean.end()}, scale[0]}, lvq_levels(options.bits));
}

const bool registered = register_codec<LvqOptions>(
    {.name = "lvq",
     .class_name = "LVQ",
     .summary = "Locally-adaptive codes of 4 or 8 bits, with a second level for ranking what the first found",
     .description = "Subtracts the mean of the data and cuts the range of each vector, from its least to its "
                    "largest value, "
                    "into equal steps: 4 further bytes a vector keep where it begins and how long a step is. "
                    "A second level "
                    "(4x4, 4x8, 8x4, 8x8) keeps what the first loses; a search reads the first level of all "
                    "vectors and both "
                    "of the best it found, and ranks these anew. 8 is nearly exact at a quarter of the "
                    "bytes, 4x8 searches an "
                    "eighth of the bytes and ranks as well. One coordinate far outside the others makes a "
                    "vector's steps "
                    "coarse: rotate first (rotation --codec lvq). Keep the originals: codes cannot be fitted "
                    "to another mean.",
     .source =
         "Aguerrebere, Bhati, Hildebrand, Tepper, Willke: Similarity search in the blink of an eye with "
         "compressed indices, VLDB 2023, arXiv 2304.04759",
     .example = "whitney compress lvq nodes.safetensors -o small.safetensors --bits 4x8"},
    fit, open);

}  // namespace

LvqLevels lvq_levels(LvqBits bits) {
  static constexpr LvqLevels kLevels[] = {{4, 0}, {8, 0}, {4, 4}, {4, 8}, {8, 4}, {8, 8}};
  return kLevels[static_cast<size_t>(bits)];
}

bool LvqGrid::is_finite() const { return std::isfinite(offset) && std::isfinite(step); }

LvqGrid read_lvq_grid(const uint8_t* code) {
  Float16 offset, step;
  std::memcpy(&offset.bits, code, 2);
  std::memcpy(&step.bits, code + 2, 2);
  return {to_float(offset), to_float(step)};
}

LvqGrid encode_lvq(std::span<const float> y, LvqLevels levels, uint8_t* code, uint8_t* fine) {
  const LvqGrid grid = write_grid(y, levels.first, code);
  if (!grid.is_finite()) return grid;
  const float most = static_cast<float>((1 << levels.first) - 1);
  std::vector<uint8_t> values(y.size());
  for (size_t i = 0; i < y.size(); ++i) {
    const float steps = (y[i] - grid.offset) / grid.step;
    values[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(steps), 0.0F, most));
  }
  pack_codes(values.data(), std::ssize(y), levels.first, code + kLvqHead);
  if (fine == nullptr) return grid;
  // What the first level leaves lies in [-s/2, s/2]: 2^B2 steps of t = s / 2^B2, stored + 2^(B2-1).
  const int half = 1 << (levels.second - 1);
  const float t = grid.step / static_cast<float>(2 * half);
  for (size_t i = 0; i < y.size(); ++i) {
    const float left = y[i] - (grid.offset + grid.step * static_cast<float>(values[i]));
    const float steps =
        std::clamp(std::nearbyint(left / t), static_cast<float>(-half), static_cast<float>(half - 1));
    values[i] = static_cast<uint8_t>(static_cast<int>(steps) + half);
  }
  pack_codes(values.data(), std::ssize(y), levels.second, fine);
  return grid;
}

LvqSpace fit_lvq(const Rows& rows, const LvqOptions& options, const Context& context) {
  LvqSpace centred = space_of(rows, options.remove_mean.value_or(true), context);
  if (options.remove_mean) return centred;
  LvqSpace plain = space_of(rows, false, context);
  const auto error_of = [&](const LvqSpace& space) {
    return relative_error(LvqCodec(space, lvq_levels(options.bits)), rows, kTrialRows, context);
  };
  const double with_mean = error_of(centred);
  return error_of(plain) < with_mean ? plain : centred;
}

}  // namespace whitney::codec
