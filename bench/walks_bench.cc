// Claims, all on one thread: walks, uniform ones and node2vec's, take at least 20 million steps a second
// where the graph is in the caches; walks and skip-gram take a third of the time of pecanpy and gensim at
// most and tell labels as well; FastRP is at least 300 times as fast as DeepWalk by these two. Beside the
// steps: how many loads that nobody could foresee this machine does in as much memory, one after the other
// and as many at a time as walks take their steps in turns. The peers run in WHITNEY_BENCH_PYTHON (default
// bench/peers/.venv/bin/python).
//
//   walks_bench [--only steps|training] [--data blogcatalog] [--pairs 3] [--walks 8] [--scale 23] [--full]
//
// --walks: walks from each node of BlogCatalog, for which the published setting is 80: FastRP's ratio is then
// extrapolated, which the line says. --full: 80, and one pair.

#include "bench/walks_bench.h"

#include <string>

#include "bench/arguments.h"
#include "bench/bench_main.h"

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("walks_bench", [&] {
    bench::WalksBenchOptions options;
    std::string only;
    bench::ArgumentReader words(argc, argv);
    words.take("--only", only);
    words.take("--data", options.data);
    words.take("--pairs", options.num_pairs);
    words.take("--walks", options.num_walks);
    words.take("--scale", options.scale);
    if (words.take_switch("--full")) options.num_walks = 80, options.num_pairs = 1;
    words.finish();
    bool good = true;
    if (only.empty() || only == "steps") good = bench::bench_steps(options) && good;
    if (only.empty() || only == "training") good = bench::bench_training(options) && good;
    return good;
  });
}
