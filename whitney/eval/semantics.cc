#include "whitney/eval/semantics.h"

#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/eval/correlation.h"
#include "whitney/eval/semantics_analogies.h"
#include "whitney/eval/task.h"
#include "whitney/linalg/distance.h"

namespace whitney {
namespace {

using eval::WordVectors;

/// The rows of one method.
class Semantics {
 public:
  Semantics(const NamedEmbeddings& method, const SemanticsOptions& options, const Context& context)
      : method_(method), options_(options), context_(context), words_(method.embeddings, context) {}

  void add_similarity(const eval::SimilarityTest& test) {
    std::vector<double> given, found;
    for (const eval::SimilarityTest::Pair& pair : test.pairs) {
      const auto a = words_.find(pair.first), b = words_.find(pair.second);
      if (!a || !b) continue;
      given.push_back(pair.score);
      found.push_back(words_.similarity(*a, *b, options_.senses));
    }
    Report::Row& row = add_row("similarity", test.name);
    row.figures.push_back({"spearman", "", eval::spearman(given, found)});
    add_coverage(row, given.size(), test.pairs.size());
    num_found_ += std::ssize(given);
  }

  void add_analogies(const std::vector<eval::AnalogyTest>& tests) {
    std::vector<eval::AnalogyQuestion> all;
    size_t num_all = 0;
    for (const eval::AnalogyTest& test : tests) {
      const std::vector<eval::AnalogyQuestion> known = known_questions(test);
      add_analogy(test.name, known, test.questions.size());
      all.insert(all.end(), known.begin(), known.end());
      num_all += test.questions.size();
    }
    if (!tests.empty()) add_analogy("all", all, num_all);
    num_found_ += std::ssize(all);
  }

  void add_triples(const eval::Triples& triples) {
    Matrix scaled;
    normalize_rows(context_, eval::vectors_of_nodes(method_.embeddings, triples.graph, context_), scaled);
    const eval::HopDistances distances =
        eval::measure_hop_distances(scaled, triples.graph, options_.sources, context_);
    for (size_t hop = 0; hop < distances.means.size(); ++hop)
      add_row("distance", concat("hop ", hop + 1)).figures.push_back({"distance", "", distances.means[hop]});
    add_row("distance", "hop 1 before hop 3").figures.push_back({"auc", "%", 100 * distances.auc});
    const std::vector<eval::RelationFigures> relations = eval::measure_relations(scaled, triples);
    for (size_t r = 0; r < relations.size(); ++r) {
      Report::Row& row = add_row("relation", triples.relations[r]);
      row.figures.push_back({"within", "", relations[r].within});
      row.figures.push_back({"across", "", relations[r].across});
      row.figures.push_back({"count", "", static_cast<double>(relations[r].num_triples)});
    }
  }

  /// Pairs and questions all of whose words have nodes.
  int64_t num_found() const { return num_found_; }
  std::vector<Report::Row> take_rows() { return std::move(rows_); }

 private:
  Report::Row& add_row(const std::string& measure, const std::string& set) {
    Report::Row& row = rows_.emplace_back();
    row.labels = Value::object({{"method", method_.name}, {"measure", measure}, {"set", set}});
    return row;
  }

  static void add_coverage(Report::Row& row, size_t known, size_t all) {
    row.figures.push_back(
        {"coverage", "%", all == 0 ? 0 : 100 * static_cast<double>(known) / static_cast<double>(all)});
    row.figures.push_back({"count", "", static_cast<double>(known)});
  }

  std::vector<eval::AnalogyQuestion> known_questions(const eval::AnalogyTest& test) const {
    std::vector<eval::AnalogyQuestion> result;
    for (const auto& question : test.questions) {
      eval::AnalogyQuestion places{};
      bool known = true;
      for (size_t i = 0; i < 4 && known; ++i) {
        const auto place = words_.find(question[i]);
        known = place.has_value();
        places[i] = place.value_or(-1);
      }
      if (known) result.push_back(places);
    }
    return result;
  }

  void add_analogy(const std::string& set, const std::vector<eval::AnalogyQuestion>& questions,
                   size_t num_questions) {
    if (questions.empty()) return;
    const eval::AnalogyFigures figures = eval::answer_analogies(words_.means(), questions, context_);
    Report::Row& row = add_row("analogy", set);
    row.figures.push_back({"accuracy_add", "%", 100 * figures.accuracy_add});
    row.figures.push_back({"accuracy_mul", "%", 100 * figures.accuracy_mul});
    row.figures.push_back({"distance_ratio", "", figures.distance / figures.random_distance});
    add_coverage(row, questions.size(), num_questions);
  }

  const NamedEmbeddings& method_;
  const SemanticsOptions& options_;
  const Context& context_;
  WordVectors words_;
  std::vector<Report::Row> rows_;
  int64_t num_found_ = 0;
};

class SemanticsTask : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings", "tests"}; }
  bool repeats_first() const override { return true; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<SemanticsOptions>(resolved);
    const eval::WordTests tests = eval::read_word_tests(paths.back(), context);
    std::optional<eval::Triples> triples;
    if (options.triples) triples = eval::read_triples(options.triples->value, context);
    return semantics(eval::read_named(std::span(paths).first(paths.size() - 1), context), tests,
                     triples ? &*triples : nullptr, options, context);
  }
};

const bool registered = register_method(declare_method<SemanticsOptions>(
    Verb::kEvaluate,
    {.name = "semantics",
     .class_name = "Semantics",
     .summary = "How much word meaning the node vectors of a word graph hold",
     .description =
         "For graphs whose nodes are words or their senses, such as WordNet: similarity tests (SimLex-999, "
         "WordSim-353, MEN, ...), analogies (questions-words.txt), and, with --triples, distances by hop and "
         "how parallel the offsets of a relation are. The tests are a file or a folder of such files as they "
         "are published. A node's word is its id in lower case; botany.n.02 is botany.\n"
         "Vectors are scaled to length 1 first and analogy distances are told as a ratio to random "
         "quadruples: "
         "a plain average of distances shrinks with the vectors. Look at the coverage: figures of different "
         "vocabularies do not compare.",
     .source = "Yip et al.: RESTORE, 2023, arXiv 2308.14659; Mikolov et al., NAACL 2013 (3CosAdd); Levy & "
               "Goldberg, CoNLL 2014 (3CosMul)",
     .example = "whitney evaluate semantics wordnet.safetensors word-semantic-tests --triples train.txt.gz"},
    std::make_shared<SemanticsTask>()));

}  // namespace

Report semantics(const std::vector<NamedEmbeddings>& methods, const eval::WordTests& tests,
                 const eval::Triples* triples, const SemanticsOptions& options, const Context& context) {
  if (triples == nullptr && options.sources != SemanticsOptions().sources)
    context.note("option \"sources\" has no effect without triples");
  Report report;
  report.title = "Word semantics";
  for (const NamedEmbeddings& method : methods) {
    Semantics rows(method, options, context);
    for (const eval::SimilarityTest& test : tests.similarities) rows.add_similarity(test);
    rows.add_analogies(tests.analogies);
    if (rows.num_found() == 0) {
      fail("no pair or question of the word tests has all its words among the nodes of ", method.name,
           ", such as \"", method.embeddings.size() > 0 ? method.embeddings.ids.text(0) : "",
           "\" (expected: ids that are words, or synsets such as botany.n.02)");
    }
    if (triples != nullptr) rows.add_triples(*triples);
    for (Report::Row& row : rows.take_rows()) report.rows.push_back(std::move(row));
  }
  return report;
}

}  // namespace whitney
