#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/options.h"

namespace whitney {

/// Options of lsh: hashes by random hyperplanes (Charikar, STOC 2002) as words of an inverted index, as
/// PinSage retrieves its items (arXiv 1806.01973, section 3.5).
struct LshOptions {
  int64_t tables = 64;
  std::optional<int64_t> bits;

  void fields(auto&& field) {
    field("tables", tables, Range{1, 1024}, "Hashes of a row; more find more, and take more memory and time");
    field(
        "bits", bits, Range{1, 20},
        "Hyperplanes of a hash; more make shorter lists, which near rows are in less often; absent: so many "
        "that a list has some 64 rows on average, at least 4");
  }
};

/// Options of a search in an lsh index.
struct LshSearchOptions {
  std::optional<int64_t> candidates;

  void fields(auto&& field) {
    field("candidates", candidates, Range{1, 1e9},
          "Rows with most hashes in common with the query that are compared exactly (at least k); absent: 20 "
          "k, at "
          "least 200");
  }
};

}  // namespace whitney
