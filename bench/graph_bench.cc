// Claim: symphonyqg, whose nodes hold their neighbours' 1-bit codes, answers more queries a second at equal
// recall than hnsw, ours and others', and than the authors' own library. One thread, a query after the other,
// recall@10 by distance; curves over ef, rounds in turns. Ours: degree 32 and M 16, ef_construction 200.
//   graph_bench [--data mnist|packages|deep|all] [--max-rows N] [--queries N] [--rounds N] [--full]
// Peers: hnswlib 0.8 from C++ (bench/fetch_peers brings its headers; compiled -O3 -march=native) and
// rabitqlib's SymqgIndex in the Python of WHITNEY_BENCH_PYTHON, all queries in one call. --full: all rows and
// 10 rounds.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_main.h"
#include "bench/data_folder.h"
#include "bench/hnsw_peer_native.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/report.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/search/index.h"

namespace whitney::bench {
namespace {

constexpr int kEfConstruction = 200;
constexpr int64_t kHits = 10;
constexpr int64_t kEfs[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 250, 400};

struct Arguments {
  std::string data = "all";
  int64_t max_rows = 20'000;
  int64_t num_queries = 1000;
  size_t num_rounds = 5;
};

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

std::string digits(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
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
  /// What a query took besides, at the ef: "" when it does not tell.
  virtual std::string work(int64_t /*ef*/) { return ""; }
};

class Ours : public Contestant {
 public:
  Ours(std::string method, const SearchData& data)
      : method_(std::move(method)), data_(data), embeddings_(data.embeddings()) {}
  std::string name() const override { return method_; }
  double build(int threads) override {
    return seconds_of([&] {
      index_ = build_index(method_, embeddings_, Value::object({{"ef_construction", kEfConstruction}}),
                           with_threads(threads));
    });
  }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    SearchResult result;
    const SearchParams params = params_of(ef);
    const Context context = with_threads(1);
    const double seconds = seconds_of([&] { result = index_->search(data_.queries, params, context); });
    if (rows != nullptr) *rows = result.neighbors.rows;
    return seconds;
  }
  std::string work(int64_t ef) override {
    SearchParams params = params_of(ef);
    params.explain = true;
    const Value actuals = index_->search(data_.queries, params, with_threads(1)).explain.at("actuals");
    const auto per_query = [&](std::string_view what) {
      return digits(actuals.at(what).as_real() / static_cast<double>(data_.queries.rows()), "%.0f");
    };
    return per_query("hops") + " visits, " + per_query("distances") + " distances";
  }

