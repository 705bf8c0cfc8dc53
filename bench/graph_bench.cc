// Claim: graphs over codes (symphonyqg, and hnsw and vamana over LVQ) answer more queries a second at equal
// recall than the best such graph of others, and those that rank as exactly as float32 more than others'
// float32 graphs. One thread, a query after the other, recall@10 by distance; curves over ef, rounds in
// turns.
//   graph_bench [--data mnist|packages|deep|all] [--max-rows N] [--queries N] [--rounds N] [--only NAME ...]
//               [--curves FOLDER] [--full]
// Ours: degree 32 (M 16), ef_construction or window 200. Peers of the same degree and window: hnswlib 0.8
// from C++ (bench/fetch_peers brings its headers; compiled -O3 -march=native); faiss's IndexHNSWFlat,
// rabitqlib's SymqgIndex, and Vamana of scalable-vs over float32 and LVQ, in the Python of
// WHITNEY_BENCH_PYTHON, all queries in one call. --only: contestants whose names begin so. --curves: writes
// all curves as JSON and SVG. --full: all rows and 10 rounds.

#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_main.h"
#include "bench/curve_plot.h"
#include "bench/graph_contest.h"
#include "bench/machine_limits.h"

namespace whitney::bench {
namespace {

constexpr int kWindow = 200, kM = 16;
constexpr int64_t kEfs[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 250, 400};

// How a contestant holds vectors: what its hits are ranked by decides whom it is compared with.
enum class Holds { kFloat32, kCodes };

struct Entry {
  std::string name;
  Holds holds;
  bool is_ours;
};

// Everybody there is, whether it takes part or not.
const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {
      {"hnsw", Holds::kFloat32, true},        {"vamana float32", Holds::kFloat32, true},
      {"symphonyqg", Holds::kCodes, true},    {"vamana lvq8", Holds::kCodes, true},
      {"vamana lvq4x8", Holds::kCodes, true}, {"vamana rabitq8", Holds::kCodes, true},
      {"hnsw lvq4x8", Holds::kCodes, true},   {"hnswlib", Holds::kFloat32, false},
      {"faiss", Holds::kFloat32, false},      {"svs float32", Holds::kFloat32, false},
      {"rabitqlib", Holds::kCodes, false},    {"svs lvq8", Holds::kCodes, false},
      {"svs lvq4x8", Holds::kCodes, false},   {"svs lvq4x4", Holds::kCodes, false}};
  return all;
}

const Entry& entry_of(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (entry.name == name) return entry;
  }
  fail("no contestant ", name);
}

std::unique_ptr<Contestant> make_ours(const std::string& name, const SearchData& data) {
  const size_t space = name.find(' ');
  const std::string method = name.substr(0, space);
  Value options = method == "vamana" ? Value::object({{"window", kWindow}})
                                     : Value::object({{"ef_construction", kWindow}});
  if (space != std::string::npos) options.set("codes", name.substr(space + 1));
  return std::make_unique<OurIndex>(name, method, std::move(options), data);
}

// By l2 always in Python: vectors of cosine have norm 1 here, which orders alike.
void add_contestant(Contestants& all, const Entry& entry, const SearchData& data) {
  const std::vector<std::string> numbers = {std::to_string(kWindow), std::to_string(kHits)};
  if (entry.is_ours) {
    all.push_back(make_ours(entry.name, data));
  } else if (entry.name == "hnswlib") {
    add_hnswlib(all, data, kM, kWindow);
  } else if (entry.name == "faiss") {
    add_python(all, std::make_unique<PythonContestant>(
                        entry.name, "hnsw_bench_faiss.py", data,
                        std::vector<std::string>{"0", std::to_string(kM), numbers[0], numbers[1]}));
  } else {
    add_python(all, std::make_unique<PythonContestant>(
                        entry.name, "graph_bench_peer.py", data,
                        std::vector<std::string>{numbers[0], numbers[1], entry.name}));
  }
}

Contestants contestants_for(const SearchData& data, const ContestArguments& arguments) {
  Contestants all;
  for (const Entry& entry : entries()) {
    bool takes_part = arguments.only.empty();
    for (const std::string& name : arguments.only) takes_part = takes_part || entry.name.starts_with(name);
    if (takes_part) add_contestant(all, entry, data);
  }
  if (all.empty()) fail("nobody takes part (--only takes the begin of a contestant's name)");
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

// The curve of the contestants of a kind that is the fastest at a recall; -1: none reaches it.
int fastest(const Contestants& all, const std::vector<Curve>& curves, Holds holds, bool ours, double recall) {
  int best = -1;
  double best_rate = 0;
  for (size_t c = 0; c < all.size(); ++c) {
    const Entry& entry = entry_of(all[c]->name());
    if (entry.is_ours != ours || entry.holds != holds) continue;
    std::vector<double> rates;
    for (size_t round = 0; round < curves[c][0].rates.size(); ++round) {
      if (const auto rate = rate_at(curves[c], recall, round)) rates.push_back(*rate);
    }
    if (rates.empty() || median(rates) <= best_rate) continue;
    best = static_cast<int>(c);
    best_rate = median(rates);
  }
  return best;
}

void print_summary(const Contestants& all, const std::vector<Curve>& curves) {
  std::vector<std::vector<std::string>> table = {{"queries/s at recall@10", "0.95", "0.99"}};
  for (size_t c = 0; c < all.size(); ++c)
    table.push_back({all[c]->name(), rate_text(curves[c], 0.95), rate_text(curves[c], 0.99)});
  std::printf("%s\n", text_table(table).c_str());
  for (const auto& [holds, what] :
       {std::pair{Holds::kFloat32, "ranked by float32"}, {Holds::kCodes, "codes"}}) {
    for (const double recall : {0.95, 0.99}) {
      const int ours = fastest(all, curves, holds, true, recall);
      const int peer = fastest(all, curves, holds, false, recall);
      if (ours < 0 || peer < 0) continue;
      std::printf(
          "%s, recall %.2f: our best, %s / theirs, %s: %s\n", what, recall,
          all[static_cast<size_t>(ours)]->name().c_str(), all[static_cast<size_t>(peer)]->name().c_str(),
          ratio_text(curves[static_cast<size_t>(ours)], curves[static_cast<size_t>(peer)], recall).c_str());
    }
  }
  for (const auto& one : all) {
    if (const std::string work = one->work(40); !work.empty())
      std::printf("%s, a query at ef 40: %s\n", one->name().c_str(), work.c_str());
  }
  std::printf("\n");
}

void run(const std::optional<SearchData>& data, const ContestArguments& arguments) {
  if (!data) return;
  const std::string title =
      concat(data->name, ": ", data->base.rows(), " x ", data->base.cols(), ", ", name_of_enum(data->metric),
             ", ", data->queries.rows(), " queries, one thread");
  std::printf("== %s\n", title.c_str());
  const Truth truth(data->base, data->queries, kHits, data->metric);
  const Contestants all = contestants_for(*data, arguments);
  print_builds(all, *data);
  const std::vector<Curve> curves = measure_curves(all, *data, truth, kEfs, arguments.num_rounds);
  print_recalls(all, curves);
  print_summary(all, curves);
  std::fflush(stdout);
  if (arguments.curves.empty()) return;
  NamedCurves named;
  for (size_t c = 0; c < all.size(); ++c) named.emplace_back(all[c]->name(), curves[c]);
  write_curves(arguments.curves, "graphs-" + data->name, title, named);
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("graph_bench", [&] {
    const bench::ContestArguments arguments = bench::parse_contest({argv, static_cast<size_t>(argc)});
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
