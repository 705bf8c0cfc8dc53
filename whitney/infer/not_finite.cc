#include "whitney/infer/not_finite.h"

#include <algorithm>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/data/finite_rows.h"

namespace whitney::infer {
namespace {

void check_rows(const Context& context, const std::string& model, const MatrixView& rows,
                const std::vector<int64_t>& starts) {
  const int64_t row = first_not_finite(context, rows);
  if (row < 0) return;
  throw NotFinite(model, starts.empty() ? row : std::ranges::upper_bound(starts, row) - starts.begin() - 1);
}

}  // namespace

void check_finite(const Context& given, const std::string& model, const Encoding& encoding) {
  Context context = given;
  context.cancellation = nullptr;  // a finished block is not lost to a stop that is asked for now
  check_rows(context, model, encoding.vectors, encoding.starts);
  const std::vector<float>& weights = encoding.sparse_weights;
  check_rows(context, model, {weights.data(), std::ssize(weights), 1, 1, DType::kF32},
             encoding.sparse_starts);
}

}  // namespace whitney::infer
