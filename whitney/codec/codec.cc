#include "whitney/codec/codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/select.h"

namespace whitney::codec {
namespace {

// Rows that one task encodes or decodes.
constexpr int64_t kBlock = 256;

class DecodingScorer : public CodeScorer {
 public:
  DecodingScorer(const Codec& codec, Kernel kernel, const float* query)
      : codec_(codec), kernel_(kernel), query_(query, query + codec.dim()) {}

  void score(const uint8_t* codes, int64_t count, float* out) const override {
    const int64_t dim = codec_.dim(), block = 64;
    std::vector<float> rows(static_cast<size_t>(std::min(block, count) * dim));
    for (int64_t begin = 0; begin < count; begin += block) {
      const int64_t size = std::min(block, count - begin);
      for (int64_t i = 0; i < size; ++i)
        codec_.decode(codes + (begin + i) * codec_.code_bytes(), nullptr, rows.data() + i * dim);
      distance_one_to_many(kernel_, query_.data(), {rows.data(), size, dim, dim, DType::kF32}, 0, size,
                           out + begin);
    }
  }

 private:
  const Codec& codec_;
  Kernel kernel_;
  std::vector<float> query_;
};

class DecodingFineScorer : public FineScorer {
 public:
  DecodingFineScorer(const Codec& codec, Kernel kernel, const float* query)
      : codec_(codec), kernel_(kernel), query_(query, query + codec.dim()) {}
  float score(const uint8_t* code, const uint8_t* fine) const override {
    std::vector<float> row(query_.size());
    codec_.decode(code, fine, row.data());
    return distance(kernel_, query_.data(), row.data(), codec_.dim());
  }

 private:
  const Codec& codec_;
  Kernel kernel_;
  std::vector<float> query_;
};

// In float64 and in order: the same norm at every SIMD level, so that codes of integers are, too.
void normalize(float* row, int64_t dim) {
  double squared = 0;
  for (int64_t i = 0; i < dim; ++i) squared += static_cast<double>(row[i]) * row[i];
  if (squared == 0) return;
  const double inverse = 1 / std::sqrt(squared);
  for (int64_t i = 0; i < dim; ++i) row[i] = static_cast<float>(row[i] * inverse);
}

// `most` of n rows, ascending: all where there are not more.
std::vector<int64_t> sampled_rows(int64_t n, int64_t most, const Context& context) {
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  if (n <= most) return rows;
  RandomStream random(context.seed, "codec sample", 0);
  for (int64_t i = 0; i < most; ++i) {
    const auto other = i + static_cast<int64_t>(random.below(static_cast<uint64_t>(n - i)));
    std::swap(rows[static_cast<size_t>(i)], rows[static_cast<size_t>(other)]);
  }
  rows.resize(static_cast<size_t>(most));
  std::ranges::sort(rows);
  return rows;
}

}  // namespace

void Rows::read(int64_t i, float* out) const {
  copy_row_as_float(view_, i, out);
  if (normalized_) normalize(out, view_.cols);
}

Matrix Rows::sample(int64_t most, const Context& context) const {
  const std::vector<int64_t> rows = sampled_rows(size(), most, context);
  Matrix result(std::ssize(rows), dim());
  auto* out = result.mutable_data<float>();
  for (const int64_t row : rows) {
    read(row, out);
    out += dim();
  }
  return result;
}

void CodeScorer::score_with_bounds(const uint8_t* codes, int64_t count, float* out, float* bounds) const {
  score(codes, count, out);
  std::fill_n(bounds, count, 0.0F);
}

void CodeScorer::key_ranges(const uint8_t* /*blocks*/, int64_t /*count*/, bool /*with_bounds*/,
                            float* /*least*/, float* /*greatest*/) const {
  WHITNEY_CHECK(false, "blocks of codes are scored by a codec that lays none");
}

int64_t CodeScorer::select_keys(const uint8_t* blocks, int64_t count, bool with_bounds, float limit,
                                FoundKey* found) const {
  // Blocks whose ranges stay in L1; how many bytes one takes is what the codec alone knows.
  std::array<float, kBlocksOfRanges * kFastScanLanes> least, greatest;
  std::array<uint32_t, kBlocksOfRanges * kFastScanLanes + 16> places;
  WHITNEY_CHECK(count <= kBlocksOfRanges, count, " blocks at once (the most is ", kBlocksOfRanges, ")");
  key_ranges(blocks, count, with_bounds, least.data(), greatest.data());
  const int64_t num_found = select_at_most(least.data(), count * kFastScanLanes, limit, places.data());
  for (int64_t i = 0; i < num_found; ++i) {
    const uint32_t place = places[static_cast<size_t>(i)];
    found[i] = {place, least[place], greatest[place]};
  }
  return num_found;
}

std::unique_ptr<CodeScorer> Codec::scorer(Kernel kernel, const float* query) const {
  return std::make_unique<DecodingScorer>(*this, kernel, query);
}

std::unique_ptr<FineScorer> Codec::fine_scorer(Kernel kernel, const float* query) const {
  return std::make_unique<DecodingFineScorer>(*this, kernel, query);
}

Array<float> SavedCodec::floats(const std::string& name, int64_t count) const {
  const TensorView& tensor = artifact.tensor(prefix + name);
  const Array<float> values = tensor.as<float>();
  if (values.size() != count) {
    fail(artifact.path(), ": tensor \"", tensor.name, "\" has ", values.size(), " values where ", count,
         " are due");
  }
  for (const float value : values) {
    if (!std::isfinite(value)) fail(artifact.path(), ": tensor \"", tensor.name, "\" holds no finite number");
  }
  return values;
}

const CodecMethod& codec_method(std::string_view name) {
  const Method& method = Registry::instance().get(Verb::kCompress, name);
  const auto* runner = dynamic_cast<const CodecMethod*>(method.runner.get());
  WHITNEY_CHECK(runner != nullptr, name, " is registered under compress and is no CodecMethod");
  return *runner;
}

Array<uint32_t> zero_rows(const MatrixView& vectors) {
  std::vector<uint32_t> rows;
  std::vector<float> row(static_cast<size_t>(vectors.cols));
  for (int64_t i = 0; i < vectors.rows; ++i) {
    copy_row_as_float(vectors, i, row.data());
    if (std::ranges::all_of(row, [](float value) { return value == 0; }))
      rows.push_back(static_cast<uint32_t>(i));
  }
  return Array<uint32_t>::copy_of(rows);
}

Codes encode_rows(const Codec& codec, const Rows& rows, const Context& context) {
  const int64_t n = rows.size(), bytes = codec.code_bytes(), fine_bytes = codec.fine_bytes();
  Codes result{Array<uint8_t>(n * bytes), Array<uint8_t>(n * fine_bytes)};
  uint8_t* codes = result.codes.mutable_data();
  uint8_t* fine = fine_bytes > 0 ? result.fine.mutable_data() : nullptr;
  parallel_blocks(context, n, kBlock, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(rows.dim()));
    for (int64_t i = begin; i < end; ++i) {
      rows.read(i, row.data());
      try {
        codec.encode(row.data(), codes + i * bytes, fine == nullptr ? nullptr : fine + i * fine_bytes);
      } catch (const Error& error) {
        fail("the vector of row ", i, " (counted from 0) ", error.what());
      }
    }
  });
  return result;
}

