#include "whitney/codec/rabitq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/k_means.h"
#include "whitney/codec/rotation_transform.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

// x = c + r, of a centroid c; o = R r / |r| is a unit vector in rotated space, and o_bar = sign(o) / sqrt D
// its code.
//   <o, z> ~ <o_bar, z> / <o_bar, o> for any z, without bias.
// A code: centroid (a byte), |r| (float32, negative: the vector was zero), <o_bar, o> and <o_bar, R c>
// (float16), the signs. The second level: <x_bar, o> (float32) of the code of all bits, x_bar, and its lower
// bits.
constexpr int64_t kHead = 9, kFineHead = 4;

struct Head {
  uint8_t centroid;
  float norm;
  // <o_bar, o>, and <o_bar, R c> over the largest norm of a centroid.
  float cosine, centre_dot;
  bool is_zero;
};

// A centroid that is not there (in a damaged file) becomes the last.
Head read_head(const uint8_t* code, int64_t num_centroids) {
  Head head{};
  Float16 cosine, centre_dot;
  head.centroid = static_cast<uint8_t>(std::min<int64_t>(code[0], num_centroids - 1));
  std::memcpy(&head.norm, code + 1, 4);
  std::memcpy(&cosine.bits, code + 5, 2);
  std::memcpy(&centre_dot.bits, code + 7, 2);
  head.is_zero = std::signbit(head.norm);
  head.norm = std::abs(head.norm);
  head.cosine = to_float(cosine);
  head.centre_dot = to_float(centre_dot);
  return head;
}

void write_head(const Head& head, uint8_t* code) {
  const float norm = head.is_zero ? -head.norm : head.norm;
  const Float16 cosine = to_float16(head.cosine), centre_dot = to_float16(head.centre_dot);
  code[0] = head.centroid;
  std::memcpy(code + 1, &norm, 4);
  std::memcpy(code + 5, &cosine.bits, 2);
  std::memcpy(code + 7, &centre_dot.bits, 2);
}

struct Fitted {
  RotationTransform rotation;
  // k x d, and rotated.
  Matrix centroids, rotated;
  std::vector<float> centroid_squares;
  // The largest norm of a centroid, or 1.
  float centre_scale = 1;
  // Vectors have norm 1 (or 0), which makes <r, c> known.
  bool normalized = false;
  RabitqOptions options;

  int64_t dim() const { return rotation.dim(); }
  Head head_of(const uint8_t* code) const { return read_head(code, centroids.rows()); }
};

Fitted make_fitted(RotationTransform rotation, Matrix centroids, bool normalized,
                   const RabitqOptions& options) {
  const int64_t k = centroids.rows(), dim = centroids.cols();
  Fitted fitted{std::move(rotation), std::move(centroids), Matrix(k, dim), {}, 1, normalized, options};
  auto* out = fitted.rotated.mutable_data<float>();
  for (int64_t c = 0; c < k; ++c) {
    fitted.rotation.apply(fitted.centroids.row<float>(c).data(), out + c * dim);
    double square = 0;
    for (const float value : fitted.centroids.row<float>(c)) square += static_cast<double>(value) * value;
    fitted.centroid_squares.push_back(static_cast<float>(square));
    fitted.centre_scale = std::max(fitted.centre_scale, static_cast<float>(std::sqrt(square)));
  }
  return fitted;
}

double dot(const float* a, const float* b, int64_t n) { return distance(Kernel::kInnerProduct, a, b, n); }

// What is known of a query before codes are read.
class QueryTerms {
 public:
  QueryTerms(const Fitted& fitted, Kernel kernel, const float* query)
      : fitted_(fitted), kernel_(kernel), rotated_(static_cast<size_t>(fitted.dim())) {
    fitted.rotation.apply(query, rotated_.data());
    norm_ = static_cast<float>(std::sqrt(dot(query, query, fitted.dim())));
    for (int64_t c = 0; c < fitted.centroids.rows(); ++c) {
      const float* centroid = fitted.centroids.row<float>(c).data();
      centre_dots_.push_back(static_cast<float>(dot(query, centroid, fitted.dim())));
      centre_squares_.push_back(distance(Kernel::kSquaredL2, query, centroid, fitted.dim()));
    }
  }
  const std::vector<float>& rotated() const { return rotated_; }

