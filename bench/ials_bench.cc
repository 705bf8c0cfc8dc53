// Claim: iALS on gowalla takes at most two thirds of implicit's time on one thread, exactly (Cholesky) and by
// 3 steps of conjugate gradients, at equal quality: the same d, epochs and weights. implicit's loss is ours
// with frequency_exponent 0 and its confidence 1 + 1 / unobserved_weight, but for a factor 1 +
// unobserved_weight of each half step: the fixed points are near one another. Both are told by our loss, and
// compared by recall and nDCG at 20 of all items. Beside it: what the exact half steps reach of the
// processor's limit.
//
//   ials_bench [--data gowalla] [--dim 64] [--epochs 4] [--pairs 3] [--threads 1]

#include <csignal>
#include <cstdio>
#include <string>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/recommender_data.h"
#include "whitney/core/value.h"
#include "whitney/linalg/simd.h"
#include "whitney/recommend/ials.h"

namespace whitney::bench {
namespace {

constexpr double kLeastRatio = 1.5, kTolerance = 0.002;

struct Settings {
  std::string data = "gowalla";
  int dim = 64, epochs = 4, num_pairs = 3, threads = 1;
};

/// Multiplications and additions of all exact half steps: n d^2 for the products of a row's n events, d^3 / 3
/// for its factor.
double exact_operations(const Interactions& events, const Settings& settings) {
  const double dim = settings.dim,
               rows = static_cast<double>(events.num_users()) + static_cast<double>(events.num_items());
  return settings.epochs * (2 * static_cast<double>(events.size()) * dim * dim + rows * dim * dim * dim / 3);
}

bool race(const EventSplit& data, ImplicitPeer& peer, recommend::IalsSolver solver,
          const Settings& settings) {
  const bool is_exact = solver == recommend::IalsSolver::kCholesky;
  const recommend::IalsOptions options = {.dim = settings.dim,
                                          .epochs = settings.epochs,
                                          .unobserved_weight = 0.01,
                                          .regularization = 0.3,
                                          .frequency_exponent = 0,
                                          .solver = solver,
                                          .steps = 3};
  Context context;
  context.threads = settings.threads;
  Factors ours, peers;
  const auto learn = [&] {
    return seconds_of([&] { ours = recommend::ials(data.train, options, context); });
  };
  const auto tell = [&](const char* who, double seconds, const Factors& factors) {
    const Quality quality = quality_of(data, factors.users, factors.items);
    std::printf("  %-5s %7.2f s, loss %.0f, recall %.4f, nDCG %.4f\n", who, seconds,
                recommend::ials_loss(data.train, factors, options), quality.recall, quality.ndcg);
    return quality;
  };
  std::printf("%s\n", is_exact ? "cholesky" : "conjugate gradients, 3 steps");
  if (!peer.is_there()) {
    tell("ours", learn(), ours);
    return true;
  }
  const Value question =
      Value::object({{"question", "als"},
                     {"dim", settings.dim},
                     {"epochs", settings.epochs},
                     {"regularization", options.regularization / options.unobserved_weight},
                     {"alpha", 1 + 1 / options.unobserved_weight},
                     {"steps", is_exact ? 0 : options.steps}});
  const Pairs pairs =
      run_pairs(settings.num_pairs, learn, [&] { return peer.learn(question, peers.users, peers.items); });
  const Quality own = tell("ours", pairs.ours, ours), other = tell("peer", pairs.peer, peers);
  std::printf("  the peer takes %.2f times as long (%.2f to %.2f)", pairs.ratio, pairs.lowest_ratio,
              pairs.highest_ratio);
  if (is_exact)
    std::printf("; ours: %.0f %% of the processor's limit",
                100 * exact_operations(data.train, settings) / pairs.ours / settings.threads / peak_flops());
  std::printf("\n");
  return pairs.ratio >= kLeastRatio && own.recall >= other.recall - kTolerance &&
         own.ndcg >= other.ndcg - kTolerance;
}

bool run(const Settings& settings) {
  const auto data = read_event_split(settings.data);
  if (!data) return true;
  ImplicitPeer peer(data->train, settings.threads);
  std::printf("%s, %lld events, d %d, %d epochs, %d threads, SIMD level %s; peer: %s\n",
              settings.data.c_str(), static_cast<long long>(data->train.size()), settings.dim,
              settings.epochs, settings.threads, simd_level().c_str(),
              peer.is_there() ? peer.versions().c_str() : "none");
  const bool exact = race(*data, peer, recommend::IalsSolver::kCholesky, settings);
  return race(*data, peer, recommend::IalsSolver::kConjugateGradient, settings) && exact;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  return whitney::bench::bench_main("ials_bench", [&] {
    whitney::bench::Settings settings;
    whitney::bench::ArgumentReader words(argc, argv);
    words.take("--data", settings.data);
    words.take("--dim", settings.dim);
    words.take("--epochs", settings.epochs);
    words.take("--pairs", settings.num_pairs);
    words.take("--threads", settings.threads);
    words.finish();
    return whitney::bench::run(settings);
  });
}
