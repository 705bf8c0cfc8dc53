#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/nested_fields.h"
#include "whitney/core/report.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/text_pairs.h"
#include "whitney/eval/text_source.h"

namespace whitney {

/// Options of semantic textual similarity.
struct StsOptions {
  eval::TextPairFields columns;
  eval::BootstrapOptions bootstrap;
  eval::TextEncoding encode;

  void fields(auto&& field) {
    field("first_field", columns.first, "Column of the first texts; absent: sentence1 and other usual names");
    field("second_field", columns.second, "Column of the second texts");
    field("score_field", columns.score, "Column of the scores");
    bootstrap.fields(field);
    encode.fields(NestedFields(field, "encode"));
  }
};

/// Compares how alike a source finds pairs of texts with how alike people found them. One row of the report
/// per similarity of two vectors, label {"similarity": "cosine", "dot", "euclidean" or "manhattan"} (of
/// distances the negative), with the figures spearman and pearson, the correlation with the scores, and their
/// bootstrap intervals over the pairs. A zero vector has cosine 0. Throws Error when a text cannot be found
/// or encoded, or all scores are equal.
WHITNEY_API Report sts(const eval::TextSource& source, const eval::TextPairs& pairs,
                       const StsOptions& options, const Context& context);

}  // namespace whitney
