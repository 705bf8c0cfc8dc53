// Question: what does late interaction over MiniLM's token vectors find on Cranfield beside one vector a text
// (nDCG@10), how much of it do centroids keep, and how fast is it beside numpy on one thread? MiniLM was not
// trained for it, as ColBERT's encoders are. WHITNEY_MINILM names the folder of all-MiniLM-L6-v2.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/data_folder.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/text_lines.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/infer/encode_query.h"
#include "whitney/infer/encoded_file.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/index.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;

using Grades = std::vector<std::map<int64_t, int>>;

struct Judged {
  Corpus corpus;
  std::vector<std::string> queries;
  Grades grades;
};

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find_first_of("\t ", at), line.size());
    if (end > at) cells.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return cells;
}

Judged read_judged(const std::string& folder) {
  Judged judged;
  judged.corpus = read_corpus(folder + "/corpus.jsonl.gz", {}, "text", one_thread());
  std::map<std::string, size_t> places;
  for (const std::string& line : lines_of(folder + "/queries.tsv")) {
    const size_t tab = line.find('\t');
    places[line.substr(0, tab)] = judged.queries.size();
    judged.queries.push_back(line.substr(tab + 1));
  }
  judged.grades.resize(judged.queries.size());
  for (const std::string& line : lines_of(folder + "/qrels.txt")) {
    const std::vector<std::string> cells = cells_of(line);
    const auto query = places.find(cells.at(0));
    const auto row = judged.corpus.ids.find(cells.at(2));
    if (query != places.end() && row) judged.grades[query->second][*row] = std::stoi(cells.at(3));
  }
  return judged;
}

double ndcg(const SearchResult& found, const Grades& grades) {
  double sum = 0;
  int64_t num_queries = 0;
  for (size_t q = 0; q < grades.size(); ++q) {
    const auto num_good = std::ranges::count_if(grades[q], [](const auto& one) { return one.second > 0; });
    if (num_good == 0) continue;
    double gained = 0, best = 0;
    for (int64_t i = 0; i < kHits; ++i) {
      const double discount = 1 / std::log2(static_cast<double>(i) + 2);
      if (i < num_good) best += discount;
      if (i >= found.counts[q]) continue;
      const auto grade = grades[q].find(found.neighbors.rows[q * kHits + static_cast<size_t>(i)]);
      if (grade != grades[q].end() && grade->second > 0) gained += discount;
    }
    sum += gained / best;
    ++num_queries;
  }
  return sum / static_cast<double>(num_queries);
}

double kept_hits(const SearchResult& found, const SearchResult& exact) {
  double common = 0;
  for (int64_t q = 0; q < exact.neighbors.num_queries; ++q) {
    const auto begin = found.neighbors.rows.begin() + q * kHits;
    for (int64_t i = 0; i < kHits; ++i)
      common +=
          std::count(begin, begin + kHits, exact.neighbors.rows[static_cast<size_t>(q * kHits + i)]) > 0;
  }
  return common / static_cast<double>(exact.neighbors.num_queries * kHits);
}

SearchParams params_of(bool exact, int64_t nprobe, int64_t candidates) {
  SearchParams params;
  params.k = kHits;
  params.exact = exact;
  params.explain = true;
  params.options = Value::object({{"nprobe", nprobe}, {"candidates", candidates}});
  return params;
}

// Queries one by one.
double seconds_of_search(const Index& index, const RaggedEmbeddings& queries, const SearchParams& params) {
  std::vector<RaggedEmbeddings> each;
  for (int64_t q = 0; q < queries.size(); ++q) {
    const std::vector<int64_t> row = {q};
    each.push_back(queries.entries_of(row));
    each.back().ids = Ids::row_numbers(1);
  }
  return seconds_of([&] {
    for (const RaggedEmbeddings& query : each) index.search_ragged(query, params, one_thread());
  });
}

void write_sets(const RaggedEmbeddings& rows, const std::string& prefix) {
  Matrix normalized;
  normalize_rows(one_thread(), rows.vectors, normalized);
  std::ofstream(prefix + ".vectors", std::ios::binary)
      .write(reinterpret_cast<const char*>(normalized.bytes().data()), normalized.bytes().size());
  std::ofstream(prefix + ".starts", std::ios::binary)
      .write(reinterpret_cast<const char*>(rows.starts.data()), rows.starts.size() * 8);
}

void check_scores(const SearchResult& found, PythonPeer& peer) {
  Value::List rows, scores;
  for (int64_t q = 0; q < found.neighbors.num_queries; ++q) {
    Value::List own_rows, own_scores;
    for (int64_t i = 0; i < kHits; ++i) {
      own_rows.emplace_back(found.neighbors.rows[static_cast<size_t>(q * kHits + i)]);
      own_scores.emplace_back(
          static_cast<double>(found.neighbors.values[static_cast<size_t>(q * kHits + i)]));
    }
    rows.emplace_back(std::move(own_rows));
    scores.emplace_back(std::move(own_scores));
  }
  const Value answer = peer.ask(Value::object({{"question", "check"},
                                               {"tolerance", 1e-4},
                                               {"rows", std::move(rows)},
                                               {"scores", std::move(scores)}}));
  if (const Value* wrong = answer.find("wrong")) fail(wrong->as_string());
  std::printf("scores differ by %.1e at most; no row that is left out scores more\n",
              answer.at("worst").as_real());
}

