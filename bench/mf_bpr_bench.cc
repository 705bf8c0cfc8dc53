// Claim: mf_bpr on gowalla takes at most two thirds of the time of implicit's BPR at equal quality: as many
// epochs of as many steps, d 64, on so many threads (implicit's are Hogwild; ours give the same bytes at any
// number of them). The peer's quality (recall and nDCG at 20 of all items) must not be above ours by more
// than 0.002. Options are the command's defaults; the peer's were picked on a validation split (--validation,
// which prints both there).
//
// --equal looks for the epochs that each needs for the same recall, the best that the peer reaches in 160
// epochs, and compares the times of these.
//
//   mf_bpr_bench [--data gowalla] [--epochs 120] [--threads 1] [--pairs 3] [--validation] [--equal]
//                [--rate 0.05] [--regularization 0.01] [--events] [--peer-rate 0.02] [--peer-regularization
//                0.01]

#include <csignal>
#include <cstdio>
#include <string>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/pairs.h"
#include "bench/recommender_data.h"
#include "whitney/core/value.h"
#include "whitney/data/interactions_split.h"
#include "whitney/linalg/simd.h"
#include "whitney/recommend/mf_bpr.h"
#include "whitney/recommend/mf_bpr_run.h"

namespace whitney::bench {
namespace {

constexpr double kLeastRatio = 1.5, kTolerance = 0.002;

struct Settings {
  std::string data = "gowalla";
  recommend::MfBprOptions options = {.regularization = 0.01};
  double peer_rate = 0.02, peer_regularization = 0.01;
  int threads = 1, num_pairs = 3;
  bool validation = false, equal = false;
};

Settings read_settings(int argc, char** argv) {
  Settings settings;
  ArgumentReader words(argc, argv);
  words.take("--data", settings.data);
  words.take("--epochs", settings.options.epochs);
  words.take("--threads", settings.threads);
  words.take("--pairs", settings.num_pairs);
  words.take("--rate", settings.options.learning_rate);
  words.take("--regularization", settings.options.regularization);
  words.take("--peer-rate", settings.peer_rate);
  words.take("--peer-regularization", settings.peer_regularization);
  if (words.take_switch("--events")) settings.options.sampling = recommend::BprSampling::kUniformEvents;
  settings.validation = words.take_switch("--validation");
  settings.equal = words.take_switch("--equal");
  words.finish();
  return settings;
}

Value question_of(const Settings& settings, int epochs) {
  return Value::object({{"question", "bpr"},
                        {"dim", settings.options.dim},
                        {"epochs", epochs},
                        {"learning_rate", settings.peer_rate},
                        {"regularization", settings.peer_regularization}});
}

/// The epochs of the peer's best recall, and ours that first reach it; 0 where none do.
struct EqualEpochs {
  int ours = 0, peer = 0;
  double recall = 0;
};

EqualEpochs equal_epochs(const EventSplit& data, const Settings& settings, ImplicitPeer& peer,
                         const Context& context) {
  EqualEpochs found;
  Factors theirs;
  for (const int epochs : {5, 10, 20, 40, 80, 160}) {
    peer.learn(question_of(settings, epochs), theirs.users, theirs.items);
    const double recall = quality_of(data, theirs.users, theirs.items).recall;
    std::printf("  peer after %d epochs: recall %.4f\n", epochs, recall);
    if (recall > found.recall) found = {0, epochs, recall};
  }
  constexpr int kMostEpochs = 160;
  recommend::MfBprRun run(data.train, settings.options, context);
  while (found.ours == 0 && run.epoch() < kMostEpochs) {
    run.run_epoch();
    const Factors ours = run.factors();
    const double recall = quality_of(data, ours.users, ours.items).recall;
    if (recall >= found.recall) {
      found.ours = run.epoch();
      std::printf("  ours after %d epochs: recall %.4f\n", run.epoch(), recall);
    }
  }
  return found;
}

bool race_to_equal_recall(const EventSplit& data, const Settings& settings, ImplicitPeer& peer,
                          const Context& context) {
  const EqualEpochs epochs = equal_epochs(data, settings, peer, context);
  if (epochs.ours == 0) {
    std::printf("ours does not reach a recall of %.4f\n", epochs.recall);
    return false;
  }
  recommend::MfBprOptions options = settings.options;
  options.epochs = epochs.ours;
  Factors ours, theirs;
  const Pairs pairs = run_pairs(
      settings.num_pairs,
      [&] { return seconds_of([&] { ours = recommend::mf_bpr(data.train, options, context); }); },
      [&] { return peer.learn(question_of(settings, epochs.peer), theirs.users, theirs.items); });
  std::printf("to recall %.4f: ours %.2f s (%d epochs), %s %.2f s (%d epochs), ratio %.1f (%.1f to %.1f)\n",
              epochs.recall, pairs.ours, epochs.ours, peer.versions().c_str(), pairs.peer, epochs.peer,
              pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
  return pairs.ratio >= kLeastRatio;
}

bool run(const Settings& settings) {
  auto data = read_event_split(settings.data);
  if (!data) return true;
  if (settings.validation) {
    InteractionsSplit split = split_interactions(data->train, {.test_share = 0}, {});
    data = EventSplit{std::move(split.train), std::move(split.validation)};
  }
  Context context;
  context.threads = settings.threads;
  Factors ours, peers;
  const auto learn = [&] {
    return seconds_of([&] { ours = recommend::mf_bpr(data->train, settings.options, context); });
  };
  const auto tell = [&](const char* who, double seconds, const Quality& quality) {
    std::printf("%-10s %7.2f s, %6.0f ns a step, recall %.4f, nDCG %.4f\n", who, seconds,
                seconds * 1e9 / static_cast<double>(data->train.size() * settings.options.epochs),
                quality.recall, quality.ndcg);
  };
  std::printf("%s%s, %lld events, d %d, %d epochs, %d threads, SIMD level %s\n", settings.data.c_str(),
              settings.validation ? " (validation)" : "", static_cast<long long>(data->train.size()),
              settings.options.dim, settings.options.epochs, settings.threads, simd_level().c_str());
  ImplicitPeer peer(data->train, settings.threads);
  if (!peer.is_there() || settings.num_pairs == 0) {
    const double seconds = learn();
    tell("ours", seconds, quality_of(*data, ours.users, ours.items));
    return true;
  }
  if (settings.equal) return race_to_equal_recall(*data, settings, peer, context);
  const Value question = question_of(settings, settings.options.epochs);
  const Pairs pairs =
      run_pairs(settings.num_pairs, learn, [&] { return peer.learn(question, peers.users, peers.items); });
  const Quality own = quality_of(*data, ours.users, ours.items),
                other = quality_of(*data, peers.users, peers.items);
  tell("ours", pairs.ours, own);
  tell("peer", pairs.peer, other);
  std::printf("%s takes %.2f times as long (%.2f to %.2f)\n", peer.versions().c_str(), pairs.ratio,
              pairs.lowest_ratio, pairs.highest_ratio);
  return pairs.ratio >= kLeastRatio && own.recall >= other.recall - kTolerance &&
         own.ndcg >= other.ndcg - kTolerance;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  return whitney::bench::bench_main(
      "mf_bpr_bench", [&] { return whitney::bench::run(whitney::bench::read_settings(argc, argv)); });
}
