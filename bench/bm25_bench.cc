// Question: does the bm25 index give the scores of bm25s, and how much faster does it index texts and answer
// queries, on one thread? Cranfield (with nDCG@10 by its judgements), synopses of Debian packages, paragraphs
// of Wikipedia. k = 10. Scores of all five variants are compared first.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/data_folder.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/readers.h"
#include "whitney/search/index.h"
#include "whitney/text/analyzer.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
constexpr int kPairs = 5;

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

Context one_thread() {
  Context context;
  context.threads = 1;
  return context;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::vector<std::string> lines_of(const std::string& path) {
  auto input = data::InputStream::open(path, nullptr);
  const data::SharedBytes bytes = input.read_all(one_thread());
  std::vector<std::string> lines = split(bytes.text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

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

// Paragraphs are the texts, titles the queries.
std::optional<TextData> read_wikipedia() {
  const auto folder = find_data("wiki-en-articles");
  if (!folder) return std::nullopt;
  TextData data{"Wikipedia paragraphs", {}, {}, {}};
  for (const char* shard : {"/wiki-0.tsv.xz", "/wiki-1.tsv.xz"}) {
    for (const std::string& line : lines_of(*folder + shard)) {
      const std::vector<std::string> cells = split(line, '\t');
      if (data.queries.size() < 1000) data.queries.push_back(cells.at(1));
      data.texts.insert(data.texts.end(), cells.begin() + 2, cells.end());
    }
  }
  return data;
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

SearchResult search(const Index& index, const TextData& data) {
  SearchParams params;
  params.k = kHits;
  params.options = Value::object({{"operators", false}});
  return index.search_texts(data.queries, params, one_thread());
}

// The peer pads with texts of no word where there are too few hits, and orders equal scores otherwise.
int64_t compare_hits(const SearchResult& ours, const Value& peers, double constant_tolerance) {
  int64_t differing_rows = 0;
  for (int64_t q = 0; q < ours.neighbors.num_queries; ++q) {
    const Value& hits = peers.as_list().at(static_cast<size_t>(q));
    const Value::List &rows = hits.as_list().at(0).as_list(), &scores = hits.as_list().at(1).as_list();
    for (int64_t i = 0; i < std::min<int64_t>(ours.counts[static_cast<size_t>(q)], std::ssize(rows)); ++i) {
      const auto at = static_cast<size_t>(q * kHits + i);
      const double a = ours.neighbors.values[at], b = scores.at(static_cast<size_t>(i)).as_real();
      if (std::abs(a - b) > constant_tolerance * std::max(1.0, std::abs(a)))
        fail("query ", q, ", hit ", i + 1, ": we score ", a, ", the peer ", b);
      differing_rows += rows.at(static_cast<size_t>(i)).as_int() != ours.neighbors.rows[at] ? 1 : 0;
    }
  }
  return differing_rows;
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
    std::printf("  nDCG@10 %.4f  %s\n", ndcg(search(*build(data, options), data), data), what);
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
  std::printf("  %-28s ours %10.1f %s, peer %10.1f, ratio %6.2f (%.2f to %.2f)\n", what, units / pairs.ours,
              unit, units / pairs.peer, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
}

void compare_speed(const TextData& data, PythonPeer& peer, const std::vector<std::string>& backends) {
  const auto ask = [&](const Value& question) { return peer.ask(question).as_real(); };
  Value with_positions = options_of("lucene", 1.5);
  with_positions.set("positions", true);
  print_pairs("index", data.megabytes(), "MB/s",
              run_pairs(
                  kPairs, [&] { return seconds_of([&] { build(data, options_of("lucene", 1.5)); }); },
                  [&] { return ask(Value::object({{"question", "index"}})); }));
  std::printf("  %-28s ours %10.1f MB/s\n", "index with positions",
              data.megabytes() / seconds_of([&] { build(data, with_positions); }));
  const auto index = build(data, options_of("lucene", 1.5));
  std::printf("  the index has %.2f MB without and %.2f MB with positions, for %.2f MB of text\n",
              static_cast<double>(index->size_bytes()) / 1e6,
              static_cast<double>(build(data, with_positions)->size_bytes()) / 1e6, data.megabytes());
  const auto num_queries = static_cast<double>(data.queries.size());
  for (const std::string& backend : backends) {
    print_pairs(("search, peer by " + backend).c_str(), num_queries, "q/s",
                run_pairs(
                    kPairs, [&] { return seconds_of([&] { search(*index, data); }); },
                    [&] {
                      return ask(Value::object({{"question", "search"}, {"backend", backend}, {"k", kHits}}));
                    }));
  }
}

void run(const TextData& data) {
  std::printf("%s: %zu texts, %.2f MB, %zu queries\n", data.name.c_str(), data.texts.size(), data.megabytes(),
              data.queries.size());
  print_quality(data);
  PythonPeer peer("bm25_bench_peer.py", {});
  if (!peer.is_there()) {
    const auto index = build(data, options_of("lucene", 1.5));
    const double seconds = seconds_of([&] { search(*index, data); });
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
  std::vector<std::string> backends;
  for (const std::string variant : {"robertson", "atire", "bm25l", "bm25+", "lucene"}) {
    const Value built = peer.ask(Value::object(
        {{"question", "build"}, {"variant", variant}, {"k1", 1.5}, {"b", 0.75}, {"delta", 0.5}}));
    backends.clear();
    for (const Value& name : built.at("backends").as_list()) backends.push_back(name.as_string());
    const Value peers = peer.ask(Value::object({{"question", "hits"}, {"k", kHits}}));
    const SearchResult ours = search(*build(data, options_of(variant, 1.5)), data);
    const int64_t differing = compare_hits(ours, peers, 2e-6);
    std::printf("  %-9s scores are equal (to 2e-6 relative); %lld rows differ, where scores are equal\n",
                variant.c_str(), static_cast<long long>(differing));
  }
  compare_speed(data, peer, backends);
}

int main_of_bench(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "cranfield") {
    if (const auto data = read_cranfield()) run(*data);
  }
  if (only.empty() || only == "synopses") {
    if (const auto data = read_package_synopses()) run(*data);
  }
  if (only.empty() || only == "wikipedia") {
    if (const auto data = read_wikipedia()) run(*data);
  }
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  try {
    return whitney::bench::main_of_bench(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bm25_bench: %s\n", error.what());
    return 1;
  }
}
