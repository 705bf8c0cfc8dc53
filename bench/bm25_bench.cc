// Question: does the bm25 index give the hits of bm25s (its numba backend where numba is there), and how much
// faster does it index texts and answer queries, on one thread? Cranfield (with nDCG@10 by its judgements),
// synopses of Debian packages, abstracts of Wikipedia; its paragraphs when asked for ("paragraphs"). k = 10.
// Hits of all five variants are compared first: how many there are, their scores, and that no other text
// scores more. "plans" (and a file for every query's times): which of our own plans is fastest when, on the
// synopses, the abstracts, and 1.2 million runs of 12 words of Wikipedia.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/bm25_bench_plans.h"
#include "bench/data_folder.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/text_lines.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/search/index.h"
#include "whitney/text/analyzer.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
constexpr int kPairs = 9;
// Queries of a measurement at least: all of a set are asked again and again, by ours and the peer alike.
// (Once over Cranfield's takes less than a millisecond, in which waking up counts.)
constexpr int64_t kLeastQueries = 5000;

struct TextData {
  std::string name;
  std::vector<std::string> texts, queries;
  /// Of each query: the grade of a text, by its row; empty where nobody judged.
  std::vector<std::map<int64_t, int>> grades;

  double megabytes() const {
    double size = 0;
    for (const std::string& text : texts) size += static_cast<double>(text.size());
    return size / 1e6;
  }
};

std::optional<TextData> read_cranfield() {
  const auto folder = find_data("cranfield");
  if (!folder) return std::nullopt;
  TextData data{"Cranfield", {}, {}, {}};
  const Corpus corpus = read_corpus(*folder + "/corpus.jsonl.gz", {}, "text", one_thread());
  data.texts = corpus.texts;
  std::map<std::string, size_t> places;
  for (const std::string& line : lines_of(*folder + "/queries.tsv")) {
    const std::vector<std::string> cells = split(line, '\t');
    places[cells.at(0)] = data.queries.size();
    data.queries.push_back(cells.at(1));
  }
  data.grades.resize(data.queries.size());
  for (const std::string& line : lines_of(*folder + "/qrels.txt")) {
    std::vector<std::string> cells = split(line, ' ');
    if (cells.size() < 4) cells = split(line, '\t');
    const auto query = places.find(cells.at(0));
    const auto row = corpus.ids.find(cells.at(2));
    if (query != places.end() && row) data.grades[query->second][*row] = std::stoi(cells.at(3));
  }
  return data;
}

std::optional<TextData> read_package_synopses() {
  const auto folder = find_data("debian-packages");
  if (!folder) return std::nullopt;
  TextData data{"Debian synopses", {}, {}, {}};
  const std::vector<std::string> all = lines_of(*folder + "/synopses.txt.gz");
  for (size_t i = 0; i < all.size(); ++i) (i % 60 == 0 ? data.queries : data.texts).push_back(all[i]);
  return data;
}

// The articles of some shards, as title and paragraphs.
std::vector<std::vector<std::string>> read_articles(const std::string& folder, int num_shards) {
  std::vector<std::vector<std::string>> articles;
  for (int shard = 0; shard < num_shards; ++shard) {
    for (const std::string& line : lines_of(folder + "/wiki-" + std::to_string(shard) + ".tsv.xz")) {
      std::vector<std::string> cells = split(line, '\t');
      articles.emplace_back(std::make_move_iterator(cells.begin() + 1), std::make_move_iterator(cells.end()));
    }
  }
  return articles;
}

