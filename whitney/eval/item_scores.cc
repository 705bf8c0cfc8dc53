#include "whitney/eval/item_scores.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/distance.h"

namespace whitney::eval {
namespace {

class VectorScores : public ItemScores {
 public:
  VectorScores(const Context& context, const MatrixView& vectors, Metric metric)
      : kernel_(metric == Metric::kL2 ? Kernel::kSquaredL2 : Kernel::kInnerProduct) {
    if (metric == Metric::kCosine)
      normalize_rows(context, vectors, vectors_);
    else
      vectors_ = Matrix::copy_of(vectors).to_float32();
    packed_.pack(vectors_);
  }

  int64_t num_items() const override { return vectors_.rows(); }

  void score(std::span<const uint32_t> queries, float* scores) const override {
    Matrix rows(std::ssize(queries), vectors_.cols());
    float* out = rows.mutable_data<float>();
    for (const uint32_t query : queries) out = std::ranges::copy(vectors_.row<float>(query), out).out;
    multiply_tile(kernel_, rows, packed_, scores, num_items());
    if (kernel_ == Kernel::kInnerProduct) return;
    for (float& score : std::span(scores, queries.size() * static_cast<size_t>(num_items()))) score = -score;
  }

 private:
  Kernel kernel_;
  Matrix vectors_;
  PackedRows packed_;
};

class WeightScores : public ItemScores {
 public:
  explicit WeightScores(ItemWeights weights) : weights_(std::move(weights)) {}

  int64_t num_items() const override { return weights_.num_items(); }

  void score(std::span<const uint32_t> queries, float* scores) const override {
    std::fill_n(scores, std::ssize(queries) * num_items(), 0.0F);
    for (const uint32_t query : queries) {
      for (int64_t at = weights_.offsets[query]; at < weights_.offsets[int64_t{query} + 1]; ++at)
        scores[weights_.items[at]] = weights_.weights[at];
      scores += num_items();
    }
  }

 private:
  ItemWeights weights_;
};

class PopularityScores : public ItemScores {
 public:
  explicit PopularityScores(const Interactions& history) {
    for (const int64_t degree : item_degrees(history)) degrees_.push_back(static_cast<float>(degree));
  }

  int64_t num_items() const override { return std::ssize(degrees_); }

  void score(std::span<const uint32_t> queries, float* scores) const override {
    for (size_t i = 0; i < queries.size(); ++i) scores = std::ranges::copy(degrees_, scores).out;
  }

 private:
  std::vector<float> degrees_;
};

}  // namespace

std::unique_ptr<ItemScores> vector_scores(const Context& context, const MatrixView& vectors, Metric metric) {
  return std::make_unique<VectorScores>(context, vectors, metric);
}

std::unique_ptr<ItemScores> weight_scores(ItemWeights weights) {
  return std::make_unique<WeightScores>(std::move(weights));
}

std::unique_ptr<ItemScores> popularity_scores(const Interactions& history) {
  return std::make_unique<PopularityScores>(history);
}

}  // namespace whitney::eval
