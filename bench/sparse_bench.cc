// Question: does the index sparse give the products of sparse rows, and how much faster does it answer a
// query than scipy's product of CSR matrices and than a loop over lists that numba compiles, on one thread,
// one query at a time, k = 10? Rows are BM25 weights (k1 0.9, b 0.4) of the words of paragraphs of Wikipedia,
// and of runs of 12 words; queries the words of other paragraphs with their idf, some 40 dimensions as SPLADE
// gives: real texts, but not weights that a model learned. Cranfield's 1,400 abstracts and 225 queries too.
// Scores are compared first. cranfield, paragraphs or runs: these rows alone; plans: what each of our plans
// takes.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/bench_main.h"
#include "bench/data_folder.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/text_lines.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/search/sparse_index.h"
#include "whitney/text/analyzer.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
constexpr int kPairs = 5;

struct SparseData {
  std::string name;
  RaggedEmbeddings rows, queries;
};

using Counts = std::map<int64_t, int>;

// Numbers words as they are met, and counts them.
class Vocabulary {
 public:
  Counts count(const std::string& text, bool adds) {
    Counts counts;
    for (const text::Token& token : analyzer_.analyze(text)) {
      const auto found = numbers_.find(token.term);
      if (found != numbers_.end())
        ++counts[found->second];
      else if (adds)
        ++counts[numbers_.emplace(token.term, std::ssize(numbers_)).first->second];
    }
    return counts;
  }
  int64_t size() const { return std::ssize(numbers_); }

 private:
  text::Analyzer analyzer_{text::AnalyzerOptions{}};
  std::unordered_map<std::string, int64_t> numbers_;
};

RaggedEmbeddings sparse_of(const std::vector<std::vector<std::pair<int64_t, float>>>& rows, int64_t dims) {
  std::vector<int64_t> starts = {0}, indices;
  std::vector<float> values;
  for (const auto& row : rows) {
    for (const auto& [dim, value] : row) indices.push_back(dim), values.push_back(value);
    starts.push_back(std::ssize(indices));
  }
  RaggedEmbeddings sparse = sparse_rows_of(starts, indices, values, dims);
  sparse.record.set("metric", "inner_product");
  return sparse;
}

SparseData weigh(const std::string& name, const std::vector<std::string>& texts,
                 const std::vector<std::string>& queries) {
  constexpr double kSaturation = 0.9, kLength = 0.4;
  Vocabulary vocabulary;
  std::vector<Counts> counts;
  double total = 0;
  for (const std::string& text : texts) {
    counts.push_back(vocabulary.count(text, true));
    for (const auto& [dim, count] : counts.back()) total += count;
  }
  std::vector<double> frequency(static_cast<size_t>(vocabulary.size()));
  for (const Counts& row : counts) {
    for (const auto& [dim, count] : row) ++frequency[static_cast<size_t>(dim)];
  }
  const double n = static_cast<double>(texts.size()), average = total / n;
  const auto idf = [&](int64_t dim) {
    const double has = frequency[static_cast<size_t>(dim)];
    return std::log(1 + (n - has + 0.5) / (has + 0.5));
  };
  std::vector<std::vector<std::pair<int64_t, float>>> rows, asked;
  for (const Counts& row : counts) {
    double length = 0;
    for (const auto& [dim, count] : row) length += count;
    auto& weights = rows.emplace_back();
    for (const auto& [dim, count] : row) {
      const double norm = kSaturation * (1 - kLength + kLength * length / average);
      weights.emplace_back(dim, static_cast<float>(count / (count + norm)));
    }
  }
  for (const std::string& query : queries) {
    auto& weights = asked.emplace_back();
    for (const auto& [dim, count] : vocabulary.count(query, false))
      weights.emplace_back(dim, static_cast<float>(count * idf(dim)));
  }
  return {name, sparse_of(rows, vocabulary.size()), sparse_of(asked, vocabulary.size())};
}

std::optional<SparseData> cranfield() {
  const auto folder = find_data("cranfield");
  if (!folder) return std::nullopt;
  const Corpus corpus = read_corpus(*folder + "/corpus.jsonl.gz", {}, "text", one_thread());
  std::vector<std::string> queries;
  for (const std::string& line : lines_of(*folder + "/queries.tsv"))
    queries.push_back(split(line, '\t').at(1));
  return weigh("Cranfield", corpus.texts, queries);
}

