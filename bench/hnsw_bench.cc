// Claim: hnsw answers more queries a second than the peers at equal recall, builds as fast, and gives the
// same bytes at any number of threads. One thread, M 16, ef_construction 200, recall@10 by distance; curves
// over ef, rounds in turns.
//   hnsw_bench [--data mnist|packages|both] [--max-rows N] [--queries N] [--rounds N] [--full]
// Peers: hnswlib 0.8 from C++ (bench/fetch_peers brings its headers; compiled -O3 -march=native) and
// faiss-cpu IndexHNSWFlat in the Python of WHITNEY_BENCH_PYTHON. --full: all rows and 10 rounds; the default
// takes some minutes.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/hnsw_peer_native.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/report.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/index.h"

namespace whitney::bench {
namespace {

constexpr int kM = 16, kEfConstruction = 200;
constexpr int64_t kHits = 10;
constexpr int64_t kEfs[] = {10, 16, 24, 40, 64, 100, 160, 250, 400};

struct Arguments {
  std::string data = "both";
  int64_t max_rows = 20'000;
  int64_t num_queries = 1000;
  size_t num_rounds = 5;
};

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

// A program that is measured: builds with some threads, answers all queries with one.
class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual std::string name() const = 0;
  /// Seconds.
  virtual double build(int threads) = 0;
  virtual int64_t size_bytes() const = 0;
  /// Seconds; the rows found (queries x 10) when asked.
  virtual double search(int64_t ef, std::vector<int64_t>* rows) = 0;
};

class Ours : public Contestant {
 public:
  explicit Ours(const SearchData& data) : data_(data), embeddings_(data.embeddings()) {}
  std::string name() const override { return "whitney"; }
  double build(int threads) override {
    return seconds_of([&] {
      index_ =
          build_index("hnsw", embeddings_, Value::object({{"m", kM}, {"ef_construction", kEfConstruction}}),
                      with_threads(threads));
    });
  }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    SearchParams params;
    params.k = kHits;
    params.options = Value::object({{"ef", ef}});
    SearchResult result;
    const Context context = with_threads(1);
    const double seconds = seconds_of([&] { result = index_->search(data_.queries, params, context); });
    if (rows != nullptr) *rows = result.neighbors.rows;
    return seconds;
  }

 private:
  const SearchData& data_;
  Embeddings embeddings_;
  std::unique_ptr<Index> index_;
};

#if WHITNEY_BENCH_PEERS
class Hnswlib : public Contestant {
 public:
  explicit Hnswlib(const SearchData& data) : data_(data) {}
  std::string name() const override { return "hnswlib"; }
  double build(int threads) override {
    const Matrix& base = data_.base;
    return seconds_of([&] {
      index_ = std::make_unique<HnswlibIndex>(base.cols(), base.rows(), kM, kEfConstruction,
                                              data_.metric != Metric::kL2);
      parallel_for(with_threads(threads), base.rows(),
                   [&](int64_t row) { index_->add(base.row<float>(row).data(), row); });
    });
  }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    index_->set_ef(ef);
    std::vector<int64_t> found(static_cast<size_t>(data_.queries.rows() * kHits));
    const double seconds = seconds_of([&] {
      for (int64_t q = 0; q < data_.queries.rows(); ++q) {
        index_->search(data_.queries.row<float>(q).data(), kHits, &found[static_cast<size_t>(q * kHits)]);
      }
    });
    if (rows != nullptr) *rows = std::move(found);
    return seconds;
  }

 private:
  const SearchData& data_;
  std::unique_ptr<HnswlibIndex> index_;
};
#endif

void write_floats(const std::string& path, const Matrix& matrix) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(matrix.bytes().data()),
             static_cast<std::streamsize>(matrix.bytes().size()));
}

