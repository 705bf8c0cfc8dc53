#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/input_stream.h"

namespace whitney::eval {

/// Which documents people found relevant to which queries.
struct Qrels {
  struct Judgement {
    std::string document;
    /// 1 and more: relevant.
    int64_t grade = 0;
  };
  struct Query {
    std::string id;
    /// Sorted by document.
    std::vector<Judgement> judgements;
    /// Where the query is first named, for errors.
    int64_t line = 0;

    /// The grade of a document, 0 when it has no judgement. O(log n).
    int64_t grade_of(std::string_view document) const;
    /// True when a document has a grade of 1 or more.
    bool has_relevant() const;
    std::vector<int64_t> grades() const;
  };
  /// In order of first appearance.
  std::vector<Query> queries;
  std::string name;
};

/// Reads judgements: TREC's form (query, iteration, document, grade), BEIR's with a heading (query-id,
/// corpus-id, score) or without, separated by tabs or blanks, or JSON lines with BEIR's names; gz, xz, zst.
/// Ids may hold blanks where tabs separate. Throws Error that names file and line: other numbers of fields, a
/// grade that is no whole number, a document judged twice for a query.
WHITNEY_API Qrels read_qrels(const std::string& path, const Context& context);
/// The same of an open file, or of bytes in memory.
Qrels read_qrels(data::InputStream& input, const Context& context);

}  // namespace whitney::eval