// Paragraphs of articles, every 200th of which is a query; or runs of 12 words of the others.
std::optional<SparseData> wikipedia(int num_shards, bool in_runs) {
  constexpr size_t kQueries = 200, kWords = 12;
  const auto folder = find_data("wiki-en-articles");
  if (!folder) return std::nullopt;
  std::vector<std::string> texts, queries;
  size_t number = 0;
  for (int shard = 0; shard < num_shards; ++shard) {
    for (const std::string& line : lines_of(*folder + "/wiki-" + std::to_string(shard) + ".tsv.xz")) {
      const std::vector<std::string> cells = split(line, '\t');
      for (size_t i = 1; i < cells.size(); ++i, ++number) {
        if (cells[i].size() < 100) continue;
        if (number % 200 == 0 && queries.size() < kQueries) {
          queries.push_back(cells[i]);
        } else if (!in_runs) {
          texts.push_back(cells[i]);
        } else {
          size_t num_words = 0;
          for (const std::string& word : split(cells[i], ' ')) {
            if (num_words++ % kWords == 0) texts.emplace_back();
            texts.back() += word + " ";
          }
        }
      }
    }
  }
  return weigh(in_runs ? "12 words of Wikipedia" : "Wikipedia paragraphs", texts, queries);
}

template <class T>
void write_array(const std::string& path, const Array<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), values.size() * static_cast<int64_t>(sizeof(T)));
}

void write_rows(const RaggedEmbeddings& rows, const std::string& prefix) {
  write_array(prefix + ".starts", rows.starts);
  write_array(prefix + ".indices", rows.indices);
  write_array(prefix + ".values", rows.values);
}

std::unique_ptr<Index> build(const SparseData& data, const char* bits) {
  return build_index("sparse", data.rows, Value::object({{"bits", bits}}), one_thread());
}

RaggedEmbeddings one_of(const RaggedEmbeddings& rows, int64_t row) {
  const std::vector<int64_t> one = {row};
  RaggedEmbeddings result = rows.entries_of(one);
  result.ids = Ids::row_numbers(1);
  return result;
}

std::vector<RaggedEmbeddings> one_by_one(const RaggedEmbeddings& queries) {
  std::vector<RaggedEmbeddings> result;
  for (int64_t q = 0; q < queries.size(); ++q) result.push_back(one_of(queries, q));
  return result;
}

double seconds_of_search(const Index& index, const std::vector<RaggedEmbeddings>& queries, bool exact) {
  SearchParams params;
  params.k = kHits;
  params.exact = exact;
  return seconds_of([&] {
    for (const RaggedEmbeddings& query : queries) index.search_ragged(query, params, one_thread());
  });
}

SearchResult search(const Index& index, const RaggedEmbeddings& queries) {
  SearchParams params;
  params.k = kHits;
  params.explain = true;
  return index.search_ragged(queries, params, one_thread());
}

void check_scores(const SearchResult& found, PythonPeer& peer) {
  Value::List rows, scores;
  for (int64_t q = 0; q < found.neighbors.num_queries; ++q) {
    Value::List own_rows, own_scores;
    for (int64_t i = 0; i < found.counts[static_cast<size_t>(q)]; ++i) {
      own_rows.emplace_back(found.neighbors.rows[static_cast<size_t>(q * kHits + i)]);
      own_scores.emplace_back(
          static_cast<double>(found.neighbors.values[static_cast<size_t>(q * kHits + i)]));
    }
    rows.emplace_back(std::move(own_rows));
    scores.emplace_back(std::move(own_scores));
  }
  const Value answer = peer.ask(Value::object({{"question", "check"},
                                               {"tolerance", 1e-6},
                                               {"rows", std::move(rows)},
                                               {"scores", std::move(scores)}}));
  if (const Value* wrong = answer.find("wrong")) fail(wrong->as_string());
  std::printf("  scores differ by %.1e relative at most; no row that is left out scores more\n",
              answer.at("worst").as_real());
}

