#include "whitney/graph/fastrp.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/sparse.h"
#include "whitney/linalg/standardize.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

/// The options after the two names of a thing became one and unused powers were dropped.
struct Plan {
  int64_t dim = 0;
  /// Weights of powers 0..k; [0] is the node's own random row.
  std::vector<double> weights;
  bool normalize_rows = true;
  bool concatenate = false;
  bool standardize = true;

  int64_t num_powers() const { return std::ssize(weights) - 1; }
  bool wants(int64_t power) const { return weights[static_cast<size_t>(power)] != 0; }
};

double beta_of(const FastRPOptions& options) {
  if (!options.normalization_strength) return options.beta;
  if (options.beta != FastRPOptions().beta)
    throw UsageError("beta and normalization_strength are two names of one option; give one of them");
  return *options.normalization_strength;
}

const std::vector<double>& weights_of(const FastRPOptions& options) {
  if (options.iteration_weights.empty()) return options.weights;
  if (options.weights != FastRPOptions().weights)
    throw UsageError("weights and iteration_weights are two names of one option; give one of them");
  return options.iteration_weights;
}

Plan make_plan(const FastRPOptions& options) {
  if (options.property_ratio != 0) {
    throw UsageError(concat("option \"property_ratio\": ", options.property_ratio,
                            " is not possible, because node properties are not read yet (expected: 0)"));
  }
  const std::vector<double>& weights = weights_of(options);
  Plan plan{.dim = options.dim,
            .weights = {},
            .normalize_rows = options.normalize_rows,
            .concatenate = options.combine == PowerCombination::kConcatenate,
            .standardize = options.standardize};
  if (plan.concatenate) {
    const int64_t num_powers = options.num_powers ? *options.num_powers : std::ssize(weights);
    if (num_powers == 0) throw UsageError("combine concatenate needs num_powers where there are no weights");
    plan.weights.assign(static_cast<size_t>(num_powers) + 1, 1.0);
    plan.weights[0] = 0;
    return plan;
  }
  plan.weights = {options.node_self_influence};
  plan.weights.insert(plan.weights.end(), weights.begin(), weights.end());
  while (!plan.weights.empty() && plan.weights.back() == 0) plan.weights.pop_back();
  if (plan.weights.empty()) {
    throw UsageError(
        "all weights of fastrp are 0: give a weight or node_self_influence that is not, or combine "
        "concatenate with num_powers");
  }
  return plan;
}

double sparsity_of(const FastRPOptions& options, int64_t num_nodes) {
  return options.sparsity ? *options.sparsity
                          : std::sqrt(static_cast<double>(std::max<int64_t>(num_nodes, 1)));
}

/// The graph as a linear map, with the degrees that scale it.
struct Walk {
  SparseView matrix;
  /// 1 / degree (0 where it is 0); empty for the adjacency matrix.
  std::vector<float> row_scale;
  /// degree^beta; 1 where the degree is 0, as in Neo4j GDS: beta < 0 would make it infinite.
  std::vector<float> projection_scale;
};

double degree_of(const Graph& graph, int64_t node, NeighborMean mean_by) {
  if (!graph.weighted() || mean_by == NeighborMean::kNeighborCount)
    return static_cast<double>(graph.neighbors(node).size());
  double sum = 0;
  for (float weight : graph.neighbor_weights(node)) sum += weight;
  return sum;
}

Walk make_walk(const Graph& graph, const FastRPOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes();
  const double beta = beta_of(options);
  Walk walk;
  walk.matrix = {n, n, graph.offsets.span(), graph.targets.span(), graph.weights.span()};
  walk.projection_scale.resize(static_cast<size_t>(n));
  const bool transition = options.input == FastRPInput::kTransition;
  if (transition) walk.row_scale.resize(static_cast<size_t>(n));
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      const double degree = degree_of(graph, node, options.mean_by);
      const auto i = static_cast<size_t>(node);
      walk.projection_scale[i] = degree > 0 ? static_cast<float>(std::pow(degree, beta)) : 1.0F;
      if (transition) walk.row_scale[i] = degree > 0 ? static_cast<float>(1 / degree) : 0.0F;
    }
  });
  return walk;
}

