#include "whitney/codec/matryoshka.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

// Not linear where vectors are normalised anew: that is what makes cosine of the first dimensions out of
// cosine.
class TruncationMap : public LinearMap {
 public:
  TruncationMap(int64_t dim, int64_t kept, bool normalizes)
      : dim_(dim), kept_(kept), normalizes_(normalizes) {}
  int64_t dim() const override { return dim_; }
  int64_t mapped_dim() const override { return kept_; }
  void apply(const float* x, float* y) const override {
    std::copy(x, x + kept_, y);
    const double norm = std::sqrt(squared_norm(x, 0, kept_));
    if (!normalizes_ || norm == 0) return;
    for (int64_t i = 0; i < kept_; ++i) y[i] = static_cast<float>(y[i] / norm);
  }
  void invert(const float* y, float* x) const override {
    std::copy(y, y + kept_, x);
    std::fill(x + kept_, x + dim_, 0.0F);
  }
  float map_query(Kernel kernel, const float* query, float* mapped) const override {
    apply(query, mapped);
    // Of vectors normalised anew the distance is that of the first dimensions, which is what makes their
    // cosine.
    return kernel == Kernel::kSquaredL2 && !normalizes_ ? static_cast<float>(squared_norm(query, kept_, dim_))
                                                        : 0.0F;
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "normalizes", {1}, Array<uint8_t>{static_cast<uint8_t>(normalizes_ ? 1 : 0)});
  }

 private:
  static double squared_norm(const float* x, int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += static_cast<double>(x[i]) * x[i];
    return sum;
  }
  int64_t dim_, kept_;
  bool normalizes_;
};

std::unique_ptr<Codec> fit(const Rows& rows, const MatryoshkaOptions& options, const Context& context) {
  check_kept_dim(options.dim, rows.dim());
  return fit_linear(std::make_shared<TruncationMap>(rows.dim(), options.dim, rows.normalized()), rows,
                    options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const MatryoshkaOptions& options) {
  check_kept_dim(options.dim, saved.dim);
  const TensorView& flag = saved.artifact.tensor(saved.prefix + "normalizes");
  if (flag.num_elements() != 1) fail(saved.artifact.path(), ": tensor \"", flag.name, "\" is not one value");
  return open_linear(std::make_shared<TruncationMap>(saved.dim, options.dim, flag.as<uint8_t>()[0] != 0),
                     saved, options.codec);
}

const bool registered = register_codec<MatryoshkaOptions>(
    {.name = "matryoshka",
     .class_name = "Matryoshka",
     .summary = "The first dimensions only, for encoders that were trained to be cut",
     .description =
         "Keeps the first dimensions of each vector, normalised anew under cosine, and encodes them by "
         "another codec. "
         "It is for embeddings of models trained with Matryoshka representation learning, whose first "
         "dimensions "
         "hold the most; of others pca keeps more. Queries keep their full width and are cut likewise.",
     .source = "Kusupati et al.: Matryoshka Representation Learning, NeurIPS 2022, arXiv 2205.13147",
     .example = "whitney compress matryoshka texts.safetensors -o small.safetensors --dim 128 --codec lvq"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
