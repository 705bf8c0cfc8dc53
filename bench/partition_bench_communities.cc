#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/graph_data.h"
#include "bench/pairs.h"
#include "bench/partition_bench.h"
#include "bench/python_peer.h"
#include "bench/rmat.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/graph/leiden.h"
#include "whitney/graph/louvain.h"

namespace whitney::bench {
namespace {

using graph::Communities;
using graph::ModularityGraph;
using graph::NullModel;

void write_values(const std::string& path, const std::vector<uint32_t>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(uint32_t)));
  if (!file.flush()) fail(path, ": cannot be written");
}

std::vector<uint32_t> read_values(const std::string& path, int64_t count) {
  std::vector<uint32_t> values(static_cast<size_t>(count));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(uint32_t)));
  if (!file) fail(path, ": the peer wrote too few labels");
  return values;
}

void write_edges(const TemporaryFolder& folder, const Graph& graph) {
  std::vector<uint32_t> sources, targets;
  for (uint32_t u = 0; u < graph.num_nodes(); ++u) {
    for (const uint32_t v : graph.neighbors(u)) {
      if (u < v) sources.push_back(u), targets.push_back(v);
    }
  }
  write_values(folder.file("sources.bin"), sources);
  write_values(folder.file("targets.bin"), targets);
}

/// One of ours beside one of theirs.
struct Contest {
  const char* ours;
  const char* peer;
  bool is_claim;
};

bool run_contest(const Contest& contest, const std::string& name, const Graph& graph, PythonPeer& peer,
                 const TemporaryFolder& folder, int num_pairs) {
  Context one;
  one.threads = 1;
  double ours_q = 0, peer_q = 0;
  // What the peers are timed for begins with their graph in memory; ours makes its form of it as well.
  const auto ours = [&] {
    return seconds_of([&] {
      const ModularityGraph rows = graph::make_modularity_graph(graph, NullModel::kAuto, one);
      ours_q = std::string(contest.ours) == "louvain" ? graph::louvain_communities(rows, {}, one).modularity
                                                      : graph::leiden_communities(rows, {}, one).modularity;
    });
  };
  const auto theirs = [&] {
    const Value answer = peer.ask(Value::object({{"question", "communities"}, {"program", contest.peer}}));
    if (const Value* error = answer.find("error")) fail(error->as_string());
    return answer.at("seconds").as_real();
  };
  theirs();
  const ModularityGraph rows = graph::make_modularity_graph(graph, NullModel::kAuto, one);
  std::vector<uint32_t> labels = read_values(folder.file("labels.bin"), graph.num_nodes());
  graph::renumber(labels);
  peer_q = graph::modularity(rows, labels, 1, one);
  const Pairs pairs = run_pairs(num_pairs, ours, theirs);
  std::printf("| %s | %s | %.5f | %.3f s | %s | %.5f | %.3f s | %.2f (%.2f to %.2f) |\n", name.c_str(),
              contest.ours, ours_q, pairs.ours, contest.peer, peer_q, pairs.peer, pairs.ratio,
              pairs.lowest_ratio, pairs.highest_ratio);
  std::fflush(stdout);
  // Both draw at random: a thousandth of Q is what seeds differ by.
  const bool good = !contest.is_claim || (ours_q > peer_q - 1e-3 && pairs.ratio >= 1);
  if (!good) std::printf("NOT HELD: %s against %s\n", contest.ours, contest.peer);
  return good;
}

}  // namespace

bool bench_communities(const PartitionBenchOptions& options) {
  std::printf("Communities, one thread, modularity at resolution 1 (by our formula for both):\n");
  std::printf("| graph | ours | Q | | peer | Q | | peer / ours |\n|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const std::string name : {"dblp-aminer", "blogcatalog", "synthetic R-MAT"}) {
    std::optional<Graph> graph;
    if (name == "synthetic R-MAT") {
      graph = rmat(18, 3'000'000);
    } else if (std::optional<LabelledGraph> data = read_labelled_graph(name)) {
      graph = std::move(data->graph);
    }
    if (!graph) continue;
    const TemporaryFolder folder;
    write_edges(folder, *graph);
    PythonPeer peer("partition_bench_peer.py", {folder.path(), std::to_string(graph->num_nodes())});
    if (!peer.is_there()) return true;
    if (name == "dblp-aminer") std::printf("(%s)\n", peer.versions().c_str());
    for (const Contest& contest :
         {Contest{"louvain", "plm", true}, {"leiden", "igraph", false}, {"leiden", "leidenalg", true}}) {
      // leidenalg takes minutes for the large one.
      if (graph->nnz() > 2'000'000 && std::string(contest.peer) == "leidenalg") continue;
      good = run_contest(contest, name, *graph, peer, folder, options.num_pairs) && good;
    }
  }
  return good;
}

}  // namespace whitney::bench
