#include "whitney/eval/retrieval.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/ranking_metrics.h"
#include "whitney/eval/retrieval_search.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

// The values that are averaged, one column per figure of the report: ndcg, recall and precision at each k,
// then map and mrr.
class Columns {
 public:
  explicit Columns(size_t num_cutoffs) : num_cutoffs_(num_cutoffs), values_(3 * num_cutoffs + 2) {}

  void add(const eval::RankingFigures& figures) {
    for (size_t i = 0; i < num_cutoffs_; ++i) {
      values_[3 * i].push_back(figures.ndcg[i]);
      values_[3 * i + 1].push_back(figures.recall[i]);
      values_[3 * i + 2].push_back(figures.precision[i]);
    }
    values_[3 * num_cutoffs_].push_back(figures.average_precision);
    values_[3 * num_cutoffs_ + 1].push_back(figures.reciprocal_rank);
  }
  int64_t num_queries() const { return std::ssize(values_[0]); }
  /// Query by query the difference to another's.
  Columns less(const Columns& other) const {
    Columns difference = *this;
    for (size_t c = 0; c < values_.size(); ++c) {
      for (size_t q = 0; q < values_[c].size(); ++q) difference.values_[c][q] -= other.values_[c][q];
    }
    return difference;
  }

  std::vector<Report::Row> rows(const RetrievalOptions& options, const Context& context) const {
    std::vector<double> means(values_.size());
    std::vector<int64_t> once(static_cast<size_t>(num_queries()));
    for (size_t q = 0; q < once.size(); ++q) once[q] = static_cast<int64_t>(q);
    mean(once, means);
    const std::vector<eval::Interval> intervals = eval::bootstrap_intervals(
        context, num_queries(), std::ssize(values_),
        [this](std::span<const int64_t> queries, std::span<double> out) { mean(queries, out); },
        options.bootstrap);
    std::vector<Report::Row> rows;
    const auto add_row = [&](int k, size_t first, std::initializer_list<const char*> names) {
      Report::Row& row = rows.emplace_back();
      row.labels = Value::object({{"k", k}});
      for (const char* name : names) {
        eval::add_figure(row, name, "", means[first], intervals[first]);
        ++first;
      }
    };
    for (size_t i = 0; i < num_cutoffs_; ++i) add_row(options.k[i], 3 * i, {"ndcg", "recall", "precision"});
    add_row(options.num_hits, 3 * num_cutoffs_, {"map", "mrr"});
    return rows;
  }

 private:
  void mean(std::span<const int64_t> queries, std::span<double> out) const {
    for (size_t c = 0; c < values_.size(); ++c) {
      double sum = 0;
      for (const int64_t q : queries) sum += values_[c][static_cast<size_t>(q)];
      out[c] = sum / static_cast<double>(queries.size());
    }
  }

  size_t num_cutoffs_;
  std::vector<std::vector<double>> values_;
};

// "1 query is ...", "2 queries are ..."
std::string queries_text(int64_t count, std::string_view one, std::string_view several) {
  return concat(count, count == 1 ? " query " : " queries ", count == 1 ? one : several);
}

std::vector<int64_t> grades_of(const eval::Qrels::Query& query, const RankedHits& hits, int num_hits) {
  std::vector<int64_t> grades;
  for (const std::string& document : hits.ids) {
    if (std::ssize(grades) == num_hits) break;
    grades.push_back(query.grade_of(document));
  }
  return grades;
}

}  // namespace

std::vector<std::string> RetrievalOptions::ineffective() const {
  if (with) return fusion.ineffective();
  const FusionOptions plain;
  std::vector<std::string> sentences;
  const auto add_if = [&](bool differs, std::string_view name) {
    if (differs) sentences.push_back(concat("option \"", name, "\" has no effect without --with"));
  };
  add_if(fusion.fusion != plain.fusion, "--fusion");
  add_if(fusion.rrf_k != plain.rrf_k, "--rrf-k");
  add_if(fusion.weight != plain.weight, "--weight");
  add_if(!fusion.weights.empty(), "--weights");
  add_if(fusion.depth != plain.depth, "--depth");
  return sentences;
}