/// U_0 = L R.
Matrix make_projection(const Graph& graph, const Walk& walk, const FastRPOptions& options,
                       const Context& context) {
  const int64_t n = graph.num_nodes(), dim = options.dim;
  const RandomProjection projection(options.projection, dim, sparsity_of(options, n), context.seed, "fastrp");
  Matrix result(n, dim);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      float* row = values + node * dim;
      projection.write_row(random_key(graph.ids, node), row);
      const float scale = walk.projection_scale[static_cast<size_t>(node)];
      for (int64_t j = 0; j < dim; ++j) row[j] *= scale;
    }
  });
  return result;
}

/// 1 / Euclidean norm, 0 for a zero row. In float64: powers of an adjacency matrix are large.
float inverse_norm(const float* row, int64_t dim) {
  constexpr int64_t kLanes = 8;
  std::array<double, kLanes> sums{};
  int64_t j = 0;
  for (; j + kLanes <= dim; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums[static_cast<size_t>(lane)] += double{row[j + lane]} * double{row[j + lane]};
    }
  }
  double sum = 0;
  for (; j < dim; ++j) sum += double{row[j]} * double{row[j]};
  for (double part : sums) sum += part;
  return sum > 0 ? static_cast<float>(1 / std::sqrt(sum)) : 0.0F;
}

Array<float> inverse_norms_of(const MatrixView& matrix, const Context& context) {
  Array<float> result(matrix.rows);
  float* out = result.mutable_data();
  std::atomic<bool> finite{true};
  parallel_blocks(context, matrix.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      out[i] = inverse_norm(matrix.row<float>(i).data(), matrix.cols);
      // An infinite or undefined entry makes the sum so, and its inverse 0 or undefined.
      const auto row = matrix.row<float>(i);
      if ((out[i] == 0 || !std::isfinite(out[i])) &&
          std::any_of(row.begin(), row.end(), [](float x) { return x != 0; })) {
        finite = false;
      }
    }
  });
  if (!finite) {
    fail(
        "fastrp: the powers of the matrix leave the range of float32; use fewer powers, smaller weights of "
        "edges, "
        "or input transition");
  }
  return result;
}

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

/// A power in hand: U_i, and 1 / norm of its rows where they count.
struct Power {
  int64_t number = 0;
  Matrix matrix;
  Array<float> inverse_norms;
};

/// Walks through U_0, U_1, ... and holds the last two: the next one takes the place of the older.
class PowerStream {
 public:
  PowerStream(const Graph& graph, const FastRPOptions& options, const Plan& plan, const Context& context)
      : context_(context), plan_(plan), walk_(make_walk(graph, options, context)) {
    current.matrix = make_projection(graph, walk_, options, context);
    measure();
  }
  bool ended() const { return current.number == plan_.num_powers(); }
  void advance() {
    context_.advance("powers", current.number, plan_.num_powers(), "powers");
    std::swap(previous, current);
    current.number = previous.number + 1;
    if (current.matrix.rows() == 0) current.matrix = Matrix(previous.matrix.rows(), plan_.dim);
    multiply_sparse(context_, walk_.matrix, walk_.row_scale, previous.matrix,
                    current.matrix.mutable_data<float>());
    measure();
    if (ended()) context_.advance("powers", current.number, current.number, "powers");
  }

  Power previous, current;

 private:
  void measure() {
    current.inverse_norms = Array<float>();
    if (!plan_.wants(current.number)) return;
    // Computed without normalisation too: it notices values beyond float32.
    Array<float> inverse_norms = inverse_norms_of(current.matrix, context_);
    if (plan_.normalize_rows) current.inverse_norms = std::move(inverse_norms);
  }

  const Context& context_;
  const Plan& plan_;
  Walk walk_;
};

