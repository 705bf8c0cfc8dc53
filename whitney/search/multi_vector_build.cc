#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "whitney/codec/k_means.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/multi_vector_index.h"

namespace whitney::search {
namespace {

// Vectors that centroids are fitted to, for each of them, and rounds: more change what is found little.
constexpr int64_t kSampledPerCentroid = 32;
constexpr int kRounds = 6;

int64_t num_centroids_for(int64_t num_vectors, const MultiVectorOptions& options) {
  if (options.num_centroids) return std::min(*options.num_centroids, num_vectors);
  const auto wanted = static_cast<uint64_t>(4 * std::sqrt(static_cast<double>(num_vectors)));
  return std::min<int64_t>(static_cast<int64_t>(std::bit_floor(std::max<uint64_t>(wanted, 1))),
                           std::max<int64_t>(num_vectors / 4, 1));
}

// Rows drawn one from each of as many runs of equal length.
Matrix sampled_rows(const Matrix& vectors, int64_t size, const Context& context) {
  Matrix sample(size, vectors.cols());
  auto* out = sample.mutable_data<float>();
  RandomStream stream(context.seed, "multi_vector sample", 0);
  for (int64_t i = 0; i < size; ++i) {
    const double place = (static_cast<double>(i) + stream.uniform()) / static_cast<double>(size);
    const auto row =
        std::min(static_cast<int64_t>(place * static_cast<double>(vectors.rows())), vectors.rows() - 1);
    out = std::ranges::copy(vectors.row<float>(row), out).out;
  }
  return sample;
}

Matrix fitted_centroids(const MultiVectorParts& parts, const MultiVectorOptions& options,
                        const Context& context) {
  const int64_t num_vectors = parts.vectors.rows();
  if (num_vectors == 0) return Matrix(0, parts.vectors.cols());
  const int64_t num = num_centroids_for(num_vectors, options);
  const Matrix sample =
      sampled_rows(parts.vectors, std::min(num_vectors, num * kSampledPerCentroid), context);
  Matrix first(num, sample.cols());
  auto* out = first.mutable_data<float>();
  for (int64_t i = 0; i < num; ++i)
    out = std::ranges::copy(sample.row<float>(i * sample.rows() / num), out).out;
  codec::KMeansOptions rounds;
  rounds.k = num;
  rounds.max_iterations = kRounds;
  rounds.is_spherical = parts.metric == Metric::kCosine;
  return codec::k_means_from(sample, std::move(first), rounds, context).centroids;
}

// Vectors as the index keeps them.
Matrix kept_vectors(const Matrix& vectors, Metric metric, const Context& context) {
  if (metric != Metric::kCosine) return vectors;
  Matrix normalized;
  normalize_rows(context, vectors, normalized);
  return normalized;
}

struct RowCodes {
  std::vector<int64_t> starts = {0};
  std::vector<uint32_t> codes;
};

// The clusters of each row's vectors.
RowCodes codes_of_rows(const Matrix& vectors, const Array<int64_t>& starts, const Matrix& centroids,
                       const Context& context) {
  RowCodes result;
  if (vectors.rows() > 0 && centroids.rows() > 0) {
    const std::vector<uint32_t> nearest = codec::nearest_centroids(vectors, centroids, context).assignment;
    for (int64_t row = 0; row + 1 < starts.size(); ++row) {
      const auto first = std::ssize(result.codes);
      result.codes.insert(result.codes.end(), nearest.begin() + starts[row],
                          nearest.begin() + starts[row + 1]);
      std::sort(result.codes.begin() + first, result.codes.end());
      result.codes.erase(std::unique(result.codes.begin() + first, result.codes.end()), result.codes.end());
      result.starts.push_back(std::ssize(result.codes));
    }
  } else {
    result.starts.assign(static_cast<size_t>(starts.size()), 0);
  }
  return result;
}

// Sets the codes, and the rows of each cluster by counting.
void set_codes(MultiVectorParts& parts, const RowCodes& rows) {
  parts.code_starts = Array<int64_t>::copy_of(rows.starts);
  parts.codes = Array<uint32_t>::copy_of(rows.codes);
  std::vector<int64_t> next(static_cast<size_t>(parts.centroids.rows()) + 1, 0);
  for (const uint32_t code : rows.codes) ++next[code + 1];
  for (size_t c = 1; c < next.size(); ++c) next[c] += next[c - 1];
  parts.list_starts = Array<int64_t>::copy_of(next);
  parts.list_rows = Array<uint32_t>(std::ssize(rows.codes));
  uint32_t* const out = parts.list_rows.mutable_data();
  for (size_t row = 0; row + 1 < rows.starts.size(); ++row) {
    for (int64_t i = rows.starts[row]; i < rows.starts[row + 1]; ++i)
      out[next[rows.codes[static_cast<size_t>(i)]]++] = static_cast<uint32_t>(row);
  }
}

// The codes of some rows, checked.
RowCodes codes_of_some(const MultiVectorParts& parts, std::span<const int64_t> rows) {
  RowCodes result;
  for (const int64_t row : rows) {
    const auto codes = parts.codes_of(row);
    result.codes.insert(result.codes.end(), codes.begin(), codes.end());
    result.starts.push_back(std::ssize(result.codes));
  }
  return result;
}

std::vector<int64_t> numbers_up_to(int64_t size) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < size; ++i) numbers.push_back(i);
  return numbers;
}

