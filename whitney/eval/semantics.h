#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/eval/node_vectors.h"
#include "whitney/eval/semantics_relations.h"
#include "whitney/eval/semantics_tests.h"
#include "whitney/eval/semantics_words.h"

namespace whitney {

/// Options of the semantic tests of word graphs (RESTORE, Yip et al. 2023, arXiv 2308.14659).
struct SemanticsOptions {
  eval::Senses senses = eval::Senses::kMean;
  std::optional<Path> triples;
  int64_t sources = 1000;
  void fields(auto&& field) {
    field("senses", senses,
          "What a word of several nodes is compared by, in similarities: the mean of their vectors, or the "
          "pair of nodes most alike. Analogies take the mean");
    field("triples", triples,
          "The knowledge graph, lines of head, relation and tail: adds distances by hop and offsets by "
          "relation");
    field("sources", sources, Range{1, 4294967295.0}, "Nodes from which pairs at 1, 2 and 3 hops are drawn");
  }
};

/// Measures how much word meaning the vectors of a word graph's nodes hold. Rows have the labels method,
/// measure and set:
/// - similarity, a set of pairs: spearman of cosine and people's scores, coverage (%) and count of pairs
/// whose
///   words have nodes (see word_of_id);
/// - analogy, a section and `all`: accuracy_add and accuracy_mul (%, 3CosAdd and 3CosMul), coverage, count,
/// and
///   distance_ratio: the mean |(x_b - x_a) - (x_e - x_c)| over that of random quadruples of the same words,
///   vectors of length 1 (below 1: structure);
/// - with triples: distance at hop 1, 2, 3 (mean Euclidean distance of vectors of length 1) and its auc (%, a
///   pair one hop apart is nearer than one three hops apart); relation: the mean cosine of offsets within a
///   relation, and across to others.
/// Throws Error when no test has a word in the graph, or a node of the triples has no vector.
WHITNEY_API Report semantics(const std::vector<NamedEmbeddings>& methods, const eval::WordTests& tests,
                             const eval::Triples* triples, const SemanticsOptions& options,
                             const Context& context);

}  // namespace whitney
