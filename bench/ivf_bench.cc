// Claim: ivf answers more queries a second than the inverted lists of faiss and rabitqlib at equal recall,
// with float32 in the lists, with 4-bit PQ and with 1-bit RaBitQ, both ranked again by float32, and with
// RaBitQ of 4 and 7 bits alone, and is built sooner. One thread, all queries in one call, recall@10 by
// distance; curves over nprobe, rounds in turns; all have equally many lists, bits and parts. What is ranked
// again our bounds tell and rabitqlib; of the others it is the best 100 or 300 codes, whichever is faster at
// that recall.
//   ivf_bench [--data mnist|packages|deep|all] [--codes flat|pq|rabitq|rabitq4|rabitq7|all] [--max-rows N]
//   [--queries N] [--rounds N] [--one-by-one] [--full]
// Peers: faiss-cpu and rabitqlib in the Python of WHITNEY_BENCH_PYTHON. --one-by-one: a call for each query.
// --full: all rows and 10 rounds.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/report.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/index.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
constexpr int64_t kProbes[] = {1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};
constexpr double kEnough = 0.993;
// What lists hold, and at which recalls it is compared: codes of few bits alone find no more.
struct Family {
  std::string_view name, codes;
  int64_t bits;
  double recalls[2];
};
constexpr Family kFamilies[] = {{"flat", "flat", 0, {0.95, 0.99}},
                                {"pq", "pq", 4, {0.95, 0.99}},
                                {"rabitq", "rabitq", 1, {0.95, 0.99}},
                                {"rabitq4", "rabitq", 4, {0.85, 0.9}},
                                {"rabitq7", "rabitq", 7, {0.9, 0.95}}};
// Best codes that are ranked again; 0: none, or as bounds tell.
struct Variant {
  std::string_view program, family;
  int64_t rescored;
};
constexpr Variant kOurs[] = {{"", "flat", 0},   {"", "pq", 100},    {"", "pq", 300},
                             {"", "rabitq", 0}, {"", "rabitq4", 0}, {"", "rabitq7", 0}};
constexpr Variant kPeers[] = {{"faiss", "flat", 0},     {"faiss", "pq", 100},
                              {"faiss", "pq", 300},     {"faiss", "rabitq", 100},
                              {"faiss", "rabitq", 300}, {"rabitqlib", "rabitq", 0},
                              {"faiss", "rabitq4", 0},  {"rabitqlib", "rabitq4", 0},
                              {"faiss", "rabitq7", 0},  {"rabitqlib", "rabitq7", 0}};

const Family& family_of(std::string_view name) { return *std::ranges::find(kFamilies, name, &Family::name); }

std::string text_of(const Variant& variant) {
  std::string text(variant.program);
  if (!text.empty()) text += ' ';
  text += variant.family;
  return variant.rescored == 0 ? text : text + " " + std::to_string(variant.rescored);
}

struct Arguments {
  std::string data = "all", codes = "all";
  int64_t max_rows = 20'000;
  int64_t num_queries = 1000;
  size_t num_rounds = 5;
  bool one_by_one = false;
};

struct Setting {
  int64_t nlist, num_subspaces;
  bool one_by_one;
};

Setting setting_of(const SearchData& data, bool one_by_one) {
  const auto n = static_cast<double>(data.base.rows());
  return {static_cast<int64_t>(std::min(4 * std::sqrt(n), n / 39)), data.base.cols() / 4, one_by_one};
}

// A program with one of its indexes.
class Contestant {
 public:
  explicit Contestant(Variant variant) : variant_(variant) {}
  virtual ~Contestant() = default;
  std::string name() const { return text_of(variant_); }
  /// Of the program's indexes.
  std::string index_name() const { return text_of({variant_.program, variant_.family, 0}); }
  std::string family() const { return std::string(variant_.family); }
  int64_t rescored() const { return variant_.rescored; }
  bool is_ours() const { return variant_.program.empty(); }
  /// Seconds.
  virtual double build() = 0;
  /// Takes the index of another of the same program and family.
  virtual void share(const Contestant& /*other*/) {}
  virtual int64_t size_bytes() const = 0;
  /// Seconds; the rows found (queries x 10) when asked.
  virtual double search(int64_t nprobe, std::vector<int64_t>* rows) = 0;
  /// What a query took besides: "" when it does not tell.
  virtual std::string work(int64_t /*nprobe*/) { return ""; }

