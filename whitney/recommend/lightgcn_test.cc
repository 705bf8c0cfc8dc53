#include "whitney/recommend/lightgcn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

std::vector<float> values_of(const Factors& factors) {
  std::vector<float> values;
  for (const Matrix* matrix : {&factors.users, &factors.items}) {
    for (int64_t row = 0; row < matrix->rows(); ++row) {
      const auto from = matrix->row<float>(row);
      values.insert(values.end(), from.begin(), from.end());
    }
  }
  return values;
}

LightGcnOptions small_options() {
  LightGcnOptions options;
  options.dim = 8;
  options.layers = 2;
  options.epochs = 6;
  options.batch_size = 128;
  options.learning_rate = 0.02;
  options.evaluate_every = 2;
  return options;
}

TEST(LightGcn, RanksItemsOfAUsersGroupFirst) {
  // Four of five events are of the user's group, a quarter of the items: 1 of 4 items by chance.
  const Interactions events = grouped_events(120, 80, 4, 3);
  LightGcnOptions options = small_options();
  options.validation = 0;
  options.epochs = 40;
  Context context;
  const Factors factors = lightgcn(events, options, context);
  const auto recommender = factor_recommender(factors.users, factors.items);
  std::vector<uint32_t> users;
  for (uint32_t user = 0; user < 120; ++user) users.push_back(user);
  const Interactions* const seen[] = {&events};
  const auto lists = recommend(*recommender, users, 5, seen, context);
  int64_t own = 0;
  for (const uint32_t user : users) {
    for (const ScoredItem& item : lists[user]) own += item.item % 4 == user % 4 ? 1 : 0;
  }
  EXPECT_GT(own, 480);
}

TEST(LightGcn, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(200, 150, 4, 3);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return values_of(lightgcn(events, small_options(), context));
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(5), one);
}

TEST(LightGcn, GoesOnFromACheckpointToTheSameBytes) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/run.safetensors";
  const Context context;
  LightGcnRun straight(events, small_options(), context);
  while (!straight.is_done()) straight.run_epoch(context);
  LightGcnRun first(events, small_options(), context);
  for (int epoch = 0; epoch < 3; ++epoch) first.run_epoch(context);
  first.save(path, context);
  LightGcnRun second(events, small_options(), context);
  second.load(path);
  EXPECT_EQ(second.epoch(), 3);
  while (!second.is_done()) second.run_epoch(context);
  EXPECT_EQ(second.epoch(), straight.epoch());
  EXPECT_EQ(second.best_recall(), straight.best_recall());
  EXPECT_EQ(values_of(second.factors(context)), values_of(straight.factors(context)));
  EXPECT_GT(straight.best_recall(), 0);

  LightGcnOptions whole = small_options(), part = small_options();
  whole.checkpoint = part.checkpoint = Path{folder.path() + "/whole.safetensors"};
  whole.resume = true;
  part.epochs = 4;
  lightgcn(events, part, context);
  EXPECT_EQ(values_of(lightgcn(events, whole, context)), values_of(straight.factors(context)));

  LightGcnOptions others = small_options();
  others.layers = 1;
  LightGcnRun other(events, others, context);
  const std::string sentence = error_of([&] { other.load(path); });
  EXPECT_NE(sentence.find("run.safetensors"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("other events, options"), std::string::npos) << sentence;
}

TEST(LightGcn, RefitsOnAllEventsForTheBestNumberOfEpochs) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  LightGcnOptions options = small_options();
  options.epochs = 40;
  options.patience = 2;
  options.refit = true;
  options.checkpoint = Path{folder.path() + "/run.safetensors"};
  const LightGcnFit fit = fit_lightgcn(events, options, {});
  ASSERT_GT(fit.best->recall, 0);
  ASSERT_EQ(fit.best->best_epoch % options.evaluate_every, 0);
  LightGcnOptions plain = small_options();
  plain.validation = 0;
  plain.epochs = fit.best->best_epoch;
  const std::vector<float> expected = values_of(lightgcn(events, plain, {}));
  EXPECT_EQ(values_of(fit.factors), expected);
  // The best epoch is that of a run without a refit, and a refit that was stopped goes on.
  LightGcnOptions stopped = plain;
  stopped.epochs = 1;
  stopped.patience = options.patience;
  stopped.checkpoint = Path{options.checkpoint->value + ".refit"};
  lightgcn(events, stopped, {});
  options.resume = true;
  const LightGcnFit again = fit_lightgcn(events, options, {});
  EXPECT_EQ(again.best->best_epoch, fit.best->best_epoch);
  EXPECT_EQ(values_of(again.factors), expected);
}

TEST(LightGcn, NamesTheStepOfALossThatIsNoNumberAndKeepsTheLastCheckpoint) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  LightGcnOptions options = small_options();
  options.validation = 0;
  options.evaluate_every = 1;
  options.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.epochs = 1;
  lightgcn(events, options, {});
  const std::string good = Artifact::open(options.checkpoint->value).fingerprint();
  options.deviation = 1e30;  // beyond what the door lets pass
  options.epochs = 3;
  LightGcnRun run(events, options, {});
  const std::string sentence = error_of([&] {
    while (!run.is_done()) run.run_epoch({});
  });
  EXPECT_NE(sentence.find("is no longer a number at step "), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("run.safetensors keeps the last state"), std::string::npos) << sentence;
  EXPECT_EQ(Artifact::open(options.checkpoint->value).fingerprint(), good);
}

TEST(LightGcn, RefusesTheCheckpointOfAnotherModel) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/other.safetensors";
  ArtifactWriter writer("checkpoint", Value::object({{"run", Value::object({{"method", "ngcf"}})}}));
  writer.write(path, false, {});
  LightGcnRun run(events, small_options(), {});
  EXPECT_NE(error_of([&] { run.load(path); }).find("belongs to a run of other events"), std::string::npos);
  ArtifactWriter("checkpoint", Value::object({{"program_version", "0.0.1"}})).write(path, true, {});
  EXPECT_NE(error_of([&] { run.load(path); }).find("written by version \"0.0.1\""), std::string::npos);
  ArtifactWriter("embeddings", Value::object()).write(path, true, {});
  EXPECT_NE(error_of([&] { run.load(path); }).find("not a checkpoint"), std::string::npos);
}

TEST(LightGcn, StopsWhenHeldOutRecallNoLongerRises) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  LightGcnOptions options = small_options();
  options.epochs = 5000;
  options.evaluate_every = 1;
  options.patience = 3;
  LightGcnRun run(events, options, {});
  while (!run.is_done()) run.run_epoch({});
  EXPECT_LT(run.epoch(), 1000);
  EXPECT_GE(run.best_recall(), run.last_recall());
}

TEST(LightGcn, HasAFiniteLossWhereMarginsAreHuge) {
  // Margins of some 10^5, of which a logistic function is 0 and its logarithm no number.
  LightGcnOptions options = small_options();
  options.deviation = 100;
  options.validation = 0;
  LightGcnRun run(grouped_events(60, 40, 4, 3), options, {});
  run.run_epoch({});
  EXPECT_GT(run.loss(), 100);
  EXPECT_LT(run.loss(), 1e7);
}

}  // namespace
}  // namespace whitney::recommend
