#include "whitney/codec/linear_codec.h"

#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::codec {
namespace {

class ShiftedScorer : public CodeScorer {
 public:
  ShiftedScorer(std::unique_ptr<CodeScorer> inner, Kernel kernel, float shift)
      : inner_(std::move(inner)),
        shift_(shift),
        key_shift_(kernel == Kernel::kInnerProduct ? -shift : shift) {}
  void score(const uint8_t* codes, int64_t count, float* out) const override {
    inner_->score(codes, count, out);
    for (int64_t j = 0; j < count; ++j) out[j] += shift_;
  }
  void score_with_bounds(const uint8_t* codes, int64_t count, float* out, float* bounds) const override {
    inner_->score_with_bounds(codes, count, out, bounds);
    for (int64_t j = 0; j < count; ++j) out[j] += shift_;
  }
  void key_ranges(const uint8_t* blocks, int64_t count, bool with_bounds, float* least,
                  float* greatest) const override {
    inner_->key_ranges(blocks, count, with_bounds, least, greatest);
    // The scores and these sums are rounded each by themselves.
    constexpr float kUnits = 1.0F / (1 << 22);
    for (int64_t j = 0; j < count * kFastScanLanes; ++j) {
      const float rounding = kUnits * (std::abs(least[j]) + std::abs(greatest[j]) + std::abs(shift_));
      least[j] = least[j] + key_shift_ - rounding;
      greatest[j] = greatest[j] + key_shift_ + rounding;
    }
  }

 private:
  std::unique_ptr<CodeScorer> inner_;
  float shift_, key_shift_;
};

class ShiftedFineScorer : public FineScorer {
 public:
  ShiftedFineScorer(std::unique_ptr<FineScorer> inner, float shift)
      : inner_(std::move(inner)), shift_(shift) {}
  float score(const uint8_t* code, const uint8_t* fine) const override {
    return inner_->score(code, fine) + shift_;
  }

 private:
  std::unique_ptr<FineScorer> inner_;
  float shift_;
};

class LinearCodec : public Codec {
 public:
  LinearCodec(std::shared_ptr<const LinearMap> map, std::unique_ptr<Codec> inner)
      : map_(std::move(map)), inner_(std::move(inner)) {}
  int64_t dim() const override { return map_->dim(); }
  int64_t code_bytes() const override { return inner_->code_bytes(); }
  int64_t fine_bytes() const override { return inner_->fine_bytes(); }
  bool has_bounds() const override { return inner_->has_bounds(); }
  std::optional<BlockLayout> block_layout() const override { return inner_->block_layout(); }

  void encode(const float* row, uint8_t* code, uint8_t* fine) const override {
    std::vector<float> mapped(static_cast<size_t>(map_->mapped_dim()));
    map_->apply(row, mapped.data());
    inner_->encode(mapped.data(), code, fine);
  }
  void decode(const uint8_t* code, const uint8_t* fine, float* row) const override {
    std::vector<float> mapped(static_cast<size_t>(map_->mapped_dim()));
    inner_->decode(code, fine, mapped.data());
    map_->invert(mapped.data(), row);
  }
  void restore(const uint8_t* code, const uint8_t* fine, float* row) const override {
    std::vector<float> mapped(static_cast<size_t>(map_->mapped_dim()));
    inner_->restore(code, fine, mapped.data());
    map_->restore(mapped.data(), row);
  }
  bool changes_vectors() const override { return map_->changes_vectors() || inner_->changes_vectors(); }
  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    std::vector<float> mapped(static_cast<size_t>(map_->mapped_dim()));
    const float shift = map_->map_query(kernel, query, mapped.data());
    return std::make_unique<ShiftedScorer>(inner_->scorer(kernel, mapped.data()), kernel, shift);
  }
  std::unique_ptr<FineScorer> fine_scorer(Kernel kernel, const float* query) const override {
    std::vector<float> mapped(static_cast<size_t>(map_->mapped_dim()));
    const float shift = map_->map_query(kernel, query, mapped.data());
    return std::make_unique<ShiftedFineScorer>(inner_->fine_scorer(kernel, mapped.data()), shift);
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    map_->save(writer, prefix);
    inner_->save(writer, prefix + "inner.");
  }

 private:
  std::shared_ptr<const LinearMap> map_;
  std::unique_ptr<Codec> inner_;
};

}  // namespace

void check_kept_dim(int64_t kept, int64_t dim) {
  if (kept > dim)
    fail("option \"dim\" is ", kept, ", and the vectors have ", dim,
         " dimensions (expected: at most as many)");
}

std::unique_ptr<Codec> fit_linear(std::shared_ptr<const LinearMap> map, const Rows& rows,
                                  const MethodChoice& choice, const Context& context) {
  const int64_t mapped_dim = map->mapped_dim();
  Matrix mapped(rows.size(), mapped_dim);
  auto* out = mapped.mutable_data<float>();
  parallel_blocks(context, rows.size(), 256, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(rows.dim()));
    for (int64_t i = begin; i < end; ++i) {
      rows.read(i, row.data());
      map->apply(row.data(), out + i * mapped_dim);
    }
  });
  auto inner = codec_method(choice.method).fit(Rows(mapped), choice.options, context);
  return std::make_unique<LinearCodec>(std::move(map), std::move(inner));
}

std::unique_ptr<Codec> open_linear(std::shared_ptr<const LinearMap> map, const SavedCodec& saved,
                                   const MethodChoice& choice) {
  const SavedCodec inner{saved.artifact, saved.prefix + "inner.", map->mapped_dim(), choice.options};
  auto codec = codec_method(choice.method).open(inner);
  return std::make_unique<LinearCodec>(std::move(map), std::move(codec));
}

}  // namespace whitney::codec