  // The kernel's value from <o, R q> and <o, R c>, or estimates of them.
  float value(const Head& head, float query_dot, float centre_dot) const {
    const float from_centre = head.norm * (query_dot - centre_dot);  // <r, q - c>
    if (kernel_ == Kernel::kSquaredL2)
      return head.norm * head.norm + centre_squares_[head.centroid] - 2 * from_centre;
    if (!fitted_.normalized) return centre_dots_[head.centroid] + head.norm * query_dot;
    // |x|^2 = |c|^2 + 2 <r, c> + |r|^2
    const float square = fitted_.centroid_squares[head.centroid];
    const float own = ((head.is_zero ? 0.0F : 1.0F) - square - head.norm * head.norm) / 2;
    return centre_dots_[head.centroid] + own + from_centre;
  }
  // By how much a value from the signs may be wrong.
  float bound(const Head& head) const {
    const float cosine = std::max(head.cosine, 1e-6F);
    const auto dims = static_cast<float>(std::max<int64_t>(1, fitted_.dim() - 1));
    const float spread = std::sqrt(std::max(0.0F, 1 - cosine * cosine) / dims) / cosine;
    const float error = static_cast<float>(fitted_.options.epsilon) * head.norm * spread;
    if (kernel_ == Kernel::kSquaredL2) return 2 * error * std::sqrt(centre_squares_[head.centroid]);
    return error * (fitted_.normalized ? std::sqrt(centre_squares_[head.centroid]) : norm_);
  }

 private:
  const Fitted& fitted_;
  Kernel kernel_;
  std::vector<float> rotated_, centre_dots_, centre_squares_;
  float norm_ = 0;
};

// <sign, R q> of 4 signs at a time by table: 16 sums of +-q for every 4 dimensions, which stay in L1.
class SignTables {
 public:
  explicit SignTables(const std::vector<float>& query) : num_bytes_((std::ssize(query) + 7) / 8) {
    tables_.resize(static_cast<size_t>(num_bytes_ * 32));
    for (int64_t group = 0; group < 2 * num_bytes_; ++group) {
      for (int64_t signs = 0; signs < 16; ++signs) {
        float sum = 0;
        for (int64_t j = 0; j < 4 && group * 4 + j < std::ssize(query); ++j) {
          const float value = query[static_cast<size_t>(group * 4 + j)];
          sum += (signs >> j & 1) != 0 ? value : -value;
        }
        tables_[static_cast<size_t>(group * 16 + signs)] = sum;
      }
    }
  }
  float sum(const uint8_t* signs) const {
    const float* table = tables_.data();
    float even = 0, odd = 0;
    for (int64_t j = 0; j < num_bytes_; ++j, table += 32) {
      even += table[signs[j] & 15];
      odd += table[16 + (signs[j] >> 4)];
    }
    return even + odd;
  }

 private:
  int64_t num_bytes_;
  std::vector<float> tables_;
};

class RabitqScorer : public CodeScorer {
 public:
  RabitqScorer(const Fitted& fitted, int64_t stride, Kernel kernel, const float* query)
      : fitted_(fitted),
        terms_(fitted, kernel, query),
        tables_(terms_.rotated()),
        stride_(stride),
        root_dim_(static_cast<float>(std::sqrt(static_cast<double>(fitted.dim())))) {}

  void score(const uint8_t* codes, int64_t count, float* out) const override {
    for (int64_t j = 0; j < count; ++j)
      out[j] = value(codes + j * stride_, fitted_.head_of(codes + j * stride_));
  }
  void score_with_bounds(const uint8_t* codes, int64_t count, float* out, float* bounds) const override {
    for (int64_t j = 0; j < count; ++j) {
      const Head head = fitted_.head_of(codes + j * stride_);
      out[j] = value(codes + j * stride_, head);
      bounds[j] = terms_.bound(head);
    }
  }

