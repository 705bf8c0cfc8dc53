#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/bench_main.h"
#include "bench/graph_data.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/walks_bench.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/eval/node_classification.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/node2vec.h"

namespace whitney::bench {
namespace {

constexpr int kDim = 128, kWindow = 10, kPublishedWalks = 80;

/// p = q = 1, for which the peer has a way of its own.
struct Setting {
  const char* data;
  int num_walks;
  int walk_length;
};

template <class T>
void write_file(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) fail(path, ": cannot be written");
}

Embeddings read_vectors_of_peer(const Graph& graph, const std::string& path) {
  Embeddings result;
  result.ids = graph.ids;
  result.vectors = Matrix(graph.num_nodes(), kDim);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(result.vectors.mutable_data<float>()),
            static_cast<std::streamsize>(graph.num_nodes() * kDim * 4));
  if (!file) fail(path, ": the peer wrote too few vectors");
  return result;
}

/// In %, with half of the labels.
double micro_f1(const Embeddings& vectors, const Labels& labels) {
  return node_classification(vectors, labels, {.train_ratios = {0.5}, .num_shuffles = 5}, one_thread())
      .at("micro_f1");
}

/// Of a peer's run the walks and the training, and what compiling its walks took, which is in neither.
struct PeerSeconds {
  double walks = 0, training = 0, compiling = 0;
};

PeerSeconds run_peer(PythonPeer& peer, const Setting& setting) {
  Value question = Value::object();
  question.set("question", "learn").set("num_walks", int64_t{setting.num_walks});
  question.set("walk_length", int64_t{setting.walk_length}).set("dim", int64_t{kDim});
  question.set("window", int64_t{kWindow});
  const Value answer = peer.ask(question);
  return {answer.at("walks").as_real(), answer.at("training").as_real(), answer.at("compiling").as_real()};
}

bool check(bool good, const char* claim) {
  if (!good) std::printf("  NOT HELD: %s\n", claim);
  return good;
}

/// FastRP against DeepWalk by the peers, whose seconds are extrapolated to the published number of walks.
bool compare_fastrp(const LabelledGraph& data, const Setting& setting, double peer_seconds) {
  graph::FastRPOptions fastrp_options;
  fastrp_options.dim = kDim;
  Embeddings vectors;
  std::vector<double> seconds;
  for (int i = 0; i < 6; ++i) {
    const double once =
        seconds_of([&] { vectors = graph::fastrp(data.graph, fastrp_options, one_thread()); });
    if (i > 0) seconds.push_back(once);
  }
  const double fastrp = median(seconds), whole = peer_seconds * kPublishedWalks / setting.num_walks;
  std::printf("%s: FastRP %.4f s (micro F1 %.1f); DeepWalk of %d walks by the peers %.1f s%s: %.0f times\n",
              setting.data, fastrp, micro_f1(vectors, data.labels), kPublishedWalks, whole,
              setting.num_walks == kPublishedWalks
                  ? ""
                  : concat(" (extrapolated from ", setting.num_walks, " walks)").c_str(),
              whole / fastrp);
  return check(whole / fastrp >= 300, "300 times as fast as DeepWalk by gensim");
}

bool run(const Setting& setting, const LabelledGraph& data, const WalksBenchOptions& options) {
  const TemporaryFolder folder;
  write_file(folder.file("offsets.bin"), data.graph.offsets.span());
  write_file(folder.file("targets.bin"), data.graph.targets.span());
  PythonPeer peer("walks_bench_peer.py", {folder.path()},
                  {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "NUMBA_NUM_THREADS=1", "OPENBLAS_CORETYPE",
                   "OPENBLAS_L2_SIZE"});
  if (!peer.is_there()) return true;
  graph::Node2VecOptions node2vec;
  node2vec.num_walks = setting.num_walks, node2vec.walk_length = setting.walk_length;
  node2vec.window = kWindow, node2vec.skip_gram.dim = kDim;
  std::vector<double> ours, theirs, ratios;
  Embeddings vectors;
  PeerSeconds last;
  for (int pair = 0; pair < options.num_pairs; ++pair) {
    ours.push_back(seconds_of([&] { vectors = graph::node2vec(data.graph, node2vec, one_thread()); }));
    last = run_peer(peer, setting);
    theirs.push_back(last.walks + last.training);
    ratios.push_back(theirs.back() / ours.back());
  }
  const double our_f1 = micro_f1(vectors, data.labels);
  const double peer_f1 = micro_f1(read_vectors_of_peer(data.graph, folder.file("vectors.bin")), data.labels);
  const double ratio = median(ratios);
  std::printf("| %s, %d x %d | %.1f, %.1f | %.2f | %.2f (walks %.2f; compiling beside, %.1f) | %.2f |\n",
              setting.data, setting.num_walks, setting.walk_length, our_f1, peer_f1, median(ours),
              median(theirs), last.walks, last.compiling, ratio);
  bool good = check(our_f1 >= peer_f1 - 1, "labels as well as the peers'");
  good = check(ratio >= 3, "3 times as fast") && good;
  if (std::string(setting.data) == "blogcatalog")
    good = compare_fastrp(data, setting, median(theirs)) && good;
  return good;
}

}  // namespace

bool bench_training(const WalksBenchOptions& options) {
  std::printf("walks and skip-gram, d %d, window %d, p and q 1, one thread each; medians of %d\n", kDim,
              kWindow, options.num_pairs);
  std::printf(
      "| data, walks x nodes | micro F1 of half: ours, peer | ours, s | pecanpy and gensim, s | ratio |\n");
  std::printf("|---|---|---|---|---|\n");
  bool good = true;
  for (const Setting& setting :
       {Setting{"ppi-node2vec", 10, 80}, Setting{"blogcatalog", options.num_walks, 40}}) {
    if (!options.data.empty() && options.data != setting.data) continue;
    const std::optional<LabelledGraph> data = read_labelled_graph(setting.data);
    if (data) good = run(setting, *data, options) && good;
  }
  return good;
}

}  // namespace whitney::bench
