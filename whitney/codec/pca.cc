#include "whitney/codec/pca.h"

#include <memory>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/codec/principal_components.h"
#include "whitney/codec/projection_map.h"

namespace whitney::codec {
namespace {

std::unique_ptr<Codec> fit(const Rows& rows, const PcaOptions& options, const Context& context) {
  constexpr int64_t kFittedRows = 20'000;
  check_kept_dim(options.dim, rows.dim());
  PrincipalComponents found = principal_components(rows.sample(kFittedRows, context), options.dim, context);
  return fit_linear(std::make_shared<ProjectionMap>(std::move(found.mean), std::move(found.components)), rows,
                    options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const PcaOptions& options) {
  check_kept_dim(options.dim, saved.dim);
  return open_linear(open_projection(saved, options.dim), saved, options.codec);
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
