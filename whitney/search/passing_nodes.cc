#include "whitney/search/passing_nodes.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "whitney/search/hnsw_walk.h"

namespace whitney::search {

PassingNodes::PassingNodes(const HnswParts& parts, const RowSet* allowed)
    : parts_(parts),
      num_rows_(parts.rows.live.size()),
      num_zero_(std::ssize(parts.nodes.zero_rows())),
      num_nodes_(parts.graph.num_nodes) {
  for (std::atomic<double>& share : landmark_shares_) share.store(-1, std::memory_order_relaxed);
  if (allowed == nullptr) return;
  const RowSet& live = parts.rows.live;
  const int64_t num_all = parts.rows.size(), num_given = allowed->size();
  const bool all_live =
      live.size() == num_all && (num_given == 0 || allowed->select(num_given - 1) < num_all);
  rows_ = all_live ? *allowed : *allowed & live;
  num_rows_ = rows_.size();
  is_filtered_ = num_rows_ < live.size();
  if (!is_filtered_) return;
  num_nodes_ = num_rows_;
  if (parts.nodes.is_identity()) return;
  std::call_once(marked_, [&] { mark_rows(), mark_nodes(); });
  num_zero_ = std::ranges::count_if(
      parts.nodes.zero_rows(), [&](uint32_t row) { return (row_bits_[row >> 6] >> (row & 63) & 1) != 0; });
  num_nodes_ = 0;
  for (const uint64_t word : node_bits_) num_nodes_ += std::popcount(word);
}

void PassingNodes::mark_rows() const { row_bits_ = rows_.bits(parts_.rows.size()); }

void PassingNodes::mark_nodes() const {
  node_bits_.assign(static_cast<size_t>((parts_.graph.num_nodes + 63) / 64), 0);
  for (const uint32_t row : rows_.rows()) {
    const uint32_t node = parts_.nodes.node_of(row);
    if (node != kNoNode) node_bits_[node >> 6] |= uint64_t{1} << (node & 63);
  }
}

const uint64_t* PassingNodes::row_bits() const {
  if (!is_filtered_) return nullptr;
  std::call_once(marked_, [&] { mark_rows(); });  // of other graphs the constructor has marked them
  return row_bits_.data();
}

const uint64_t* PassingNodes::node_bits() const {
  const uint64_t* rows = row_bits();
  return parts_.nodes.is_identity() ? rows : node_bits_.data();
}

void PassingNodes::list_nodes() const {
  if (!is_filtered_) {
    nodes_.resize(static_cast<size_t>(num_nodes_));
    std::iota(nodes_.begin(), nodes_.end(), 0u);
    return;
  }
  if (parts_.nodes.is_identity()) {
    nodes_ = rows_.rows();
    return;
  }
  nodes_.reserve(static_cast<size_t>(num_nodes_));
  for (size_t word = 0; word < node_bits_.size(); ++word) {
    for (uint64_t left = node_bits_[word]; left != 0; left &= left - 1)
      nodes_.push_back(static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_zero(left)));
  }
}

std::span<const uint32_t> PassingNodes::nodes() const {
  std::call_once(listed_, [&] { list_nodes(); });
  return nodes_;
}

void PassingNodes::pick_starts() const {
  for (const int64_t at : {num_rows_ / 6, num_rows_ / 2, num_rows_ * 5 / 6}) {
    const uint32_t node = num_rows_ > 0 ? parts_.nodes.node_of(rows_.select(at)) : kNoNode;
    if (node != kNoNode) starts_.push_back(node);
  }
}

std::span<const uint32_t> PassingNodes::starts() const {
  if (is_filtered_) std::call_once(picked_, [&] { pick_starts(); });
  return starts_;
}

void PassingNodes::look_among() const {
  constexpr int64_t kLooked = 4;
  const GraphView view = parts_.graph.view();
  int64_t num_looked = 0;
  for (int64_t i = 0; i < kLooked && num_rows_ > 0; ++i) {
    const uint32_t node = parts_.nodes.node_of(rows_.select((2 * i + 1) * num_rows_ / (2 * kLooked)));
    if (node == kNoNode) continue;
    share_among_ += passing_share(view, node, node_bits());
    ++num_looked;
  }
  if (num_looked > 0) share_among_ /= static_cast<double>(num_looked);
}

double PassingNodes::share_among() const {
  std::call_once(looked_, [&] { look_among(); });
  return share_among_;
}

int64_t PassingNodes::num_landmarks() const {
  return std::min<int64_t>(kMostLandmarks, parts_.graph.num_nodes);
}

uint32_t PassingNodes::landmark(int64_t i) const {
  return static_cast<uint32_t>((2 * i + 1) * parts_.graph.num_nodes / (2 * num_landmarks()));
}

double PassingNodes::share_around_landmark(int64_t i) const {
  std::atomic<double>& kept = landmark_shares_[static_cast<size_t>(i)];
  double share = kept.load(std::memory_order_relaxed);
  if (share >= 0) return share;
  share = passing_share(parts_.graph.view(), landmark(i), node_bits());
  kept.store(share, std::memory_order_relaxed);
  return share;
}

int64_t PassingNodes::size_bytes() const {
  const int64_t bits = (parts_.rows.size() + parts_.graph.num_nodes) / 8;
  return bits + num_nodes_ * 4 + static_cast<int64_t>(sizeof(*this));
}

}  // namespace whitney::search