 private:
  float value(const uint8_t* code, const Head& head) const {
    const float cosine = std::max(head.cosine, 1e-6F);
    const float query_dot = tables_.sum(code + kHead) / root_dim_ / cosine;
    return terms_.value(head, query_dot, head.centre_dot * fitted_.centre_scale / cosine);
  }
  const Fitted& fitted_;
  QueryTerms terms_;
  SignTables tables_;
  int64_t stride_;
  float root_dim_;
};

class RabitqCodec : public Codec {
 public:
  explicit RabitqCodec(Fitted fitted) : fitted_(std::move(fitted)) {}
  int64_t dim() const override { return fitted_.dim(); }
  int64_t code_bytes() const override { return kHead + (dim() + 7) / 8; }
  int64_t fine_bytes() const override {
    return low_bits() == 0 ? 0 : kFineHead + (dim() * low_bits() + 7) / 8;
  }
  bool has_bounds() const override { return true; }

  void encode(const float* row, uint8_t* code, uint8_t* fine) const override {
    const int64_t d = dim();
    std::vector<float> residual(static_cast<size_t>(d)), unit(residual);
    Head head{};
    head.centroid = nearest(row);
    head.is_zero = fitted_.normalized && std::all_of(row, row + d, [](float v) { return v == 0; });
    const float* centroid = fitted_.centroids.row<float>(head.centroid).data();
    for (int64_t i = 0; i < d; ++i) residual[static_cast<size_t>(i)] = row[i] - centroid[i];
    fitted_.rotation.apply(residual.data(), unit.data());
    double square = 0, sum = 0, centre = 0;
    for (const float value : unit) square += static_cast<double>(value) * value;
    head.norm = static_cast<float>(std::sqrt(square));
    if (!std::isfinite(head.norm)) fail("is too long for float32");
    uint8_t* signs = code + kHead;
    std::fill(signs, signs + (d + 7) / 8, uint8_t{0});
    const float* turned = fitted_.rotated.row<float>(head.centroid).data();
    for (int64_t i = 0; i < d; ++i) {
      float& value = unit[static_cast<size_t>(i)];
      if (head.norm > 0) value = static_cast<float>(value / std::sqrt(square));
      const bool positive = value >= 0;
      if (positive) signs[i / 8] = static_cast<uint8_t>(signs[i / 8] | 1U << (i % 8));
      sum += std::abs(value);
      centre += positive ? turned[i] : -turned[i];
    }
    const double root = std::sqrt(static_cast<double>(d));
    head.cosine = head.norm > 0 ? static_cast<float>(sum / root) : 1.0F;
    head.centre_dot = static_cast<float>(centre / root / fitted_.centre_scale);
    write_head(head, code);
    if (fine != nullptr) encode_fine(unit, fine);
  }

