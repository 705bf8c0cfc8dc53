#pragma once

#include <memory>

#include "whitney/core/api.h"
#include "whitney/data/embeddings.h"
#include "whitney/search/index.h"

namespace whitney {

/// Options of the flat index: there are none.
struct FlatOptions {
  void fields(auto&& /*field*/) {}
};

/// Makes an index that compares each query with every allowed row. It shares the memory of `embeddings` (a
/// mapped file stays mapped) and takes their record as its own; nothing is validated here. O(n d) a query, no
/// time to build.
WHITNEY_API std::unique_ptr<Index> flat_index(const Embeddings& embeddings);

}  // namespace whitney
