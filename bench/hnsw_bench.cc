// Claim: hnsw answers more queries a second than the peers at equal recall, builds as fast, and gives the
// same bytes at any number of threads. One thread, M 16, ef_construction 200, recall@10 by distance; curves
// over ef, rounds in turns.
//   hnsw_bench [--data mnist|packages|all] [--max-rows N] [--queries N] [--rounds N] [--curves FOLDER]
//   [--full]
// Peers: hnswlib 0.8 from C++ (bench/fetch_peers brings its headers; compiled -O3 -march=native) and
// faiss-cpu IndexHNSWFlat in the Python of WHITNEY_BENCH_PYTHON. --full: all rows and 10 rounds; the default
// takes some minutes.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/curve_plot.h"
#include "bench/graph_contest.h"
#include "bench/machine_limits.h"

namespace whitney::bench {
namespace {

constexpr int kM = 16, kEfConstruction = 200;
constexpr int64_t kEfs[] = {10, 16, 24, 40, 64, 100, 160, 250, 400};

Value hnsw_options() { return Value::object({{"m", kM}, {"ef_construction", kEfConstruction}}); }

Contestants contestants_for(const SearchData& data) {
  Contestants all;
  all.push_back(std::make_unique<OurIndex>("whitney", "hnsw", hnsw_options(), data));
  add_hnswlib(all, data, kM, kEfConstruction);
  const std::vector<std::string> numbers = {data.metric == Metric::kL2 ? "0" : "1", std::to_string(kM),
                                            std::to_string(kEfConstruction), std::to_string(kHits)};
  add_python(all, std::make_unique<PythonContestant>("faiss", "hnsw_bench_faiss.py", data, numbers));
  return all;
}

void print_builds(const Contestants& all) {
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

void print_summary(const Contestants& all, const std::vector<Curve>& curves) {
  std::vector<std::vector<std::string>> table = {{"recall@10"}};
  for (const auto& one : all) {
    table[0].push_back(one->name() + " queries/s");
    if (one != all[0]) table[0].push_back("ours / " + one->name());
  }
  for (const double recall : {0.95, 0.99}) {
    table.push_back({digits(recall, "%.2f")});
    for (size_t c = 0; c < curves.size(); ++c) {
      table.back().push_back(rate_text(curves[c], recall));
      if (c > 0) table.back().push_back(ratio_text(curves[0], curves[c], recall));
    }
  }
  std::printf("%s\n", text_table(table).c_str());
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
    build_index("hnsw", embeddings, hnsw_options(), with_threads(threads))->save(path, true, {});
    files.push_back(bytes_of(path));
  }
  const bool same = files[0] == files[1] && files[0] == files[2];
  std::printf("files of %lld rows built with 1, 2 and 5 threads: %s\n\n", static_cast<long long>(count),
              same ? "the same bytes" : "DIFFERENT");
  if (!same) fail("the bytes depend on the number of threads");
}

void run(const std::optional<SearchData>& data, const ContestArguments& arguments) {
  if (!data) return;
  const std::string title =
      concat(data->name, ": ", data->base.rows(), " x ", data->base.cols(), ", ", name_of_enum(data->metric),
             ", ", data->queries.rows(), " queries, one thread");
  std::printf("== %s\n", title.c_str());
  const Truth truth(data->base, data->queries, kHits, data->metric);
  const Contestants all = contestants_for(*data);
  print_builds(all);
  const std::vector<Curve> curves = measure_curves(all, *data, truth, kEfs, arguments.num_rounds);
  print_recalls(all, curves);
  print_summary(all, curves);
  check_same_bytes(*data);
  std::fflush(stdout);
  if (arguments.curves.empty()) return;
  NamedCurves named;
  for (size_t c = 0; c < all.size(); ++c) named.emplace_back(all[c]->name(), curves[c]);
  write_curves(arguments.curves, "hnsw-" + data->name, title, named);
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("hnsw_bench", [&] {
    const bench::ContestArguments arguments = bench::parse_contest({argv, static_cast<size_t>(argc)});
    std::printf("limits of one thread: reading %.1f GB/s, %.0f GFLOP/s\n\n", bench::read_bandwidth(1) / 1e9,
                bench::peak_flops() / 1e9);
    if (arguments.data != "packages")
      bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments);
    if (arguments.data != "mnist")
      bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments);
    return true;
  });
}
