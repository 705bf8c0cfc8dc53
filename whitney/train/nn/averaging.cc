#include "whitney/train/nn/averaging.h"

#include <algorithm>
#include <numeric>

#include "whitney/core/error.h"

namespace whitney::nn {

void Average::take(std::optional<double> share, const Parameters& parameters) {
  if (!share) return;
  const torch::NoGradGuard no_gradients;
  if (count_ == 0) {
    values_.clear();
    for (const Parameter& parameter : parameters.all()) values_.push_back(parameter.tensor.detach().clone());
  } else {
    for (size_t i = 0; i < values_.size(); ++i) values_[i].lerp_(parameters.all()[i].tensor, *share);
  }
  ++count_;
}

void Average::after_step(const Parameters& parameters) {
  take(options_.averaging.share_after_step(count_), parameters);
}

void Average::after_epoch(const Parameters& parameters, int64_t epoch) {
  take(options_.averaging.share_after_epoch(count_, epoch, options_.epochs), parameters);
}

void Average::swap_with(const Parameters& parameters) {
  if (!exists()) return;
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < values_.size(); ++i) {
    const torch::Tensor& parameter = parameters.all()[i].tensor;
    const torch::Tensor kept = parameter.detach().clone();
    torch::Tensor(parameter).copy_(values_[i]);
    values_[i] = kept;
  }
}

std::vector<NamedTensor> Average::state(const Parameters& parameters) const {
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < values_.size(); ++i) state.push_back({parameters.all()[i].name, values_[i]});
  return state;
}

void Average::load_state(const std::vector<NamedTensor>& state, int64_t count, const Parameters& parameters,
                         std::string_view where) {
  count_ = count;
  values_.clear();
  if (count == 0) return;
  if (state.size() != parameters.size()) fail(where, " holds an average of another model");
  for (size_t i = 0; i < state.size(); ++i) {
    const torch::Tensor& parameter = parameters.all()[i].tensor;
    if (state[i].tensor.sizes() != parameter.sizes()) fail(where, " holds an average of another model");
    values_.push_back(state[i].tensor.to(parameter.device()));
  }
}

namespace {

void require_same(const std::vector<NamedTensor>& first, const std::vector<NamedTensor>& other) {
  const bool same = std::equal(first.begin(), first.end(), other.begin(), other.end(),
                               [](const NamedTensor& a, const NamedTensor& b) {
                                 return a.name == b.name && a.tensor.sizes() == b.tensor.sizes();
                               });
  if (!same) fail("parameters of different models have no mean: names or shapes differ");
}

}  // namespace

std::vector<NamedTensor> soup(const std::vector<std::vector<NamedTensor>>& ingredients) {
  if (ingredients.empty()) fail("a mean of no parameters: give at least one checkpoint");
  const torch::NoGradGuard no_gradients;
  std::vector<NamedTensor> result;
  for (const NamedTensor& tensor : ingredients.front())
    result.push_back({tensor.name, tensor.tensor.detach().clone()});
  for (size_t k = 1; k < ingredients.size(); ++k) {
    require_same(ingredients.front(), ingredients[k]);
    for (size_t i = 0; i < result.size(); ++i) result[i].tensor.add_(ingredients[k][i].tensor);
  }
  for (NamedTensor& tensor : result) tensor.tensor.div_(static_cast<double>(ingredients.size()));
  return result;
}

std::vector<NamedTensor> greedy_soup(const std::vector<std::vector<NamedTensor>>& ingredients,
                                     const std::function<double(const std::vector<NamedTensor>&)>& score,
                                     std::vector<size_t>* taken) {
  std::vector<double> scores;
  for (const auto& ingredient : ingredients) scores.push_back(score(ingredient));
  std::vector<size_t> order(ingredients.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<std::vector<NamedTensor>> chosen;
  std::vector<size_t> places;
  double best = 0;
  for (const size_t place : order) {
    chosen.push_back(ingredients[place]);
    const double with = chosen.size() == 1 ? scores[place] : score(soup(chosen));
    if (chosen.size() > 1 && with < best) {
      chosen.pop_back();
      continue;
    }
    best = with;
    places.push_back(place);
  }
  if (taken != nullptr) *taken = places;
  return soup(chosen);
}

}  // namespace whitney::nn
