#pragma once

#include <string>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/data/ids.h"
#include "whitney/search/index.h"

namespace whitney::app {

/// What hits are rows of. Views what it is made from.
struct HitRows {
  HitRows(const Index& index)  // NOLINT(google-explicit-constructor): an index is rows that hits are of
      : ids(index.ids()), attributes(index.attributes()), metric(index.metric()) {}
  HitRows(const Ids& of_ids, const Attributes& of_attributes, Metric of_metric)
      : ids(of_ids), attributes(of_attributes), metric(of_metric) {}
  const Ids& ids;
  const Attributes& attributes;
  Metric metric;
};

/// Writes hits as a table: rank, id, score or distance, and the attributes in `show`; with several queries,
/// the query first. queries: a name per query.
std::string hits_text(const HitRows& rows, const SearchResult& result,
                      const std::vector<std::string>& queries, const std::vector<std::string>& show);
/// The same as a value: {"metric", "queries": [{"query", "hits": [{"rank", "id", "score", "attributes"}]}]}.
Value hits_value(const HitRows& rows, const SearchResult& result, const std::vector<std::string>& queries,
                 const std::vector<std::string>& show);
/// Gives the attributes to show: `all` stands for every one. Throws UsageError with the nearest known name.
std::vector<std::string> attributes_to_show(const Attributes& attributes,
                                            const std::vector<std::string>& show);
/// Writes nested values as indented lines: "plan: walk", "estimates:" ...
std::string lines_of(const Value& value, size_t indent = 0);
/// Gives an id as a value: a number or a string.
Value id_value(const Ids& ids, int64_t row);
/// Writes an attribute's value for people; a missing one is empty.
std::string cell_text(const Value& value);

}  // namespace whitney::app
