#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "whitney/codec/compressed.h"
#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/search/index.h"

namespace whitney {

/// Options of a search in compressed embeddings.
struct CodesSearchOptions {
  std::optional<int64_t> rescore;
  std::optional<Path> vectors;
  void fields(auto&& field) {
    field("rescore", rescore, Range{0, 1e9},
          "Best of the codes to rank again, by their second level or by --vectors; 0: none; absent: where "
          "there is "
          "either, all that could be among the k best by the codec's error bound, or 4 k");
    field("vectors", vectors,
          "Embeddings with the full vectors, found by id, whose distances rank the best of the codes");
  }
};

/// Makes an index that compares each query with the code of every allowed row: the codec's distances, float32
/// queries against codes. Of a codec with blocks (Codec::block_layout) the first search re-lays the codes,
/// O(their bytes); the hits are still those of a scan by single codes, and so are their values. Otherwise it
/// shares the memory of `compressed`. O(n d) a query.
WHITNEY_API std::unique_ptr<Index> codes_index(CompressedEmbeddings compressed);

}  // namespace whitney