Matrix decode_rows(const Codec& codec, const uint8_t* codes, const uint8_t* fine, int64_t count,
                   const Context& context) {
  Matrix result(count, codec.dim());
  auto* out = result.mutable_data<float>();
  parallel_blocks(context, count, kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      codec.decode(codes + i * codec.code_bytes(), fine == nullptr ? nullptr : fine + i * codec.fine_bytes(),
                   out + i * codec.dim());
    }
  });
  return result;
}

double relative_error(const Codec& codec, const Rows& rows, int64_t most, const Context& context) {
  const Matrix sample = rows.sample(most, context);
  const int64_t n = sample.rows(), dim = sample.cols();
  const Codes codes = encode_rows(codec, Rows(sample), context);
  Matrix restored(n, dim);
  for (int64_t i = 0; i < n; ++i) {
    const uint8_t* fine = codec.fine_bytes() > 0 ? codes.fine.data() + i * codec.fine_bytes() : nullptr;
    codec.restore(codes.codes.data() + i * codec.code_bytes(), fine,
                  restored.mutable_data<float>() + i * dim);
  }
  std::vector<double> mean(static_cast<size_t>(dim));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < dim; ++j)
      mean[static_cast<size_t>(j)] += sample.row<float>(i)[static_cast<size_t>(j)];
  }
  double lost = 0, all = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < static_cast<size_t>(dim); ++j) {
      const double value = sample.row<float>(i)[j], error = value - restored.row<float>(i)[j];
      const double around = value - mean[j] / static_cast<double>(n);
      lost += error * error;
      all += around * around;
    }
  }
  return lost == 0 ? 0 : std::sqrt(lost / std::max(all, 1e-300));
}

}  // namespace whitney::codec
