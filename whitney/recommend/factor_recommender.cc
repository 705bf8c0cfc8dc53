#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/simd.h"
#include "whitney/recommend/best_items.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

/// 23 register blocks of users by five panels of items: vectors of 64 values and their scores take 300 KB.
constexpr int64_t kTileUsers = 207, kTilePanels = 5, kTileItems = kTilePanels * PackedRows::kPanelRows;

class FactorRecommender : public Recommender {
 public:
  FactorRecommender(Matrix users, std::shared_ptr<const PackedRows> items)
      : users_(std::move(users)), shared_(std::move(items)), items_(*shared_) {
    WHITNEY_CHECK(users_.cols() == items_.cols(), "vectors of ", users_.cols(), " and ", items_.cols(),
                  " values");
    check_simd_level();
  }
  int64_t num_users() const override { return users_.rows(); }
  int64_t num_items() const override { return items_.rows(); }

  void score(std::span<const uint32_t> users, float* scores, const Context& context) const override {
    if (users.empty()) return;
    const Matrix asked = vectors_of(users);
    const int64_t num_tiles = (items_.num_panels() + kTilePanels - 1) / kTilePanels;
    parallel_for(context, num_tiles, [&](int64_t tile) {
      const int64_t first = tile * kTilePanels, last = std::min(first + kTilePanels, items_.num_panels());
      for (int64_t begin = 0; begin < asked.rows(); begin += kTileUsers) {
        multiply_panels(asked.view().slice(begin, std::min(begin + kTileUsers, asked.rows())), items_, first,
                        last, {}, Epilogue::kNone,
                        scores + begin * num_items() + first * PackedRows::kPanelRows, num_items());
      }
    });
  }

  // A score is the same here as above: it depends on its two vectors only.
  void best(std::span<const uint32_t> users, int64_t k, std::span<const Interactions* const> seen,
            std::span<std::vector<ScoredItem>> lists, const Context& context) const override {
    const int64_t num_users = std::ssize(users), threads = context.num_threads(),
                  block = std::clamp((num_users + threads - 1) / threads, int64_t{1}, kTileUsers);
    std::vector<std::vector<float>> scratch(static_cast<size_t>(threads));
    parallel_for_workers(context, (num_users + block - 1) / block, [&](int worker, int64_t task) {
      const auto begin = static_cast<size_t>(task * block),
                 count = static_cast<size_t>(std::min(block, num_users - task * block));
      best_of_tile(users.subspan(begin, count), k, seen, scratch[static_cast<size_t>(worker)],
                   lists.subspan(begin, count));
    });
  }

 private:
  Matrix vectors_of(std::span<const uint32_t> users) const {
    Matrix asked(std::ssize(users), users_.cols());
    auto* out = asked.mutable_data<float>();
    for (const uint32_t user : users) out = std::ranges::copy(users_.row<float>(user), out).out;
    return asked;
  }

  void best_of_tile(std::span<const uint32_t> users, int64_t k, std::span<const Interactions* const> seen,
                    std::vector<float>& scores, std::span<std::vector<ScoredItem>> lists) const {
    const Matrix asked = vectors_of(users);
    std::vector<BestItems> best;
    for (const uint32_t user : users) best.emplace_back(user, k, seen);
    scores.resize(static_cast<size_t>(kTileUsers * kTileItems));
    for (int64_t panel = 0; panel < items_.num_panels(); panel += kTilePanels) {
      const int64_t first = panel * PackedRows::kPanelRows;
      const auto count = static_cast<size_t>(std::min(kTileItems, num_items() - first));
      multiply_panels(asked.view(), items_, panel, std::min(panel + kTilePanels, items_.num_panels()), {},
                      Epilogue::kNone, scores.data(), kTileItems);
      for (size_t i = 0; i < users.size(); ++i)
        best[i].offer(std::span(scores).subspan(i * static_cast<size_t>(kTileItems), count), first);
    }
    for (size_t i = 0; i < users.size(); ++i) lists[i] = best[i].take();
  }

  Matrix users_;
  std::shared_ptr<const PackedRows> shared_;
  const PackedRows& items_;
};

}  // namespace

std::shared_ptr<const PackedRows> packed_items(const Matrix& items) {
  auto packed = std::make_shared<PackedRows>();
  packed->pack(items.view());
  return packed;
}

std::unique_ptr<Recommender> factor_recommender(Matrix users, std::shared_ptr<const PackedRows> items) {
  return std::make_unique<FactorRecommender>(std::move(users), std::move(items));
}

std::unique_ptr<Recommender> factor_recommender(Matrix users, const Matrix& items) {
  return factor_recommender(std::move(users), packed_items(items));
}

}  // namespace whitney::recommend
