// Question: do our codecs find as many of the true neighbours as faiss's and rabitqlib's in the same bytes,
// how fast are scans of codes beside faiss's, and how near do they come to memory's limit? DEEP descriptors
// (10,000 x 96), MNIST (10,000 x 784) and texts of packages by MiniLM (10,000 x 384, norm 1), l2, recall@10
// of 500 queries by the codes alone and, where there is one, by the second level; one thread. Where one
// seed's recall is chance (pq, rabitq), the mean over seeds of ours and of the peer's, with the range.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/codec_bench_scans.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/search_data.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/flat.h"

namespace whitney::bench {
namespace {

std::vector<std::string> words;

// False where a word names other data.
bool may_be_wanted(const std::string& data) {
  return std::ranges::all_of(words, [&](const std::string& word) {
    return word == data || (word != "DEEP" && word != "MNIST" && word != "packages");
  });
}

constexpr int64_t kNeighbors = 10, kQueries = 500, kRows = 10'000;

using Data = CodecData;

// A codec of ours and the peer's of as many bytes; "" where it has none.
struct Match {
  const char* method;
  Value options;
  std::string factory;
};

std::vector<Data> read_data() {
  std::vector<Data> all;
  for (const auto& read : {read_deep10k, read_mnist, read_synopses}) {
    std::optional<SearchData> found = read(kRows, kQueries);
    if (!found || !may_be_wanted(found->name)) continue;
    Data data{found->name, std::move(found->base), std::move(found->queries), {}};
    data.truth = exact_search(data.queries, data.base, kNeighbors, Metric::kL2, one_thread());
    all.push_back(std::move(data));
  }
  return all;
}

std::vector<Match> matches(int64_t dim) {
  const int64_t eighth = dim / 8, few = dim / 56 > 1 ? dim / 56 : dim / 8;
  const auto bits = [](int count, int centroids) {
    return Value::object({{"bits", count}, {"num_centroids", centroids}});
  };
  const auto parts = [](int64_t count, const char* width) {
    return Value::object({{"num_subspaces", count}, {"bits", width}});
  };
  const std::string m = std::to_string(few), twice = std::to_string(2 * few);
  return {{"f16", Value::object(), "SQfp16"},
          {"sq8", Value::object(), "SQ8"},
          {"sq4", Value::object(), "SQ4"},
          {"lvq", Value::object({{"bits", "8"}}), "SQ8"},
          {"lvq", Value::object({{"bits", "4"}}), "SQ4"},
          {"lvq", Value::object({{"bits", "4x4"}}), "SQ8"},
          {"lvq", Value::object({{"bits", "4x8"}}), ""},
          {"pq", parts(few, "8"), "PQ" + m + "x8"},
          {"pq", parts(2 * few, "4"), "PQ" + twice + "x4"},
          {"pq", parts(2 * few, "4"), "PQ" + twice + "x4fs"},
          {"pq", parts(eighth, "8"), "PQ" + std::to_string(eighth) + "x8"},
          {"opq", parts(few, "8"), "OPQ" + m + ",PQ" + m + "x8"},
          {"rvq", Value::object({{"num_stages", few}}), "RQ" + m + "x8"},
          {"rabitq", bits(1, 1), "RaBitQ"},
          {"rabitq", bits(1, 1), "RaBitQfs"},
          {"rabitq", bits(1, 16), "RaBitQ"},
          {"rabitq", bits(2, 16), "RaBitQ2"},
          {"rabitq", bits(4, 16), "RaBitQ4"},
          {"rabitq", bits(7, 16), "RaBitQ7"},
          {"rabitq", bits(1, 16), "rabitqlib 1"},
          {"rabitq", bits(2, 16), "rabitqlib 2"},
          {"rabitq", bits(4, 16), "rabitqlib 4"},
          {"rabitq", bits(5, 16), "rabitqlib 4"},
          {"rabitq", bits(7, 16), "rabitqlib 7"}};
}

double recall(const Data& data, const std::vector<int64_t>& rows) {
  int64_t hits = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto begin = data.truth.rows.begin() + static_cast<int64_t>(i) / kNeighbors * kNeighbors;
    hits += std::count(begin, begin + kNeighbors, rows[i]);
  }
  return static_cast<double>(hits) / static_cast<double>(data.truth.rows.size());
}

struct Measured {
  // Of each seed.
  std::vector<double> recalls;
  double seconds = 0;
  int64_t bytes = 0;

