#include "whitney/graph/fastrp.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/fastrp_features.h"
#include "whitney/graph/fastrp_plan.h"
#include "whitney/graph/fastrp_powers.h"
#include "whitney/linalg/standardize.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

/// x = sum of w_i U_i / |U_i| of one row, powers ascending: the one place that decides the order of rounding.
class RowSum {
 public:
  RowSum(float* row, int64_t dim, bool empty) : row_(row), dim_(dim), empty_(empty) {}
  void add(const float* power, double weight, float inverse) {
    const auto factor = static_cast<float>(weight * inverse);
    if (empty_) {
      for (int64_t j = 0; j < dim_; ++j) row_[j] = factor * power[j];
    } else {
      for (int64_t j = 0; j < dim_; ++j) row_[j] += factor * power[j];
    }
    empty_ = false;
  }

 private:
  float* row_;
  int64_t dim_;
  bool empty_;
};

/// Adds w_i U_i / |U_i| to (or, the first time, sets) `cols` columns of out; in place where out is U_i
/// itself.
void add_power(const Context& context, const MatrixView& power, double weight,
               const Array<float>& inverse_norms, bool first, float* out, int64_t stride) {
  parallel_blocks(context, power.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float inverse = inverse_norms.empty() ? 1.0F : inverse_norms[i];
      RowSum(out + i * stride, power.cols, first).add(power.row<float>(i).data(), weight, inverse);
    }
  });
}

/// X = sum_i w_i V_i. A power is added when no product needs it any more, and the first one becomes the sum,
/// so that two matrices are enough where only the last two powers have weights, and three otherwise.
Matrix stream_sum(FastRPPowerStream& stream, const FastRPPlan& plan, const Context& context) {
  Matrix sum;
  bool first = true;
  const auto add = [&](FastRPPower& power) {
    if (power.matrix.rows() == 0 || !plan.wants(power.number)) return;
    const MatrixView view = power.matrix;
    if (first) sum = std::exchange(power.matrix, Matrix());
    add_power(context, view, plan.weights[static_cast<size_t>(power.number)], power.inverse_norms, first,
              sum.mutable_data<float>(), plan.dim);
    first = false;
  };
  while (!stream.ended()) {
    add(stream.previous);
    stream.advance();
  }
  add(stream.previous);
  stream.previous.matrix = Matrix();
  add(stream.current);
  return sum;
}

/// [V_1 .. V_k].
Matrix stream_concatenation(FastRPPowerStream& stream, const FastRPPlan& plan, const Context& context) {
  const int64_t width = plan.num_powers() * plan.dim;
  Matrix result(stream.current.matrix.rows(), width);
  float* values = result.mutable_data<float>();
  while (!stream.ended()) {
    stream.advance();
    add_power(context, stream.current.matrix, 1, stream.current.inverse_norms, true,
              values + (stream.current.number - 1) * plan.dim, width);
  }
  return result;
}

/// Gives 1 for each row with a value that is not 0.
std::vector<uint8_t> find_nonzero_rows(const MatrixView& matrix, const Context& context) {
  std::vector<uint8_t> nonzero(static_cast<size_t>(matrix.rows));
  parallel_blocks(context, matrix.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = matrix.row<float>(i);
      nonzero[static_cast<size_t>(i)] = std::any_of(row.begin(), row.end(), [](float x) { return x != 0; });
    }
  });
  return nonzero;
}

/// Standardises the columns over the rows that have a vector. Zero rows stay zero: they are no observation,
/// and minus the mean over the deviation would give all of them one and the same made-up vector.
void standardize_nonzero_rows(Matrix& matrix, std::span<const uint8_t> nonzero, int64_t num_nonzero,
                              const Context& context) {
  const int64_t cols = matrix.cols();
  float* values = matrix.mutable_data<float>();
  if (num_nonzero == matrix.rows()) return standardize_columns(context, values, num_nonzero, cols);
  int64_t kept = 0;
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    if (nonzero[static_cast<size_t>(i)] == 0) continue;
    if (kept != i) std::copy_n(values + i * cols, cols, values + kept * cols);
    ++kept;
  }
  standardize_columns(context, values, kept, cols);
  for (int64_t i = matrix.rows() - 1; i >= 0; --i) {
    float* row = values + i * cols;
    if (nonzero[static_cast<size_t>(i)] == 0) {
      std::fill_n(row, cols, 0.0F);
    } else if (--kept != i) {
      std::copy_n(values + kept * cols, cols, row);
    }
  }
}

