#pragma once

#include <memory>
#include <string>
#include <vector>

#include "whitney/codec/linear_codec.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// y = V (x - mean), of V's orthonormal rows; back: mean + V^T y.
class ProjectionMap : public LinearMap {
 public:
  /// mean: d values, components: up to d rows of d.
  ProjectionMap(std::vector<float> mean, Matrix components);
  int64_t dim() const override { return components_.cols(); }
  int64_t mapped_dim() const override { return components_.rows(); }
  void apply(const float* x, float* y) const override;
  void invert(const float* y, float* x) const override;
  float map_query(Kernel kernel, const float* query, float* mapped) const override;
  void save(ArtifactWriter& writer, const std::string& prefix) const override;

 private:
  std::vector<float> mean_;
  Matrix components_;
};

/// Opens what ProjectionMap::save wrote, of `mapped_dim` components. Throws Error that names file and tensor.
std::shared_ptr<const LinearMap> open_projection(const SavedCodec& saved, int64_t mapped_dim);

}  // namespace whitney::codec