  double recall() const {
    return std::accumulate(recalls.begin(), recalls.end(), 0.0) / static_cast<double>(recalls.size());
  }
};

// Codebooks and rotations are the seed's; the other codecs have none.
int num_seeds(const Match& match) {
  const std::string_view method(match.method);
  if (method == "rabitq") return match.options.at("bits").as_int() == 1 ? 8 : 3;
  if (method == "pq") return 8;
  return method == "opq" || method == "rvq" ? 3 : 1;
}

void measure_ours(const Data& data, const Match& match, std::optional<int64_t> rescore, uint64_t seed,
                  Measured& measured) {
  Context context = one_thread();
  context.seed = seed;
  Embeddings embeddings;
  embeddings.vectors = data.base;
  embeddings.ids = Ids::row_numbers(data.base.rows());
  embeddings.record.set("metric", "l2");
  const CompressedEmbeddings small = compress(match.method, embeddings, match.options, context);
  measured.bytes = small.bytes_per_vector() - (rescore == 0 ? small.codec->fine_bytes() : 0);
  const auto index = small.codec->plain_type() ? flat_index(small.decode(one_thread())) : codes_index(small);
  SearchParams params;
  params.k = kNeighbors;
  if (rescore) params.options.set("rescore", *rescore);
  std::vector<int64_t> rows;
  measured.seconds = seconds_of([&] {
    for (int64_t q = 0; q < data.queries.rows(); ++q) {
      const SearchResult found = index->search(data.queries.view().slice(q, q + 1), params, one_thread());
      rows.insert(rows.end(), found.neighbors.rows.begin(), found.neighbors.rows.end());
    }
  });
  measured.recalls.push_back(recall(data, rows));
}

Measured ours_of_all_seeds(const Data& data, const Match& match, std::optional<int64_t> rescore) {
  Measured measured;
  for (int seed = 0; seed < num_seeds(match); ++seed)
    measure_ours(data, match, rescore, 42 + static_cast<uint64_t>(seed), measured);
  return measured;
}

// Nothing where the peer lacks it.
std::optional<Measured> peer_of_all_seeds(const Data& data, const Match& match, PythonPeer& peer) {
  Measured measured;
  for (int seed = 0; seed < num_seeds(match); ++seed) {
    Value question = Value::object({{"question", "codec"}, {"factory", match.factory}});
    if (num_seeds(match) > 1) question.set("seed", seed + 1);
    const Value answer = peer.ask(question);
    if (answer.find("error") != nullptr) return std::nullopt;
    std::vector<int64_t> rows;
    for (const Value& row : answer.at("rows").as_list()) rows.push_back(row.as_int());
    measured.recalls.push_back(recall(data, rows));
    measured.seconds = answer.at("seconds").as_real();
    measured.bytes = answer.at("bytes").as_int();
  }
  return measured;
}

std::string text_of(const Measured& measured) {
  const auto [least, most] = std::ranges::minmax(measured.recalls);
  const std::string range = measured.recalls.size() > 1
                                ? concat(digits(least, "%.4f"), " to ", digits(most, "%.4f"))
                                : std::string();
  char line[96];
  std::snprintf(line, sizeof line, "%6lld %7.4f %16s %9.0f", static_cast<long long>(measured.bytes),
                measured.recall(), range.c_str(), static_cast<double>(kQueries) / measured.seconds);
  return line;
}

void write_floats(const std::string& path, const Matrix& rows) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(rows.bytes().data()),
             static_cast<std::streamsize>(rows.bytes().size()));
  if (!file.flush()) fail(path, ": cannot be written");
}

// Half a point below the peer's is the claim's limit.
bool compare(const Data& data, PythonPeer& peer) {
  constexpr double kLimit = 0.005;
  bool holds = true;
  std::printf("\n%s %lld x %lld\n%-44s %6s %7s %16s %9s   %-14s %6s %7s %16s %9s\n", data.name.c_str(),
              static_cast<long long>(data.base.rows()), static_cast<long long>(data.base.cols()), "ours",
              "bytes", "recall", "seeds", "queries/s", "peer", "bytes", "recall", "seeds", "queries/s");
  for (const Match& match : matches(data.base.cols())) {
    const std::string name = match.method + options_text(match.options);
    if (!is_wanted(data.name + " recall " + name)) continue;
    const Measured ours = ours_of_all_seeds(data, match, std::nullopt);
    std::printf("%-44s %s", name.c_str(), text_of(ours).c_str());
    if (!match.factory.empty() && peer.is_there()) {
      const std::optional<Measured> theirs = peer_of_all_seeds(data, match, peer);
      const bool is_lower = theirs && ours.recall() < theirs->recall() - kLimit;
      std::printf("   %-14s %s%s", match.factory.c_str(),
                  theirs ? text_of(*theirs).c_str() : "is not in this faiss", is_lower ? "  BELOW" : "");
      holds = holds && !is_lower;
    }
    std::printf("\n");
    if (std::string_view(match.method) == "rabitq" && match.options.at("bits").as_int() > 1)
      std::printf("%-44s %s\n", "  by its first bit alone",
                  text_of(ours_of_all_seeds(data, match, 0)).c_str());
    std::fflush(stdout);
  }
  return holds;
}

bool run() {
  bool holds = true;
  for (const Data& data : read_data()) {
    const TemporaryFolder folder;
    write_floats(folder.file("base"), data.base);
    write_floats(folder.file("queries"), data.queries);
    PythonPeer peer("codec_bench_peer.py",
                    {folder.path(), std::to_string(data.base.cols()), std::to_string(kNeighbors)},
                    {"OMP_NUM_THREADS=1", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
    std::printf("one thread, SIMD level %s; peer: %s\n", simd_level().c_str(),
                peer.is_there() ? peer.versions().c_str() : "none");
    holds = compare(data, peer) && holds;
    compare_scans(data, peer);
  }
  return holds;
}

}  // namespace

bool is_wanted(const std::string& name) {
  return std::ranges::all_of(words,
                             [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

std::string options_text(const Value& options) {
  std::string text;
  for (const auto& [name, value] : options.as_object())
    text += concat(" ", name, "=", value.is_string() ? value.as_string() : value.to_json());
  return text;
}

}  // namespace whitney::bench

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  whitney::bench::words.assign(arguments + 1, arguments + count);
  return whitney::bench::bench_main("codec_bench", whitney::bench::run);
}
