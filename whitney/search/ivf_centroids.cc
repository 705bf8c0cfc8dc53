#include "whitney/search/ivf_centroids.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace whitney::search {

ListCentroids::ListCentroids(Matrix centroids, Metric metric)
    : metric_(metric),
      centroids_(std::move(centroids)),
      centre_(static_cast<size_t>(centroids_.cols())),
      nearest_landmarks_(std::make_shared<BuiltOnce<std::vector<uint8_t>>>()) {
  const int64_t n = centroids_.rows(), dim = centroids_.cols();
  if (metric != Metric::kInnerProduct && n > 0) {
    std::vector<double> sum(centre_.size());
    for (int64_t c = 0; c < n; ++c) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += centroids_.row<float>(c)[i];
    }
    for (size_t i = 0; i < sum.size(); ++i) centre_[i] = static_cast<float>(sum[i] / static_cast<double>(n));
  }
  Matrix negated(n, dim);
  auto* out = negated.mutable_data<float>();
  for (int64_t c = 0; c < n; ++c, out += dim) {
    const auto row = centroids_.row<float>(c);
    double square = 0;
    for (size_t i = 0; i < centre_.size(); ++i) {
      out[i] = centre_[i] - row[i];
      square += static_cast<double>(out[i]) * out[i];
    }
    squares_.push_back(static_cast<float>(square));
  }
  packed_.pack(negated);
  if (metric == Metric::kInnerProduct) return;
  biases_.assign(static_cast<size_t>(stride()), 0.0F);
  std::ranges::transform(squares_, biases_.begin(), [](float square) { return square / 2; });
}

void ListCentroids::measure(const MatrixView& centred_queries, float* out) const {
  multiply_panels(centred_queries, packed_, 0, packed_.num_panels(), biases_, Epilogue::kNone, out, stride());
}

void ListCentroids::measure_landmarks(const MatrixView& centred_queries, float* out) const {
  multiply_panels(centred_queries, packed_, 0, 1, biases_, Epilogue::kNone, out, stride());
}

void ListCentroids::measure_others(const MatrixView& centred_queries, float* out) const {
  if (packed_.num_panels() == 1) return;
  multiply_panels(centred_queries, packed_, 1, packed_.num_panels(), biases_, Epilogue::kNone,
                  out + kMostLandmarks, stride());
}

const std::vector<uint8_t>& ListCentroids::nearest_landmarks() const {
  return nearest_landmarks_->get([&] {
    auto nearest = std::make_unique<std::vector<uint8_t>>();
    std::vector<float> centred(centre_.size()), measured(static_cast<size_t>(stride()));
    for (int64_t c = 0; c < size(); ++c) {
      std::ranges::transform(centroid(c), centre_, centred.begin(), std::minus<>());
      measure_landmarks({centred.data(), 1, std::ssize(centred), std::ssize(centred)}, measured.data());
      const auto landmarks = std::span(measured).first(static_cast<size_t>(num_landmarks()));
      nearest->push_back(static_cast<uint8_t>(std::ranges::min_element(landmarks) - landmarks.begin()));
    }
    return std::unique_ptr<const std::vector<uint8_t>>(std::move(nearest));
  });
}

ListKeyTerms ListCentroids::key_terms(uint32_t list, float measured, float query_square) const {
  if (metric_ == Metric::kInnerProduct) {
    const float square = query_square + squares_[list] + 2 * measured;
    return {measured, 1, std::sqrt(std::max(square, 0.0F))};
  }
  const float square = std::max(query_square + 2 * measured, 0.0F);
  return {square, 2, 2 * std::sqrt(square)};
}

float ListCentroids::least_key(uint32_t list, float measured, float query_square, float radius) const {
  // What sums of so many products may round, here and where keys are computed.
  const float unit = static_cast<float>(centroids_.cols() + 16) / (1 << 23);
  const float query_norm = std::sqrt(query_square), sum = query_norm + std::sqrt(squares_[list]);
  const float rounding = unit * sum * sum, wider = radius * (1 + unit);
  if (metric_ == Metric::kInnerProduct) return measured - query_norm * wider - rounding;
  const float distance = std::sqrt(std::max(query_square + 2 * measured - rounding, 0.0F));
  const float least = std::max(0.0F, distance - wider) * (1 - unit);
  return metric_ == Metric::kL2 ? least : least * least / 2 - 1 - unit;  // of vectors of norm 1
}

}  // namespace whitney::search
