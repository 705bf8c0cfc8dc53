#include "whitney/codec/all_but_the_top.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "whitney/codec/centred_map.h"
#include "whitney/codec/codec.h"
#include "whitney/codec/linear_codec.h"
#include "whitney/codec/principal_components.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

constexpr const char* kName = "all_but_the_top";

// Algorithm 1 of the paper; of the components it takes each vector's share before centring, which leaves them
// all a constant one. Here it is the share behind it: nothing of the components stays.
Centring top_of(const Rows& rows, std::optional<int64_t> num_components, const Context& context) {
  constexpr int64_t kFittedRows = 20'000;
  const int64_t removed = num_components.value_or(std::max<int64_t>(1, (rows.dim() + 50) / 100));
  if (removed >= rows.dim()) {
    fail("option \"num_components\" is ", removed, ", and the vectors have ", rows.dim(),
         " dimensions (expected: fewer)");
  }
  PrincipalComponents found =
      principal_components(rows.sample(kFittedRows, context), std::max<int64_t>(1, removed), context);
  Centring centring{std::move(found.mean), {}, {}};
  if (removed > 0) centring.removed = std::move(found.components);
  return centring;
}

std::unique_ptr<Codec> fit(const Rows& rows, const AllButTheTopOptions& options, const Context& context) {
  const auto map = options.like ? centred_like(options.like->value, kName, rows)
                                : std::make_shared<CentredMap>(top_of(rows, options.num_components, context),
                                                               rows.normalized());
  return fit_linear(map, rows, options.codec, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const AllButTheTopOptions& options) {
  return open_linear(open_centred(saved), saved, options.codec);
}

const bool registered = register_codec<AllButTheTopOptions>(
    {.name = "all_but_the_top",
     .class_name = "AllButTheTop",
     .summary = "Vectors less their mean and top principal components, which they all share",
     .description =
         "Changes vectors for good: takes their mean and their first principal components, found in a sample "
         "of 20,000, out of each; under cosine of vectors of norm 1, and normalises anew. What all vectors "
         "share says nothing of any, and rules the cosines of untuned language models' vectors; those of "
         "tuned ones are better left alone. 'whitney search' of the file changes its queries likewise, by "
         "what is kept in it; whatever else reads it gets the changed vectors, whose queries option \"like\" "
         "changes.",
     .source = "Mu, Viswanath: All-but-the-Top: Simple and Effective Postprocessing for Word "
               "Representations, ICLR 2018, arXiv 1702.01417",
     .example =
         "whitney compress all_but_the_top texts.safetensors -o better.safetensors --num-components 3"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
