#pragma once

#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/input_stream.h"
#include "whitney/search/fusion.h"

namespace whitney::eval {

/// What a search found: for each query its hits, best first, with scores that fall.
struct TrecRun {
  struct Query {
    std::string id;
    RankedHits hits;
  };
  std::vector<Query> queries;
};

/// Orders hits as trec_eval does, whatever ranks a file tells: higher scores (as float32) first, equal scores
/// by document, the later name first.
WHITNEY_API void order_as_trec_eval(RankedHits& hits);

/// Reads a run in TREC's form (query, "Q0", document, rank, score, tag, separated by tabs or blanks; gz, xz,
/// zst), its hits ordered as trec_eval orders them. Throws Error that names file and line: other numbers of
/// fields, a score that is not a number, a document twice for a query.
WHITNEY_API TrecRun read_run(const std::string& path, const Context& context);
/// The same of an open file, or of bytes in memory.
TrecRun read_run(data::InputStream& input, const Context& context);

/// Writes a run in that form; scores read back equal. Throws Error when an id holds a blank, which the form
/// cannot tell from a separator. Refuses an existing file without `force`. Atomic.
WHITNEY_API void write_run(const TrecRun& run, const std::string& tag, const std::string& path,
                           bool force = false);

}  // namespace whitney::eval