RaggedEmbeddings as_ragged(const MultiVectorParts& parts) {
  RaggedEmbeddings rows;
  rows.starts = parts.starts;
  rows.vectors = parts.vectors;
  for (int64_t row = 0; row < rows.size(); ++row) parts.sets().range(row);
  return rows;
}

}  // namespace

std::span<const uint32_t> MultiVectorParts::codes_of(int64_t row) const {
  const int64_t begin = code_starts[row], end = code_starts[row + 1];
  if (begin < 0 || begin > end || end > codes.size()) VectorSets::fail_damaged(row);
  const auto some = codes.span().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  for (const uint32_t code : some) {
    if (code >= centroids.rows()) VectorSets::fail_damaged(row);
  }
  return some;
}

std::span<const uint32_t> MultiVectorParts::rows_of(int64_t centroid) const {
  const int64_t begin = list_starts[centroid], end = list_starts[centroid + 1];
  if (begin < 0 || begin > end || end > list_rows.size())
    fail("the rows of cluster ", centroid, " are damaged (expected: the index as it was written)");
  return list_rows.span().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

int64_t MultiVectorParts::size_bytes() const {
  return vectors.bytes().size() + centroids.bytes().size() +
         8 * (starts.size() + code_starts.size() + list_starts.size()) +
         4 * (codes.size() + list_rows.size());
}

MultiVectorParts build_multi_vector(const RaggedEmbeddings& rows, const MultiVectorOptions& options,
                                    const Context& context) {
  MultiVectorParts parts;
  parts.metric = rows.metric();
  parts.vectors = kept_vectors(rows.vectors, parts.metric, context);
  parts.starts = rows.starts;
  parts.centroids = fitted_centroids(parts, options, context);
  set_codes(parts, codes_of_rows(parts.vectors, parts.starts, parts.centroids, context));
  return parts;
}

void append_vectors(MultiVectorParts& parts, const RaggedEmbeddings& more, const Context& context) {
  RaggedEmbeddings added;
  added.starts = more.starts;
  added.vectors = kept_vectors(more.vectors, parts.metric, context);
  const RowCodes new_codes = codes_of_rows(added.vectors, added.starts, parts.centroids, context);
  RowCodes codes = codes_of_some(parts, numbers_up_to(parts.starts.size() - 1));
  const auto before = std::ssize(codes.codes);
  codes.codes.insert(codes.codes.end(), new_codes.codes.begin(), new_codes.codes.end());
  for (size_t row = 1; row < new_codes.starts.size(); ++row)
    codes.starts.push_back(before + new_codes.starts[row]);
  const RaggedEmbeddings all = joined_entries(as_ragged(parts), added);
  parts.starts = all.starts;
  parts.vectors = all.vectors;
  set_codes(parts, codes);
}

void keep_vectors(MultiVectorParts& parts, std::span<const int64_t> rows) {
  const RowCodes codes = codes_of_some(parts, rows);
  const RaggedEmbeddings kept = as_ragged(parts).entries_of(rows);
  parts.starts = kept.starts;
  parts.vectors = kept.vectors;
  set_codes(parts, codes);
}

}  // namespace whitney::search
