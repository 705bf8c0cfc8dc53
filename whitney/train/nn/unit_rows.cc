#include "whitney/train/nn/unit_rows.h"

#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::nn {
namespace {

constexpr int64_t kBlock = 512;

struct Units : torch::CustomClassHolder {
  Context context;
  torch::Tensor factors, units;
};

template <class T>
void divide(const torch::Tensor& rows, Units& units) {
  const int64_t width = rows.size(1);
  const T* from = rows.const_data_ptr<T>();
  T* out = units.units.mutable_data_ptr<T>();
  T* factors = units.factors.mutable_data_ptr<T>();
  parallel_blocks(units.context, rows.size(0), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      factors[i] = unit_factor(from + i * width, width);
      for (int64_t c = i * width; c < (i + 1) * width; ++c) out[c] = from[c] * factors[i];
    }
  });
}

template <class T>
torch::Tensor gradient_of(const Units& units, const torch::Tensor& given) {
  const int64_t width = given.size(1);
  torch::Tensor gradient = torch::empty_like(units.units);
  const T* g = given.const_data_ptr<T>();
  const T* o = units.units.const_data_ptr<T>();
  const T* factors = units.factors.const_data_ptr<T>();
  T* to = gradient.mutable_data_ptr<T>();
  parallel_blocks(units.context, given.size(0), kBlock, [&](int64_t begin, int64_t end) {
    std::fill(to + begin * width, to + end * width, T(0));
    for (int64_t i = begin; i < end; ++i) {
      add_unit_gradient(factors[i], g + i * width, o + i * width, width, to + i * width);
    }
  });
  return gradient;
}

struct UnitFunction : torch::autograd::Function<UnitFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* saved, const torch::Tensor& given,
                               const c10::intrusive_ptr<Units>& units) {
    saved->saved_data["units"] = c10::IValue::make_capsule(units);
    const torch::Tensor rows = given.contiguous();
    units->factors = torch::empty({rows.size(0)}, rows.options().requires_grad(false));
    units->units = torch::empty_like(rows);
    if (rows.scalar_type() == torch::kFloat64) {
      divide<double>(rows, *units);
    } else {
      divide<float>(rows, *units);
    }
    return units->units.detach();  // itself it would keep the graph that keeps it
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 const torch::autograd::variable_list& given) {
    const auto kept = saved->saved_data["units"].toCapsule();
    const auto& units = static_cast<const Units&>(*kept);
    const torch::Tensor packed = given[0].contiguous();
    const bool is_double = packed.scalar_type() == torch::kFloat64;
    return {is_double ? gradient_of<double>(units, packed) : gradient_of<float>(units, packed),
            torch::Tensor()};
  }
};

}  // namespace

torch::Tensor unit_rows_by_torch(const torch::Tensor& rows) {
  return rows / rows.norm(2, {1}, /*keepdim=*/true).clamp_min(kLeastLength);
}

torch::Tensor unit_rows(const torch::Tensor& rows, const Context& context) {
  if (!rows.device().is_cpu()) return unit_rows_by_torch(rows);
  WHITNEY_CHECK(rows.scalar_type() == torch::kFloat32 || rows.scalar_type() == torch::kFloat64,
                "rows are float32 or float64");
  auto units = c10::make_intrusive<Units>();
  units->context = context;
  units->context.progress = nullptr;
  return UnitFunction::apply(rows, units);
}

}  // namespace whitney::nn
