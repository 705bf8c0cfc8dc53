#include "whitney/recommend/ials.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/data/learner.h"
#include "whitney/linalg/column_products.h"
#include "whitney/recommend/spd_solve.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kBlockRows = 64;

/// What all rows of a half step share: a0 H^T H, d x d.
std::vector<float> weighted_gram(const Matrix& others, double weight, const Context& context) {
  const std::vector<double> gram = column_products(context, others);
  std::vector<float> result(gram.size());
  std::ranges::transform(gram, result.begin(),
                         [&](double value) { return static_cast<float>(weight * value); });
  return result;
}

Matrix random_vectors(int64_t rows, int64_t dim, const char* purpose, uint64_t seed) {
  Matrix result(rows, dim);
  const double deviation = 0.1 / std::sqrt(static_cast<double>(dim));
  auto* out = result.mutable_data<float>();
  for (int64_t i = 0; i < rows; ++i) {
    RandomStream random(seed, purpose, static_cast<uint64_t>(i));
    for (int64_t j = 0; j < dim; ++j) *out++ = static_cast<float>(deviation * random.normal());
  }
  return result;
}

double ridge_of(double degree, int64_t num_others, const IalsOptions& options) {
  const double count = degree + options.unobserved_weight * static_cast<double>(num_others);
  return options.regularization * std::pow(count, options.frequency_exponent);
}

/// A half step, given what its rows share.
Matrix solved_rows(const Interactions& events, const Matrix& others, const std::vector<float>& gram,
                   const Matrix& begin, const IalsOptions& options, const Context& context) {
  const int64_t dim = others.cols();
  Matrix result = Matrix::zeros(events.num_users(), dim);
  auto* out = result.mutable_data<float>();
  parallel_blocks(context, events.num_users(), kBlockRows, [&](int64_t first, int64_t last) {
    SpdSolver solver(dim);
    std::vector<const float*> rows;
    for (int64_t row = first; row < last; ++row) {
      rows.clear();
      for (const uint32_t other : events.items_of(row)) rows.push_back(others.row<float>(other).data());
      if (rows.empty()) continue;  // nothing pulls it from zero
      const auto ridge =
          static_cast<float>(ridge_of(static_cast<double>(rows.size()), others.rows(), options));
      float* vector = out + row * dim;
      if (options.solver == IalsSolver::kCholesky) {
        solver.solve(gram, rows, ridge, vector);
      } else {
        std::ranges::copy(begin.row<float>(row), vector);
        solver.approach(gram, rows, ridge, options.steps, vector);
      }
    }
  });
  return result;
}

/// With neither a regularization nor weights of pairs that were not taken, a row with fewer others than the
/// width has any number of solutions.
void check_finite(const Matrix& rows, const char* side, const Ids& ids, int epoch,
                  const IalsOptions& options) {
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (std::ranges::all_of(rows.row<float>(row), [](float value) { return std::isfinite(value); })) continue;
    fail("ials: the vector of the ", side, " \"", ids.text(row),
         "\" is no longer a number after the half step of the ", side, "s in epoch ", epoch + 1,
         ", with unobserved_weight ", options.unobserved_weight, "; try a larger regularization than ",
         options.regularization, ", such as ", std::max(0.003, 10 * options.regularization),
         ", or a smaller dim");
  }
}

}  // namespace

Matrix ials_half_step(const Interactions& events, const Matrix& others, const Matrix& begin,
                      const IalsOptions& options, const Context& context) {
  return solved_rows(events, others, weighted_gram(others, options.unobserved_weight, context), begin,
                     options, context);
}

IalsFoldIn::IalsFoldIn(Matrix items, IalsOptions options, const Context& context)
    : items_(std::move(items)),
      options_(options),
      gram_(weighted_gram(items_, options.unobserved_weight, context)) {
  options_.solver = IalsSolver::kCholesky;
}

Matrix IalsFoldIn::users(const Interactions& events, const Context& context) const {
  return solved_rows(events, items_, gram_, {}, options_, context);
}

