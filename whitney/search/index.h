#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/artifact.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"
#include "whitney/data/ragged.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/search/deadline.h"
#include "whitney/search/row_set.h"

namespace whitney {

namespace search {
class FilterMemo;
}

/// Ways to answer a query under a filter: compare with the rows that pass; walk a graph and keep what passes;
/// walk it as without a filter and drop what does not.
enum class FilterPlan : uint8_t { kScan, kFilteredGraph, kGraphThenFilter };

/// What a search is asked besides its queries.
struct SearchParams {
  int64_t k = 10;
  /// Rows that may be returned; null: all.
  const RowSet* allowed = nullptr;
  /// Where what the index makes of `allowed` is kept for the next search under it; null: nowhere.
  search::FilterMemo* memo = nullptr;
  /// A row to leave out per query, or empty ("search --id X" leaves X out); -1: none.
  std::vector<int64_t> excluded;
  /// Options of the search itself (`ef`), resolved against `search_options()`.
  Value options = Value::object();
  /// Scan instead of the index.
  bool exact = false;
  /// Fill `explain`.
  bool explain = false;
  /// Where it ends the search, fewer hits may come than are due (SearchResult::partial). The loops of every
  /// index look at it: those of graphs, lists and words every few microseconds, scans every few milliseconds.
  Deadline deadline;
  /// The way of a search under a filter, for measurements and tests; absent: the planner chooses.
  std::optional<FilterPlan> plan;
};

struct SearchResult {
  Neighbors neighbors;
  /// Hits per query.
  std::vector<int64_t> counts;
  /// The deadline ended it: of some queries hits are missing, or are not the best.
  bool partial = false;
  /// {"index", "plan", "estimates", "actuals", "filter"} when asked; null otherwise.
  Value explain;
};

/// What an index is made of and asked by: a vector a row, texts, sparse vectors, or several vectors a row.
enum class IndexInput : uint8_t { kVectors, kTexts, kSparse, kVectorSets };
inline constexpr auto enum_names(IndexInput) {
  return std::array<std::string_view, 4>{"vectors", "texts", "sparse", "vector sets"};
}
/// True for rows that are RaggedEmbeddings.
constexpr bool is_ragged(IndexInput input) {
  return input == IndexInput::kSparse || input == IndexInput::kVectorSets;
}

/// Answers nearest-neighbour queries over embeddings that it holds, under a set of allowed rows. Searches may
/// run concurrently; changes need the caller's lock. Row numbers are stable until a row is removed.
class WHITNEY_API Index {
 public:
  virtual ~Index() = default;
  /// The method's name.
  virtual std::string_view method() const = 0;
  virtual Metric metric() const = 0;
  virtual int64_t dim() const = 0;
  /// Rows, removed ones included; `live()` tells which may be found.
  virtual int64_t num_rows() const = 0;
  virtual const RowSet& live() const = 0;
  virtual const Ids& ids() const = 0;
  virtual const Attributes& attributes() const = 0;
  virtual const Value& record() const = 0;
  /// Bytes held in memory (or mapped).
  virtual int64_t size_bytes() const = 0;
  /// The stored vector of a row as float32 (normalised under cosine).
  virtual std::vector<float> vector(int64_t row) const = 0;
  /// Declarations of the options of a search (`ef`).
  virtual std::vector<OptionSpec> search_options() const = 0;
  /// Returns min(k, allowed and live rows) hits per query. queries: m x dim, any float dtype. Throws Error
  /// for a width that differs or a value that is NaN or infinite.
  virtual SearchResult search(const MatrixView& queries, const SearchParams& params,
                              const Context& context) const = 0;
  /// True for an index of texts, which is asked by words: `search_texts` and `add_texts` take the place of
  /// `search`, `vector` and `add`, which throw.
  virtual bool holds_texts() const { return false; }
  /// Returns, per query, the best of the allowed and live rows that have a word of it, k at most. Throws
  /// Error where the index holds vectors.
  virtual SearchResult search_texts(std::span<const std::string> queries, const SearchParams& params,
                                    const Context& context) const;
  /// Adds texts; `more` names them by new ids, its attributes are theirs.
  virtual void add_texts(const Corpus& more, const Attributes& attributes, const Context& context);
  /// What it holds. For ragged rows `search_ragged`, `ragged` and `add_ragged` take the place of `search`,
  /// `vector` and `add`, which throw.
  virtual IndexInput input() const { return holds_texts() ? IndexInput::kTexts : IndexInput::kVectors; }
  /// Returns, per query (a row of `queries`), the best of the allowed and live rows: min(k, these), of sparse
  /// ones those that share a dimension with it. Throws Error where the index holds something else.
  virtual SearchResult search_ragged(const RaggedEmbeddings& queries, const SearchParams& params,
                                     const Context& context) const;
  /// The stored entries of a row, as one row without ids.
  virtual RaggedEmbeddings ragged(int64_t row) const;
  virtual void add_ragged(const RaggedEmbeddings& more, const Context& context);
  /// Times what the steps of a search take on this machine, for the planner of searches under filters, which
  /// goes by it from then on; a file keeps it. False, and nothing changes, where there are no plans to choose
  /// among, or too few vectors for them to matter. Not while a search runs.
  virtual bool measure_plan_costs() { return false; }
  /// Adds rows; ids must be new. Throws Error for duplicates, other widths, columns of another type.
  virtual void add(const Embeddings& more, const Context& context) = 0;
  /// Removes rows by id; unknown ids are an Error before anything changes.
  virtual void remove(const Ids& ids, const Context& context) = 0;
  /// Writes an artifact of kind `index`.
  virtual void save(const std::string& path, bool force, const Context& context) const = 0;
};

/// Texts to index: their ids, attributes and the record of the index that is made of them.
struct IndexedTexts {
  Corpus corpus;
  Attributes attributes;
  Value record = Value::object();
};

/// Builds and opens the indexes of one method (verb `index`).
class WHITNEY_API IndexBuilder : public MethodRunner {
 public:
  /// True for a method over texts: the `_texts` functions take the place of `build` and `estimate`.
  virtual bool takes_texts() const { return false; }
  virtual std::unique_ptr<Index> build_texts(const IndexedTexts& texts, const Value& options,
                                             const Context& context) const;
  virtual CostEstimate estimate_texts(int64_t num_texts, int64_t size_bytes, const Value& options,
                                      const Context& context) const;
  /// What its indexes are made of; for ragged rows the `_ragged` functions take the place of `build` and
  /// `estimate`.
  virtual IndexInput input() const { return takes_texts() ? IndexInput::kTexts : IndexInput::kVectors; }
  virtual std::unique_ptr<Index> build_ragged(const RaggedEmbeddings& embeddings, const Value& options,
                                              const Context& context) const;
  /// num_entries: values, or vectors, of all rows.
  virtual CostEstimate estimate_ragged(int64_t num_rows, int64_t num_entries, int64_t dim,
                                       const Value& options, const Context& context) const;
  /// `embeddings` are validated, and their record is complete: it becomes the index's own.
  virtual std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                                       const Context& context) const = 0;
  virtual std::unique_ptr<Index> open(const Artifact& artifact) const = 0;
  virtual CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                                const Context& context) const = 0;
  /// Declarations of the options of a search in its indexes: what help tells before there is one.
  virtual std::vector<OptionSpec> search_options() const { return {}; }
};

/// Builds an index the same way from every door: resolves options, says which have no effect, refuses what
/// cannot fit, validates the embeddings, completes the record.
WHITNEY_API std::unique_ptr<Index> build_index(std::string_view method, const Embeddings& embeddings,
                                               const Value& given_options, const Context& context);

/// The same for a method over texts. attributes: of the texts, a row each, or none.
WHITNEY_API std::unique_ptr<Index> build_index(std::string_view method, const Corpus& corpus,
                                               const Attributes& attributes, const Value& given_options,
                                               const Context& context);

/// The same for a method over ragged rows.
WHITNEY_API std::unique_ptr<Index> build_index(std::string_view method, const RaggedEmbeddings& embeddings,
                                               const Value& given_options, const Context& context);

/// Opens an index file, or embeddings as a flat index. Throws Error that names the file.
WHITNEY_API std::unique_ptr<Index> open_index(const std::string& path);

}  // namespace whitney
