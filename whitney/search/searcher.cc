#include "whitney/search/searcher.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/search/filter.h"
#include "whitney/search/filter_cache.h"
#include "whitney/search/keyed_hits.h"
#include "whitney/search/row_scan.h"

namespace whitney {
namespace {

void check_request(const SearchRequest& request, int64_t num_queries, int64_t num_rows) {
  search::check_k(request.k);
  if (request.timeout_ms && !(*request.timeout_ms >= 0))
    throw UsageError(concat("timeout_ms is ", *request.timeout_ms, "; a search may take 0 or more"));
  if (request.excluded.empty()) return;
  WHITNEY_CHECK(std::ssize(request.excluded) == num_queries, request.excluded.size(),
                " rows to leave out for ", num_queries, " queries");
  for (const int64_t row : request.excluded) {
    WHITNEY_CHECK(row >= -1 && row < num_rows, "row ", row, " of ", num_rows, " is to be left out");
  }
}

// The promise of every search: under any filter min(k, matches) hits, if it had the time; of a search for
// words, not more.
void check_counts(const SearchResult& result, const SearchRequest& request, const RowSet& candidates,
                  int64_t num_queries, bool finds_all) {
  WHITNEY_CHECK(std::ssize(result.counts) == num_queries, result.counts.size(), " counts for ", num_queries,
                " queries");
  const int64_t num_candidates = candidates.size();
  for (int64_t q = 0; q < num_queries; ++q) {
    const int64_t excluded = request.excluded.empty() ? -1 : request.excluded[static_cast<size_t>(q)];
    const bool is_missing_one = excluded >= 0 && candidates.contains(static_cast<uint32_t>(excluded));
    const int64_t due = std::min(request.k, num_candidates - (is_missing_one ? 1 : 0));
    const int64_t count = result.counts[static_cast<size_t>(q)];
    WHITNEY_CHECK(finds_all && !result.partial ? count == due : count <= due, "query ", q, " got ", count,
                  " hits where ", due, " are due");
  }
}

// No row is known to pass.
SearchResult result_of_late_filter(const SearchRequest& request, int64_t num_queries, int64_t num_rows,
                                   const Context& context) {
  SearchParams params;
  params.k = request.k;
  SearchResult result = search::result_without_hits(num_queries, num_rows, "rows", params, context);
  result.partial = true;
  if (request.explain) {
    result.explain =
        Value::object({{"filter", Value::object({{"text", request.filter}, {"is_evaluated", false}})}});
  }
  return result;
}

}  // namespace

Searcher::Searcher(std::unique_ptr<Index> index) : index_(std::move(index)) {
  WHITNEY_CHECK(index_ != nullptr, "a searcher without an index");
  search_method_.verb = Verb::kIndex;
  search_method_.info.name = concat("search in ", index_->method());
  search_method_.options = index_->search_options();
  filters_ = std::make_unique<search::FilterCache>();
  rebuild_attributes();
}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

Searcher Searcher::open(const std::string& path) { return Searcher(open_index(path)); }

void Searcher::rebuild_attributes() {
  attributes_ = std::make_unique<AttributeIndex>(index_->ids(), index_->attributes());
  filters_->clear();
}

std::shared_ptr<const search::EvaluatedFilter> Searcher::evaluate(const std::string& filter,
                                                                  const search::FilterWatch& watch) const {
  if (auto kept = filters_->find(filter)) return kept;
  auto evaluated = std::make_shared<search::EvaluatedFilter>();
  evaluated->filter = parse_filter(filter);
  evaluated->rows = attributes_->matches(evaluated->filter, watch);
  if (index_->live().size() != index_->num_rows()) evaluated->rows = evaluated->rows & index_->live();
  filters_->keep(filter, evaluated);
  return evaluated;
}

void Searcher::check(const SearchRequest& request, const Context& context) const {
  check_request(request, std::ssize(request.excluded), index_->num_rows());
  static_cast<void>(resolve_options(search_method_, request.options));
  if (request.filter.empty()) return;
  Deadline deadline;
  if (request.timeout_ms) deadline = Deadline::after(*request.timeout_ms);
  try {
    evaluate(request.filter, {context, deadline});
  } catch (const search::FilterTimeUp&) {
    return;  // of what is not evaluated nothing is known
  }
}

RowSet Searcher::matches(const std::string& filter, const Context& context) const {
  return filter.empty() ? index_->live() : evaluate(filter, context)->rows;
}

SearchResult Searcher::search(const MatrixView& queries, const SearchRequest& request,
                              const Context& context) const {
  return search_filtered(request, queries.rows, true, context, [&](const SearchParams& params) {
    return index_->search(queries, params, context);
  });
}

SearchResult Searcher::search_texts(std::span<const std::string> queries, const SearchRequest& request,
                                    const Context& context) const {
  return search_filtered(request, std::ssize(queries), false, context, [&](const SearchParams& params) {
    return index_->search_texts(queries, params, context);
  });
}

SearchResult Searcher::search_ragged(const RaggedEmbeddings& queries, const SearchRequest& request,
                                     const Context& context) const {
  const bool finds_all = index_->input() != IndexInput::kSparse;
  return search_filtered(request, queries.size(), finds_all, context, [&](const SearchParams& params) {
    return index_->search_ragged(queries, params, context);
  });
}

template <class Search>
SearchResult Searcher::search_filtered(const SearchRequest& request, int64_t num_queries, bool finds_all,
                                       const Context& context, const Search& search) const {
  check_request(request, num_queries, index_->num_rows());
  SearchParams params;
  if (request.timeout_ms) params.deadline = Deadline::after(*request.timeout_ms);
  params.k = request.k;
  params.excluded = request.excluded;
  params.options = resolve_options(search_method_, request.options);
  params.exact = request.exact;
  params.explain = request.explain;
  params.plan = request.plan;
  const auto begin = std::chrono::steady_clock::now();
  std::shared_ptr<const search::EvaluatedFilter> filter;
  if (!request.filter.empty()) {
    try {
      filter = evaluate(request.filter, {context, params.deadline});
    } catch (const search::FilterTimeUp&) {
      return result_of_late_filter(request, num_queries, index_->num_rows(), context);
    }
    params.allowed = &filter->rows;
    params.memo = filter->memo.get();
  }
  const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - begin;
  RowSet candidates = filter ? filter->rows : index_->live();
  if (request.forbidden != nullptr) {
    candidates = candidates - *request.forbidden;
    params.allowed = &candidates;
    params.memo = nullptr;
  }
  SearchResult result = search(params);
  check_counts(result, request, candidates, num_queries, finds_all);
  if (request.explain && filter) {
    Value explained = Value::object();
    explained.set("text", filter->filter.to_text());
    explained.set("matches", filter->rows.size());
    explained.set("microseconds", elapsed.count());
    result.explain.set("filter", std::move(explained));
  }
  return result;
}

void Searcher::add(const Embeddings& more, const Context& context) {
  index_->add(more, context);
  rebuild_attributes();
}

void Searcher::add_texts(const Corpus& more, const Attributes& attributes, const Context& context) {
  index_->add_texts(more, attributes, context);
  rebuild_attributes();
}

void Searcher::add_ragged(const RaggedEmbeddings& more, const Context& context) {
  index_->add_ragged(more, context);
  rebuild_attributes();
}

void Searcher::remove(const Ids& ids, const Context& context) {
  index_->remove(ids, context);
  rebuild_attributes();
}

}  // namespace whitney
