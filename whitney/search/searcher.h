#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/index.h"

namespace whitney {

namespace search {
class FilterCache;
struct EvaluatedFilter;
}  // namespace search

/// A query as people ask it: vectors, a filter's text, options of the search.
struct SearchRequest {
  int64_t k = 10;
  /// Empty: no filter.
  std::string filter;
  /// As given ({"ef": 64}); resolved against the index's declaration.
  Value options = Value::object();
  /// A row to leave out per query (-1: none), or empty.
  std::vector<int64_t> excluded;
  /// Rows that no query may find; null: none. What an index makes of them is not kept for the next search.
  const RowSet* forbidden = nullptr;
  bool exact = false;
  bool explain = false;
  /// The way of a query under a filter; absent: as the index plans (SearchParams::plan).
  std::optional<FilterPlan> plan;
  /// The most time that the search may take, its filter included; absent: what it needs. Where it is up
  /// before the filter is evaluated, the result has no hits and is partial. What the filter built whole until
  /// then (which rows of a column have a value, its sorted numbers, its words) is kept; the part that was
  /// being built is dropped, so that a filter whose next part takes longer than every timeout never gets
  /// further: a call without one (`matches`) makes it ready. See SearchParams::deadline.
  std::optional<double> timeout_ms;
};

/// An index with its attributes ready for filters: what command line, Python and server search with.
class WHITNEY_API Searcher {
 public:
  explicit Searcher(std::unique_ptr<Index> index);
  ~Searcher();
  Searcher(Searcher&&) noexcept;
  Searcher& operator=(Searcher&&) noexcept;
  /// Opens an index file, or embeddings as a flat index. Throws Error that names the file.
  static Searcher open(const std::string& path);
  const Index& index() const { return *index_; }

  /// Returns min(k, rows that are live and satisfy the filter) hits per query; a result with fewer that is
  /// not marked partial is an InternalError. Queries are checked also when nothing satisfies the filter. With
  /// `explain`, the result's explanation gets {"filter": {"text", "matches", "microseconds"}}. Throws
  /// UsageError for a filter or option that is wrong, Error for queries that are. Searches may run
  /// concurrently. What the last filters came to is kept until the rows change.
  SearchResult search(const MatrixView& queries, const SearchRequest& request, const Context& context) const;
  /// The same for an index of texts, asked by words: k at most of those rows that have a word of the query
  /// (Index::search_texts).
  SearchResult search_texts(std::span<const std::string> queries, const SearchRequest& request,
                            const Context& context) const;
  /// The same for an index of ragged rows (Index::search_ragged).
  SearchResult search_ragged(const RaggedEmbeddings& queries, const SearchRequest& request,
                             const Context& context) const;
  /// Throws as those do for what is wrong in a request whatever the queries: k, timeout, options, the filter
  /// (as far as its timeout lets it be evaluated; what that came to is kept for the search).
  void check(const SearchRequest& request, const Context& context) const;
  /// The live rows that satisfy a filter (empty: all live rows). Throws UsageError.
  RowSet matches(const std::string& filter, const Context& context) const;

  /// Changes; not while a search runs (SharedSearcher sees to that).
  void add(const Embeddings& more, const Context& context);
  void add_texts(const Corpus& more, const Attributes& attributes, const Context& context);
  void add_ragged(const RaggedEmbeddings& more, const Context& context);
  void remove(const Ids& ids, const Context& context);

 private:
  template <class Search>
  SearchResult search_filtered(const SearchRequest& request, int64_t num_queries, bool finds_all,
                               const Context& context, const Search& search) const;
  std::shared_ptr<const search::EvaluatedFilter> evaluate(const std::string& filter,
                                                          const search::FilterWatch& watch) const;
  void rebuild_attributes();

  std::unique_ptr<Index> index_;
  std::unique_ptr<AttributeIndex> attributes_;
  std::unique_ptr<search::FilterCache> filters_;
  /// Declares the options of a search; to make it anew for each would take as long as a short filter.
  Method search_method_;
};

}  // namespace whitney
