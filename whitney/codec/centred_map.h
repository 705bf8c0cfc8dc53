#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/codec/linear_codec.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// What a set of vectors says of itself: mean, and what is taken from each vector around it.
struct Centring {
  /// d values.
  std::vector<float> mean;
  /// Empty, or d values above 0 that divide.
  std::vector<float> deviations;
  /// Orthonormal rows of d whose share of a vector is removed; or none.
  Matrix removed;
};

/// y = (x - mean - U^T U (x - mean)) / deviations, of norm 1 again where vectors are compared by their
/// cosine. The vectors themselves are changed, and compared as changed: they are decoded to y, and a query
/// goes the same way.
class CentredMap : public LinearMap {
 public:
  CentredMap(Centring centring, bool normalizes);
  int64_t dim() const override { return static_cast<int64_t>(centring_.mean.size()); }
  int64_t mapped_dim() const override { return dim(); }
  void apply(const float* x, float* y) const override;
  void invert(const float* y, float* x) const override;
  void restore(const float* y, float* x) const override;
  bool changes_vectors() const override { return true; }
  float map_query(Kernel kernel, const float* query, float* mapped) const override;
  void save(ArtifactWriter& writer, const std::string& prefix) const override;

 private:
  Centring centring_;
  bool normalizes_;
};

/// Opens what CentredMap::save wrote. Throws Error that names file and tensor.
std::shared_ptr<const LinearMap> open_centred(const SavedCodec& saved);

/// The map of a file that the same method wrote to vectors of the same width and metric (option "like").
/// Throws Error that names the file.
std::shared_ptr<const LinearMap> centred_like(const std::string& path, std::string_view method,
                                              const Rows& rows);

}  // namespace whitney::codec
