#include "whitney/codec/rabitq.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/k_means.h"
#include "whitney/codec/part_tables.h"
#include "whitney/codec/rabitq_blocks.h"
#include "whitney/codec/rabitq_sums.h"
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
constexpr int64_t kHead = kRabitqHead, kFineHead = 4;

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
  // k x d, and rotated: k x rabitq_padded(d), zeros behind the d.
  Matrix centroids, rotated;
  std::vector<float> centroid_squares;
  // Of each rotated centroid the sum of its coordinates.
  std::vector<float> rotated_sums;
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
  const int64_t padded = rabitq_padded(dim);
  Fitted fitted{std::move(rotation), std::move(centroids), Matrix(k, padded), {}, {}, 1, normalized, options};
  auto* out = fitted.rotated.mutable_data<float>();
  std::fill_n(out, k * padded, 0.0F);
  for (int64_t c = 0; c < k; ++c, out += padded) {
    fitted.rotation.apply(fitted.centroids.row<float>(c).data(), out);
    fitted.rotated_sums.push_back(std::accumulate(out, out + dim, 0.0F));
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
      const bool is_l2 = kernel == Kernel::kSquaredL2;
      // What a bound multiplies: |q - c|, of inner products of vectors of any norm |q|.
      centre_roots_.push_back(is_l2 || fitted.normalized ? std::sqrt(centre_squares_.back()) : norm_);
      const float own = fitted.normalized ? (1 - fitted.centroid_squares[static_cast<size_t>(c)]) / 2 : 0.0F;
      centre_keys_.push_back(is_l2 ? centre_squares_.back() : -centre_dots_.back() - own);
    }
  }
  const std::vector<float>& rotated() const { return rotated_; }

  // Whether value() depends on <o, R c>.
  bool needs_centre_dot() const { return kernel_ == Kernel::kSquaredL2 || fitted_.normalized; }
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
  // The same for blocks of codes.
  RabitqBlockTerms block_terms(const PartTables& tables, float root_dim, bool with_bounds) const {
    RabitqBlockTerms terms;
    terms.num_centroids = fitted_.centroids.rows();
    terms.centre_keys = centre_keys_.data();
    terms.centre_roots = with_bounds ? centre_roots_.data() : nullptr;
    terms.step = tables.quantized().step;
    terms.base = tables.quantized().base;
    terms.sum_error = tables.quantized().error + tables.rounding();
    terms.sum_size = tables.quantized().size;
    const bool is_l2 = kernel_ == Kernel::kSquaredL2;
    terms.square = is_l2 ? 1.0F : (fitted_.normalized ? 0.5F : 0.0F);
    terms.along = is_l2 ? 2 / root_dim : 1 / root_dim;
    if (is_l2 || fitted_.normalized) terms.centre = (is_l2 ? 2 : 1) * fitted_.centre_scale;
    terms.zero = !is_l2 && fitted_.normalized ? 0.5F : 0.0F;
    const auto dims = static_cast<float>(std::max<int64_t>(1, fitted_.dim() - 1));
    terms.bound = (is_l2 ? 2 : 1) * static_cast<float>(fitted_.options.epsilon) / std::sqrt(dims);
    return terms;
  }
  // By how much a value from the signs may be wrong.
  float bound(const Head& head) const {
    const float cosine = std::max(head.cosine, kLeastCosine);
    const auto dims = static_cast<float>(std::max<int64_t>(1, fitted_.dim() - 1));
    const float spread = std::sqrt(std::max(0.0F, 1 - cosine * cosine) / dims) / cosine;
    const float error = static_cast<float>(fitted_.options.epsilon) * head.norm * spread;
    return (kernel_ == Kernel::kSquaredL2 ? 2 : 1) * error * centre_roots_[head.centroid];
  }

 private:
  const Fitted& fitted_;
  Kernel kernel_;
  std::vector<float> rotated_, centre_dots_, centre_squares_, centre_roots_;
  // The part of a key that depends on the centroid alone.
  std::vector<float> centre_keys_;
  float norm_ = 0;
};

