#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/core/options.h"

namespace whitney::codec {

/// A map before a codec: y = map(x), which the codec encodes; what it decodes is mapped back.
class LinearMap {
 public:
  virtual ~LinearMap() = default;
  /// Of x, and of y.
  virtual int64_t dim() const = 0;
  virtual int64_t mapped_dim() const = 0;
  virtual void apply(const float* x, float* y) const = 0;
  virtual void invert(const float* y, float* x) const = 0;
  /// Codec::restore and Codec::changes_vectors.
  virtual void restore(const float* y, float* x) const { invert(y, x); }
  virtual bool changes_vectors() const { return false; }
  /// Writes the query that is compared with y in place of `query` with x, and returns what is to be added to
  /// the kernel's values.
  virtual float map_query(Kernel kernel, const float* query, float* mapped) const = 0;
  virtual void save(ArtifactWriter& writer, const std::string& prefix) const = 0;
};

/// Throws Error when a map that keeps `kept` dimensions (option "dim") is asked of vectors of fewer.
void check_kept_dim(int64_t kept, int64_t dim);

/// Maps all rows and fits the chosen codec to them.
std::unique_ptr<Codec> fit_linear(std::shared_ptr<const LinearMap> map, const Rows& rows,
                                  const MethodChoice& choice, const Context& context);

/// Opens the codec behind a map; its tensors begin with prefix + "inner.".
std::unique_ptr<Codec> open_linear(std::shared_ptr<const LinearMap> map, const SavedCodec& saved,
                                   const MethodChoice& choice);

}  // namespace whitney::codec
