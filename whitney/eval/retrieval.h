#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/nested_fields.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/qrels.h"
#include "whitney/eval/run_file.h"
#include "whitney/eval/text_source.h"
#include "whitney/search/bm25.h"
#include "whitney/search/fusion.h"

namespace whitney {

/// Options of the evaluation of a text search.
struct RetrievalOptions {
  std::vector<int> k = {10, 100};
  int num_hits = 1000;
  std::optional<Path> corpus, queries, qrels;
  std::string split = "test";
  bool title = true;
  std::optional<Path> model, query_vectors;
  std::optional<Path> with;
  FusionOptions fusion;
  bool complete = true;
  std::optional<Path> run_file;
  std::optional<Path> compare_with;
  bool force = false;
  eval::BootstrapOptions bootstrap;
  eval::TextEncoding encode;
  Bm25Options bm25;

  void fields(auto&& field) {
    field("k", k, Range{1, 1e6}, "Cutoffs of nDCG@k, recall@k and precision@k");
    field("num_hits", num_hits, Range{1, 1e6}, "Hits of a query that count, -M of trec_eval");
    field("corpus", corpus, "Documents, instead of the folder's: JSON lines with _id, title, text");
    field("queries", queries, "Queries, instead of the folder's: JSON lines with _id, text, or id<TAB>text");
    field("qrels", qrels, "Judgements, instead of the folder's");
    field("split", split, "Which judgements of a folder qrels/ count");
    field("title", title, "Put a document's title before its text, as BEIR does");
    field("model", model, "Encoder of the queries, where embeddings or an index of vectors are searched");
    field("query_vectors", query_vectors, "Vectors of the queries under their ids, instead of a model");
    field("with", with, "A second source, whose hits are fused with the first's, query by query");
    fusion.fields(field);
    field("complete", complete,
          "Count queries without hits as 0, -c of trec_eval; false: leave them out of the means");
    field("compare_with", compare_with,
          "Another source, such as a run file, that is measured beside: differences come with intervals of "
          "the paired bootstrap");
    field("run_file", run_file, "Also write the hits to this file, in TREC's form");
    field("force", force, "Replace a run file that exists");
    bootstrap.fields(field);
    encode.fields(NestedFields(field, "encode"));
    bm25.fields(NestedFields(field, "bm25"));
  }
  /// Names options without effect.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Measures a run by judgements, as trec_eval does. One row of the report per k, label {"k"}, with the
/// figures ndcg, recall and precision, and one with k = num_hits for map and mrr (trec_eval's map and
/// recip_rank): means over the judged queries, with bootstrap intervals over these. Queries without relevant
/// documents count as 0 and are told in a note, as are queries without hits, and queries of the run without
/// judgements, which are left out. The hits must be ordered as order_as_trec_eval does. Throws Error when no
/// query of the run is judged.
WHITNEY_API Report retrieval(const eval::Qrels& qrels, const eval::TrecRun& run,
                             const RetrievalOptions& options, const Context& context);

/// A run to compare with another, and what its rows are called.
struct NamedRun {
  std::string name;
  const eval::TrecRun& run;
};

/// Measures two runs on the same queries. Each row of `retrieval` comes three times, with the label {"run"}:
/// the first, the second, and "difference", the first less the second, whose intervals are those of the
/// paired bootstrap: every resample draws the same queries for both. With complete=false, queries without
/// hits in either run are left out of both.
WHITNEY_API Report compare_retrieval(const eval::Qrels& qrels, const NamedRun& first, const NamedRun& second,
                                     const RetrievalOptions& options, const Context& context);

}  // namespace whitney
