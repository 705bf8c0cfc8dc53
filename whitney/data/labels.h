#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/ids.h"

namespace whitney {

/// For each of some ids a set of labels (one or several each).
struct WHITNEY_API Labels {
  Ids ids;
  /// starts[i]..starts[i+1] into `codes`; n + 1 entries.
  std::vector<int64_t> starts;
  /// Codes of label names, ascending within a row.
  std::vector<uint32_t> codes;
  /// Distinct names, sorted.
  std::vector<std::string> names;

  int64_t num_rows() const { return ids.size(); }
};

/// Texts with ids.
struct WHITNEY_API Corpus {
  Ids ids;
  std::vector<std::string> texts;
};

/// xxh3-128 over ids and texts.
WHITNEY_API std::string fingerprint(const Corpus& corpus);

}  // namespace whitney