void refuse_empty(const Graph& graph) {
  if (graph.num_nodes() == 0) fail("fastrp: the graph has no nodes");
}

Embeddings finish(Ids ids, Matrix vectors, const FastRPPlan& plan, const Context& context) {
  const std::vector<uint8_t> nonzero = find_nonzero_rows(vectors, context);
  const auto num_nonzero = static_cast<int64_t>(std::count(nonzero.begin(), nonzero.end(), uint8_t{1}));
  const int64_t num_zero = vectors.rows() - num_nonzero;
  if (num_zero > 0) {
    context.note(
        concat("fastrp: ", num_zero, " of ", vectors.rows(),
               " nodes got a zero vector: no edges lead from them (or only to nodes whose random row is 0)"));
  }
  if (plan.standardize) standardize_nonzero_rows(vectors, nonzero, num_nonzero, context);
  Embeddings result;
  result.ids = std::move(ids);
  result.vectors = std::move(vectors);
  result.record.set("metric", name_of_enum(Metric::kCosine));
  return result;
}

}  // namespace

Embeddings fastrp(const Graph& graph, const FastRPOptions& options, const Context& context) {
  const FastRPPlan plan = make_plan(options);
  refuse_empty(graph);
  Matrix vectors;
  std::string features_fingerprint;
  {
    const Matrix features = read_features(graph, options, context);
    if (features.rows() > 0) features_fingerprint = fingerprint(Embeddings{graph.ids, features, {}});
    FastRPPowerStream stream(graph, features, options, plan, context);
    vectors =
        plan.concatenate ? stream_concatenation(stream, plan, context) : stream_sum(stream, plan, context);
  }
  Embeddings result = finish(graph.ids, std::move(vectors), plan, context);
  if (!features_fingerprint.empty()) result.record.set("features_fingerprint", features_fingerprint);
  return result;
}

FastRPPowers fastrp_powers(const Graph& graph, const FastRPOptions& options, const Context& context) {
  FastRPPlan plan = make_plan(options);
  refuse_empty(graph);
  // Whatever the weights of this call, those of a later one may ask for every power.
  const int64_t given = plan.concatenate ? plan.num_powers() : std::ssize(weights_of(options));
  plan.weights.assign(static_cast<size_t>(given) + 1, 1.0);
  plan.normalize_rows = true;
  FastRPPowers result{.ids = graph.ids, .powers = {}, .inverse_norms = {}};
  FastRPPowerStream stream(graph, read_features(graph, options, context), options, plan, context);
  for (;;) {
    result.powers.push_back(stream.current.matrix);
    result.inverse_norms.push_back(stream.current.inverse_norms);
    if (stream.ended()) return result;
    stream.previous = FastRPPower();  // it is kept: the next product takes new memory
    stream.advance();
  }
}

Embeddings combine_powers(const FastRPPowers& powers, const FastRPOptions& options, const Context& context) {
  const FastRPPlan plan = make_plan(options);
  if (plan.num_powers() >= std::ssize(powers.powers)) {
    throw UsageError(concat("fastrp: ", plan.num_powers(), " weights, but powers 1 to ",
                            std::ssize(powers.powers) - 1, " were kept"));
  }
  const int64_t dim = powers.powers.front().cols(), n = powers.powers.front().rows();
  Matrix vectors(n, plan.concatenate ? dim * plan.num_powers() : dim);
  float* values = vectors.mutable_data<float>();
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RowSum sum(values + i * vectors.cols(), dim, true);
      for (size_t power = 0; power < plan.weights.size(); ++power) {
        if (plan.weights[power] == 0) continue;
        if (plan.concatenate) {
          sum = RowSum(values + i * vectors.cols() + (static_cast<int64_t>(power) - 1) * dim, dim, true);
        }
        const float inverse = plan.normalize_rows ? powers.inverse_norms[power][i] : 1.0F;
        sum.add(powers.powers[power].row<float>(i).data(), plan.weights[power], inverse);
      }
    }
  });
  return finish(powers.ids, std::move(vectors), plan, context);
}

}  // namespace whitney::graph