Factors ials(const Interactions& events, const IalsOptions& options, const Context& context) {
  const Interactions of_items = transposed(events);
  Factors factors{random_vectors(events.num_users(), options.dim, "ials users", context.seed),
                  random_vectors(events.num_items(), options.dim, "ials items", context.seed)};
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    context.check_cancelled();
    factors.users = ials_half_step(events, factors.items, factors.users, options, context);
    check_finite(factors.users, "user", events.users, epoch, options);
    factors.items = ials_half_step(of_items, factors.users, factors.items, options, context);
    check_finite(factors.items, "item", events.items, epoch, options);
    context.advance("epochs", epoch + 1, options.epochs, "epochs");
  }
  return factors;
}

namespace {

RecommenderModel learn_ials(const Interactions& events, const IalsOptions& options, const Context& context) {
  return {history_of(events), ials(events, options, context)};
}

CostEstimate estimate_ials(const DataSize& size, const IalsOptions& options, const Context& context) {
  const int64_t d = options.dim, rows = size.num_rows + size.num_items;
  CostEstimate cost;
  // Events by items, too; vectors, and a side's new ones beside the old; what each thread solves in.
  cost.peak_bytes = interactions_bytes(size) + size.nnz * 4 + size.num_items * 8 +
                    (rows + std::max(size.num_rows, size.num_items)) * d * 4 +
                    context.num_threads() * d * d * 12;
  const double events = static_cast<double>(size.nnz),
               of_row = static_cast<double>(d * d) * static_cast<double>(rows);
  const bool is_exact = options.solver == IalsSolver::kCholesky;
  const double of_epoch =
      is_exact ? 2 * events * static_cast<double>(d * d) / 2 + of_row * static_cast<double>(d) / 6
               : options.steps * (4 * events * static_cast<double>(d) + of_row);
  constexpr double kMultiplyAddsPerSecond = 8e9;
  cost.seconds = options.epochs * of_epoch / (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

// clang-format off
const bool registered = register_recommender<IalsOptions>(
    {.name = "ials",
     .class_name = "IALS",
     .summary = "Vectors of users and items by alternating least squares over all pairs, observed or not",
     .description =
         "Each half step solves one side's vectors exactly, given the other's: observed pairs are to have the product 1, "
         "all pairs weigh a little towards 0. Sixteen epochs are usually enough; tune unobserved_weight and regularization "
         "together, then raise dim. Strong where items have many events; its items' vectors are embeddings that any index "
         "serves by inner product.\n"
         "Values and times of events are not looked at. The same seed gives the same bytes at any number of threads.",
     .source = "Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008; in the form of Rendle, "
               "Krichene, Zhang, Koren, RecSys 2022, arXiv 2110.14037",
     .example = "whitney learn ials events.tsv -o model.safetensors --dim 64 --regularization 0.03"},
    learn_ials, estimate_ials);
// clang-format on

}  // namespace

double ials_loss(const Interactions& events, const Factors& factors, const IalsOptions& options) {
  const auto dot = [](std::span<const float> a, std::span<const float> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  double loss = 0;
  for (int64_t user = 0; user < events.num_users(); ++user) {
    for (const uint32_t item : events.items_of(user)) {
      const double product = dot(factors.users.row<float>(user), factors.items.row<float>(item));
      loss += (product - 1) * (product - 1);
    }
  }
  // The sum over all pairs of (w h)^2 is the inner product of the two Gram matrices.
  const std::vector<double> users = column_products({}, factors.users),
                            items = column_products({}, factors.items);
  loss += options.unobserved_weight * std::inner_product(users.begin(), users.end(), items.begin(), 0.0);
  const std::vector<int64_t> degrees = item_degrees(events);
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto w = factors.users.row<float>(user);
    loss += ridge_of(static_cast<double>(events.degree(user)), events.num_items(), options) * dot(w, w);
  }
  for (int64_t item = 0; item < events.num_items(); ++item) {
    const auto h = factors.items.row<float>(item);
    loss += ridge_of(static_cast<double>(degrees[static_cast<size_t>(item)]), events.num_users(), options) *
            dot(h, h);
  }
  return loss;
}

}  // namespace whitney::recommend
