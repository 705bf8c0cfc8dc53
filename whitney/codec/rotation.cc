#include "whitney/codec/rotation.h"

#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/codec/rotation_transform.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

class RotationMap : public LinearMap {
 public:
  explicit RotationMap(RotationTransform rotation) : rotation_(std::move(rotation)) {}
  int64_t dim() const override { return rotation_.dim(); }
  int64_t mapped_dim() const override { return rotation_.dim(); }
  void apply(const float* x, float* y) const override { rotation_.apply(x, y); }
  void invert(const float* y, float* x) const override { rotation_.invert(y, x); }
  float map_query(Kernel /*kernel*/, const float* query, float* mapped) const override {
    rotation_.apply(query, mapped);
    return 0;
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "signs", {RotationTransform::kRounds, mapped_dim()}, rotation_.signs());
  }

 private:
  RotationTransform rotation_;
};

std::unique_ptr<Codec> fit(const Rows& rows, const RotationOptions& options, const Context& context) {
  return fit_linear(std::make_shared<RotationMap>(RotationTransform(rows.dim(), context.seed)), rows,
                    options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const RotationOptions& options) {
  const TensorView& signs = saved.artifact.tensor(saved.prefix + "signs");
  if (signs.num_elements() != RotationTransform::kRounds * saved.dim)
    fail(saved.artifact.path(), ": tensor \"", signs.name, "\" does not fit vectors of width ", saved.dim);
  return open_linear(std::make_shared<RotationMap>(RotationTransform(saved.dim, signs.as<uint8_t>())), saved,
                     options.codec);
}

const bool registered = register_codec<RotationOptions>(
    {.name = "rotation",
     .class_name = "Rotation",
     .summary = "A random rotation before another codec: spreads outlying coordinates evenly",
     .description = "Turns the vectors by a random orthonormal map (signs, fast Hadamard transforms and "
                    "Kac's walk, O(d log d))"
                    " and encodes the result by another codec. Distances stay. It helps where a few "
                    "coordinates are far larger than the others, as in many transformers' embeddings, and "
                    "hurts pq, sq8 and sq4 "
                    "where coordinates mean something by themselves, such as pixels.",
     .source = "fast Johnson-Lindenstrauss transform (Ailon, Chazelle 2009) with Kac's walk, as RaBitQ's "
               "library has it",
     .example =
         "whitney compress rotation nodes.safetensors -o small.safetensors --codec lvq --codec.bits 4"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