class Faiss : public Contestant {
 public:
  explicit Faiss(const SearchData& data) {
    write_floats(folder_.file("base"), data.base);
    write_floats(folder_.file("queries"), data.queries);
    std::vector<std::string> words = {folder_.file("base"), folder_.file("queries")};
    for (const int64_t number :
         {data.base.rows(), data.queries.rows(), data.base.cols(), int64_t{data.metric != Metric::kL2},
          int64_t{kM}, int64_t{kEfConstruction}, kHits}) {
      words.push_back(std::to_string(number));
    }
    peer_ = std::make_unique<PythonPeer>("hnsw_bench_faiss.py", words);
  }
  bool is_there() const { return peer_->is_there(); }
  std::string name() const override { return "faiss"; }
  const std::string& versions() const { return peer_->versions(); }
  double build(int threads) override {
    const Value answer = peer_->ask(Value::object({{"question", "build"}, {"threads", threads}}));
    size_bytes_ = answer.at("size_bytes").as_int();
    return answer.at("seconds").as_real();
  }
  int64_t size_bytes() const override { return size_bytes_; }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    const Value answer =
        peer_->ask(Value::object({{"question", "search"}, {"ef", ef}, {"rows", rows != nullptr}}));
    if (rows != nullptr) {
      rows->clear();
      for (const Value& row : answer.at("rows").as_list()) rows->push_back(row.as_int());
    }
    return answer.at("seconds").as_real();
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<PythonPeer> peer_;
  int64_t size_bytes_ = 0;
};