 protected:
  Variant variant_;
};

class Ours : public Contestant {
 public:
  Ours(Variant variant, const SearchData& data, const Setting& setting)
      : Contestant(variant), data_(data), setting_(setting), embeddings_(data.embeddings()) {}
  double build() override {
    const Family& lists = family_of(family());
    Value options = Value::object({{"codes", lists.codes}, {"nlist", setting_.nlist}});
    if (lists.bits > 0) options.set("bits", lists.bits);
    if (family() == "pq") options.set("num_subspaces", setting_.num_subspaces);
    return seconds_of([&] { index_ = build_index("ivf", embeddings_, options, one_thread()); });
  }
  void share(const Contestant& other) override { index_ = dynamic_cast<const Ours&>(other).index_; }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t nprobe, std::vector<int64_t>* rows) override {
    const SearchParams params = params_of(nprobe);
    const Context context = one_thread();
    if (!setting_.one_by_one || rows != nullptr) {
      SearchResult result;
      const double seconds = seconds_of([&] { result = index_->search(data_.queries, params, context); });
      if (rows != nullptr) *rows = result.neighbors.rows;
      return seconds;
    }
    return seconds_of([&] {
      for (int64_t q = 0; q < data_.queries.rows(); ++q)
        index_->search(data_.queries.view().slice(q, q + 1), params, context);
    });
  }
  std::string work(int64_t nprobe) override {
    SearchParams params = params_of(nprobe);
    params.explain = true;
    const Value actuals = index_->search(data_.queries, params, one_thread()).explain.at("actuals");
    const auto per_query = [&](std::string_view what) {
      return digits(actuals.at(what).as_real() / static_cast<double>(data_.queries.rows()), "%.0f");
    };
    return per_query("codes") + " codes, " + per_query("distances") + " distances";
  }

 private:
  SearchParams params_of(int64_t nprobe) const {
    SearchParams params;
    params.k = kHits;
    params.options = Value::object({{"nprobe", nprobe}});
    if (rescored() > 0) params.options.set("rescore", rescored());
    return params;
  }
  const SearchData& data_;
  Setting setting_;
  Embeddings embeddings_;
  std::shared_ptr<Index> index_;
};

void write_floats(const std::string& path, const Matrix& matrix) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(matrix.bytes().data()),
             static_cast<std::streamsize>(matrix.bytes().size()));
}

// One process for all indexes of peers. The OpenBLAS in faiss's package takes its oldest kernel,
// five times slower, on processors that came after it: it is told to take the one that suits this processor.
class PeerProgram {
 public:
  PeerProgram(const SearchData& data, const Setting& setting) {
    write_floats(folder_.file("base"), data.base);
    write_floats(folder_.file("queries"), data.queries);
    std::vector<std::string> words = {folder_.file("base"), folder_.file("queries")};
    for (const int64_t number : {data.base.rows(), data.queries.rows(), data.base.cols(), setting.nlist,
                                 setting.num_subspaces, kHits}) {
      words.push_back(std::to_string(number));
    }
    std::vector<std::string> environment = {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
                                            "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"};
    const std::string level = simd_levels().back();
    if (level.starts_with("avx3")) environment[2] += "=SkylakeX";
    if (level == "avx2") environment[2] += "=Haswell";
    peer_ = std::make_unique<PythonPeer>("ivf_bench_peer.py", words, environment);
  }
  PythonPeer& peer() { return *peer_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<PythonPeer> peer_;
};

class Peer : public Contestant {
 public:
  Peer(Variant variant, std::shared_ptr<PeerProgram> program, const Setting& setting)
      : Contestant(variant), program_(std::move(program)), setting_(setting) {}
  double build() override {
    const Value answer = program_->peer().ask(Value::object({{"question", "build"}, {"name", index_name()}}));
    size_bytes_ = answer.at("size_bytes").as_int();
    return answer.at("seconds").as_real();
  }
  int64_t size_bytes() const override { return size_bytes_; }
  double search(int64_t nprobe, std::vector<int64_t>* rows) override {
    const Value answer =
        program_->peer().ask(Value::object({{"question", "search"},
                                            {"name", index_name()},
                                            {"nprobe", nprobe},
                                            {"k_factor", std::max<int64_t>(1, rescored() / kHits)},
                                            {"rows", rows != nullptr},
                                            {"one_by_one", setting_.one_by_one}}));
    if (rows != nullptr) {
      rows->clear();
      for (const Value& row : answer.at("rows").as_list()) rows->push_back(row.as_int());
    }
    return answer.at("seconds").as_real();
  }

