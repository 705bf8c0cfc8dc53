#include "whitney/search/hnsw_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"

namespace whitney::search {
namespace {

constexpr int64_t kBlockRows = 256;

struct HashedRow {
  uint64_t hash;
  uint32_t row;
};

}  // namespace

NodeRows::NodeRows(std::vector<uint32_t> node_of_row, int64_t num_nodes, const RowSet& live)
    : num_rows_(std::ssize(node_of_row)) {
  is_identity_ = num_rows_ == num_nodes;
  for (size_t row = 0; row < node_of_row.size() && is_identity_; ++row)
    is_identity_ = node_of_row[row] == row;
  if (is_identity_) return;
  node_of_row_ = std::move(node_of_row);
  starts_.assign(static_cast<size_t>(num_nodes) + 1, 0);
  for (const uint32_t node : node_of_row_) {
    if (node != kNoNode) ++starts_[node + size_t{1}];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  rows_.resize(starts_.back());
  std::vector<uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (uint32_t row = 0; row < node_of_row_.size(); ++row) {
    const uint32_t node = node_of_row_[row];
    if (node != kNoNode) {
      rows_[next[node]++] = row;
    } else if (live.contains(row)) {
      zero_rows_.push_back(row);
    }
  }
}

std::vector<uint32_t> NodeRows::node_of_row() const {
  if (!is_identity_) return node_of_row_;
  std::vector<uint32_t> result(static_cast<size_t>(num_rows_));
  std::iota(result.begin(), result.end(), 0u);
  return result;
}

int64_t NodeRows::size_bytes() const {
  return 4 * static_cast<int64_t>(node_of_row_.size() + starts_.size() + rows_.size() + zero_rows_.size());
}

DistinctRows find_distinct(const PreparedRows& rows, Metric metric, const Context& context) {
  const auto n = static_cast<size_t>(rows.size()), dim = static_cast<size_t>(rows.dim());
  std::vector<HashedRow> hashed(n);
  std::vector<uint8_t> is_zero(n);
  parallel_blocks(context, rows.size(), kBlockRows, [&](int64_t begin, int64_t end) {
    std::vector<float> row(dim);
    for (int64_t i = begin; i < end; ++i) {
      const double norm = rows.read(i, row.data());
      if (!std::isfinite(norm)) fail("row ", i, " (counted from 0) holds NaN or an infinite value");
      is_zero[static_cast<size_t>(i)] = metric == Metric::kCosine && norm == 0;
      hashed[static_cast<size_t>(i)] = {hash64(std::as_bytes(std::span(row))), static_cast<uint32_t>(i)};
    }
  });
  std::ranges::sort(hashed, [](const HashedRow& a, const HashedRow& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.row < b.row;
  });
  std::vector<uint32_t> first(n);  // row -> the first row that equals it
  std::vector<float> row(dim), other(dim);
  for (size_t begin = 0, end = 0; begin < n; begin = end) {
    while (end < n && hashed[end].hash == hashed[begin].hash) ++end;
    std::vector<uint32_t> different;
    for (size_t i = begin; i < end; ++i) {
      first[hashed[i].row] = hashed[i].row;
      if (end - begin == 1) break;
      rows.read(hashed[i].row, row.data());
      const auto equal = std::ranges::find_if(different, [&](uint32_t known) {
        rows.read(known, other.data());
        return std::memcmp(row.data(), other.data(), dim * sizeof(float)) == 0;
      });
      if (equal != different.end()) {
        first[hashed[i].row] = *equal;
      } else {
        different.push_back(hashed[i].row);
      }
    }
  }
  DistinctRows result;
  result.place_of_row.resize(n, kNoNode);
  for (uint32_t i = 0; i < n; ++i) {
    if (is_zero[i] != 0) continue;
    if (first[i] == i) {
      result.place_of_row[i] = static_cast<uint32_t>(result.first_rows.size());
      result.first_rows.push_back(i);
    } else {
      result.place_of_row[i] = result.place_of_row[first[i]];
    }
  }
  return result;
}

}  // namespace whitney::search
