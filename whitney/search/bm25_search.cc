#include <algorithm>
#include <deque>
#include <limits>
#include <mutex>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/prepare_run.h"
#include "whitney/search/bm25_index.h"
#include "whitney/search/bm25_phrase.h"
#include "whitney/search/bm25_query.h"
#include "whitney/search/bm25_walk.h"

namespace whitney::search {
namespace {

// A lookup of a row in a list costs about as much as adding this many rows of the list up.
constexpr int64_t kRowsPerLookup = 16;

// A query against an index: the terms that are known, and the rows that its phrases leave.
struct PreparedQuery {
  std::vector<Bm25Term> terms;
  // Lists made of several words; the terms point at them.
  std::deque<PostingLists> merged;
  double constant = 0;
  int64_t num_postings = 0;
  std::optional<RowSet> phrase_rows;
};

// One list of the rows that have any of some words, as if these were one.
PostingLists merge_lists(const Bm25Parts& parts, std::span<const int64_t> lists, const Bm25Formula& formula) {
  std::vector<std::pair<uint32_t, uint32_t>> found;
  for (const int64_t list : lists) {
    for (PostingCursor cursor(parts.lists, list); !cursor.at_end(); cursor.next_block()) {
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
    scores.push_back(upper_float(formula.score(weight, counts[i], parts.lengths[rows[i]])));
  PostingWriter writer(false);
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

PreparedQuery prepare(const Bm25Parts& parts, const Bm25Formula& formula, std::string_view text,
                      bool operators) {
  const Bm25Query query = parse_bm25_query(parts.analyzer(), text, operators);
  PreparedQuery prepared;
  prepared.terms.reserve(query.words.size() + query.prefixes.size());
  const auto add = [&](const PostingLists& lists, int64_t list, int64_t times) {
    const Bm25Term& term = prepared.terms.emplace_back(lists, list, formula, times);
    prepared.constant += static_cast<double>(times) * formula.constant(term.cursor.count());
    prepared.num_postings += term.cursor.count();
  };
  for (const Bm25Query::Word& word : query.words) {
    if (const auto list = parts.words.find(word.term)) add(parts.lists, *list, word.times);
  }
  for (const std::string& prefix : query.prefixes) {
    const std::vector<int64_t> lists = lists_of_prefix(parts, prefix);
    if (lists.empty()) continue;
    prepared.merged.push_back(merge_lists(parts, lists, formula));
    add(prepared.merged.back(), 0, 1);
  }
  for (const auto& phrase : query.phrases) {
    const RowSet rows = RowSet::of(rows_of_phrase(parts, phrase));
    prepared.phrase_rows = prepared.phrase_rows ? *prepared.phrase_rows & rows : rows;
  }
  return prepared;
}

// The rows that a search may return, made ready once for all its queries.
struct AllowedRows {
  std::optional<RowSet> set;
  std::vector<uint64_t> bits;

  AllowedRows(std::optional<RowSet> rows, int64_t num_rows) : set(std::move(rows)) {
    if (set) bits = set->bits(num_rows);
  }
};

AllowedRows allowed_rows(const Bm25Parts& parts, const SearchParams& params) {
  const bool all_live = parts.rows.live.size() == parts.rows.size();
  if (params.allowed == nullptr && all_live) return {std::nullopt, 0};
  return {params.allowed != nullptr ? *params.allowed & parts.rows.live : parts.rows.live, parts.rows.size()};
}

struct Answer {
  std::vector<TopK::Entry> hits;
  Bm25Counts counts;
  int64_t num_terms = 0, num_postings = 0, num_allowed = 0;
  bool looked_up = false;
};

Answer answer(const Bm25Parts& parts, const Bm25Formula& formula, PreparedQuery query,
              const AllowedRows& allowed, int64_t excluded, const SearchParams& params) {
  Answer result;
  result.num_terms = std::ssize(query.terms);
  result.num_postings = query.num_postings;
  const AllowedRows* rows = &allowed;
  std::optional<AllowedRows> of_phrases;
  if (query.phrase_rows) {
    RowSet both = allowed.set ? *allowed.set & *query.phrase_rows : *query.phrase_rows;
    rows = &of_phrases.emplace(std::move(both), parts.rows.size());
  }
  result.num_allowed = rows->set ? rows->set->size() : parts.rows.size();
  Bm25Walk walk(formula, parts.lengths.span(), query.terms, query.constant, params.exact);
  result.looked_up = !params.exact && rows->set &&
                     result.num_allowed * result.num_terms * kRowsPerLookup < query.num_postings;
  result.hits =
      result.looked_up
          ? walk.run_among(rows->set->rows(), excluded, params.k)
          : walk.run(
                {rows->set ? std::span<const uint64_t>(rows->bits) : std::span<const uint64_t>(), excluded},
                params.k);
  result.counts = walk.counts();
  return result;
}

void put_hits(const Answer& found, int64_t q, SearchResult& result) {
  result.counts[static_cast<size_t>(q)] = std::ssize(found.hits);
  const auto first = static_cast<size_t>(q * result.neighbors.k);
  for (size_t i = 0; i < found.hits.size(); ++i) {
    result.neighbors.rows[first + i] = found.hits[i].row;
    result.neighbors.values[first + i] = -found.hits[i].key;
  }
}

Value explanation(std::span<const Answer> answers, const SearchParams& params) {
  int64_t terms = 0, postings = 0, allowed = 0, windows = 0, blocks = 0, candidates = 0, looked_up = 0;
  for (const Answer& one : answers) {
    terms += one.num_terms;
    postings += one.num_postings;
    allowed += one.num_allowed;
    windows += one.counts.windows;
    blocks += one.counts.blocks;
    candidates += one.counts.candidates;
    looked_up += one.looked_up ? 1 : 0;
  }
  const bool all = looked_up == std::ssize(answers) && looked_up > 0;
  Value result = Value::object({{"index", "bm25"}});
  result.set("plan", params.exact    ? "scan"
                     : all           ? "look up"
                     : looked_up > 0 ? "max score and look up"
                                     : "max score");
  result.set("estimates", Value::object({{"words", terms}, {"postings", postings}, {"allowed", allowed}}));
  result.set("actuals", Value::object({{"windows", windows},
                                       {"blocks", blocks},
                                       {"candidates", candidates},
                                       {"queries_looked_up", looked_up}}));
  return result;
}

SearchResult empty_result(int64_t num_queries, int64_t num_rows, const SearchParams& params,
                          const Context& context) {
  SearchResult result;
  result.neighbors.num_queries = num_queries;
  result.neighbors.k = params.k;
  const double size_bytes = 12.0 * static_cast<double>(num_queries) * static_cast<double>(params.k);
  if (size_bytes > static_cast<double>(context.memory_limit_bytes())) {
    fail(params.k, " hits for each of ", num_queries, " queries do not fit the memory allowed, ",
         size_text(context.memory_limit_bytes()), " (the index has ", num_rows, " texts)");
  }
  const auto size = static_cast<size_t>(num_queries * params.k);
  result.neighbors.rows.assign(size, -1);
  result.neighbors.values.assign(size, std::numeric_limits<float>::quiet_NaN());
  result.counts.assign(static_cast<size_t>(num_queries), 0);
  return result;
}

}  // namespace

SearchResult search_bm25(const Bm25Parts& parts, std::span<const std::string> queries,
                         const SearchParams& params, const Context& context) {
  const auto options = options_from<Bm25SearchOptions>(params.options);
  SearchResult result = empty_result(std::ssize(queries), parts.rows.size(), params, context);
  const Bm25Formula formula = parts.formula();
  const AllowedRows allowed = allowed_rows(parts, params);
  std::vector<Answer> answers(params.explain ? queries.size() : 0);
  constexpr int64_t kQueriesPerTask = 8;
  parallel_blocks(context, std::ssize(queries), kQueriesPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t q = begin; q < end; ++q) {
      const int64_t excluded = params.excluded.empty() ? -1 : params.excluded[static_cast<size_t>(q)];
      Answer found =
          answer(parts, formula, prepare(parts, formula, queries[static_cast<size_t>(q)], options.operators),
                 allowed, excluded, params);
      put_hits(found, q, result);
      if (params.explain) answers[static_cast<size_t>(q)] = std::move(found);
    }
  });
  if (params.explain) result.explain = explanation(answers, params);
  return result;
}

}  // namespace whitney::search