/// X = sum_i w_i V_i. A power is added when no product needs it any more, and the first one becomes the sum,
/// so that two matrices are enough where only the last two powers have weights, and three otherwise.
Matrix stream_sum(PowerStream& stream, const Plan& plan, const Context& context) {
  Matrix sum;
  bool first = true;
  const auto add = [&](Power& power) {
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
Matrix stream_concatenation(PowerStream& stream, const Plan& plan, const Context& context) {
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

Embeddings finish(Ids ids, Matrix vectors, const Plan& plan, const Context& context) {
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

std::vector<std::string> FastRPOptions::ineffective() const {
  std::vector<std::string> sentences;
  const auto say = [&](bool given, const char* option, const char* with) {
    if (given) sentences.push_back(concat("option \"", option, "\" of fastrp has no effect with ", with));
  };
  const FastRPOptions defaults;
  const bool concatenate = combine == PowerCombination::kConcatenate;
  say(sparsity && projection == Projection::kGaussian, "sparsity", "projection gaussian");
  say(concatenate && node_self_influence != 0, "node_self_influence", "combine concatenate");
  say(concatenate && num_powers && weights != defaults.weights, "weights",
      "combine concatenate and num_powers");
  say(!concatenate && num_powers.has_value(), "num_powers", "combine sum");
  return sentences;
}

Embeddings fastrp(const Graph& graph, const FastRPOptions& options, const Context& context) {
  const Plan plan = make_plan(options);
  refuse_empty(graph);
  Matrix vectors;
  {
    PowerStream stream(graph, options, plan, context);
    vectors =
        plan.concatenate ? stream_concatenation(stream, plan, context) : stream_sum(stream, plan, context);
  }
  return finish(graph.ids, std::move(vectors), plan, context);
}

FastRPPowers fastrp_powers(const Graph& graph, const FastRPOptions& options, const Context& context) {
  Plan plan = make_plan(options);
  refuse_empty(graph);
  // Whatever the weights of this call, those of a later one may ask for every power.
  const int64_t given = plan.concatenate ? plan.num_powers() : std::ssize(weights_of(options));
  plan.weights.assign(static_cast<size_t>(given) + 1, 1.0);
  plan.normalize_rows = true;
  FastRPPowers result{.ids = graph.ids, .powers = {}, .inverse_norms = {}};
  PowerStream stream(graph, options, plan, context);
  for (;;) {
    result.powers.push_back(stream.current.matrix);
    result.inverse_norms.push_back(stream.current.inverse_norms);
    if (stream.ended()) return result;
    stream.previous = Power();  // it is kept: the next product takes new memory
    stream.advance();
  }
}

Embeddings combine_powers(const FastRPPowers& powers, const FastRPOptions& options, const Context& context) {
  const Plan plan = make_plan(options);
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

CostEstimate estimate_fastrp(const DataSize& size, const FastRPOptions& options, const Context& context) {
  const Plan plan = make_plan(options);
  const int64_t n = size.num_rows, k = plan.num_powers();
  int64_t num_matrices = plan.concatenate ? k + 2 : std::min<int64_t>(k + 1, 2);
  for (int64_t power = 0; power < k - 1 && !plan.concatenate; ++power) {
    if (plan.wants(power)) num_matrices = 3;
  }
  // The graph (targets, perhaps weights, starts, ids), two scales and two norms a node, and the program
  // itself.
  constexpr int64_t kProgramBytes = 32 << 20;
  const int64_t graph_bytes = size.nnz * 8 + n * (8 + 24);
  CostEstimate cost;
  cost.peak_bytes = num_matrices * n * plan.dim * 4 + graph_bytes + n * 16 + kProgramBytes;
  // Multiply-adds of the products, at what one thread was measured to do; the rest is small beside them.
  constexpr double kMultiplyAddsPerSecond = 4e9;
  cost.seconds = static_cast<double>(k) * static_cast<double>(size.nnz) * static_cast<double>(plan.dim) /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

const bool registered = register_graph_learner<FastRPOptions>(
    {.name = "fastrp",
     .class_name = "FastRP",
     .summary = "Node vectors by very sparse random projection of powers of the transition matrix",
     .description =
         "Turns a graph into node vectors without training: a random matrix, scaled by a power of the "
         "degrees, is "
         "multiplied a few times by the degree-normalised adjacency matrix; the powers are normalised by "
         "rows, "
         "weighted and summed, and the columns standardised. Seconds where walks take minutes, and cheap to "
         "tune: "
         "the weights decide how far a node looks. Use both an odd and an even power (graphs that are nearly "
         "bipartite show only one side to each), more powers on sparse graphs, and input adjacency where "
         "hubs tell "
         "what a node is. For roles rather than communities take another method.\n"
         "The random row of a node depends on the seed and its id only, so that a node keeps it when others "
         "are "
         "added or the file's order changes. Isolated nodes get zero vectors.\n"
         "The form of Neo4j GDS: --weights 0,1,1 --beta 0 --sparsity 3 --mean-by neighbor_count "
         "--standardize false; "
         "its names iteration_weights, normalization_strength and node_self_influence are understood.",
     .source =
         "Chen, Sultan, Tian, Chen, Skiena: Fast and Accurate Network Embeddings via Very Sparse Random "
         "Projection, CIKM 2019, arXiv 1908.11512",
     .example = "whitney learn fastrp edges.tsv -o nodes.safetensors --dim 256"},
    fastrp, estimate_fastrp);

}  // namespace

}  // namespace whitney::graph
