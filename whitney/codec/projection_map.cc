#include "whitney/codec/projection_map.h"

#include <algorithm>
#include <utility>

#include "whitney/linalg/distance.h"

namespace whitney::codec {

ProjectionMap::ProjectionMap(std::vector<float> mean, Matrix components)
    : mean_(std::move(mean)), components_(std::move(components)) {}

void ProjectionMap::apply(const float* x, float* y) const {
  std::vector<float> centred(mean_.size());
  for (size_t i = 0; i < mean_.size(); ++i) centred[i] = x[i] - mean_[i];
  distance_one_to_many(Kernel::kInnerProduct, centred.data(), components_, 0, mapped_dim(), y);
}

void ProjectionMap::invert(const float* y, float* x) const {
  std::copy(mean_.begin(), mean_.end(), x);
  for (int64_t c = 0; c < mapped_dim(); ++c) {
    const float* row = components_.row<float>(c).data();
    for (int64_t i = 0; i < dim(); ++i) x[i] += y[c] * row[i];
  }
}

float ProjectionMap::map_query(Kernel kernel, const float* query, float* mapped) const {
  if (kernel == Kernel::kInnerProduct) {  // <q, mean + V^T y> = <q, mean> + <V q, y>
    distance_one_to_many(kernel, query, components_, 0, mapped_dim(), mapped);
    return distance(kernel, query, mean_.data(), dim());
  }
  // |q - mean - V^T y|^2 = |V (q - mean) - y|^2 + what of q - mean the components do not hold
  apply(query, mapped);
  if (mapped_dim() == dim()) return 0;
  std::vector<float> back(mean_.size());
  invert(mapped, back.data());
  return distance(Kernel::kSquaredL2, query, back.data(), dim());
}

void ProjectionMap::save(ArtifactWriter& writer, const std::string& prefix) const {
  writer.add(prefix + "mean", {dim()}, Array<float>::copy_of(mean_));
  writer.add(prefix + "components", DType::kF32, {mapped_dim(), dim()}, components_.bytes());
}

std::shared_ptr<const LinearMap> open_projection(const SavedCodec& saved, int64_t mapped_dim) {
  const Array<float> mean = saved.floats("mean", saved.dim);
  saved.floats("components", mapped_dim * saved.dim);  // the shape is as it must be, the values are finite
  Matrix components(saved.artifact.tensor(saved.prefix + "components").aligned_bytes(), mapped_dim, saved.dim,
                    DType::kF32);
  return std::make_shared<ProjectionMap>(std::vector<float>(mean.begin(), mean.end()), std::move(components));
}

}  // namespace whitney::codec
