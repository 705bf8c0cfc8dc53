#include "whitney/codec/k_means_assign.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "whitney/codec/k_means.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/two_best.h"

namespace whitney::codec {
namespace {

// So many points of up to 512 dimensions stay in L2 while panel after panel is multiplied; whole blocks of 9.
constexpr int64_t kBlock = 396;
constexpr int64_t kPanelRows = PackedRows::kPanelRows;
constexpr size_t kPanel = kPanelRows;
constexpr uint32_t kNotComputed = std::numeric_limits<uint32_t>::max(), kNobody = kNotComputed;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Beyond these norms squares leave the range in which the margin holds: such points are compared with each
// centroid.
constexpr float kLargestSafeNorm = 1e15F, kSmallestSafeNorm = 1e-15F;

// Bounds are widened by this at every operation on them, far above its rounding.
constexpr float kWiden = 1e-6F;

bool is_safe_norm(float norm) { return norm == 0 || (norm >= kSmallestSafeNorm && norm <= kLargestSafeNorm); }

// How far |x|^2 - 2 (x.c - |c|^2 / 2) by the dense kernel can be from the squared distance of the one-to-one
// kernel, relative to (|x| + |c|)^2. In units of 2^-24 a sum of n terms in one chain errs by at most n: the
// dense kernel has chains of at most kTermBlock and one over the blocks, the other at least four (thrice: the
// distance and both norms); 60 for the combination of chains and the last operations.
float relative_margin(int64_t dim) {
  const int64_t num_blocks = dim / kTermBlock + 1;
  const double terms =
      static_cast<double>(std::min(dim, kTermBlock) + num_blocks) + 0.75 * static_cast<double>(dim) + 60;
  return static_cast<float>(terms * 1.02 / (1 << 24));
}

float root_of(float square) { return std::sqrt(std::max(square, 0.0F)); }

}  // namespace

struct PointAssigner::Scratch {
  std::vector<float> tile, gathered, values;
  // For each point of the block and each panel; place: kNotComputed.
  std::vector<TwoBest> best;
  std::vector<TwoBest> found;
  // Points of the block, counted from its first: those to be multiplied with a panel, and those to be
  // decided.
  std::vector<std::vector<uint32_t>> needed;
  std::vector<uint32_t> open;
  std::vector<uint32_t> candidates;
  int64_t num_products = 0;
};

PointAssigner::PointAssigner(const MatrixView& points, bool keeps_bounds, const Context& context)
    : points_(points),
      keeps_bounds_(keeps_bounds),
      context_(context),
      point_norms_(static_cast<size_t>(points.rows)) {
  row_norms(context, points, point_norms_.data());
}

void PointAssigner::assign(const MatrixView& centroids, std::vector<uint32_t>& assignment) {
  WHITNEY_CHECK(centroids.cols == points_.cols && std::ssize(assignment) == points_.rows,
                "centroids of points");
  describe(centroids);
  if (keeps_bounds_) note_moves();
  const int64_t num_blocks = (points_.rows + kBlock - 1) / kBlock;
  std::vector<Scratch> scratch(static_cast<size_t>(context_.num_threads()));
  parallel_for_workers(context_, num_blocks, [&](int worker, int64_t block) {
    assign_block(block * kBlock, std::min((block + 1) * kBlock, points_.rows), assignment,
                 scratch[static_cast<size_t>(worker)]);
  });
  for (const Scratch& part : scratch) num_products_ += part.num_products;
  if (!keeps_bounds_) return;
  assigned_ = assignment;
  before_ = Matrix::copy_of(centroids);
}

void PointAssigner::describe(const MatrixView& centroids) {
  centroids_ = centroids;
  std::vector<float> norms(static_cast<size_t>(centroids.rows));
  row_norms_of_block(centroids, norms.data());
  most_norm_ = std::ranges::max(norms);
  has_safe_centroids_ = std::ranges::all_of(norms, is_safe_norm);
  if (order_.empty()) {
    order_ = grouped_order();
    place_of_.resize(static_cast<size_t>(centroids.rows));
    for (size_t place = 0; place < order_.size(); ++place) {
      if (order_[place] != kNobody) place_of_[order_[place]] = static_cast<uint32_t>(place);
    }
  }
  // Where nobody stands, a value of -infinity is never the best.
  biases_.assign(order_.size(), -kInfinity);
  Matrix ordered = Matrix::zeros(std::ssize(order_), centroids.cols);
  float* row = ordered.mutable_data<float>();
  for (size_t place = 0; place < order_.size(); ++place, row += centroids.cols) {
    if (order_[place] == kNobody) continue;
    std::ranges::copy(centroids.row<float>(order_[place]), row);
    biases_[place] = -0.5F * norms[order_[place]] * norms[order_[place]];
  }
  packed_.pack(ordered);
}

// With bounds, centroids that are near to each other share a panel: it is spared where all of them are far
// from a point.
std::vector<uint32_t> PointAssigner::grouped_order() const {
  constexpr int64_t kMostGrouped = 8192, kLanes = 16;
  constexpr double kSlack = 0.05;  // who shares a panel changes time only
  const int64_t k = centroids_.rows, num_panels = (k + kPanelRows - 1) / kPanelRows;
  std::vector<uint32_t> order;
  if (!keeps_bounds_ || num_panels == 1 || k > kMostGrouped || !has_safe_centroids_) {
    order.resize(static_cast<size_t>(k));
    std::iota(order.begin(), order.end(), 0U);
  } else {
    KMeansOptions options;
    options.k = num_panels;
    options.most_per_cluster = (k + num_panels - 1) / num_panels;
    options.balance_slack = kSlack;
    options.max_iterations = 5;
    Context quiet = context_;
    quiet.progress = nullptr;
    const KMeans groups = k_means(centroids_, options, quiet);
    for (int64_t g = 0; g < num_panels; ++g) {
      order.resize(static_cast<size_t>(g * kPanelRows), kNobody);
      for (uint32_t c = 0; c < groups.assignment.size(); ++c) {
        if (groups.assignment[c] == g) order.push_back(c);
      }
    }
  }
  order.resize((order.size() + kLanes - 1) / kLanes * kLanes, kNobody);
  return order;
}

void PointAssigner::note_moves() {
  const auto k = static_cast<size_t>(centroids_.rows), num_panels = static_cast<size_t>(packed_.num_panels());
  if (before_.rows() != centroids_.rows) {  // the first round
    assigned_.assign(static_cast<size_t>(points_.rows), 0);
    upper_.assign(static_cast<size_t>(points_.rows), kInfinity);
    lower_.assign(static_cast<size_t>(points_.rows) * num_panels, 0.0F);
    moves_.assign(k, 0.0F);
    panel_moves_.assign(num_panels, 0.0F);
    return;
  }
  std::ranges::fill(panel_moves_, 0.0F);
  for (size_t c = 0; c < k; ++c) {
    const auto before = before_.row<float>(static_cast<int64_t>(c));
    const auto after = centroids_.row<float>(static_cast<int64_t>(c));
    double square = 0;
    for (size_t j = 0; j < before.size(); ++j)
      square += (double{after[j]} - before[j]) * (double{after[j]} - before[j]);
    moves_[c] = static_cast<float>(std::sqrt(square)) * (1 + kWiden);
    float& farthest = panel_moves_[place_of_[c] / kPanel];
    farthest = std::max(farthest, moves_[c]);
  }
}

void PointAssigner::assign_block(int64_t begin, int64_t end, std::vector<uint32_t>& assignment,
                                 Scratch& scratch) {
  scratch.tile.resize(static_cast<size_t>(kBlock * kPanelRows));
  scratch.needed.resize(static_cast<size_t>(packed_.num_panels()));
  for (std::vector<uint32_t>& rows : scratch.needed) rows.clear();
  scratch.open.clear();
  scratch.best.assign(static_cast<size_t>((end - begin) * packed_.num_panels()), {0, 0, kNotComputed});
  find_needed(begin, end, assignment, scratch);
  multiply_needed(begin, end, scratch);
  for (const uint32_t row : scratch.open)
    decide(begin + row, begin, assignment[static_cast<size_t>(begin + row)], scratch);
}

void PointAssigner::find_needed(int64_t begin, int64_t end, const std::vector<uint32_t>& assignment,
                                Scratch& scratch) {
  const auto num_panels = static_cast<size_t>(packed_.num_panels());
  const float slack = 1 + 4 * relative_margin(points_.cols);
  for (int64_t row = begin; row < end; ++row) {
    const auto at = static_cast<size_t>(row);
    const auto in_block = static_cast<uint32_t>(row - begin);
    bool is_known = false;
    if (keeps_bounds_) {
      if (assignment[at] != assigned_[at]) upper_[at] = kInfinity;
      is_known = upper_[at] < kInfinity && is_safe(row);
    }
    if (!is_known) {
      scratch.open.push_back(in_block);
      if (!is_safe(row)) continue;
      for (std::vector<uint32_t>& rows : scratch.needed) rows.push_back(in_block);
      continue;
    }
    float& upper = upper_[at];
    float* const lower = lower_.data() + at * num_panels;
    upper = (upper + moves_[assignment[at]]) * (1 + kWiden);
    float least = kInfinity;
    for (size_t p = 0; p < num_panels; ++p) {
      lower[p] = std::max(lower[p] - panel_moves_[p], 0.0F) * (1 - kWiden);
      least = std::min(least, lower[p]);
    }
    if (upper * slack < least) continue;
    upper = distance_to(row, assignment[at]);
    ++scratch.num_products;
    if (upper * slack < least) continue;
    scratch.open.push_back(in_block);
    for (size_t p = 0; p < num_panels; ++p) {
      if (!(upper * slack < lower[p])) scratch.needed[p].push_back(in_block);
    }
  }
}

void PointAssigner::multiply_needed(int64_t begin, int64_t end, Scratch& scratch) const {
  const int64_t d = points_.cols, num_panels = packed_.num_panels();
  for (int64_t p = 0; p < num_panels; ++p) {
    std::vector<uint32_t>& rows = scratch.needed[static_cast<size_t>(p)];
    if (rows.empty()) continue;
    // Few that could be spared cost less than gathering the rest.
    if (4 * std::ssize(rows) > 3 * (end - begin)) {
      rows.resize(static_cast<size_t>(end - begin));
      std::iota(rows.begin(), rows.end(), 0U);
    }
    const int64_t count = std::ssize(rows), width = packed_.panel_width(p);
    MatrixView points = points_.slice(begin, end);
    if (count < end - begin) {
      scratch.gathered.resize(static_cast<size_t>(count * d));
      for (size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(points.row<float>(rows[i]), scratch.gathered.data() + static_cast<int64_t>(i) * d);
      points = {scratch.gathered.data(), count, d, d, DType::kF32};
    }
    float* const tile = scratch.tile.data();
    multiply_panels(points, packed_, p, p + 1, biases_, Epilogue::kNone, tile, kPanelRows);
    scratch.found.resize(rows.size());
    two_best_of_rows(tile, count, width, kPanelRows, scratch.found.data());
    for (size_t i = 0; i < rows.size(); ++i)
      scratch.best[rows[i] * static_cast<size_t>(num_panels) + static_cast<size_t>(p)] = scratch.found[i];
    scratch.num_products += count * width;
  }
}

void PointAssigner::decide(int64_t row, int64_t first_row, uint32_t& assigned, Scratch& scratch) {
  const auto num_panels = static_cast<size_t>(packed_.num_panels());
  const TwoBest* const best = scratch.best.data() + static_cast<size_t>(row - first_row) * num_panels;
  const float margin = margin_of(row);
  std::vector<uint32_t>& candidates = scratch.candidates;
  candidates.clear();
  const auto add_panel = [&](size_t p) {
    for (size_t place = p * kPanel; place < std::min((p + 1) * kPanel, order_.size()); ++place) {
      if (order_[place] != kNobody) candidates.push_back(order_[place]);
    }
  };
  float most = -kInfinity;
  for (size_t p = 0; p < num_panels; ++p) {
    if (!is_safe(row))
      add_panel(p);
    else if (best[p].place != kNotComputed)
      most = std::max(most, best[p].first);
  }
  const uint32_t before = assigned;
  const bool is_known = keeps_bounds_ && is_safe(row) && upper_[static_cast<size_t>(row)] < kInfinity;
  if (is_known && best[place_of_[before] / kPanel].place == kNotComputed) candidates.push_back(before);
  for (size_t p = 0; is_safe(row) && p < num_panels; ++p) {
    if (best[p].place == kNotComputed || best[p].first < most - margin) continue;
    if (best[p].second >= most - margin)
      add_panel(p);
    else
      candidates.push_back(order_[p * kPanel + best[p].place]);
  }
  float distance = kInfinity;
  if (candidates.size() == 1) {
    assigned = candidates[0];
    const float norm = point_norms_[static_cast<size_t>(row)];
    distance = root_of(norm * norm - 2 * most + margin) * (1 + kWiden);
    // Of the same centroid the distance is known.
    if (is_known && assigned == before) distance = upper_[static_cast<size_t>(row)];
  } else {
    scratch.values.resize(candidates.size());
    distance_one_to_rows(Kernel::kSquaredL2, points_.row<float>(row).data(), centroids_, candidates,
                         scratch.values.data());
    float least = kInfinity;
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (scratch.values[i] > least || (scratch.values[i] == least && candidates[i] > assigned)) continue;
      least = scratch.values[i];
      assigned = candidates[i];
    }
    if (!std::isfinite(least)) fail_k_means_range();
    distance = std::sqrt(least);
    scratch.num_products += std::ssize(candidates);
  }
  if (!keeps_bounds_) return;
  keep_bounds(row, before, assigned, margin, first_row, scratch);
  upper_[static_cast<size_t>(row)] = is_safe(row) ? distance : kInfinity;
}

// `upper_` still holds the distance to the centroid before, where it is known.
void PointAssigner::keep_bounds(int64_t row, uint32_t before, uint32_t after, float margin, int64_t first_row,
                                const Scratch& scratch) {
  const auto num_panels = static_cast<size_t>(packed_.num_panels());
  const TwoBest* const best = scratch.best.data() + static_cast<size_t>(row - first_row) * num_panels;
  float* const lower = lower_.data() + static_cast<size_t>(row) * num_panels;
  const float norm = point_norms_[static_cast<size_t>(row)];
  for (size_t p = 0; p < num_panels; ++p) {
    if (best[p].place == kNotComputed) continue;
    const bool is_after = order_[p * kPanel + best[p].place] == after;
    lower[p] = root_of(norm * norm - 2 * (is_after ? best[p].second : best[p].first) - margin) * (1 - kWiden);
  }
  const size_t panel = place_of_[before] / kPanel;
  if (before != after && best[panel].place == kNotComputed)
    lower[panel] =
        std::min(lower[panel], upper_[static_cast<size_t>(row)] * (1 - 4 * relative_margin(points_.cols)));
}

bool PointAssigner::is_safe(int64_t row) const {
  return has_safe_centroids_ && is_safe_norm(point_norms_[static_cast<size_t>(row)]);
}

float PointAssigner::margin_of(int64_t row) const {
  const float sum = point_norms_[static_cast<size_t>(row)] + most_norm_;
  return relative_margin(points_.cols) * sum * sum + std::numeric_limits<float>::min();
}

float PointAssigner::distance_to(int64_t row, uint32_t centroid) const {
  return std::sqrt(distance(Kernel::kSquaredL2, points_.row<float>(row).data(),
                            centroids_.row<float>(centroid).data(), points_.cols));
}

std::vector<float> distances_to_centroids(const MatrixView& points, const MatrixView& centroids,
                                          const std::vector<uint32_t>& assignment, const Context& context) {
  std::vector<float> distances(assignment.size());
  parallel_blocks(context, points.rows, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint32_t c = assignment[static_cast<size_t>(i)];
      const float square = distance(Kernel::kSquaredL2, points.row<float>(i).data(),
                                    centroids.row<float>(c).data(), points.cols);
      if (!std::isfinite(square)) fail_k_means_range();
      distances[static_cast<size_t>(i)] = std::sqrt(square);
    }
  });
  return distances;
}

void fail_k_means_range() {
  fail(
      "k-means: squared distances between the vectors leave the range of float32 (expected: values below "
      "1e18; "
      "scale the vectors)");
}

}  // namespace whitney::codec