// <sign, R q> of 4 signs at a time by table: 16 sums of +-q for every 4 dimensions, of whole bytes of signs.
PartTables sign_tables(const std::vector<float>& query) {
  std::vector<float> tables((query.size() + 7) / 8 * 32);
  for (size_t group = 0; group < tables.size() / 16; ++group) {
    float* table = tables.data() + group * 16;
    for (size_t j = 0; j < 4; ++j) {
      const float value = group * 4 + j < query.size() ? query[group * 4 + j] : 0.0F;
      const size_t half = size_t{1} << j;
      for (size_t signs = 0; signs < half; ++signs) {
        table[signs + half] = table[signs] + value;
        table[signs] -= value;
      }
    }
  }
  return PartTables(std::move(tables));
}

class RabitqScorer : public CodeScorer {
 public:
  RabitqScorer(const Fitted& fitted, int64_t stride, Kernel kernel, const float* query)
      : fitted_(fitted),
        terms_(fitted, kernel, query),
        tables_(sign_tables(terms_.rotated())),
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
  void key_ranges(const uint8_t* blocks, int64_t count, bool with_bounds, float* least,
                  float* greatest) const override {
    constexpr int64_t kBlocksAtOnce = 8;  // whose sums stay in L1
    uint32_t sums[kBlocksAtOnce * kFastScanLanes];
    const RabitqBlockTerms terms = terms_.block_terms(tables_, root_dim_, with_bounds);
    const int64_t block_bytes = stride_ * kFastScanLanes;
    for (int64_t b = 0; b < count; b += kBlocksAtOnce) {
      const int64_t some = std::min(kBlocksAtOnce, count - b);
      const uint8_t* first = blocks + b * block_bytes;
      fast_scan_sums(first + kHead * kFastScanLanes, block_bytes, some, tables_.quantized(), sums);
      rabitq_key_ranges(first, block_bytes, some, sums, terms, least + b * kFastScanLanes,
                        greatest + b * kFastScanLanes);
    }
  }

 private:
  float value(const uint8_t* code, const Head& head) const {
    const float cosine = std::max(head.cosine, kLeastCosine);
    const float query_dot = tables_.sum(code + kHead) / root_dim_ / cosine;
    return terms_.value(head, query_dot, head.centre_dot * fitted_.centre_scale / cosine);
  }
  const Fitted& fitted_;
  QueryTerms terms_;
  PartTables tables_;
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
  std::optional<BlockLayout> block_layout() const override {
    return BlockLayout{{1, 4, 2, 2}, (dim() + 7) / 8 * 2};  // the fields of write_head, then the signs
  }

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

// The sum of a code's numbers with the query's coordinates less the centroid's, of both levels.
class RabitqFineScorer : public FineScorer {
 public:
  RabitqFineScorer(const RabitqCodec& codec, Kernel kernel, const float* query)
      : codec_(codec), terms_(codec.fitted(), kernel, query), weights_(terms_.rotated()) {
    query_sum_ = std::accumulate(weights_.begin(), weights_.end(), 0.0F);
    weights_.resize(static_cast<size_t>(rabitq_padded(codec.dim())), 0.0F);
  }

  float score(const uint8_t* code, const uint8_t* fine) const override {
    const Fitted& fitted = codec_.fitted();
    const Head head = fitted.head_of(code);
    const int low_bits = fine != nullptr ? codec_.low_bits() : 0;
    const bool has_fine = low_bits > 0;
    const RabitqNumbers numbers{code + kHead, has_fine ? fine + kFineHead : nullptr, low_bits, codec_.dim()};
    // Coordinate i of x_bar is its number less this.
    const float middle = static_cast<float>((2 << low_bits) - 1) / 2;
    const bool less_centre = terms_.needs_centre_dot() && fitted.centroid_squares[head.centroid] != 0;
    const float* centre = less_centre ? fitted.rotated.row<float>(head.centroid).data() : nullptr;
    const float weight_sum = query_sum_ - (less_centre ? fitted.rotated_sums[head.centroid] : 0.0F);
    const float dot = rabitq_sum(numbers, weights_.data(), centre) - middle * weight_sum;
    const float along = has_fine ? RabitqCodec::fine_dot(fine)
                                 : head.cosine * std::sqrt(static_cast<float>(codec_.dim())) / 2;
    return terms_.value(head, dot / std::max(along, 1e-12F), 0);
  }

 private:
  const RabitqCodec& codec_;
  QueryTerms terms_;
  // R q.
  std::vector<float> weights_;
  float query_sum_ = 0;
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
