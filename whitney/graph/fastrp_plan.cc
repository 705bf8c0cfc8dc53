#include "whitney/graph/fastrp_plan.h"

#include <algorithm>
#include <string>

#include "whitney/core/error.h"

namespace whitney::graph {

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

FastRPPlan make_plan(const FastRPOptions& options) {
  if (options.property_ratio > 0 && !options.features)
    throw UsageError("property_ratio asks for node features: give their file as features");
  const std::vector<double>& weights = weights_of(options);
  FastRPPlan plan{.dim = options.dim,
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
  say(features && property_ratio == 0, "features", "property_ratio 0");
  say(!features && !feature_properties.empty(), "feature_properties", "no features");
  say(!concatenate && num_powers.has_value(), "num_powers", "combine sum");
  return sentences;
}

}  // namespace whitney::graph
