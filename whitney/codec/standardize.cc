#include "whitney/codec/standardize.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "whitney/codec/centred_map.h"
#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"

namespace whitney::codec {
namespace {

constexpr const char* kName = "standardize";

// Mean, and deviation with divisor n, of each dimension; a dimension that never varies is left at 0.
Centring standard_of(const Rows& rows) {
  const auto dim = static_cast<size_t>(rows.dim());
  const auto n = static_cast<double>(rows.size());
  std::vector<float> row(dim);
  std::vector<double> mean(dim), squares(dim);
  for (int64_t i = 0; i < rows.size(); ++i) {
    rows.read(i, row.data());
    for (size_t j = 0; j < dim; ++j) mean[j] += row[j] / n;
  }
  for (int64_t i = 0; i < rows.size(); ++i) {
    rows.read(i, row.data());
    for (size_t j = 0; j < dim; ++j) squares[j] += std::pow(row[j] - mean[j], 2) / n;
  }
  Centring centring;
  for (size_t j = 0; j < dim; ++j) {
    const double deviation = std::sqrt(squares[j]);
    // What is left of equal values is the rounding of their mean.
    const bool varies = deviation > 1e-6 * std::abs(mean[j]) && static_cast<float>(deviation) > 0;
    centring.mean.push_back(static_cast<float>(mean[j]));
    centring.deviations.push_back(varies ? static_cast<float>(deviation) : 1.0F);
  }
  return centring;
}

std::unique_ptr<Codec> fit(const Rows& rows, const StandardizeOptions& options, const Context& context) {
  const auto map = options.like ? centred_like(options.like->value, kName, rows)
                                : std::make_shared<CentredMap>(standard_of(rows), rows.normalized());
  return fit_linear(map, rows, options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const StandardizeOptions& options) {
  return open_linear(open_centred(saved), saved, options.codec);
}

const bool registered = register_codec<StandardizeOptions>(
    {.name = "standardize",
     .class_name = "Standardize",
     .summary = "Each dimension less its mean, over its deviation: for vectors that a few dimensions rule",
     .description =
         "Changes vectors for good: each dimension less its mean over all of them, divided by its standard "
         "deviation; under cosine of vectors of norm 1, and normalised anew. A few dimensions of huge values "
         "rule the cosines of states of untuned decoders (Timkey and van Schijndel 2021), which this mends. "
         "'whitney search' of the file changes its queries likewise, by what is kept in it; whatever else "
         "reads it gets the changed vectors, whose queries option \"like\" changes.",
     .source = "Timkey, van Schijndel: All Bark and No Bite: Rogue Dimensions in Transformer Language Models "
               "Obscure Representational Quality, EMNLP 2021, arXiv 2109.04404",
     .example = "whitney compress standardize texts.safetensors -o standard.safetensors"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
