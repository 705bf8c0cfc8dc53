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

// Codes begin with the vector's offset b and step s in float16.
constexpr int64_t kHead = 4;
// Rows by which the mean is kept or not.
constexpr int64_t kTrialRows = 1000;

struct Levels {
  int first, second;
};

Levels levels_of(LvqBits bits) {
  static constexpr Levels kLevels[] = {{4, 0}, {8, 0}, {4, 4}, {4, 8}, {8, 4}, {8, 8}};
  return kLevels[static_cast<size_t>(bits)];
}

struct Head {
  float offset, step;
};

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

Head read_head(const uint8_t* code) {
  Float16 offset, step;
  std::memcpy(&offset.bits, code, 2);
  std::memcpy(&step.bits, code + 2, 2);
  return {to_float(offset), to_float(step)};
}

struct Fitted {
  // Zeros where the mean stays.
  std::vector<float> mean;
  // A power of 2: (x - mean) / scale has values around 1, which float16 holds best.
  float scale = 1;
};

class LvqScorer : public CodeScorer {
 public:
  LvqScorer(const Fitted& fitted, int bits, Kernel kernel, const float* query)
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
    const int64_t stride = kHead + packed_code_bytes(dim, bits_), block = 64;
    float offsets[block], steps[block];
    for (int64_t begin = 0; begin < count; begin += block) {
      const int64_t size = std::min(block, count - begin);
      const uint8_t* rows = codes + begin * stride;
      for (int64_t j = 0; j < size; ++j) {
        const Head head = read_head(rows + j * stride);
        offsets[j] = head.offset;
        steps[j] = head.step;
      }
      const PackedCodes packed{rows + kHead, stride, dim, bits_};
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
  LvqCodec(Fitted fitted, Levels levels) : fitted_(std::move(fitted)), levels_(levels) {}
  int64_t dim() const override { return std::ssize(fitted_.mean); }
  int64_t code_bytes() const override { return kHead + packed_code_bytes(dim(), levels_.first); }
  int64_t fine_bytes() const override {
    return levels_.second == 0 ? 0 : packed_code_bytes(dim(), levels_.second);
  }

  void encode(const float* row, uint8_t* code, uint8_t* fine) const override {
    std::vector<float> y(fitted_.mean.size());
    for (size_t i = 0; i < y.size(); ++i) y[i] = (row[i] - fitted_.mean[i]) / fitted_.scale;
    const Head head = write_head(y, code);
    const float most = static_cast<float>((1 << levels_.first) - 1);
    std::vector<uint8_t> values(y.size());
    for (size_t i = 0; i < y.size(); ++i) {
      const float steps = (y[i] - head.offset) / head.step;
      values[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(steps), 0.0F, most));
    }
    pack_codes(values.data(), dim(), levels_.first, code + kHead);
    if (fine == nullptr) return;
    // What the first level leaves lies in [-s/2, s/2]: 2^B2 steps of t = s / 2^B2, stored + 2^(B2-1).
    const int half = 1 << (levels_.second - 1);
    const float t = head.step / static_cast<float>(2 * half);
    for (size_t i = 0; i < y.size(); ++i) {
      const float left = y[i] - (head.offset + head.step * static_cast<float>(values[i]));
      const float steps =
          std::clamp(std::nearbyint(left / t), static_cast<float>(-half), static_cast<float>(half - 1));
      values[i] = static_cast<uint8_t>(static_cast<int>(steps) + half);
    }
    pack_codes(values.data(), dim(), levels_.second, fine);
  }

  void decode(const uint8_t* code, const uint8_t* fine, float* row) const override {
    const Head head = read_head(code);
    std::vector<uint8_t> values(fitted_.mean.size());
    unpack_codes(code + kHead, dim(), levels_.first, values.data());
    for (size_t i = 0; i < values.size(); ++i)
      row[i] = head.offset + head.step * static_cast<float>(values[i]);
    if (fine != nullptr && levels_.second > 0) {
      const int half = 1 << (levels_.second - 1);
      const float t = head.step / static_cast<float>(2 * half);
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
  // Offset and step as they are stored: all that follows is computed from these, so that codes and decoding
  // agree.
  Head write_head(const std::vector<float>& y, uint8_t* code) const {
    const auto [least, most] = std::ranges::minmax_element(y);
    const double levels = (1 << levels_.first) - 1;
    const Float16 offset = toward(*least, false);
    Float16 step = toward((*most - static_cast<double>(to_float(offset))) / levels, true);
    // A constant vector whose value float16 holds leaves no range; any step decodes it.
    if ((step.bits & 0x7fffU) == 0) step = to_float16(1);
    std::memcpy(code, &offset.bits, 2);
    std::memcpy(code + 2, &step.bits, 2);
    const Head head = read_head(code);
    if (!std::isfinite(head.offset) || !std::isfinite(head.step)) {
      fail("has values too far beyond those that lvq was fitted to (about ",
           65504 * static_cast<double>(fitted_.scale), " is the most)");
    }
    return head;
  }

  Fitted fitted_;
  Levels levels_;
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

std::unique_ptr<Codec> fit_with(const Rows& rows, const LvqOptions& options, bool remove_mean,
                                const Context& context) {
  Fitted fitted;
  fitted.mean.assign(static_cast<size_t>(rows.dim()), 0.0F);
  if (remove_mean) fitted.mean = mean_of(rows, context);
  fitted.scale = scale_of(rows, fitted.mean, context);
  return std::make_unique<LvqCodec>(std::move(fitted), levels_of(options.bits));
}

std::unique_ptr<Codec> fit(const Rows& rows, const LvqOptions& options, const Context& context) {
  auto centred = fit_with(rows, options, options.remove_mean.value_or(true), context);
  if (options.remove_mean) return centred;
  auto plain = fit_with(rows, options, false, context);
  const double with_mean = relative_error(*centred, rows, kTrialRows, context);
  return relative_error(*plain, rows, kTrialRows, context) < with_mean ? std::move(plain)
                                                                       : std::move(centred);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const LvqOptions& options) {
  const Array<float> mean = saved.floats("mean", saved.dim), scale = saved.floats("scale", 1);
  return std::make_unique<LvqCodec>(Fitted{{mean.begin(), mean.end()}, scale[0]}, levels_of(options.bits));
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
}  // namespace whitney::codec