namespace {

// The figures of each judged query, nothing for those that options leave out, and what there is to tell.
struct Measured {
  std::vector<std::optional<eval::RankingFigures>> queries;
  int64_t num_unanswered = 0, num_without_relevant = 0, num_unjudged = 0;
};

Measured measure(const eval::Qrels& qrels, const eval::TrecRun& run, const RetrievalOptions& options) {
  if (options.k.empty()) throw UsageError("k is empty: give at least one cutoff, such as 10");
  std::unordered_map<std::string_view, const RankedHits*> found;
  for (const eval::TrecRun::Query& query : run.queries) found.emplace(query.id, &query.hits);
  Measured measured;
  int64_t num_matched = 0;
  for (const eval::Qrels::Query& query : qrels.queries) {
    const auto hits = found.find(query.id);
    num_matched += hits != found.end() ? 1 : 0;
    const bool is_answered = hits != found.end() && !hits->second->ids.empty();
    measured.num_unanswered += is_answered ? 0 : 1;
    auto& figures = measured.queries.emplace_back();
    if (!is_answered && !options.complete) continue;
    measured.num_without_relevant += query.has_relevant() ? 0 : 1;
    const auto grades =
        is_answered ? grades_of(query, *hits->second, options.num_hits) : std::vector<int64_t>();
    figures = eval::ranking_figures(grades, query.grades(), options.k);
  }
  if (num_matched == 0) {
    fail(qrels.name, ": judges no query of the run, such as ",
         data::quoted(run.queries.empty() ? "" : run.queries[0].id), " (the judgements have ",
         data::quoted(qrels.queries[0].id), ")");
  }
  measured.num_unjudged = std::ssize(run.queries) - num_matched;
  return measured;
}

Columns columns_of(const Measured& measured, const RetrievalOptions& options) {
  Columns columns(options.k.size());
  for (const auto& figures : measured.queries) {
    if (figures) columns.add(*figures);
  }
  if (columns.num_queries() == 0) fail("no query has a hit, and --complete false leaves these out");
  return columns;
}

// Tells what else there is of a run; `which` names it where there are two.
void add_notes(const Measured& measured, bool complete, const std::string& which, Report& report) {
  const auto note_if_any = [&](int64_t count, std::string_view one, std::string_view several) {
    if (count > 0) report.notes.push_back(which + queries_text(count, one, several));
  };
  if (complete)
    note_if_any(measured.num_unanswered, "without hits counts as 0", "without hits count as 0");
  else
    note_if_any(measured.num_unanswered, "without hits is left out", "without hits are left out");
  note_if_any(measured.num_unjudged, "of the run has no judgements and is left out",
              "of the run have no judgements and are left out");
}

void note_queries(int64_t num_queries, int64_t num_without_relevant, Report& report) {
  report.notes.push_back(queries_text(num_queries, "is averaged", "are averaged"));
  if (num_without_relevant > 0) {
    report.notes.push_back(queries_text(num_without_relevant,
                                        "without a relevant document counts as 0, as in trec_eval",
                                        "without a relevant document count as 0, as in trec_eval"));
  }
}

}  // namespace

Report retrieval(const eval::Qrels& qrels, const eval::TrecRun& run, const RetrievalOptions& options,
                 const Context& context) {
  const Measured measured = measure(qrels, run, options);
  const Columns columns = columns_of(measured, options);
  Report report;
  report.title = "Retrieval";
  report.rows = columns.rows(options, context);
  note_queries(columns.num_queries(), measured.num_without_relevant, report);
  add_notes(measured, options.complete, "", report);
  return report;
}

Report compare_retrieval(const eval::Qrels& qrels, const NamedRun& first, const NamedRun& second,
                         const RetrievalOptions& options, const Context& context) {
  Measured measured[] = {measure(qrels, first.run, options), measure(qrels, second.run, options)};
  int64_t num_without_relevant = 0;
  for (size_t q = 0; q < qrels.queries.size(); ++q) {
    auto &one = measured[0].queries[q], &other = measured[1].queries[q];
    if (!one || !other) one = other = std::nullopt;
    num_without_relevant += one && !qrels.queries[q].has_relevant() ? 1 : 0;
  }
  const Columns ours = columns_of(measured[0], options), theirs = columns_of(measured[1], options);
  Report report;
  report.title = "Retrieval, two runs compared";
  const std::pair<std::string, std::vector<Report::Row>> parts[] = {
      {first.name, ours.rows(options, context)},
      {second.name, theirs.rows(options, context)},
      {"difference", ours.less(theirs).rows(options, context)}};
  for (size_t row = 0; row < parts[0].second.size(); ++row) {
    for (const auto& [name, rows] : parts) {
      Report::Row& added = report.rows.emplace_back(rows[row]);
      added.labels.set("run", name);
    }
  }
  note_queries(ours.num_queries(), num_without_relevant, report);
  report.notes.emplace_back("differences are paired: each resample draws the same queries for both");
  add_notes(measured[0], options.complete, first.name + ": ", report);
  add_notes(measured[1], options.complete, second.name + ": ", report);
  return report;
}