// An approximate peer: how many of the hits it has, at which speed.
void compare_with_seismic(const SearchResult& found, PythonPeer& peer) {
  Value::List rows;
  for (int64_t q = 0; q < found.neighbors.num_queries; ++q) {
    Value::List own;
    for (int64_t i = 0; i < found.counts[static_cast<size_t>(q)]; ++i)
      own.emplace_back(found.neighbors.rows[static_cast<size_t>(q * kHits + i)]);
    rows.emplace_back(std::move(own));
  }
  const Value answer =
      peer.ask(Value::object({{"question", "seismic"}, {"k", kHits}, {"rows", std::move(rows)}}));
  for (const Value& one : answer.at("settings").as_list()) {
    std::printf("  seismic, %-34s %9.1f q/s, %.4f of the hits\n", one.at("what").as_string().c_str(),
                static_cast<double>(found.neighbors.num_queries) / one.at("seconds").as_real(),
                one.at("recall").as_real());
  }
  if (const Value* built = answer.find("built"))
    std::printf("  seismic was built in %.2f s\n", built->as_real());
}

void print_explained(const SearchResult& found) {
  const auto per_query = [&](const char* part, const char* what) {
    return static_cast<double>(found.explain.at(part).at(what).as_int()) /
           static_cast<double>(found.neighbors.num_queries);
  };
  std::printf(
      "  plan %s; a query: %.0f dimensions, %.0f postings of which %.0f read, %.0f bounds, %.0f blocks "
      "scored, %.0f "
      "skipped\n",
      found.explain.at("plan").as_string().c_str(), per_query("estimates", "dimensions"),
      per_query("estimates", "postings"), per_query("actuals", "postings"), per_query("actuals", "bounds"),
      per_query("actuals", "blocks"), per_query("actuals", "blocks_skipped"));
}

double overlap(const SearchResult& a, const SearchResult& b) {
  double common = 0, all = 0;
  for (size_t q = 0; q < a.counts.size(); ++q) {
    const auto first = static_cast<int64_t>(q) * kHits;
    for (int64_t i = 0; i < a.counts[q]; ++i) {
      const auto begin = b.neighbors.rows.begin() + first;
      common += std::count(begin, begin + b.counts[q], a.neighbors.rows[static_cast<size_t>(first + i)]) > 0;
    }
    all += static_cast<double>(a.counts[q]);
  }
  return common / all;
}

void print_pairs(const char* what, double num_queries, const Pairs& pairs) {
  std::printf("  %-34s ours %9.1f q/s, peer %9.1f, ratio %6.2f (%.2f to %.2f)\n", what,
              num_queries / pairs.ours, num_queries / pairs.peer, pairs.ratio, pairs.lowest_ratio,
              pairs.highest_ratio);
}

void run(const SparseData& data) {
  const auto num_queries = static_cast<double>(data.queries.size());
  std::printf("%s: %lld rows, %.1f values a row, %lld dimensions; %.0f queries of %.1f\n", data.name.c_str(),
              static_cast<long long>(data.rows.size()),
              static_cast<double>(data.rows.num_entries()) / static_cast<double>(data.rows.size()),
              static_cast<long long>(data.rows.num_dims), num_queries,
              static_cast<double>(data.queries.num_entries()) / num_queries);
  std::unique_ptr<Index> index, small;
  const double seconds = seconds_of([&] { index = build(data, "32"); });
  small = build(data, "8");
  const SearchResult found = search(*index, data.queries), of_small = search(*small, data.queries);
  print_explained(found);
  std::printf(
      "  built in %.2f s; %.1f MB, with 8 bits %.1f MB (%.4f of the same hits); rows as CSR %.1f MB\n",
      seconds, static_cast<double>(index->size_bytes()) / 1e6, static_cast<double>(small->size_bytes()) / 1e6,
      overlap(found, of_small), static_cast<double>(8 * data.rows.num_entries()) / 1e6);
  const std::vector<RaggedEmbeddings> queries = one_by_one(data.queries);
  const auto ours = [&](const Index& own, bool exact) { return seconds_of_search(own, queries, exact); };
  PythonPeer peer("sparse_bench_peer.py", {});
  if (!peer.is_there()) {
    std::printf("  %.1f q/s\n", num_queries / ours(*index, false));
    return;
  }
  std::printf("  peer: %s\n", peer.versions().c_str());
  const TemporaryFolder folder;
  write_rows(data.rows, folder.file("rows"));
  write_rows(data.queries, folder.file("queries"));
  peer.ask(Value::object({{"question", "load"},
                          {"rows", folder.file("rows")},
                          {"queries", folder.file("queries")},
                          {"dims", data.rows.num_dims}}));
  check_scores(found, peer);
  const auto by = [&](const char* how) {
    return peer.ask(Value::object({{"question", "search"}, {"by", how}, {"k", kHits}})).as_real();
  };
  print_pairs("peer numba", num_queries,
              run_pairs(kPairs, [&] { return ours(*index, false); }, [&] { return by("numba"); }));
  print_pairs("peer scipy", num_queries,
              run_pairs(kPairs, [&] { return ours(*index, false); }, [&] { return by("scipy"); }));
  print_pairs("8 bits, peer numba", num_queries,
              run_pairs(kPairs, [&] { return ours(*small, false); }, [&] { return by("numba"); }));
  compare_with_seismic(found, peer);
  print_pairs("our scan of the lists as the peer", num_queries,
              run_pairs(kPairs, [&] { return ours(*index, false); }, [&] { return ours(*index, true); }));
}

