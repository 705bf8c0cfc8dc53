#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/bm25_index.h"
#include "whitney/search/bm25_phrase.h"
#include "whitney/search/bm25_plan.h"
#include "whitney/search/bm25_query.h"
#include "whitney/search/bm25_scratch.h"
#include "whitney/search/bm25_wand.h"
#include "whitney/search/keyed_hits.h"

namespace whitney::search {
namespace {

// A lookup of a row in a list costs about as much as adding this many rows of the list up.
constexpr int64_t kRowsPerLookup = 16;
// One list of the rows that have any of some words, as if these were one. None where time is up.
std::optional<PostingLists> merge_lists(const Bm25Parts& parts, std::span<const int64_t> lists,
                                        const Bm25Formula& formula, DeadlineWatch& watch) {
  std::vector<std::pair<uint32_t, uint32_t>> found;
  for (const int64_t list : lists) {
    for (PostingCursor cursor(parts.lists, list); !cursor.at_end(); cursor.next_block()) {
      if (watch.is_over<4>()) return std::nullopt;
      const auto rows = cursor.rows();
      const auto counts = cursor.counts();
      for (size_t i = 0; i < rows.size(); ++i) found.emplace_back(rows[i], counts[i]);
    }
  }
  std::ranges::sort(found);
  std::vector<uint32_t> rows, counts;
  for (const auto& [row, count] : found) {
    if (rows.empty() || rows.back() != row) {
      rows.push_back(row);
      counts.push_back(0);
    }
    counts.back() += std::min(count, std::numeric_limits<uint32_t>::max() - counts.back());
  }
  const double weight = formula.weight(std::ssize(rows));
  std::vector<float> scores;
  for (size_t i = 0; i < rows.size(); ++i)
    scores.push_back(formula.score(weight, counts[i], parts.lengths[rows[i]]));
  PostingWriter writer({.positions = false, .scores = true});
  writer.add_list(rows, counts, scores, {});
  return PostingWriter::join({&writer, 1}, parts.lists.num_rows);
}

// The lists of the words that begin so, as the index has them, and of the stem of the beginning itself.
std::vector<int64_t> lists_of_prefix(const Bm25Parts& parts, std::string prefix) {
  std::vector<int64_t> lists;
  const auto [begin, end] = parts.words.with_prefix(prefix);
  for (int64_t list = begin; list < end; ++list) lists.push_back(list);
  if (!parts.analyzer().to_term(prefix)) return lists;
  const std::optional<int64_t> stem = parts.words.find(prefix);
  if (stem && (*stem < begin || *stem >= end)) lists.push_back(*stem);
  return lists;
}

// As Bm25Scratch::words has it.
uint64_t word_of(const Bm25Parts& parts, int64_t list) {
  return uint64_t{parts.lists.counts[list]} << 32 | static_cast<uint64_t>(list);
}

// Adds a word that the index knows to the query.
void add_word(const Bm25Parts& parts, std::string_view term, int64_t times, Bm25Scratch& scratch) {
  const auto list = parts.words.find(term);
  if (list) scratch.words.insert(scratch.words.end(), static_cast<size_t>(times), word_of(parts, *list));
}

// Takes a query of words alone apart: no strings are kept.
void add_plain_words(const Bm25Parts& parts, std::string_view text, Bm25Scratch& scratch) {
  const text::Analyzer analyzer = parts.analyzer();
  text::WordReader reader = analyzer.words(text);
  while (reader.next(scratch.word)) {
    const Bm25WordMemo::Key key = Bm25WordMemo::key_of(scratch.word);
    uint64_t word = scratch.memo.find(key);
    if (word == Bm25WordMemo::kUnmet) {
      const auto list = analyzer.to_term(scratch.word) ? parts.words.find(scratch.word) : std::nullopt;
      word = list ? word_of(parts, *list) : Bm25WordMemo::kNoWord;
      scratch.memo.keep(key, word);
    }
    if (word != Bm25WordMemo::kNoWord) scratch.words.push_back(word);
  }
}

// Takes a query with phrases or prefixes apart; their lists and rows go where `scratch` keeps them.
void add_operators(const Bm25Parts& parts, const Bm25Formula& formula, std::string_view text,
                   Bm25Scratch& scratch) {
  const Bm25Query query = parse_bm25_query(parts.analyzer(), text, true);
  for (const Bm25Query::Word& word : query.words) add_word(parts, word.term, word.times, scratch);
  for (const std::string& prefix : query.prefixes) {
    const std::vector<int64_t> lists = lists_of_prefix(parts, prefix);
    if (lists.empty()) continue;
    std::optional<PostingLists> merged = merge_lists(parts, lists, formula, scratch.walk.watch);
    if (merged) scratch.merged.push_back(*std::move(merged));
  }
  for (const auto& phrase : query.phrases) {
    const RowSet rows = RowSet::of(rows_of_phrase(parts, phrase, scratch.walk.watch));
    scratch.phrase_rows = scratch.phrase_rows ? *scratch.phrase_rows & rows : rows;
  }
}

// Makes the terms of the query, each word once, rare ones first.
void prepare(const Bm25Parts& parts, const Bm25Formula& formula, std::string_view text, bool operators,
             Bm25Scratch& scratch) {
  scratch.reset();
  if (operators && text.find_first_of("\"*") != text.npos)
    add_operators(parts, formula, text, scratch);
  else
    add_plain_words(parts, text, scratch);
  auto& words = scratch.words;
  std::ranges::sort(words);
  const auto add = [&](const PostingLists& lists, int64_t list, int64_t times, DecodedBlocks* kept) {
    const Bm25Term& term = scratch.terms.emplace_back(lists, list, times, formula, kept);
    scratch.constant += static_cast<double>(times) * formula.constant(term.cursor.count());
    scratch.num_postings += term.cursor.count();
  };
  for (size_t i = 0, next = 0; i < words.size(); i = next) {
    for (next = i; next < words.size() && words[next] == words[i];) ++next;
    add(parts.lists, static_cast<uint32_t>(words[i]), static_cast<int64_t>(next - i), &scratch.walk.blocks);
  }
  for (const PostingLists& merged : scratch.merged) add(merged, 0, 1, nullptr);
}

// What a query came to, for `explain`.
struct Outcome {
  Bm25Plan plan = Bm25Plan::kScan;
  Bm25Counts counts;
  int64_t num_terms = 0, num_postings = 0, num_allowed = 0;
};

Bm25Plan plan_of(const Bm25Scratch& query, const AllowedRows& rows, const Outcome& outcome, int64_t num_rows,
                 const SearchParams& params) {
  if (params.exact) return Bm25Plan::kScan;
  const int64_t num_lookups = outcome.num_allowed * std::ssize(query.terms);
  if (rows.set && num_lookups * kRowsPerLookup < query.num_postings) return Bm25Plan::kLookUp;
  return choose_plan(query.terms, num_rows, params.k);
}

// The best rows by a plan, as keys.
std::span<const uint64_t> hits_of(Bm25Plan plan, const Bm25Scores& scores, const AllowedRows& rows,
                                  int64_t excluded, int64_t k, Bm25Scratch& scratch, Bm25Counts& counts) {
  const Bm25Rows may_return{rows.bits, excluded};
  if (plan == Bm25Plan::kWand) {
    Bm25Wand wand(scores, scratch.terms, scratch.constant, scratch.walk);
    const auto hits = wand.run(may_return, k);
    counts = wand.counts();
    return hits;
  }
  Bm25Walk walk(scores, scratch.terms, scratch.constant, scratch.walk);
  const auto hits = plan == Bm25Plan::kLookUp ? walk.look_up(rows.set->rows(), excluded, k)
                    : plan == Bm25Plan::kScan ? walk.scan(may_return, k)
                                              : walk.max_score(may_return, k);
  counts = walk.counts();
  return hits;
}

// Answers the query that `scratch` holds: the best rows, as keys.
std::span<const uint64_t> answer(const Bm25Scores& scores, const AllowedRows& allowed, int64_t excluded,
                                 const SearchParams& params, Bm25Scratch& scratch, Outcome& outcome) {
  const int64_t num_rows = scores.lengths.size();
  const AllowedRows* rows = &allowed;
  std::optional<AllowedRows> of_phrases;
  if (scratch.phrase_rows) {
    RowSet both = allowed.set ? *allowed.set & *scratch.phrase_rows : *scratch.phrase_rows;
    rows = &of_phrases.emplace(std::move(both), num_rows);
  }
  outcome.num_terms = std::ssize(scratch.terms);
  outcome.num_postings = scratch.num_postings;
  outcome.num_allowed = rows->set ? rows->set->size() : num_rows;
  outcome.plan = plan_of(scratch, *rows, outcome, num_rows, params);
  return hits_of(outcome.plan, scores, *rows, excluded, params.k, scratch, outcome.counts);
}

Value explanation(std::span<const Outcome> outcomes) {
  int64_t terms = 0, postings = 0, allowed = 0, windows = 0, blocks = 0, candidates = 0;
  std::array<int64_t, 4> num_by_plan{};
  for (const Outcome& one : outcomes) {
    terms += one.num_terms;
    postings += one.num_postings;
    allowed += one.num_allowed;
    windows += one.counts.windows;
    blocks += one.counts.blocks;
    candidates += one.counts.candidates;
    ++num_by_plan[static_cast<size_t>(one.plan)];
  }
  static constexpr std::array<std::string_view, 4> kPlans = {"scan", "max score", "block-max wand",
                                                             "look up"};
  std::string plan;
  for (size_t i = 0; i < kPlans.size(); ++i) {
    if (num_by_plan[i] > 0) plan += (plan.empty() ? "" : " and ") + std::string(kPlans[i]);
  }
  Value result = Value::object({{"index", "bm25"}});
  result.set("plan", plan);
  result.set("estimates", Value::object({{"words", terms}, {"postings", postings}, {"allowed", allowed}}));
  result.set("actuals", Value::object({{"windows", windows},
                                       {"blocks", blocks},
                                       {"candidates", candidates},
                                       {"queries_scanned", num_by_plan[0]},
                                       {"queries_by_max_score", num_by_plan[1]},
                                       {"queries_by_wand", num_by_plan[2]},
                                       {"queries_looked_up", num_by_plan[3]}}));
  return result;
}

}  // namespace

SearchResult search_bm25(const Bm25Parts& parts, std::span<const std::string> queries,
                         const SearchParams& params, const Context& context) {
  const auto options = options_from<Bm25SearchOptions>(params.options);
  SearchResult result = result_without_hits(std::ssize(queries), parts.rows.size(), "texts", params, context);
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  const AllowedRows allowed = AllowedRows::of(parts.rows, params);
  std::atomic<bool> is_partial = false;
  std::vector<Outcome> outcomes(params.explain ? queries.size() : 0);
  constexpr int64_t kQueriesPerTask = 8;
  parallel_blocks(context, std::ssize(queries), kQueriesPerTask, [&](int64_t begin, int64_t end) {
    std::unique_ptr<Bm25Scratch> scratch = parts.scratch->take();
    DeadlineWatch& watch = scratch->walk.watch = DeadlineWatch(params.deadline);
    for (int64_t q = begin; q < end && !watch.is_over(); ++q) {
      const int64_t excluded = params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(q)];
      prepare(parts, scores.formula, queries[static_cast<size_t>(q)], options.operators, *scratch);
      Outcome outcome;
      put_hits(answer(scores, allowed, excluded, params, *scratch, outcome), q, result);
      if (params.explain) outcomes[static_cast<size_t>(q)] = outcome;
    }
    if (watch.was_over()) is_partial = true;
    parts.scratch->give(std::move(scratch));
  });
  result.partial = is_partial;
  if (params.explain) result.explain = explanation(outcomes);
  return result;
}

}  // namespace whitney::search
