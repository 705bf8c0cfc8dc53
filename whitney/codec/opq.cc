#include "whitney/codec/opq.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/codec/opq_rotation.h"
#include "whitney/codec/projection_map.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

int64_t num_subspaces_of(const OpqOptions& options, int64_t dim) {
  const int64_t parts = options.num_subspaces.value_or(std::max<int64_t>(1, dim / 8));
  if (parts > dim) {
    fail("option \"num_subspaces\" is ", parts, ", and the vectors have ", dim,
         " dimensions (expected: at most as many)");
  }
  return parts;
}

// The codec behind the rotation.
MethodChoice pq_of(const OpqOptions& options, int64_t dim) {
  const Value given = Value::object({{"num_subspaces", num_subspaces_of(options, dim)},
                                     {"bits", name_of_enum(options.bits)},
                                     {"max_iterations", options.max_iterations}});
  return {"pq", resolve_options(Registry::instance().get(Verb::kCompress, "pq"), given)};
}

std::unique_ptr<Codec> fit(const Rows& rows, const OpqOptions& options, const Context& context) {
  constexpr int64_t kMostRows = 65'536;
  const OpqTask task{num_subspaces_of(options, rows.dim()), options.bits == PqBits::k8 ? 256 : 16,
                     options.num_rounds};
  OpqRotation learned = learn_opq_rotation(rows.sample(kMostRows, context), task, context);
  std::vector<float> no_shift(static_cast<size_t>(rows.dim()));
  return fit_linear(std::make_shared<ProjectionMap>(std::move(no_shift), std::move(learned.rotation)), rows,
                    pq_of(options, rows.dim()), context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const OpqOptions& options) {
  return open_linear(open_projection(saved, saved.dim), saved, pq_of(options, saved.dim));
}

const bool registered = register_codec<OpqOptions>(
    {.name = "opq",
     .class_name = "OPQ",
     .summary = "Product quantisation behind a rotation that is learned for it",
     .description =
         "Turns the vectors so that product quantisation of the result errs least: codebooks and rotation "
         "are fitted in turns to a sample of 65,536 vectors, and the start is no rotation or principal "
         "components, whichever errs less. As many bytes as pq. It finds more where coordinates are "
         "correlated or of unequal weight, and as much as pq where they are pixels. Fitting takes "
         "far longer than pq's, and each query is turned first, d^2 products.",
     .source = "Ge, He, Ke, Sun: Optimized Product Quantization, TPAMI 2014 (CVPR 2013)",
     .example = "whitney compress opq nodes.safetensors -o small.safetensors --num-subspaces 16"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