// What each plan takes, and which one the rule picks.
void run_sparse_plans(const SparseData& data) {
  const search::SparseLists lists = search::make_sparse_lists(data.rows, false, one_thread());
  search::SparseScratch scratch;
  std::printf("%s: %lld rows\n", data.name.c_str(), static_cast<long long>(data.rows.size()));
  for (const int64_t most : {2, 5, 15, 1000}) {
    for (const int64_t k : {1, 10, 100, 1000}) {
      double seconds[2] = {}, chosen = 0;
      for (int64_t q = 0; q < data.queries.size(); ++q) {
        search::SparseCosts costs;
        scratch.terms.clear();
        for (int64_t i = data.queries.starts[q];
             i < data.queries.starts[q + 1] && std::ssize(scratch.terms) < most; ++i) {
          const auto list = lists.find(data.queries.indices[i]);
          if (!list) continue;
          scratch.terms.push_back({*list, data.queries.values[i], lists.groups_of(*list), 0});
          costs.num_groups += scratch.terms.back().groups.size();
          costs.num_postings +=
              static_cast<int64_t>(lists.first_entries[*list + 1] - lists.first_entries[*list]);
        }
        costs.num_terms = std::ssize(scratch.terms);
        costs.num_blocks = lists.num_blocks();
        double times[2];
        for (int plan = 0; plan < 2; ++plan) {
          std::vector<double> runs;
          for (int run = 0; run < 3; ++run) {
            runs.push_back(seconds_of([&] {
              search::SparseWalk walk(lists, {}, -1, scratch);
              plan == 0 ? walk.scan(k) : walk.block_max(k);
            }));
          }
          times[plan] = *std::ranges::min_element(runs);
          seconds[plan] += times[plan];
        }
        chosen += times[search::choose_sparse_plan(costs, false, k) == search::SparsePlan::kScan ? 0 : 1];
      }
      std::printf(
          "  at most %4lld dimensions, k %4lld: scan %8.3f ms a query, block-max %8.3f, chosen %8.3f\n",
          static_cast<long long>(most), static_cast<long long>(k),
          1e3 * seconds[0] / static_cast<double>(data.queries.size()),
          1e3 * seconds[1] / static_cast<double>(data.queries.size()),
          1e3 * chosen / static_cast<double>(data.queries.size()));
    }
  }
}

bool measure(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  const auto each = [&](const std::optional<SparseData>& data) {
    if (!data) return;
    if (only == "plans")
      run_sparse_plans(*data);
    else
      run(*data);
  };
  const auto is_wanted = [&](const char* name) { return only.empty() || only == "plans" || only == name; };
  if (is_wanted("cranfield")) each(cranfield());
  if (is_wanted("paragraphs")) each(wikipedia(1, false));
  if (is_wanted("runs")) each(wikipedia(1, true));
  return true;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  return whitney::bench::bench_main("sparse_bench", [&] { return whitney::bench::measure(argc, argv); });
}
