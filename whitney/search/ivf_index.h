#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/ivf.h"
#include "whitney/search/ivf_centroids.h"
#include "whitney/search/ivf_codes.h"
#include "whitney/search/ivf_lists.h"
#include "whitney/search/ivf_plan.h"

namespace whitney::search {

/// The parts of an ivf index: rows, the centroids, and for each of them a list of the rows that are nearest
/// to it, removed ones included until they are cleared away. Vectors are float32, of norm 1 under cosine. An
/// index that was never given a row has no lists.
struct IvfParts {
  Metric metric = Metric::kCosine;
  IvfOptions options;
  uint64_t seed = 0;
  int64_t dim = 0;
  IndexRows rows;
  ListCentroids centroids;
  /// Without a codec where lists hold vectors.
  ListCodec codes;
  /// Of 8 bits a dimension, where `refine` keeps them; else null.
  std::shared_ptr<const codec::Codec> byte_codec;
  std::vector<IvfList> lists;
  /// Of each row.
  std::vector<ListPlace> places;
  /// As they were measured for this index, if they were.
  std::optional<IvfCosts> costs;

  IvfRefine refine() const;
  bool has_codes() const { return options.codes != IvfCodes::kFlat; }
  bool has_vectors() const { return !has_codes() || refine() == IvfRefine::kFull; }
  bool has_bytes() const { return has_codes() && refine() == IvfRefine::kByte; }
  /// True where something ranks better than the codes that are scanned.
  bool has_better() const { return has_vectors() || has_bytes() || codes.fine_bytes() > 0; }
};

/// Bits of a part or a dimension that the options ask for. Throws UsageError where pq cannot have them.
int bits_of(const IvfOptions& options);
/// Lists of an index of so many rows by default.
int64_t default_nlist(int64_t num_rows);
/// A codec of the verb `compress` for residuals of `dim` values: its name, and its options resolved.
struct CodecChoice {
  std::string method;
  Value options;
};
CodecChoice residual_codec(const IvfOptions& options, int64_t dim);
CodecChoice byte_codec();

/// Makes the parts of an index over embeddings. Throws Error for vectors that no code can hold, UsageError
/// for options that contradict each other.
IvfParts build_ivf(const Embeddings& embeddings, const IvfOptions& options, const Context& context);
/// Adds rows that were checked (check_new_rows) to the lists of their nearest centroids, which stay.
void add_to_ivf(IvfParts& parts, const Embeddings& more, const Context& context);
/// Removes live rows; when more than a quarter is removed, lists are cleared of them.
void remove_from_ivf(IvfParts& parts, std::span<const uint32_t> rows, const Context& context);
/// Clears the lists of removed rows; the others are numbered anew, in their order.
void clear_removed(IvfParts& parts, const Context& context);
/// Writes the vector of a row, or what is kept of it.
void read_vector(const IvfParts& parts, uint32_t row, float* out);

/// Answers queries; see Index::search.
SearchResult search_ivf(const IvfParts& parts, const MatrixView& queries, const SearchParams& params,
                        const Context& context);

void save_ivf(const IvfParts& parts, const std::string& path, bool force, const Context& context);
/// Views the mapped file; what of it is followed as a number of a row or a list is checked. Throws Error.
IvfParts open_ivf(const Artifact& artifact);

}  // namespace whitney::search
