#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "whitney/core/value.h"

namespace whitney::search {

/// A number among what the steps of a search are taken to cost.
template <class Costs>
struct CostField {
  std::string_view name;
  double Costs::* member;
};

/// By how much a machine or an index may differ from the standard, and what a file may say.
inline constexpr double kMostTimesStandard = 8, kLeastCost = 1e-3, kMostCost = 1e7;

/// To four digits: all that a measurement means.
inline double rounded_cost(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

/// Each within a factor of `standard`'s that no machine leaves: what a disturbed measurement gives beyond is
/// cut off, and what is no number replaced.
template <class Costs>
Costs costs_bounded_by(const Costs& standard, Costs costs, std::span<const CostField<Costs>> fields) {
  for (const auto& [name, member] : fields) {
    const double usual = standard.*member;
    double& value = costs.*member;
    value = std::isfinite(value) ? std::clamp(value, usual / kMostTimesStandard, usual * kMostTimesStandard)
                                 : usual;
  }
  return costs;
}

/// {"scan_row": 38.1, ...}.
template <class Costs>
Value costs_to_value(const Costs& costs, std::span<const CostField<Costs>> fields) {
  Value value = Value::object();
  for (const auto& [name, member] : fields) value.set(std::string(name), rounded_cost(costs.*member));
  return value;
}

/// Back to what it was, or nothing where a number is missing or could not have been measured.
template <class Costs>
std::optional<Costs> costs_from_value(const Value& value, std::span<const CostField<Costs>> fields) {
  Costs costs;
  if (!value.is_object()) return std::nullopt;
  for (const auto& [name, member] : fields) {
    const Value* found = value.find(name);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    const double number = found->as_real();
    if (!(number >= kLeastCost && number <= kMostCost)) return std::nullopt;
    costs.*member = number;
  }
  return costs;
}

}  // namespace whitney::search
