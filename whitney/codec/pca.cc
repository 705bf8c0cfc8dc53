#include "whitney/codec/pca.h"

#include <cmath>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/codec/principal_components.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

// y = V (x - mean), of V's orthonormal rows; back: mean + V^T y.
class ProjectionMap : public LinearMap {
 public:
  ProjectionMap(std::vector<float> mean, Matrix components)
      : mean_(std::move(mean)), components_(std::move(components)) {}
  int64_t dim() const override { return components_.cols(); }
  int64_t mapped_dim() const override { return components_.rows(); }

  void apply(const float* x, float* y) const override {
    std::vector<float> centred(mean_.size());
    for (size_t i = 0; i < mean_.size(); ++i) centred[i] = x[i] - mean_[i];
    distance_one_to_many(Kernel::kInnerProduct, centred.data(), components_, 0, mapped_dim(), y);
  }
  void invert(const float* y, float* x) const override {
    std::copy(mean_.begin(), mean_.end(), x);
    for (int64_t c = 0; c < mapped_dim(); ++c) {
      const float* row = components_.row<float>(c).data();
      for (int64_t i = 0; i < dim(); ++i) x[i] += y[c] * row[i];
    }
  }
  float map_query(Kernel kernel, const float* query, float* mapped) const override {
    if (kernel == Kernel::kInnerProduct) {  // <q, mean + V^T y> = <q, mean> + <V q, y>
      distance_one_to_many(kernel, query, components_, 0, mapped_dim(), mapped);
      return distance(kernel, query, mean_.data(), dim());
    }
    // |q - mean - V^T y|^2 = |V (q - mean) - y|^2 + what of q - mean the components do not hold
    apply(query, mapped);
    std::vector<float> back(mean_.size());
    invert(mapped, back.data());
    return distance(Kernel::kSquaredL2, query, back.data(), dim());
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "mean", {dim()}, Array<float>::copy_of(mean_));
    writer.add(prefix + "components", DType::kF32, {mapped_dim(), dim()}, components_.bytes());
  }

 private:
  std::vector<float> mean_;
  Matrix components_;
};

void check_dim(int64_t kept, int64_t dim) {
  if (kept > dim)
    fail("option \"dim\" is ", kept, ", and the vectors have ", dim,
         " dimensions (expected: at most as many)");
}

std::unique_ptr<Codec> fit(const Rows& rows, const PcaOptions& options, const Context& context) {
  constexpr int64_t kFittedRows = 20'000;
  check_dim(options.dim, rows.dim());
  PrincipalComponents found = principal_components(rows.sample(kFittedRows, context), options.dim, context);
  return fit_linear(std::make_shared<ProjectionMap>(std::move(found.mean), std::move(found.components)), rows,
                    options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const PcaOptions& options) {
  check_dim(options.dim, saved.dim);
  const Array<float> mean = saved.floats("mean", saved.dim);
  saved.floats("components", options.dim * saved.dim);  // the shape is as it must be, the values are finite
  Matrix components(saved.artifact.tensor(saved.prefix + "components").aligned_bytes(), options.dim,
                    saved.dim, DType::kF32);
  return open_linear(
      std::make_shared<ProjectionMap>(std::vector<float>(mean.begin(), mean.end()), std::move(components)),
      saved, options.codec);
}

const bool registered = register_codec<PcaOptions>(
    {.name = "pca",
     .class_name = "PCA",
     .summary = "The principal components of the largest variance, by another codec",
     .description = "Projects vectors on the directions in which a sample of 20,000 varies most, and encodes "
                    "the result by "
                    "another codec. Queries keep their full width. It pays where the variance falls fast: "
                    "keep 95 % of it; where "
                    "half the dimensions hold less, lvq of all dimensions finds more in the same bytes.",
     .source = "Pearson 1901; Hotelling 1933",
     .example = "whitney compress pca nodes.safetensors -o small.safetensors --dim 96 --codec lvq"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