  void decode(const uint8_t* code, const uint8_t* fine, float* row) const override {
    const Head head = fitted_.head_of(code);
    const int64_t d = dim();
    std::vector<float> values(static_cast<size_t>(d));
    double square = 0;
    for (int64_t i = 0; i < d; ++i) {
      const float value = coordinate(code, fine, i);
      values[static_cast<size_t>(i)] = value;
      square += static_cast<double>(value) * value;
    }
    // The point of the code's ray that is nearest to r: |r| <o, x_bar> / |x_bar|^2 times x_bar.
    const double along = low_bits() > 0 && fine != nullptr ? fine_dot(fine) : head.cosine * std::sqrt(square);
    const auto factor = static_cast<float>(head.norm * along / square);
    for (float& value : values) value *= factor;
    fitted_.rotation.invert(values.data(), row);
    const float* centroid = fitted_.centroids.row<float>(head.centroid).data();
    for (int64_t i = 0; i < d; ++i) row[i] = head.is_zero ? 0.0F : row[i] + centroid[i];
  }

  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    return std::make_unique<RabitqScorer>(fitted_, code_bytes(), kernel, query);
  }
  std::unique_ptr<FineScorer> fine_scorer(Kernel kernel, const float* query) const override;
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "signs", {RotationTransform::kRounds, dim()}, fitted_.rotation.signs());
    writer.add(prefix + "centroids", DType::kF32, {fitted_.centroids.rows(), dim()},
               fitted_.centroids.bytes());
    writer.add(prefix + "normalized", {1}, Array<uint8_t>{static_cast<uint8_t>(fitted_.normalized ? 1 : 0)});
  }

  int low_bits() const { return fitted_.options.bits - 1; }
  const Fitted& fitted() const { return fitted_; }
  // Coordinate i of x_bar, up to a factor: u - (2^B - 1) / 2; of the signs alone +-1/2.
  float coordinate(const uint8_t* code, const uint8_t* fine, int64_t i) const {
    const unsigned sign = code[kHead + i / 8] >> (i % 8) & 1U;
    if (fine == nullptr || low_bits() == 0) return sign != 0 ? 0.5F : -0.5F;
    const unsigned value = sign << low_bits() | low_value(fine, i);
    return static_cast<float>(value) - static_cast<float>((1U << fitted_.options.bits) - 1) / 2;
  }
  static float fine_dot(const uint8_t* fine) {
    float value;
    std::memcpy(&value, fine, 4);
    return value;
  }

 private:
  uint8_t nearest(const float* row) const {
    int64_t best = 0;
    float least = 0;
    for (int64_t c = 0; c < fitted_.centroids.rows(); ++c) {
      const float found = distance(Kernel::kSquaredL2, row, fitted_.centroids.row<float>(c).data(), dim());
      if (c == 0 || found < least) {
        best = c;
        least = found;
      }
    }
    return static_cast<uint8_t>(best);
  }

  // At most 7 bits, which lie in one byte or two.
  unsigned low_value(const uint8_t* fine, int64_t i) const {
    const int64_t first = i * low_bits(), at = kFineHead + first / 8, shift = first % 8;
    unsigned window = fine[at];
    if (shift + low_bits() > 8) window |= static_cast<unsigned>(fine[at + 1]) << 8;
    return window >> shift & ((1U << low_bits()) - 1);
  }

  // The step of the grid for which the code has the greatest cosine to the vector: tried are 40 that cut off
  // between nothing and more than half of the largest coordinate. Beyond, a code of few bits is no better.
  double best_scale(const std::vector<float>& unit) const {
    constexpr int kTrials = 40;
    float largest = 0;
    for (const float value : unit) largest = std::max(largest, std::abs(value));
    if (largest == 0) return 1;
    const float top = static_cast<float>((1 << low_bits()) - 1);
    double best = 0, best_cosine = -1;
    for (int trial = 0; trial < kTrials; ++trial) {
      const double scale = (1 << low_bits()) / static_cast<double>(largest) * (1 + 1.3 * trial / kTrials);
      double along = 0, square = 0;
      for (const float value : unit) {
        const float size = std::abs(value);
        const float level = std::min(std::floor(static_cast<float>(scale) * size), top) + 0.5F;
        along += static_cast<double>(level) * size;
        square += static_cast<double>(level) * level;
      }
      const double cosine = along / std::sqrt(square);
      if (cosine > best_cosine) {
        best_cosine = cosine;
        best = scale;
      }
    }
    return best;
  }

  void encode_fine(const std::vector<float>& unit, uint8_t* fine) const {
    std::fill(fine, fine + fine_bytes(), uint8_t{0});
    const auto scale = static_cast<float>(best_scale(unit));
    const float top = static_cast<float>((1 << low_bits()) - 1);
    double along = 0;
    for (size_t i = 0; i < unit.size(); ++i) {
      const float level = std::min(std::floor(scale * std::abs(unit[i])), top);
      along += (static_cast<double>(level) + 0.5) * std::abs(unit[i]);
      // Of a negative coordinate the lower bits count from the other end: u = 2^(B-1) - 1 - level.
      const auto low = static_cast<unsigned>(unit[i] >= 0 ? level : top - level);
      for (int64_t bit = 0; bit < low_bits(); ++bit) {
        const int64_t at = static_cast<int64_t>(i) * low_bits() + bit;
        uint8_t& byte = fine[kFineHead + at / 8];
        byte = static_cast<uint8_t>(byte | (low >> bit & 1U) << (at % 8));
      }
    }
    const auto stored = static_cast<float>(along);
    std::memcpy(fine, &stored, 4);
  }

  Fitted fitted_;
};

class RabitqFineScorer : public FineScorer {
 public:
  RabitqFineScorer(const RabitqCodec& codec, Kernel kernel, const float* query)
      : codec_(codec), terms_(codec.fitted(), kernel, query) {}

