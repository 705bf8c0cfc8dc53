#include "whitney/recommend/lightgcn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn_cases_test.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

using ::testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
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
  EXPECT_THAT(error_of([&] { other.load(path); }),
              HasSubstr("run.safetensors holds a training with the option layers 2, and this run has 1"));
  LightGcnRun of_other_events(grouped_events(120, 80, 4, 4), small_options(), context);
  EXPECT_THAT(error_of([&] { of_other_events.load(path); }), HasSubstr("a training with input "));
}

TEST(LightGcn, GoesOnFromTheMiddleOfAnEpochToTheSameBytes) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  LightGcnRun straight(events, small_options(), {});
  straight.run_epoch({});
  for (int step = 0; step < 3; ++step) straight.take_step({});
  straight.save(folder.file("run.safetensors"), {});
  LightGcnRun rest(events, small_options(), {});
  rest.load(folder.file("run.safetensors"));
  EXPECT_EQ(rest.step(), straight.step());
  while (!straight.is_done()) straight.run_epoch({});
  while (!rest.is_done()) rest.run_epoch({});
  EXPECT_EQ(values_of(rest.factors({})), values_of(straight.factors({})));
  EXPECT_EQ(rest.history().to_value(), straight.history().to_value());
}

TEST(LightGcn, KeepsItsStateWhenItIsStoppedAndItsHistoryGoesOn) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  const TemporaryFolder folder;
  LightGcnOptions options = small_options();
  options.evaluate_every = 3;
  options.history = Path{folder.file("straight.json")};
  const std::vector<float> straight = values_of(lightgcn(events, options, {}));
  options.history = Path{folder.file("rest.json")};
  options.checkpoint = Path{folder.file("run.safetensors")};
  Listener stop(/*stop_after=*/2);  // where no look would have saved anything
  EXPECT_THROW(lightgcn(events, options, stop.context()), Cancelled);
  EXPECT_THAT(stop.notes,
              HasSubstr("run.safetensors holds the state: the same command with --resume goes on"));
  options.resume = true;
  Listener rest;
  EXPECT_EQ(values_of(lightgcn(events, options, rest.context())), straight);
  EXPECT_THAT(rest.notes, HasSubstr("goes on from "));
  EXPECT_THAT(rest.notes, HasSubstr(": 2 epochs and "));
  const std::string text = text_of(folder.file("rest.json"));
  EXPECT_EQ(text, text_of(folder.file("straight.json")));
  options.history = Path{folder.file("again.json")};  // of a run that has ended
  EXPECT_EQ(values_of(lightgcn(events, options, {})), straight);
  EXPECT_EQ(text_of(folder.file("again.json")), text);
  const Value history = Value::parse_json(text, "rest.json");
  ASSERT_EQ(history.at("rows").as_list().size(), 6U);
  EXPECT_EQ(history.at("rows").as_list()[5].at("figures").as_object().size(), 2U);  // loss and recall@20
  EXPECT_EQ(history.at("rows").as_list()[1].at("figures").as_object().size(), 1U);
  const std::string checksum = hold_out(events, options.validation, {}).checksum;
  EXPECT_THAT(history.at("notes").as_list()[0].as_string(), HasSubstr(checksum));
  options.history = Path{folder.file("rest.png")};
  EXPECT_THAT(error_of([&] { lightgcn(events, options, {}); }), HasSubstr("must end in .svg"));
}

TEST(LightGcn, LeavesUsersAndItemsWithoutEventsAtZeroAndSaysSo) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < 30; ++user) {
    if (user == 1) continue;
    for (uint32_t i = 0; i < 3; ++i) pairs.emplace_back(user, (user + i) % 15);
  }
  const Interactions events = events_of(30, 16, pairs);  // nobody has item 15
  LightGcnOptions options = small_options();
  options.validation = 0;
  Listener listener;
  const Factors factors = lightgcn(events, options, listener.context());
  EXPECT_TRUE(std::ranges::all_of(factors.users.row<float>(1), [](float value) { return value == 0; }));
  EXPECT_TRUE(std::ranges::all_of(factors.items.row<float>(15), [](float value) { return value == 0; }));
  EXPECT_NE(factors.users.row<float>(0)[0], 0);
  EXPECT_THAT(listener.notes, HasSubstr("1 user and 1 item without an event to learn from"));
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
  // The file there is of another run, whose vectors began smaller.
  EXPECT_NE(sentence.find("no checkpoint was written yet"), std::string::npos) << sentence;
  EXPECT_EQ(Artifact::open(options.checkpoint->value).fingerprint(), good);
}

TEST(LightGcn, TellsTheStepOfTheStateThatItsCheckpointKeeps) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  LightGcnOptions options = small_options();
  options.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.learning_rate = 1e30;  // the first step leaves finite vectors, whose products are none
  LightGcnRun run(events, options, {}), rest(events, options, {});
  run.take_step({});
  run.save(folder.path() + "/copy.safetensors", {});
  const auto failure_of = [&](LightGcnRun& failing) { return error_of([&] { failing.run_epoch({}); }); };
  EXPECT_THAT(failure_of(run), HasSubstr("no checkpoint was written yet"));
  rest.take_step({});
  rest.save(options.checkpoint->value, {});
  EXPECT_THAT(failure_of(rest), HasSubstr("run.safetensors keeps the state after step 1, which was good"));
  LightGcnRun resumed(events, options, {});
  resumed.load(options.checkpoint->value);
  EXPECT_THAT(failure_of(resumed), HasSubstr("run.safetensors keeps the state after step 1, which was good"));
}

TEST(LightGcn, RefusesTheCheckpointOfAnotherModel) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  const std::string path = folder.file("other.safetensors");
  LightGcnRun run(events, small_options(), {});
  const auto refusal_of = [&](const char* kind, Value record) {
    ArtifactWriter(kind, std::move(record)).write(path, true, {});
    return error_of([&] { run.load(path); });
  };
  EXPECT_THAT(refusal_of("checkpoint", Value::object({{"method", "ngcf"}})),
              HasSubstr("other.safetensors is a checkpoint of ngcf, not of lightgcn; name another file"));
  EXPECT_THAT(refusal_of("checkpoint", Value::object({{"program_version", "0.0.1"}})),
              HasSubstr("a training with version \"0.0.1\", and this run has "));
  EXPECT_THAT(refusal_of("checkpoint", Value::object()), HasSubstr("a training with method null"));
  EXPECT_THAT(refusal_of("embeddings", Value::object()),
              HasSubstr("a checkpoint of a training is asked for"));
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