 private:
  static SearchParams params_of(int64_t ef) {
    SearchParams params;
    params.k = kHits;
    params.options = Value::object({{"ef", ef}});
    return params;
  }
  std::string method_;
  const SearchData& data_;
  Embeddings embeddings_;
  std::unique_ptr<Index> index_;
};

#if WHITNEY_BENCH_PEERS
class Hnswlib : public Contestant {
 public:
  explicit Hnswlib(const SearchData& data) : data_(data) {}
  std::string name() const override { return "hnswlib"; }
  double build(int /*threads*/) override {
    const Matrix& base = data_.base;
    return seconds_of([&] {
      index_ = std::make_unique<HnswlibIndex>(base.cols(), base.rows(), 16, kEfConstruction,
                                              data_.metric != Metric::kL2);
      for (int64_t row = 0; row < base.rows(); ++row) index_->add(base.row<float>(row).data(), row);
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

// By l2 always: vectors of cosine have norm 1 here, which orders alike.
class Rabitqlib : public Contestant {
 public:
  explicit Rabitqlib(const SearchData& data) {
    write_floats(folder_.file("base"), data.base);
    write_floats(folder_.file("queries"), data.queries);
    std::vector<std::string> words = {folder_.file("base"), folder_.file("queries"), folder_.file("index")};
    for (const int64_t number :
         {data.base.rows(), data.queries.rows(), data.base.cols(), int64_t{kEfConstruction}, kHits}) {
      words.push_back(std::to_string(number));
    }
    peer_ = std::make_unique<PythonPeer>("graph_bench_peer.py", words);
  }
  bool is_there() const { return peer_->is_there(); }
  std::string name() const override { return "rabitqlib"; }
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

using Contestants = std::vector<std::unique_ptr<Contestant>>;

Contestants contestants_for(const SearchData& data) {
  Contestants all;
  all.push_back(std::make_unique<Ours>("symphonyqg", data));
  all.push_back(std::make_unique<Ours>("hnsw", data));
#if WHITNEY_BENCH_PEERS
  all.push_back(std::make_unique<Hnswlib>(data));
#else
  std::fprintf(stderr,
               "left out: hnswlib (bench/fetch_peers brings its headers; configure again afterwards)\n");
#endif
  auto rabitqlib = std::make_unique<Rabitqlib>(data);
  if (rabitqlib->is_there()) {
    std::printf("%s\n", rabitqlib->versions().c_str());
    all.push_back(std::move(rabitqlib));
  }
  return all;
}

void print_builds(const Contestants& all, const SearchData& data) {
  std::vector<std::vector<std::string>> table = {{"build", "1 thread, s", "MB", "bytes a vector"}};
  for (const auto& one : all) {
    const double seconds = one->build(1);
    const auto bytes = static_cast<double>(one->size_bytes());
    table.push_back({one->name(), digits(seconds, "%.1f"), digits(bytes / 1e6, "%.0f"),
                     digits(bytes / static_cast<double>(data.base.rows()), "%.0f")});
  }
  std::printf("%s\n", text_table(table).c_str());
}

// One round after the other, in each all settings, at each setting all contestants in turns.
std::vector<Curve> measure_curves(const Contestants& all, const SearchData& data, const Truth& truth,
                                  size_t num_rounds) {
  std::vector<Curve> curves(all.size());
  for (size_t c = 0; c < all.size(); ++c) {
    for (const int64_t ef : kEfs) {
      std::vector<int64_t> rows;
      all[c]->search(ef, &rows);
      curves[c].push_back({ef, truth.recall(rows), {}});
    }
    if (curves[c].back().recall < 0.9)
      fail(all[c]->name(), " finds ", curves[c].back().recall, " at most: its answers are wrong");
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

void print_curves(const Contestants& all, const std::vector<Curve>& curves) {
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
  for (const auto& one : all) {
    if (const std::string work = one->work(40); !work.empty())
      std::printf("%s, a query at ef 40: %s\n", one->name().c_str(), work.c_str());
  }
  std::printf("\n");
}

std::optional<SearchData> read_deep(int64_t max_rows, int64_t num_queries) {
  const auto folder = find_data("deep10k");
  if (!folder) return std::nullopt;
  const auto read = [&](const std::string& name, int64_t limit) {
    const Matrix all = read_vectors(*folder + "/" + name, {}, {}).vectors;
    return Matrix::copy_of(all.view().slice(0, std::min(limit, all.rows()))).to_float32();
  };
  SearchData data;
  data.name = "DEEP";
  data.base = read("base.fbin.gz", max_rows);
  data.queries = read("query.fbin.gz", num_queries);
  return data;
}

void run(const std::optional<SearchData>& data, const Arguments& arguments) {
  if (!data) return;
  std::printf("== %s: %lld x %lld, %s, %lld queries\n", data->name.c_str(),
              static_cast<long long>(data->base.rows()), static_cast<long long>(data->base.cols()),
              std::string(name_of_enum(data->metric)).c_str(), static_cast<long long>(data->queries.rows()));
  const Truth truth(data->base, data->queries, kHits, data->metric);
  const Contestants all = contestants_for(*data);
  print_builds(all, *data);
  print_curves(all, measure_curves(all, *data, truth, arguments.num_rounds));
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
  return bench::bench_main("graph_bench", [&] {
    const bench::Arguments arguments = bench::parse({argv, static_cast<size_t>(argc)});
    std::printf("limits of one thread: reading %.1f GB/s, %.0f GFLOP/s\n\n", bench::read_bandwidth(1) / 1e9,
                bench::peak_flops() / 1e9);
    const auto wants = [&](std::string_view name) {
      return arguments.data == "all" || arguments.data == name;
    };
    if (wants("mnist")) bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("packages"))
      bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("deep")) bench::run(bench::read_deep(arguments.max_rows, arguments.num_queries), arguments);
    return true;
  });
}
