// Claim: FastRP on one thread is at least 3 times as fast as the same algorithm by scipy's CSR products. Both
// get the same graph, weights and precision; the peer is given the random matrix, which ours draws. Fails
// when the vectors differ or the claim does not hold. Beside it: what other weights from kept powers cost,
// and the memory beside the graph. The peer runs in WHITNEY_BENCH_PYTHON (default
// bench/peers/.venv/bin/python).
//
//   fastrp_bench [--pairs 5] [--dim 128] [--graph blogcatalog|dblp-aminer|rmat]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "bench/graph_data.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/rmat.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/graph/fastrp.h"

namespace whitney::bench {
namespace {

using graph::FastRPOptions;

std::optional<Graph> read_graph(const std::string& name) {
  if (name == "rmat") return rmat(18, 3'000'000);
  std::optional<LabelledGraph> data = read_labelled_graph(name);
  if (!data) return std::nullopt;
  return std::move(data->graph);
}

template <class T>
void write_file(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) fail(path, ": cannot be written");
}

std::string weights_text(const std::vector<double>& weights) {
  std::string text;
  for (double weight : weights) text += concat(text.empty() ? "" : ",", weight);
  return text;
}

/// The peer's seconds; nothing where it cannot run. Its vectors are left in the folder.
std::optional<double> peer_seconds(const TemporaryFolder& folder, const Graph& graph,
                                   const FastRPOptions& options) {
  const char* given = std::getenv("WHITNEY_BENCH_PYTHON");
  const std::string python = given != nullptr ? given : "bench/peers/.venv/bin/python";
  const std::string script =
      (std::filesystem::path(__FILE__).parent_path() / "fastrp_bench_peer.py").string();
  const std::string command = concat("'", python, "' '", script, "' '", folder.path(), "' ",
                                     graph.num_nodes(), " ", options.dim, " ", weights_text(options.weights));
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::array<char, 256> line{};
  const bool any = std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
  pclose(pipe);
  if (!any) return std::nullopt;
  return Value::parse_json(line.data(), "the peer's answer").at("seconds").as_real();
}

/// The largest |ours - peer| of a value, in units of a column's deviation (which is 1).
double largest_difference(const Matrix& ours, const std::string& path) {
  std::vector<float> row(static_cast<size_t>(ours.cols()));
  std::ifstream file(path, std::ios::binary);
  double largest = 0;
  for (int64_t i = 0; i < ours.rows(); ++i) {
    file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
    if (!file) fail(path, ": the peer wrote too few vectors");
    const auto mine = ours.row<float>(i);
    for (size_t j = 0; j < row.size(); ++j) largest = std::max(largest, std::abs(double{mine[j]} - row[j]));
  }
  return largest;
}

/// VmHWM or VmRSS of this process, in bytes.
double memory_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return 1024 * std::atof(line.c_str() + field.size() + 1);
  }
  return 0;
}

bool check(bool good, const char* claim) {
  if (!good) std::printf("  NOT HELD: %s\n", claim);
  return good;
}

/// What a run moves at least: per power every entry's row of `dim` floats, the targets, and the result.
double product_bytes(const Graph& graph, const FastRPOptions& options) {
  const auto nnz = static_cast<double>(graph.nnz()), n = static_cast<double>(graph.num_nodes());
  return static_cast<double>(options.weights.size()) * (nnz * (4.0 * options.dim + 4) + n * 4 * options.dim);
}

bool run_graph(const std::string& name, int dim, int num_pairs) {
  const std::optional<Graph> graph = read_graph(name);
  if (!graph) return true;
  FastRPOptions options;
  options.dim = dim;
  Context one;
  one.threads = 1;
  std::printf("%s: %lld nodes, %lld edges, d %d, weights %s, one thread\n", name.c_str(),
              static_cast<long long>(graph->num_nodes()), static_cast<long long>(graph->num_edges()), dim,
              weights_text(options.weights).c_str());

  const double matrices = 2.0 * 4 * static_cast<double>(graph->num_nodes()) * dim;
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
  const double before = memory_bytes("VmRSS");
  Matrix vectors = graph::fastrp(*graph, options, one).vectors;
  const double used = memory_bytes("VmHWM") - before;
  std::printf("  memory beside the graph: %.0f MB, %.2f of two matrices\n", used / 1e6, used / matrices);

  const TemporaryFolder folder;
  {
    const graph::FastRPPowers powers = graph::fastrp_powers(*graph, options, one);
    write_file(folder.file("start.bin"), std::span(powers.powers[0].row<float>(0).data(),
                                                   static_cast<size_t>(graph->num_nodes() * dim)));
    const Pairs reweighting = run_pairs(
        num_pairs, [&] { return seconds_of([&] { graph::combine_powers(powers, options, one); }); },
        [&] { return seconds_of([&] { graph::fastrp(*graph, options, one); }); });
    std::printf("  other weights from kept powers: %.4f s, a run %.3f s, ratio %.1f (%.1f to %.1f)\n",
                reweighting.ours, reweighting.peer, reweighting.ratio, reweighting.lowest_ratio,
                reweighting.highest_ratio);
  }
  write_file(folder.file("offsets.bin"), graph->offsets.span());
  write_file(folder.file("targets.bin"), graph->targets.span());
  if (!peer_seconds(folder, *graph, options)) {
    std::printf("  skipped: no Python with scipy (set WHITNEY_BENCH_PYTHON)\n");
    return true;
  }
  const double difference = largest_difference(vectors, folder.file("vectors.bin"));
  std::printf("  largest difference from the peer's vectors: %.1e\n", difference);
  bool good = check(difference < 1e-2, "the same vectors");
  const Pairs pairs = run_pairs(
      num_pairs, [&] { return seconds_of([&] { vectors = graph::fastrp(*graph, options, one).vectors; }); },
      [&] { return peer_seconds(folder, *graph, options).value_or(0); });
  std::printf("  ours %.3f s, scipy %.3f s, ratio %.2f (%.2f to %.2f)\n", pairs.ours, pairs.peer, pairs.ratio,
              pairs.lowest_ratio, pairs.highest_ratio);
  std::printf(
      "  the products' bytes over the whole run's time: %.1f GB/s; this machine reads %.1f from memory, %.1f "
      "in"
      " caches of 1 MB\n",
      product_bytes(*graph, options) / pairs.ours / 1e9, read_bandwidth(1) / 1e9,
      cached_read_bandwidth(1 << 20) / 1e9);
  good = check(pairs.ratio >= 3, "3 times as fast as scipy") && good;
  return good;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  int num_pairs = 5, dim = 128;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--pairs") num_pairs = std::atoi(argv[i + 1]);
    if (option == "--dim") dim = std::atoi(argv[i + 1]);
    if (option == "--graph") only = argv[i + 1];
  }
  bool good = true;
  for (const std::string& name :
       {std::string("blogcatalog"), std::string("dblp-aminer"), std::string("rmat")}) {
    if (only.empty() || only == name) good = whitney::bench::run_graph(name, dim, num_pairs) && good;
  }
  return good ? 0 : 1;
}