void compare_speed(const Index& index, const RaggedEmbeddings& rows, const RaggedEmbeddings& queries) {
  PythonPeer peer("multi_vector_bench_peer.py", {});
  if (!peer.is_there()) return;
  const TemporaryFolder folder;
  write_sets(rows, folder.file("rows"));
  write_sets(queries, folder.file("queries"));
  peer.ask(Value::object({{"question", "load"},
                          {"rows", folder.file("rows")},
                          {"queries", folder.file("queries")},
                          {"dim", rows.dim()}}));
  check_scores(index.search_ragged(queries, params_of(true, 4, 256), one_thread()), peer);
  const auto m = static_cast<double>(queries.size());
  const double flops = 2.0 * static_cast<double>(rows.num_entries()) * static_cast<double>(rows.dim()) *
                       static_cast<double>(queries.num_entries());
  const auto compare = [&](const char* what, const SearchParams& params, const char* by, int pairs) {
    const Pairs found = run_pairs(
        pairs, [&] { return seconds_of_search(index, queries, params); },
        [&] {
          return peer.ask(Value::object({{"question", "search"}, {"by", by}, {"k", kHits}})).as_real();
        });
    std::printf("%-44s ours %8.1f q/s, %s %8.1f, ratio %6.2f (%.2f to %.2f)\n", what, m / found.ours,
                peer.versions().c_str(), m / found.peer, found.ratio, found.lowest_ratio,
                found.highest_ratio);
    if (params.exact) std::printf("  %.1f GFLOP/s\n", flops / found.ours / 1e9);
  };
  compare("all rows, numpy's product", params_of(true, 4, 256), "product", 3);
  compare("all rows, numpy's einsum", params_of(true, 4, 256), "einsum", 1);
  compare("by centroids, nprobe 4, candidates 256", params_of(false, 4, 256), "product", 3);
  compare("by centroids, nprobe 2, candidates 64", params_of(false, 2, 64), "product", 3);
}

bool measure() {
  const char* model = std::getenv("WHITNEY_MINILM");
  const auto folder = find_data("cranfield");
  if (model == nullptr || !folder) {
    std::fprintf(stderr,
                 "multi_vector_bench: WHITNEY_MINILM or Cranfield is not there: nothing is measured\n");
    return true;
  }
  const Judged judged = read_judged(*folder);
  const Context all_threads;
  const infer::Encoder encoder = infer::Encoder::open(all_threads, model);
  infer::EncodeOptions options;
  const auto single = infer::encode_corpus(all_threads, encoder, model, judged.corpus, options);
  options.output = infer::EncodeOutput::kTokens;
  const auto tokens = infer::encode_corpus(all_threads, encoder, model, judged.corpus, options);
  const RaggedEmbeddings rows = infer::ragged_of(tokens);
  std::vector<std::string_view> texts(judged.queries.begin(), judged.queries.end());
  RaggedEmbeddings queries =
      infer::encode_ragged_queries(all_threads, encoder, tokens.record, false, rows.dim(), texts);
  std::printf("Cranfield: %lld texts, %lld vectors of %lld dimensions; %lld queries of %.1f vectors\n",
              static_cast<long long>(rows.size()), static_cast<long long>(rows.num_entries()),
              static_cast<long long>(rows.dim()), static_cast<long long>(queries.size()),
              static_cast<double>(queries.num_entries()) / static_cast<double>(queries.size()));

  const auto flat = build_index("flat", Embeddings{single.ids, single.encoding.vectors, {}, single.record},
                                Value::object(), all_threads);
  const Matrix asked = infer::encode_queries(all_threads, encoder, single.record, flat->dim(), texts);
  SearchParams ten;
  ten.k = kHits;
  std::printf("nDCG@10 one vector a text %.4f (%.1f MB)\n",
              ndcg(flat->search(asked, ten, all_threads), judged.grades),
              static_cast<double>(flat->size_bytes()) / 1e6);
  std::unique_ptr<Index> index;
  const double seconds =
      seconds_of([&] { index = build_index("multi_vector", rows, Value::object(), all_threads); });
  const SearchResult exact = index->search_ragged(queries, params_of(true, 4, 256), all_threads);
  std::printf("nDCG@10 late interaction, all rows %.4f (%.1f MB, built in %.1f s on all threads)\n",
              ndcg(exact, judged.grades), static_cast<double>(index->size_bytes()) / 1e6, seconds);
  for (const int64_t nprobe : {1, 2, 4, 8}) {
    for (const int64_t candidates : {16, 64, 256}) {
      const SearchResult found =
          index->search_ragged(queries, params_of(false, nprobe, candidates), all_threads);
      std::printf(
          "  nprobe %lld, candidates %3lld: nDCG@10 %.4f, %.4f of the hits of all rows; %.0f candidates a "
          "query\n",
          static_cast<long long>(nprobe), static_cast<long long>(candidates), ndcg(found, judged.grades),
          kept_hits(found, exact),
          static_cast<double>(found.explain.at("actuals").at("candidates").as_int()) /
              static_cast<double>(queries.size()));
    }
  }
  // All of them would take minutes.
  std::vector<int64_t> few;
  for (int64_t q = 0; q < std::min<int64_t>(queries.size(), 24); ++q) few.push_back(q);
  RaggedEmbeddings some = queries.entries_of(few);
  some.ids = Ids::row_numbers(some.size());
  compare_speed(*index, rows, some);
  return true;
}

}  // namespace
}  // namespace whitney::bench

int main() { return whitney::bench::bench_main("multi_vector_bench", whitney::bench::measure); }
