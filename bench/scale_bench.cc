// Claim: the time of FastRP and ProNE grows like the edges, and 100 million edges are embedded by FastRP with
// 128 dimensions in less than ten minutes and 20 GB on two cores.
//   scale_bench [--methods fastrp,prone,partitioned] [--least 100000] [--most 10000000] [--dim 128]
//   [--threads 2]
// Synthetic R-MAT graphs, 16 edges drawn a node; sizes grow tenfold. Each method runs in a process of its
// own, which is given the graph: its peak is the graph, as it is in memory, and what learning takes besides.
// The exponent is that of a line through the logarithms of edges and seconds.

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/pairs.h"
#include "bench/rmat.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/learner.h"

namespace whitney::bench {
namespace {

constexpr int64_t kEdgesOfNode = 16;
constexpr double kMostSeconds = 600, kMostBytes = 20e9;
constexpr int64_t kLargest = 100'000'000;

struct Arguments {
  std::string methods = "fastrp,prone,partitioned";
  int64_t least = 100'000, most = 10'000'000;
  int64_t dim = 128;
  int threads = 2;
};

struct Measured {
  double seconds = 0, peak_bytes = 0;
};

// The size of the resident memory of this process.
double resident_bytes() {
  long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

Value options_of(const std::string& method, int64_t dim) {
  if (method == "partitioned") return Value::object({{"base", "fastrp"}, {"base.dim", dim}, {"parts", 8}});
  return Value::object({{"dim", dim}});
}

// In a child, whose peak is its own: pages of the graph count, as it shares them.
Measured measure(const std::string& method, const Graph& graph, const Arguments& arguments) {
  int ends[2];
  if (pipe(ends) != 0) fail("no pipe can be made");
  const pid_t child = fork();
  if (child < 0) fail("no process can be made");
  if (child == 0) {
    close(ends[0]);
    int status = 1;
    try {
      allow_threads_after_fork();
      Context context;
      context.threads = arguments.threads;
      const double seconds =
          seconds_of([&] { learn(method, graph, options_of(method, arguments.dim), context); });
      status = write(ends[1], &seconds, sizeof(seconds)) == sizeof(seconds) ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", method.c_str(), error.what());
    }
    _exit(status);
  }
  close(ends[1]);
  Measured measured;
  const bool is_told = read(ends[0], &measured.seconds, sizeof(double)) == sizeof(double);
  close(ends[0]);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0 || !is_told) fail(method, " did not finish");
  measured.peak_bytes = 1024.0 * static_cast<double>(usage.ru_maxrss);
  return measured;
}

double exponent(const std::vector<std::pair<double, double>>& points) {
  double x = 0, y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(points.size());
  for (const auto& [edges, seconds] : points) {
    const double u = std::log(edges), v = std::log(seconds);
    x += u, y += v, xx += u * u, xy += u * v;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::stringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

bool run(const Arguments& arguments) {
  std::map<std::string, std::vector<std::pair<double, double>>> points;
  bool holds = true;
  std::printf("synthetic R-MAT graphs, %lld dimensions, %d threads\n%12s %12s %10s  %-12s %9s %9s %9s\n",
              static_cast<long long>(arguments.dim), arguments.threads, "drawn", "edges", "nodes", "method",
              "seconds", "peak GB", "graph GB");
  for (int64_t drawn = arguments.least; drawn <= arguments.most; drawn *= 10) {
    const auto nodes = static_cast<uint64_t>(std::max<int64_t>(drawn / kEdgesOfNode, 16));
    const Graph graph = rmat(std::bit_width(nodes) - 1, drawn);
    malloc_trim(0);  // what drawing took
    const double graph_gb = static_cast<double>(graph.nnz() * 4 + graph.num_nodes() * 8) / 1e9;
    for (const std::string& method : words_of(arguments.methods)) {
      const Measured measured = measure(method, graph, arguments);
      points[method].emplace_back(static_cast<double>(graph.num_edges()), measured.seconds);
      std::printf("%12lld %12lld %10lld  %-12s %9.2f %9.2f %9.2f\n", static_cast<long long>(drawn),
                  static_cast<long long>(graph.num_edges()), static_cast<long long>(graph.num_nodes()),
                  method.c_str(), measured.seconds, measured.peak_bytes / 1e9, graph_gb);
      std::fflush(stdout);
      if (method == "fastrp" && drawn >= kLargest)
        holds = holds && measured.seconds < kMostSeconds && measured.peak_bytes < kMostBytes;
    }
  }
  for (const auto& [method, all] : points) {
    if (all.size() > 1)
      std::printf("%s: seconds grow as edges to the power %.2f\n", method.c_str(), exponent(all));
  }
  std::printf("this process: %.2f GB\n", resident_bytes() / 1e9);
  return holds;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("scale_bench", [&] {
    bench::Arguments arguments;
    bench::ArgumentReader words(argc, argv);
    words.take("--methods", arguments.methods);
    words.take("--least", arguments.least);
    words.take("--most", arguments.most);
    words.take("--dim", arguments.dim);
    words.take("--threads", arguments.threads);
    words.finish();
    return bench::run(arguments);
  });
}