// The first paragraphs of 11,000 articles are the texts, titles of every eleventh the queries.
std::optional<TextData> read_abstracts() {
  const auto folder = find_data("wiki-en-articles");
  if (!folder) return std::nullopt;
  TextData data{"Wikipedia abstracts", {}, {}, {}};
  for (const auto& article : read_articles(*folder, 4)) {
    if (data.texts.size() % 11 == 0) data.queries.push_back(article.at(0));
    data.texts.push_back(article.at(1));
    if (data.texts.size() == 11'000) break;
  }
  return data;
}

// Paragraphs of a shard are the texts, titles of its first 1,000 articles the queries.
std::optional<TextData> read_paragraphs() {
  const auto folder = find_data("wiki-en-articles");
  if (!folder) return std::nullopt;
  TextData data{"Wikipedia paragraphs", {}, {}, {}};
  for (const auto& article : read_articles(*folder, 1)) {
    if (data.queries.size() < 1000) data.queries.push_back(article.at(0));
    data.texts.insert(data.texts.end(), article.begin() + 1, article.end());
  }
  return data;
}

// Runs of 12 words, of all articles: short texts, and many.
std::vector<std::string> read_short_texts() {
  constexpr int kWords = 12;
  std::vector<std::string> texts;
  const auto folder = find_data("wiki-en-articles");
  if (!folder) return texts;
  for (const auto& article : read_articles(*folder, 4)) {
    int num_words = 0;
    for (size_t paragraph = 1; paragraph < article.size(); ++paragraph) {
      for (const std::string& word : split(article[paragraph], ' ')) {
        if (num_words++ % kWords == 0) texts.emplace_back();
        texts.back() += word + " ";
      }
    }
  }
  return texts;
}

void run_plans(const std::string& each_query) {
  if (const auto data = read_abstracts()) compare_plans(data->name, data->texts, each_query);
  if (const auto data = read_package_synopses()) compare_plans(data->name, data->texts, each_query);
  const std::vector<std::string> short_texts = read_short_texts();
  if (!short_texts.empty()) compare_plans("12 words of Wikipedia", short_texts, each_query);
}

// What bm25s takes apart by default, and stems.
Value options_of(const std::string& variant, double k1) {
  return Value::object({{"variant", variant}, {"k1", k1}, {"min_token_length", 2}, {"positions", false}});
}

void write_tokens(const std::vector<std::string>& texts, const std::string& path) {
  text::AnalyzerOptions options;
  options.min_token_length = 2;
  const text::Analyzer analyzer(options);
  std::ofstream file(path);
  for (const std::string& text : texts) {
    Value::List tokens;
    for (const text::Token& token : analyzer.analyze(text)) tokens.push_back(token.term);
    file << Value::object({{"text", text}, {"tokens", std::move(tokens)}}).to_json() << "\n";
  }
}

std::unique_ptr<Index> build(const TextData& data, const Value& options) {
  Corpus corpus;
  corpus.ids = Ids::row_numbers(std::ssize(data.texts));
  corpus.texts = data.texts;
  return build_index("bm25", corpus, {}, options, one_thread());
}

SearchResult search(const Index& index, std::span<const std::string> queries, bool explain = false) {
  SearchParams params;
  params.k = kHits;
  params.options = Value::object({{"operators", false}});
  params.explain = explain;
  return index.search_texts(queries, params, one_thread());
}

void search_one_by_one(const Index& index, std::span<const std::string> queries) {
  for (const std::string& query : queries) search(index, {&query, 1});
}

// The peer scores all texts: are our hits as many as k and the texts with a word of the query allow, do they
// have its scores, and does no other text score more than our last? Throws Error where not.
void check_hits(const SearchResult& found, PythonPeer& peer, const std::string& variant) {
  constexpr double kTolerance = 2e-6;
  Value::List rows, scores;
  for (int64_t q = 0; q < found.neighbors.num_queries; ++q) {
    Value::List own_rows, own_scores;
    for (int64_t i = 0; i < found.counts[static_cast<size_t>(q)]; ++i) {
      const auto at = static_cast<size_t>(q * kHits + i);
      own_rows.emplace_back(found.neighbors.rows[at]);
      own_scores.emplace_back(static_cast<double>(found.neighbors.values[at]));
    }
    rows.emplace_back(std::move(own_rows));
    scores.emplace_back(std::move(own_scores));
  }
  const Value answer = peer.ask(Value::object({{"question", "check"},
                                               {"k", kHits},
                                               {"tolerance", kTolerance},
                                               {"rows", std::move(rows)},
                                               {"scores", std::move(scores)}}));
  if (const Value* wrong = answer.find("wrong")) fail(variant, ": ", wrong->as_string());
  std::printf(
      "  %-9s %lld hits, as many as the peer has; scores differ by %.1e relative at most; %lld queries have "
      "texts of the last score beyond k\n",
      variant.c_str(), static_cast<long long>(answer.at("hits").as_int()), answer.at("worst").as_real(),
      static_cast<long long>(answer.at("ties").as_int()));
}

double ndcg(const SearchResult& found, const TextData& data) {
  double sum = 0;
  int64_t num_queries = 0;
  for (size_t q = 0; q < data.queries.size(); ++q) {
    std::vector<double> ideal;
    for (const auto& grade : data.grades[q]) {
      if (grade.second > 0) ideal.push_back(1);
    }
    if (ideal.empty()) continue;
    double gained = 0, best = 0;
    for (int64_t i = 0; i < kHits; ++i) {
      const double discount = 1 / std::log2(static_cast<double>(i) + 2);
      if (i < std::ssize(ideal)) best += discount;
      if (i >= found.counts[q]) continue;
      const auto grade = data.grades[q].find(found.neighbors.rows[q * kHits + static_cast<size_t>(i)]);
      if (grade != data.grades[q].end() && grade->second > 0) gained += discount;
    }
    sum += gained / best;
    ++num_queries;
  }
  return sum / static_cast<double>(num_queries);
}

void print_quality(const TextData& data) {
  if (data.grades.empty()) return;
  const auto quality = [&](const char* what, const Value& options) {
    std::printf("  nDCG@10 %.4f  %s\n", ndcg(search(*build(data, options), data.queries), data), what);
  };
  quality("as it comes (stems, 33 stop words)", Value::object());
  quality("without stems", Value::object({{"stemmer", "none"}}));
  quality("without stems and stop words", Value::object({{"stemmer", "none"}, {"stop_words", "none"}}));
  quality("the long list of stop words", Value::object({{"stop_words", "english_long"}}));
  quality("k1 1.5", Value::object({{"k1", 1.5}}));
  quality("bm25+", Value::object({{"variant", "bm25+"}}));
  quality("bm25l", Value::object({{"variant", "bm25l"}}));
}

void print_pairs(const char* what, double units, const char* unit, const Pairs& pairs) {
  std::printf("  %-44s ours %10.1f %s, peer %10.1f, ratio %6.2f (%.2f to %.2f)\n", what, units / pairs.ours,
              unit, units / pairs.peer, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
}

void compare_indexing(const TextData& data, PythonPeer& peer) {
  const Value options = options_of("lucene", 1.5);
  Value with_positions = options, without_scores = options;
  with_positions.set("positions", true);
  without_scores.set("scores", false);
  std::printf("  index: both take the texts apart, stem, and index in memory\n");
  print_pairs("index", data.megabytes(), "MB/s",
              run_pairs(
                  kPairs, [&] { return seconds_of([&] { build(data, options); }); },
                  [&] { return peer.ask(Value::object({{"question", "index"}})).as_real(); }));
  std::printf("  %-44s ours %10.1f MB/s\n", "index with positions",
              data.megabytes() / seconds_of([&] { build(data, with_positions); }));
  const auto size_of = [&](const Value& how) {
    return static_cast<double>(build(data, how)->size_bytes()) / 1e6;
  };
  std::printf("  %.2f MB of text: index of %.2f MB, %.2f without scores, %.2f with positions; peer %.2f\n",
              data.megabytes(), size_of(options), size_of(without_scores), size_of(with_positions),
              peer.ask(Value::object({{"question", "size"}})).as_real() / 1e6);
}

// Adds of floats to sums of doubles by number, as a scan does when nothing else is to be done: a second of
// them is what the lists could be added up at.
double scattered_adds(int64_t num_sums) {
  const auto n = static_cast<size_t>(std::min<int64_t>(num_sums, 8192));
  std::vector<double> sums(n, 0);
  std::vector<uint32_t> rows(128 * 64);
  std::vector<float> scores(rows.size(), 0.5F);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<uint32_t>(i % 128 * (n / 128) + i / 128 % (n / 128));
  std::vector<double> seconds;
  for (int run = 0; run < 9; ++run) {
    seconds.push_back(seconds_of([&] {
      for (int repeat = 0; repeat < 100; ++repeat) {
        for (size_t i = 0; i < rows.size(); ++i) sums[rows[i]] += static_cast<double>(scores[i]);
      }
    }));
  }
  return 100 * static_cast<double>(rows.size()) / *std::ranges::min_element(seconds);
}

void compare_searching(const TextData& data, PythonPeer& peer) {
  const auto index = build(data, options_of("lucene", 1.5));
  Value without = options_of("lucene", 1.5);
  without.set("scores", false);
  const auto computing = build(data, without);
  const auto num_queries = static_cast<double>(data.queries.size());
  const int64_t passes = (kLeastQueries - 1) / std::ssize(data.queries) + 1;
  const auto seconds_of_ours = [&](const Index& own, bool batch) {
    const double seconds = seconds_of([&] {
      for (int64_t pass = 0; pass < passes; ++pass) {
        if (batch)
          search(own, data.queries);
        else
          search_one_by_one(own, data.queries);
      }
    });
    return seconds / static_cast<double>(passes);
  };
  const auto compare = [&](const char* what, const Index& own, bool batch, const char* given) {
    const Value question = Value::object(
        {{"question", "search"}, {"given", given}, {"batch", batch}, {"k", kHits}, {"passes", passes}});
    print_pairs(what, num_queries, "q/s",
                run_pairs(
                    kPairs, [&] { return seconds_of_ours(own, batch); },
                    [&] { return peer.ask(question).as_real(); }));
  };
  std::printf(
      "  search: our time is from the raw text of the query to its hits (words met before are remembered), "
      "the "
      "peer's from what is said\n");
  compare("all at once, peer from numbers of words", *index, true, "ids");
  compare("all at once, peer from words", *index, true, "words");
  compare("all at once, peer from raw text", *index, true, "text");
  compare("one by one, peer from numbers of words", *index, false, "ids");
  compare("one by one, peer from raw text", *index, false, "text");
  compare("ours without kept scores, peer from numbers", *computing, true, "ids");
  const Value explain = search(*index, data.queries, true).explain;
  const double postings = static_cast<double>(explain.at("estimates").at("postings").as_int());
  std::vector<double> runs;
  for (int run = 0; run < 9; ++run) runs.push_back(seconds_of_ours(*index, true));
  const double seconds = *std::ranges::min_element(runs);
  std::printf(
      "  plan %s; %.0f postings a query, %.2f billion a second; this machine adds %.2f billion floats\n",
      explain.at("plan").as_string().c_str(), postings / num_queries, postings / seconds / 1e9,
      scattered_adds(std::ssize(data.texts)) / 1e9);
}

void run(const TextData& data) {
  std::printf("%s: %zu texts, %.2f MB, %zu queries\n", data.name.c_str(), data.texts.size(), data.megabytes(),
              data.queries.size());
  print_quality(data);
  PythonPeer peer("bm25_bench_peer.py", {});
  if (!peer.is_there()) {
    const auto index = build(data, options_of("lucene", 1.5));
    const double seconds = seconds_of([&] { search(*index, data.queries); });
    std::printf("  search %.0f q/s\n", static_cast<double>(data.queries.size()) / seconds);
    return;
  }
  std::printf("  peer: %s\n", peer.versions().c_str());
  const TemporaryFolder folder;
  write_tokens(data.texts, folder.file("texts.jsonl"));
  write_tokens(data.queries, folder.file("queries.jsonl"));
  peer.ask(Value::object({{"question", "load"},
                          {"texts", folder.file("texts.jsonl")},
                          {"queries", folder.file("queries.jsonl")}}));
  for (const std::string variant : {"robertson", "atire", "bm25l", "bm25+", "lucene"}) {
    peer.ask(Value::object(
        {{"question", "build"}, {"variant", variant}, {"k1", 1.5}, {"b", 0.75}, {"delta", 0.5}}));
    check_hits(search(*build(data, options_of(variant, 1.5)), data.queries), peer, variant);
  }
  compare_indexing(data, peer);
  compare_searching(data, peer);
}

bool measure(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "cranfield") {
    if (const auto data = read_cranfield()) run(*data);
  }
  if (only.empty() || only == "synopses") {
    if (const auto data = read_package_synopses()) run(*data);
  }
  if (only.empty() || only == "abstracts") {
    if (const auto data = read_abstracts()) run(*data);
  }
  if (only == "paragraphs") {
    if (const auto data = read_paragraphs()) run(*data);
  }
  if (only == "plans") run_plans(argc > 2 ? argv[2] : "");
  return true;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  return whitney::bench::bench_main("bm25_bench", [&] { return whitney::bench::measure(argc, argv); });
}
