#include "whitney/train/recsys/triple_losses.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/inner_product.h"

namespace whitney::recsys {
namespace {

struct Triples : torch::CustomClassHolder {
  TriplePlaces places;
  double regularization = 0;
  int64_t regularized = 0;
  Context context;
  torch::Tensor rows;

  int64_t size() const { return std::ssize(places.users); }
};

/// A triple's rows, or their gradients.
template <class T>
struct Three {
  T *user, *positive, *negative;

  Three(T* rows, int64_t width, const TriplePlaces& places, int64_t triple)
      : user(rows + places.users[static_cast<size_t>(triple)] * width),
        positive(rows + places.positives[static_cast<size_t>(triple)] * width),
        negative(rows + places.negatives[static_cast<size_t>(triple)] * width) {}
};

/// <u, i> - <u, j>.
template <class T>
double margin_of(const Three<const T>& rows, int64_t width) {
  return double{nn::inner_product(rows.user, rows.positive, width)} -
         double{nn::inner_product(rows.user, rows.negative, width)};
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

template <class T>
torch::Tensor losses_of(const Triples& triples) {
  constexpr int64_t kBlock = 256;
  const int64_t width = triples.rows.size(1);
  const T* rows = triples.rows.const_data_ptr<T>();
  torch::Tensor losses = torch::empty({triples.size()}, triples.rows.options());
  T* out = losses.template mutable_data_ptr<T>();
  parallel_blocks(triples.context, triples.size(), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const Three<const T> three(rows, width, triples.places, t);
      double squares = 0;
      for (const T* row : {three.user, three.positive, three.negative}) {
        squares += nn::inner_product(row, row, triples.regularized);
      }
      out[t] = static_cast<T>(softplus(-margin_of(three, width)) + triples.regularization / 2 * squares);
    }
  });
  return losses;
}

template <class T>
torch::Tensor gradient_of(const Triples& triples, const torch::Tensor& given) {
  const int64_t width = triples.rows.size(1);
  const T* rows = triples.rows.const_data_ptr<T>();
  const torch::Tensor packed = given.contiguous();
  const T* factors = packed.template const_data_ptr<T>();
  torch::Tensor gradient = torch::zeros_like(triples.rows);
  T* out = gradient.template mutable_data_ptr<T>();
  for (int64_t t = 0; t < triples.size(); ++t) {
    const Three<const T> three(rows, width, triples.places, t);
    const Three<T> to(out, width, triples.places, t);
    const double margin = margin_of(three, width);
    const T slope = static_cast<T>(-double{factors[t]} / (1 + std::exp(margin)));
    for (int64_t c = 0; c < width; ++c) {
      const T u = three.user[c], i = three.positive[c], j = three.negative[c];
      to.user[c] += slope * (i - j);
      to.positive[c] += slope * u;
      to.negative[c] -= slope * u;
    }
    const T pull = static_cast<T>(triples.regularization * factors[t]);
    for (int64_t c = 0; c < triples.regularized; ++c) {
      to.user[c] += pull * three.user[c];
      to.positive[c] += pull * three.positive[c];
      to.negative[c] += pull * three.negative[c];
    }
  }
  return gradient;
}

struct TripleFunction : torch::autograd::Function<TripleFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* saved, const torch::Tensor& rows,
                               const c10::intrusive_ptr<Triples>& triples) {
    saved->saved_data["triples"] = c10::IValue::make_capsule(triples);
    triples->rows = rows.detach().contiguous();
    return rows.scalar_type() == torch::kFloat64 ? losses_of<double>(*triples) : losses_of<float>(*triples);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 const torch::autograd::variable_list& given) {
    const auto kept = saved->saved_data["triples"].toCapsule();
    const auto& triples = static_cast<const Triples&>(*kept);
    const bool is_double = triples.rows.scalar_type() == torch::kFloat64;
    return {is_double ? gradient_of<double>(triples, given[0]) : gradient_of<float>(triples, given[0]),
            torch::Tensor()};
  }
};

}  // namespace

torch::Tensor triple_losses(const torch::Tensor& rows, TriplePlaces places, double regularization,
                            int64_t regularized, const Context& context) {
  for (const auto* part : {&places.users, &places.positives, &places.negatives}) {
    WHITNEY_CHECK(part->size() == places.users.size(), "triples of ", part->size(), " and ",
                  places.users.size(), " places");
    for (const uint32_t place : *part) {
      WHITNEY_CHECK(place < rows.size(0), "a triple's row ", place, " of ", rows.size(0));
    }
  }
  auto triples = c10::make_intrusive<Triples>();
  triples->places = std::move(places);
  triples->regularization = regularization;
  triples->regularized = regularized;
  triples->context = context;
  triples->context.progress = nullptr;
  return TripleFunction::apply(rows, triples);
}

}  // namespace whitney::recsys