std::string digits(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::vector<std::unique_ptr<Contestant>> contestants_for(const SearchData& data) {
  std::vector<std::unique_ptr<Contestant>> all;
  all.push_back(std::make_unique<Ours>(data));
#if WHITNEY_BENCH_PEERS
  all.push_back(std::make_unique<Hnswlib>(data));
#else
  std::fprintf(stderr,
               "left out: hnswlib (bench/fetch_peers brings its headers; configure again afterwards)\n");
#endif
  auto faiss = std::make_unique<Faiss>(data);
  if (faiss->is_there()) {
    std::printf("%s\n", faiss->versions().c_str());
    all.push_back(std::move(faiss));
  }
  return all;
}

void print_builds(const std::vector<std::unique_ptr<Contestant>>& all) {
  std::vector<std::vector<std::string>> table = {{"build", "1 thread, s", "2 threads, s", "ratio", "MB"}};
  double ours = 0;
  for (const auto& one : all) {
    const double two_threads = one->build(2), one_thread = one->build(1);
    if (ours == 0) ours = one_thread;
    table.push_back({one->name(), digits(one_thread, "%.1f"), digits(two_threads, "%.1f"),
                     digits(one_thread / ours, "%.2f"),
                     digits(static_cast<double>(one->size_bytes()) / 1e6, "%.0f")});
  }
  std::printf("%s\n", text_table(table).c_str());
}

// One round after the other, in each all settings, at each setting all contestants in turns.
std::vector<Curve> measure_curves(const std::vector<std::unique_ptr<Contestant>>& all, const SearchData& data,
                                  const Truth& truth, size_t num_rounds) {
  std::vector<Curve> curves(all.size());
  for (size_t c = 0; c < all.size(); ++c) {
    for (const int64_t ef : kEfs) {
      std::vector<int64_t> rows;
      all[c]->search(ef, &rows);
      curves[c].push_back({ef, truth.recall(rows), {}});
    }
    if (curves[c].back().recall < 0.9) {
      fail(all[c]->name(), " finds ", curves[c].back().recall, " at ef ", curves[c].back().ef,
           ": its answers are wrong");
    }
  }
  for (size_t round = 0; round < num_rounds; ++round) {
    for (size_t at = 0; at < std::size(kEfs); ++at) {
      for (size_t c = 0; c < all.size(); ++c) {
        curves[c][at].rates.push_back(static_cast<double>(data.queries.rows()) /
                                      all[c]->search(kEfs[at], nullptr));
      }
    }
  }
  return curves;
}

void print_curves(const std::vector<std::unique_ptr<Contestant>>& all, const std::vector<Curve>& curves) {
  std::vector<std::vector<std::string>> table = {{"ef"}}, summary = {{"recall@10"}};
  for (const auto& one : all) {
    table[0].insert(table[0].end(), {one->name() + " recall", "queries/s"});
    summary[0].push_back(one->name() + " queries/s");
    if (one != all[0]) summary[0].push_back("ours / " + one->name());
  }
  for (size_t at = 0; at < std::size(kEfs); ++at) {
    table.push_back({std::to_string(kEfs[at])});
    for (const Curve& curve : curves) {
      table.back().insert(table.back().end(),
                          {digits(curve[at].recall, "%.4f"), digits(median(curve[at].rates), "%.0f")});
    }
  }
  for (const double recall : {0.95, 0.99}) {
    summary.push_back({digits(recall, "%.2f")});
    for (size_t c = 0; c < curves.size(); ++c) {
      std::vector<double> rates;
      for (size_t round = 0; round < curves[c][0].rates.size(); ++round) {
        if (const auto rate = rate_at(curves[c], recall, round)) rates.push_back(*rate);
      }
      summary.back().push_back(rates.empty() ? "not reached" : digits(median(rates), "%.0f"));
      if (c > 0) summary.back().push_back(ratio_text(curves[0], curves[c], recall));
    }
  }
  std::printf("%s\n%s\n", text_table(table).c_str(), text_table(summary).c_str());
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void check_same_bytes(const SearchData& data) {
  Embeddings embeddings = data.embeddings();
  const int64_t count = std::min<int64_t>(5000, embeddings.size());
  embeddings.ids = Ids::row_numbers(count);
  embeddings.vectors = Matrix::copy_of(data.base.view().slice(0, count));
  embeddings.attributes = Attributes();
  const TemporaryFolder folder;
  std::vector<std::string> files;
  for (const int threads : {1, 2, 5}) {
    const std::string path = folder.file("index.safetensors");
    build_index("hnsw", embeddings, Value::object({{"m", kM}, {"ef_construction", kEfConstruction}}),
                with_threads(threads))
        ->save(path, true, {});
    files.push_back(bytes_of(path));
  }
  const bool same = files[0] == files[1] && files[0] == files[2];
  std::printf("files of %lld rows built with 1, 2 and 5 threads: %s\n\n", static_cast<long long>(count),
              same ? "the same bytes" : "DIFFERENT");
  if (!same) fail("the bytes depend on the number of threads");
}

void run(const std::optional<SearchData>& data, const Arguments& arguments) {
  if (!data) return;
  std::printf("== %s: %lld x %lld, %s, %lld queries\n", data->name.c_str(),
              static_cast<long long>(data->base.rows()), static_cast<long long>(data->base.cols()),
              std::string(name_of_enum(data->metric)).c_str(), static_cast<long long>(data->queries.rows()));
  const Truth truth(data->base, data->queries, kHits, data->metric);
  const auto all = contestants_for(*data);
  print_builds(all);
  print_curves(all, measure_curves(all, *data, truth, arguments.num_rounds));
  check_same_bytes(*data);
  std::fflush(stdout);
}

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= words.size()) fail(word, " needs a value");
      return words[++i];
    };
    if (word == "--data")
      arguments.data = value();
    else if (word == "--max-rows")
      arguments.max_rows = std::stoll(value());
    else if (word == "--queries")
      arguments.num_queries = std::stoll(value());
    else if (word == "--rounds")
      arguments.num_rounds = std::stoull(value());
    else if (word == "--full")
      arguments.max_rows = 1'000'000'000, arguments.num_rounds = 10;
    else
      fail("unknown argument ", word, " (expected: --data, --max-rows, --queries, --rounds, --full)");
  }
  return arguments;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  try {
    const bench::Arguments arguments = bench::parse({argv, static_cast<size_t>(argc)});
    std::printf("limits of one thread: reading %.1f GB/s, %.0f GFLOP/s\n\n", bench::read_bandwidth(1) / 1e9,
                bench::peak_flops() / 1e9);
    if (arguments.data != "packages")
      bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments);
    if (arguments.data != "mnist")
      bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hnsw_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
