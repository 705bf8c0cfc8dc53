#include "whitney/search/hnsw_scan.h"

#include <algorithm>
#include <cmath>

#include "whitney/linalg/select.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

/// Nodes that all queries meet before the next: some 30 KB of codes. One query takes longer runs, once it has
/// a limit from the first.
constexpr int64_t kSharedBlock = 64, kFirstBlock = 64, kSingleBlock = 512;

/// The float above, so that no rounding leaves a node out.
float float_above(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

}  // namespace

CodeBounds CodeBounds::of(const PreparedQuery& query, const CodeSpace& space) {
  constexpr double kUlp = 1.0 / (1 << 24);
  const auto dim = static_cast<double>(space.dim);
  const double base = query.code.base;
  CodeBounds bounds;
  // What the query lost is known; a coordinate of a code is off by half a step at most, all together mostly
  // by less than two thirds of that.
  const double most = space.precision == Precision::kFixed ? std::sqrt(dim) / 2 : 0;
  const double code_loss = space.code_loss > 0 ? std::min(space.code_loss * (1 + 1e-6), most) : most;
  bounds.radius = query.lost * (1 + 1e-6) + code_loss;
  // The exact kernel reads both in float32.
  bounds.radius += 4 * kUlp * (std::sqrt(base) + 128 * std::sqrt(dim));
  // Its sum has at most d / 2 terms in a chain; |code|^2 <= 2 (estimate + base) bounds the terms of an
  // estimate.
  bounds.relative = 2 * kUlp * (dim + 64);
  bounds.absolute = 64 * kUlp * base;
  if (query.code.inner_product) {
    // The exact kernel's sum is of products, as large as the norms of query and vector allow.
    const double longest = space.radius + norm_of(space.centre);
    bounds.absolute += 2 * kUlp * (dim + 64) * space.radius * longest / (space.scale * space.scale);
  }
  return bounds;
}

double CodeBounds::widened(double distance) const {
  const double root = std::sqrt(std::max(0.0, distance * (1 + relative) + absolute)) + radius;
  return root * root * (1 + relative) + absolute;
}

void CodeCandidates::reset(const CodeBounds& bounds, int64_t wanted) {
  bounds_ = bounds;
  wanted_ = static_cast<size_t>(wanted);
  capacity_ = 2 * wanted_ + 16;  // the first block gives a limit, so that few of the others are held
  limit_ = std::numeric_limits<float>::infinity();
  entries_.clear();
}

void CodeCandidates::offer(std::span<const uint32_t> nodes, const float* estimates) {
  if (positions_.size() < nodes.size() + 16) positions_.resize(nodes.size() + 16);
  const int64_t found = select_at_most(estimates, std::ssize(nodes), limit_, positions_.data());
  for (int64_t i = 0; i < found; ++i) {
    const uint32_t at = positions_[static_cast<size_t>(i)];
    entries_.push_back({estimates[at], nodes[at]});
  }
  if (entries_.size() >= capacity_) shrink();
}

void CodeCandidates::shrink() {
  if (entries_.size() > wanted_) {
    const auto last = entries_.begin() + static_cast<int64_t>(wanted_) - 1;
    std::ranges::nth_element(entries_, last, {}, &Entry::estimate);
    // The wanted-th is as near as its estimate widened; whoever is as near has an estimate of at most that,
    // widened again.
    limit_ = std::min(limit_, float_above(bounds_.widened(bounds_.widened(last->estimate))));
    std::erase_if(entries_, [&](const Entry& entry) { return entry.estimate > limit_; });
  }
  capacity_ = 2 * entries_.size() + 2 * wanted_ + 64;
}

std::span<const CodeCandidates::Entry> CodeCandidates::finish() {
  shrink();
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
    return a.estimate != b.estimate ? a.estimate < b.estimate : a.node < b.node;
  });
  return entries_;
}

int64_t scan_codes(const GraphView& graph, std::span<const uint32_t> nodes, std::span<ScanSlot> slots,
                   const Deadline& deadline, std::vector<float>& estimates) {
  const int64_t block = slots.size() > 1 ? kSharedBlock : kSingleBlock, n = std::ssize(nodes);
  if (std::ssize(estimates) < block) estimates.resize(static_cast<size_t>(block));
  for (int64_t begin = 0, end = 0; begin < n; begin = end) {
    if (deadline.is_past()) return begin;
    end = std::min(begin + (begin == 0 ? kFirstBlock : block), n);
    const auto part = nodes.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    for (ScanSlot& slot : slots) {
      // The first query asks for what comes after the block, too.
      code_distances(graph, slot.query.code, nodes, begin, end, &slot == slots.data(), estimates.data());
      slot.candidates.offer(part, estimates.data());
    }
  }
  return n;
}

}  // namespace whitney::search