 private:
  std::shared_ptr<PeerProgram> program_;
  Setting setting_;
  int64_t size_bytes_ = 0;
};

using Contestants = std::vector<std::unique_ptr<Contestant>>;

// Ours, and behind them, where they are there, the peers'.
Contestants contestants_for(const SearchData& data, const Setting& setting, const std::string& codes) {
  Contestants all;
  const auto is_wanted = [&](const Variant& variant) { return codes == "all" || codes == variant.family; };
  for (const Variant& variant : kOurs) {
    if (is_wanted(variant)) all.push_back(std::make_unique<Ours>(variant, data, setting));
  }
  const auto program = std::make_shared<PeerProgram>(data, setting);
  if (!program->peer().is_there()) return all;
  std::printf("%s\n", program->peer().versions().c_str());
  const auto is_there = [&](const Variant& variant) {
    return program->peer().versions().find(variant.program) != std::string::npos;
  };
  for (const Variant& variant : kPeers) {
    if (is_wanted(variant) && is_there(variant))
      all.push_back(std::make_unique<Peer>(variant, program, setting));
  }
  return all;
}

void print_builds(const Contestants& all, const SearchData& data) {
  std::vector<std::vector<std::string>> table = {{"build", "1 thread, s", "MB", "bytes a vector"}};
  for (size_t c = 0; c < all.size(); ++c) {
    const auto& one = all[c];
    if (c > 0 && all[c - 1]->index_name() == one->index_name()) {
      one->share(*all[c - 1]);
      continue;
    }
    const double seconds = one->build();
    const auto bytes = static_cast<double>(one->size_bytes());
    table.push_back({one->index_name(), digits(seconds, "%.1f"), digits(bytes / 1e6, "%.0f"),
                     digits(bytes / static_cast<double>(data.base.rows()), "%.0f")});
  }
  std::printf("%s\n", text_table(table).c_str());
}

// Each curve ends where it has found enough. One round after the other, in each all settings, at each setting
// all contestants in turns.
std::vector<Curve> measure_curves(const Contestants& all, const SearchData& data, const Truth& truth,
                                  int64_t nlist, size_t num_rounds) {
  std::vector<Curve> curves(all.size());
  for (size_t c = 0; c < all.size(); ++c) {
    for (const int64_t nprobe : kProbes) {
      if (nprobe > nlist) break;
      std::vector<int64_t> rows;
      all[c]->search(nprobe, &rows);
      curves[c].push_back({nprobe, truth.recall(rows), {}});
      if (curves[c].back().recall >= kEnough) break;
    }
    if (curves[c].back().recall < 0.8)
      fail(all[c]->name(), " finds ", curves[c].back().recall, " at most: its answers are wrong");
  }
  for (size_t round = 0; round < num_rounds; ++round) {
    for (size_t at = 0; at < std::size(kProbes); ++at) {
      for (size_t c = 0; c < all.size(); ++c) {
        if (at >= curves[c].size()) continue;
        curves[c][at].rates.push_back(static_cast<double>(data.queries.rows()) /
                                      all[c]->search(kProbes[at], nullptr));
      }
    }
  }
  return curves;
}

double rate_of(const Curve& curve, double recall) {
  std::vector<double> rates;
  for (size_t round = 0; round < curve[0].rates.size(); ++round) {
    if (const auto rate = rate_at(curve, recall, round)) rates.push_back(*rate);
  }
  return rates.empty() ? 0 : median(rates);
}

// The contestant of a family that is fastest at a recall: of ours, or of the peers'; all.size() where there
// is none.
size_t best_of(const Contestants& all, const std::vector<Curve>& curves, std::string_view family,
               bool is_ours, double recall) {
  size_t best = all.size();
  for (size_t c = 0; c < all.size(); ++c) {
    if (all[c]->family() != family || all[c]->is_ours() != is_ours) continue;
    if (best == all.size() || rate_of(curves[c], recall) > rate_of(curves[best], recall)) best = c;
  }
  return best;
}

void print_summary(const Contestants& all, const std::vector<Curve>& curves) {
  const auto cell = [&](size_t c, double recall) {
    const double rate = rate_of(curves[c], recall);
    return all[c]->name() + ": " + (rate == 0 ? "not reached" : digits(rate, "%.0f"));
  };
  std::vector<std::vector<std::string>> table = {
      {"recall@10", "ours, queries/s", "best peer, queries/s", "ours / peer"}};
  for (const Family& family : kFamilies) {
    for (const double recall : family.recalls) {
      const size_t ours = best_of(all, curves, family.name, true, recall);
      if (ours == all.size()) continue;
      table.push_back({digits(recall, "%.2f"), cell(ours, recall)});
      const size_t peer = best_of(all, curves, family.name, false, recall);
      if (peer == all.size()) continue;
      table.back().insert(table.back().end(),
                          {cell(peer, recall), ratio_text(curves[ours], curves[peer], recall)});
    }
  }
  std::printf("%s\n", text_table(table).c_str());
}

void print_curves(const Contestants& all, const std::vector<Curve>& curves) {
  std::vector<std::vector<std::string>> table = {{"nprobe"}};
  for (const auto& one : all) table[0].insert(table[0].end(), {one->name(), "queries/s"});
  for (size_t at = 0; at < std::size(kProbes); ++at) {
    table.push_back({std::to_string(kProbes[at])});
    for (const Curve& curve : curves) {
      const bool has = at < curve.size();
      table.back().insert(table.back().end(), {has ? digits(curve[at].recall, "%.4f") : "",
                                               has ? digits(median(curve[at].rates), "%.0f") : ""});
    }
  }
  std::printf("%s\n", text_table(table).c_str());
  for (const auto& one : all) {
    if (const std::string work = one->work(16); !work.empty())
      std::printf("%s, a query at nprobe 16: %s\n", one->name().c_str(), work.c_str());
  }
  std::printf("\n");
}

void run(const std::optional<SearchData>& data, const Arguments& arguments) {
  if (!data) return;
  const Setting setting = setting_of(*data, arguments.one_by_one);
  std::printf("== %s: %lld x %lld, %s, %lld queries %s, %lld lists, %lld parts of 4 bits\n",
              data->name.c_str(), static_cast<long long>(data->base.rows()),
              static_cast<long long>(data->base.cols()), std::string(name_of_enum(data->metric)).c_str(),
              static_cast<long long>(data->queries.rows()), setting.one_by_one ? "one by one" : "at once",
              static_cast<long long>(setting.nlist), static_cast<long long>(setting.num_subspaces));
  const Truth truth(data->base, data->queries, kHits, data->metric);
  const Contestants all = contestants_for(*data, setting, arguments.codes);
  print_builds(all, *data);
  const std::vector<Curve> curves = measure_curves(all, *data, truth, setting.nlist, arguments.num_rounds);
  print_curves(all, curves);
  print_summary(all, curves);
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  ArgumentReader reader(count, words);
  reader.take("--data", arguments.data);
  reader.take("--codes", arguments.codes);
  if (reader.take_switch("--full")) arguments.max_rows = 1'000'000'000, arguments.num_rounds = 10;
  reader.take("--max-rows", arguments.max_rows);
  reader.take("--queries", arguments.num_queries);
  reader.take("--rounds", arguments.num_rounds);
  arguments.one_by_one = reader.take_switch("--one-by-one");
  reader.finish();
  return arguments;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("ivf_bench", [&] {
    const bench::Arguments arguments = bench::parse(argc, argv);
    std::printf("limits of one thread: reading %.1f GB/s, %.0f GFLOP/s\n\n", bench::read_bandwidth(1) / 1e9,
                bench::peak_flops() / 1e9);
    const auto wants = [&](std::string_view name) {
      return arguments.data == "all" || arguments.data == name;
    };
    if (wants("mnist")) bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("packages"))
      bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("deep")) bench::run(bench::read_deep10k(arguments.max_rows, arguments.num_queries), arguments);
    return true;
  });
}
