#include "whitney/graph/fastrp.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/fastrp_features.h"
#include "whitney/graph/fastrp_plan.h"
#include "whitney/graph/fastrp_powers.h"
#include "whitney/linalg/standardize.h"
#include "whitney/linalg/sum_rows.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

/// w_i U_i / |U_i|.
ScaledRows term_of(const FastRPPower& power, const FastRPPlan& plan) {
  const MatrixView view = power.matrix;
  return {static_cast<const float*>(view.data), view.stride, plan.weights[static_cast<size_t>(power.number)],
          power.inverse_norms.empty() ? nullptr : power.inverse_norms.data()};
}

void sum_all_rows(const Context& context, const std::vector<ScaledRows>& terms, int64_t rows, int64_t cols,
                  float* out, int64_t stride) {
  parallel_blocks(context, rows, kRowBlock,
                  [&](int64_t begin, int64_t end) { sum_rows(terms, begin, end, cols, out, stride); });
}

/// Standardises the columns over the rows that are not zero, where the plan says so, after `fill` wrote the
/// rows. Gives the number of those rows.
int64_t fill_and_standardize(Matrix& vectors, const FillRows& fill, const FastRPPlan& plan,
                             const Context& context) {
  const int64_t cols = vectors.cols();
  float* values = vectors.mutable_data<float>();
  if (plan.standardize) return standardize_nonzero_rows(context, values, vectors.rows(), cols, fill);
  return ordered_reduce<int64_t>(
      context, vectors.rows(), kRowBlock, 0,
      [&](int64_t begin, int64_t end) {
        if (fill) fill(begin, end);
        int64_t nonzero = 0;
        for (int64_t i = begin; i < end; ++i) {
          const float* row = values + i * cols;
          if (std::any_of(row, row + cols, [](float x) { return x != 0; })) ++nonzero;
        }
        return nonzero;
      },
      [](int64_t a, int64_t b) { return a + b; });
}

Embeddings finish(Ids ids, Matrix vectors, const FillRows& fill, const FastRPPlan& plan,
                  const Context& context) {
  const int64_t num_zero = vectors.rows() - fill_and_standardize(vectors, fill, plan, context);
  if (num_zero > 0) {
    context.note(
        concat("fastrp: ", num_zero, " of ", vectors.rows(),
               " nodes got a zero vector: no edges lead from them (or only to nodes whose random row is 0)"));
  }
  Embeddings result;
  result.ids = std::move(ids);
  result.vectors = std::move(vectors);
  result.record.set("metric", name_of_enum(Metric::kCosine));
  return result;
}

/// X = sum_i w_i V_i. A power is added when no product needs it any more, and the first one becomes the sum,
/// so that two matrices are enough where only the last two powers have weights, and three otherwise. The last
/// two are added while the columns' moments are taken.
Embeddings sum_powers(const Graph& graph, FastRPPowerStream& stream, const FastRPPlan& plan,
                      const Context& context) {
  const int64_t n = graph.num_nodes();
  Matrix sum;
  const auto terms_with = [&](std::initializer_list<const FastRPPower*> powers) {
    std::vector<ScaledRows> terms;
    if (sum.rows() > 0) terms.push_back({sum.row<float>(0).data(), plan.dim, 1, nullptr});
    for (const FastRPPower* power : powers) {
      if (power->matrix.rows() > 0 && plan.wants(power->number)) terms.push_back(term_of(*power, plan));
    }
    return terms;
  };
  while (!stream.ended()) {
    if (stream.previous.matrix.rows() > 0 && plan.wants(stream.previous.number)) {
      const std::vector<ScaledRows> terms = terms_with({&stream.previous});
      if (sum.rows() == 0) sum = std::exchange(stream.previous.matrix, Matrix());
      sum_all_rows(context, terms, n, plan.dim, sum.mutable_data<float>(), plan.dim);
    }
    stream.advance();
  }
  const std::vector<ScaledRows> terms = terms_with({&stream.previous, &stream.current});
  if (sum.rows() == 0 && plan.num_powers() > 0 && plan.wants(stream.previous.number))
    sum = std::exchange(stream.previous.matrix, Matrix());
  if (sum.rows() == 0) sum = std::exchange(stream.current.matrix, Matrix());
  float* values = sum.mutable_data<float>();
  const auto fill = [&terms, values, dim = plan.dim](int64_t begin, int64_t end) {
    sum_rows(terms, begin, end, dim, values, dim);
  };
  return finish(graph.ids, std::move(sum), fill, plan, context);
}

/// [V_1 .. V_k].
Embeddings concatenate_powers(const Graph& graph, FastRPPowerStream& stream, const FastRPPlan& plan,
                              const Context& context) {
  const int64_t n = graph.num_nodes(), width = plan.num_powers() * plan.dim;
  Matrix result(n, width);
  float* values = result.mutable_data<float>();
  while (!stream.ended()) {
    stream.advance();
    sum_all_rows(context, {term_of(stream.current, plan)}, n, plan.dim,
                 values + (stream.current.number - 1) * plan.dim, width);
  }
  return finish(graph.ids, std::move(result), {}, plan, context);
}

void refuse_empty(const Graph& graph) {
  if (graph.num_nodes() == 0) fail("fastrp: the graph has no nodes");
}

}  // namespace

Embeddings fastrp(const Graph& graph, const FastRPOptions& options, const Context& context) {
  const FastRPPlan plan = make_plan(options);
  refuse_empty(graph);
  const Matrix features = read_features(graph, options, context);
  FastRPPowerStream stream(graph, features, options, plan, context);
  Embeddings result = plan.concatenate ? concatenate_powers(graph, stream, plan, context)
                                       : sum_powers(graph, stream, plan, context);
  if (features.rows() > 0)
    result.record.set("features_fingerprint", fingerprint(Embeddings{graph.ids, features, {}}));
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
  std::vector<ScaledRows> terms;
  for (size_t power = 0; power < plan.weights.size(); ++power) {
    if (plan.weights[power] == 0) continue;
    terms.push_back({powers.powers[power].row<float>(0).data(), dim, plan.weights[power],
                     plan.normalize_rows ? powers.inverse_norms[power].data() : nullptr});
  }
  const int64_t stride = vectors.cols();
  const auto fill = [&](int64_t begin, int64_t end) {
    if (!plan.concatenate) return sum_rows(terms, begin, end, dim, values, stride);
    for (size_t t = 0; t < terms.size(); ++t) {
      sum_rows(std::span(terms).subspan(t, 1), begin, end, dim, values + static_cast<int64_t>(t) * dim,
               stride);
    }
  };
  return finish(powers.ids, std::move(vectors), fill, plan, context);
}

}  // namespace whitney::graph
