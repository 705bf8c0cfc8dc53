#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/data/embeddings.h"
#include "whitney/linalg/metric.h"

namespace whitney::bench {

/// Vectors to search and queries that are not among them, float32.
struct SearchData {
  std::string name;
  Metric metric = Metric::kL2;
  Matrix base;
  Matrix queries;
  /// MNIST: the digit of each row and query. Empty otherwise.
  std::vector<int> base_labels, query_labels;
  /// Packages: their attributes, a row each. Empty otherwise.
  Attributes attributes;

  Embeddings embeddings() const;
};

/// MNIST: the training images, queries from the test images, l2. Nothing where the data are absent.
std::optional<SearchData> read_mnist(int64_t max_rows, int64_t num_queries);

/// The vectors of the Debian packages' synopses, of norm 1, cosine: every 60th is a query, the rest the base.
std::optional<SearchData> read_synopses(int64_t max_rows, int64_t num_queries);

/// DEEP: 10,000 descriptors of images, l2. Queries are not among them.
std::optional<SearchData> read_deep10k(int64_t max_rows, int64_t num_queries);

}  // namespace whitney::bench