namespace {

// Relevant documents that were not searched bound the recall; when all are missing, ids are mixed up.
void check_documents(const eval::Qrels& qrels, const Ids& documents, Report& report) {
  int64_t num_relevant = 0, num_missing = 0;
  std::string missing;
  for (const eval::Qrels::Query& query : qrels.queries) {
    for (const eval::Qrels::Judgement& judgement : query.judgements) {
      if (judgement.grade < 1) continue;
      ++num_relevant;
      if (documents.find(judgement.document)) continue;
      if (num_missing++ == 0) missing = judgement.document;
    }
  }
  if (num_missing == 0) return;
  if (num_missing == num_relevant) {
    fail(qrels.name, ": none of the documents judged relevant was searched, such as ", data::quoted(missing),
         documents.did_you_mean(missing), " (the first one searched is ",
         data::quoted(documents.size() > 0 ? documents.text(0) : ""), ")");
  }
  report.notes.push_back(concat(num_missing, " of ", num_relevant,
                                " relevant judgements are of documents that were not searched, such as ",
                                data::quoted(missing)));
}

// Before the work.
void check_run_file(const std::string& path, bool force) {
  if (!force && std::filesystem::exists(path))
    fail(path, ": exists already (expected: another --run-file, or --force to replace it)");
  check_output(path, force);
}

class Retrieval : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"source", "collection"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<RetrievalOptions>(resolved);
    if (options.run_file) check_run_file(options.run_file->value, options.force);
    eval::RetrievalTest test(context, paths[1], options);
    note_idle_parts(paths[0], options, resolved, context);
    const eval::Answer answer = answer_of(paths[0], test, options, context);
    Report report = report_of(answer, paths[0], test, options, context);
    if (answer.documents) check_documents(test.qrels(), *answer.documents, report);
    if (options.run_file) eval::write_run(answer.run, "whitney", options.run_file->value, options.force);
    return report;
  }

 private:
  static void note_idle_parts(const std::string& source, const RetrievalOptions& options,
                              const Value& resolved, const Context& context) {
    const auto is_any = [&](const auto& is) {
      return is(source) || (options.with && is(options.with->value)) ||
             (options.compare_with && is(options.compare_with->value));
    };
    if (!is_any(eval::TextSource::is_model))
      note_idle_part<eval::TextEncoding>(context, resolved, "encode", "without a model as the source");
    if (!is_any([](const std::string& name) { return name == "bm25"; }))
      note_idle_part<Bm25Options>(context, resolved, "bm25", "without bm25 as the source");
  }

  static Report report_of(const eval::Answer& answer, const std::string& source, eval::RetrievalTest& test,
                          const RetrievalOptions& options, const Context& context) {
    if (!options.compare_with) return retrieval(test.qrels(), answer.run, options, context);
    const std::string& other = options.compare_with->value;
    const eval::Answer compared = ask(context, other, test, options, options.num_hits);
    const auto name_of = [](const std::string& path) {
      return std::filesystem::path(path).filename().string();
    };
    std::string first = name_of(source), second = name_of(other);
    if (options.with) first += " + " + name_of(options.with->value);
    if (first == second) second = other;
    return compare_retrieval(test.qrels(), {first, answer.run}, {second, compared.run}, options, context);
  }

  static eval::Answer answer_of(const std::string& source, eval::RetrievalTest& test,
                                const RetrievalOptions& options, const Context& context) {
    if (!options.with) return ask(context, source, test, options, options.num_hits);
    const int64_t depth = std::max<int64_t>(options.fusion.depth, *std::ranges::max_element(options.k));
    const eval::Answer first = ask(context, source, test, options, depth);
    const eval::Answer second = ask(context, options.with->value, test, options, depth);
    return fuse_answers(first, second, options);
  }
};

const bool registered = register_method(declare_method<RetrievalOptions>(
    Verb::kEvaluate,
    {.name = "retrieval",
     .class_name = "Retrieval",
     .summary = "nDCG, recall, precision, MAP and MRR of a search, by people's judgements",
     .description =
         "Searches a collection for its test queries and compares the hits with what people judged relevant. "
         "The collection is a folder as BEIR lays it out (corpus.jsonl, queries.jsonl or .tsv, "
         "qrels/test.tsv "
         "or qrels.txt in TREC's form; packed or not), or a file of judgements beside --queries and "
         "--corpus.\n"
         "The source is what searches: bm25 (the documents are indexed on the way, as --bm25.stemmer and the "
         "others say), a model (a folder or .gguf file; documents and queries are encoded, the search is "
         "exact), an index of texts or of vectors or a file of embeddings (with --model for the queries, or "
         "their vectors in --query-vectors), or a run file of another system in TREC's form (.trec, .run, "
         ".txt). With --with, the hits of a second source are fused with the first's. With --compare-with, "
         "another source is measured on the same queries, and the differences have intervals.\n"
         "Figures are trec_eval's: nDCG has linear gains, a grade of 1 or more is relevant, means are over "
         "all "
         "judged queries (its option -c), and equal scores are ordered by document, the later name first, "
         "whatever order the source gave them. --run-file writes the hits for other tools.",
     .source = "Thakur, Reimers, Rücklé, Srivastava, Gurevych: BEIR, arXiv 2104.08663; Järvelin, Kekäläinen: "
               "Cumulated gain-based evaluation, TOIS 2002; trec_eval 9.0",
     .example = "whitney evaluate retrieval bm25 cranfield --with models/minilm --fusion rrf"},
    std::make_shared<Retrieval>()));

}  // namespace

}  // namespace whitney