  float score(const uint8_t* code, const uint8_t* fine) const override {
    const Head head = codec_.fitted().head_of(code);
    const float* centre = codec_.fitted().rotated.row<float>(head.centroid).data();
    double along = 0, query_sum = 0, centre_sum = 0;
    const bool has_fine = fine != nullptr && codec_.low_bits() > 0;
    for (int64_t i = 0; i < codec_.dim(); ++i) {
      const float value = codec_.coordinate(code, fine, i);
      query_sum += static_cast<double>(value) * terms_.rotated()[static_cast<size_t>(i)];
      centre_sum += static_cast<double>(value) * centre[i];
    }
    along = has_fine ? RabitqCodec::fine_dot(fine)
                     : head.cosine * std::sqrt(static_cast<double>(codec_.dim())) / 2;
    along = std::max(along, 1e-12);
    return terms_.value(head, static_cast<float>(query_sum / along), static_cast<float>(centre_sum / along));
  }

 private:
  const RabitqCodec& codec_;
  QueryTerms terms_;
};

std::unique_ptr<FineScorer> RabitqCodec::fine_scorer(Kernel kernel, const float* query) const {
  return std::make_unique<RabitqFineScorer>(*this, kernel, query);
}

std::unique_ptr<Codec> fit(const Rows& rows, const RabitqOptions& options, const Context& context) {
  constexpr int64_t kLeastPerCentroid = 39, kMostPerCentroid = 256;
  KMeansOptions means;
  means.k = std::clamp<int64_t>(rows.size() / kLeastPerCentroid, 1, options.num_centroids);
  means.max_iterations = 25;
  const Matrix sample = rows.sample(means.k == 1 ? 65'536 : means.k * kMostPerCentroid, context);
  KMeans clusters = k_means(sample, means, context);
  return std::make_unique<RabitqCodec>(make_fitted(RotationTransform(rows.dim(), context.seed),
                                                   std::move(clusters.centroids), rows.normalized(),
                                                   options));
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const RabitqOptions& options) {
  const std::string& path = saved.artifact.path();
  const TensorView& signs = saved.artifact.tensor(saved.prefix + "signs");
  const TensorView& flag = saved.artifact.tensor(saved.prefix + "normalized");
  const TensorView& centroids = saved.artifact.tensor(saved.prefix + "centroids");
  const int64_t k = centroids.shape.empty() ? 0 : centroids.shape[0];
  if (signs.num_elements() != RotationTransform::kRounds * saved.dim || flag.num_elements() != 1 || k < 1 ||
      k > 256)
    fail(path, ": the tensors of rabitq do not fit vectors of width ", saved.dim);
  const Array<float> values = saved.floats("centroids", k * saved.dim);
  Matrix all(k, saved.dim);
  std::copy(values.begin(), values.end(), all.mutable_data<float>());
  return std::make_unique<RabitqCodec>(make_fitted(RotationTransform(saved.dim, signs.as<uint8_t>()),
                                                   std::move(all), flag.as<uint8_t>()[0] != 0, options));
}

const bool registered = register_codec<RabitqOptions>(
    {.name = "rabitq",
     .class_name = "RaBitQ",
     .summary = "A bit a dimension with an error bound, and up to 7 more for ranking what the first found",
     .description = "Takes each vector's difference from the nearest of some means, turns it by a random "
                    "rotation, and keeps the "
                    "signs and what makes estimates of distances unbiased (9 bytes). Each estimate comes "
                    "with a bound: a search "
                    "with a second level (--bits 2 to 8) or with --vectors looks again at exactly those that "
                    "could be among the "
                    "k best, without a number to tune (--rescore N takes the N best instead). Pick 1 bit and "
                    "--vectors where "
                    "memory rules, 4 bits for 90 to 95 % recall without the originals, lvq above 4 bits.",
     .source =
         "Gao, Long: RaBitQ, SIGMOD 2024, arXiv 2405.12497; Gao et al.: Practical and asymptotically optimal "
         "quantization, 2024, arXiv 2409.09913",
     .example = "whitney compress rabitq nodes.safetensors -o small.safetensors --bits 4"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
