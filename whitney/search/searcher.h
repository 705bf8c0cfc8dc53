#pragma once

#include <memory>
#include <optional>
#include <string>

#include "whitney/core/api.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/index.h"

namespace whitney {

/// A query as people ask it: vectors, a filter's text, options of the search.
struct SearchRequest {
  int64_t k = 10;
  /// Empty: no filter.
  std::string filter;
  /// As given ({"ef": 64}); resolved against the index's declaration.
  Value options = Value::object();
  std::vector<int64_t> excluded;
  bool exact = false;
  bool explain = false;
};

/// An index with its attributes ready for filters: what command line, Python and server search with.
class WHITNEY_API Searcher {
 public:
  explicit Searcher(std::unique_ptr<Index> index);
  static Searcher open(const std::string& path);
  const Index& index() const { return *index_; }
  SearchResult search(const MatrixView& queries, const SearchRequest& request, const Context& context) const;
  /// Changes; not while a search runs.
  void add(const Embeddings& more, const Context& context);
  void remove(const Ids& ids, const Context& context);

 private:
  std::unique_ptr<Index> index_;
  std::unique_ptr<AttributeIndex> attributes_;
};

}  // namespace whitney
