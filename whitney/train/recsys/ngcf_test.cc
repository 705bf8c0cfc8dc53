#include "whitney/train/recsys/ngcf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/recommend/lightgcn_model.h"
#include "whitney/train/nn/gradient_check.h"
#include "whitney/train/recsys/ngcf_objective.h"

namespace whitney::recsys {
namespace {

using recommend::Adjacency;
using recommend::BprSampler;
using recommend::grouped_events;
using ::testing::HasSubstr;

/// The paper's form without anything that blurs it.
NgcfOptions plain_options(int dim, std::vector<int> layers) {
  NgcfOptions options;
  options.dim = dim;
  options.layers = std::move(layers);
  options.adjacency = Adjacency::kSymmetric;
  options.two_activations = false;
  options.biases = false;
  options.normalize = false;
  options.message_dropout = 0;
  return options;
}

std::vector<int64_t> all_examples(const Interactions& events) {
  std::vector<int64_t> examples(static_cast<size_t>(events.size()));
  std::iota(examples.begin(), examples.end(), int64_t{0});
  return examples;
}

torch::Tensor loss_of(NgcfObjective& objective, const std::vector<int64_t>& batch) {
  const auto shared = objective.shared(batch, {});
  const nn::Shard shard{.examples = batch, .num_in_step = std::ssize(batch)};
  return objective.loss(shard, shared);
}

void set(NgcfObjective& objective, const char* name, const torch::Tensor& values) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor(objective.parameters().at(name)).copy_(values);
}

/// User 0 has items 0 (of one user) and 1 (of two), user 1 has item 1.
Interactions three_events() {
  const std::vector<uint32_t> users = {0, 0, 1}, items = {0, 1, 1};
  return build_interactions(Ids::row_numbers(2), Ids::row_numbers(2), {users, items, {}, {}}, {});
}

TEST(Ngcf, AUsersMessagesAreThoseOfEquationSixByHand) {
  // e_u = (1, 0), e_i0 = (1, 0), e_i1 = (1, 1); W1 = W2 = I; p = 1 / sqrt(2) and 1 / 2. Messages to u:
  // p (e_i + e_i o e_u) = 0.7071 (2, 0) and 0.5 (2, 1), and e_u itself: (3.4142, 0.5).
  const Interactions events = three_events();
  NgcfOptions options = plain_options(2, {2});
  options.self_message = true;
  NgcfObjective objective(events, {}, options, 1, torch::kFloat64);
  Factors begin{Matrix(2, 2), Matrix(2, 2)};
  std::ranges::copy(std::vector<float>{1, 0, 3, 4}, begin.users.mutable_data<float>());
  std::ranges::copy(std::vector<float>{1, 0, 1, 1}, begin.items.mutable_data<float>());
  objective.begin_with(begin);
  set(objective, "weights1.1", torch::eye(2));
  set(objective, "weights2.1", torch::eye(2));
  const Factors factors = objective.factors({});
  const auto user = factors.users.row<float>(0);
  EXPECT_FLOAT_EQ(user[0], 1);
  EXPECT_FLOAT_EQ(user[1], 0);
  EXPECT_NEAR(user[2], 3.41421356, 1e-6);
  EXPECT_NEAR(user[3], 0.5, 1e-6);
}

TEST(Ngcf, WithoutLayersIsFactorisationByBpr) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options = plain_options(5, {});
  options.regularization = 0.3;
  NgcfObjective objective(events, {}, options, 9, torch::kFloat64);
  recommend::LightGcnModel model(events, 5, 0, 0.3, 1);
  Factors begin = model.factors({});
  objective.begin_with(begin);
  objective.begin_epoch(0, {});
  const torch::Tensor loss = loss_of(objective, all_examples(events));
  loss.backward();
  Matrix gradient(50, 5);
  const auto triples = BprSampler(events, 9).sample(0, events.size(), {});
  EXPECT_NEAR(loss.item<double>(), model.loss_and_gradient(triples, 0.3, gradient, {}), 1e-6);
  const torch::Tensor found = objective.parameters().at("vectors").grad();
  for (int64_t row = 0; row < 50; ++row) {
    for (int64_t c = 0; c < 5; ++c) {
      EXPECT_NEAR(found[row][c].item<double>(), gradient.row<float>(row)[static_cast<size_t>(c)], 1e-6);
    }
  }
}

TEST(Ngcf, WithoutMapsAndActivationIsThePowersOfTheMatrix) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options = plain_options(4, {4, 4});
  options.slope = 1;
  NgcfObjective objective(events, {}, options, 9, torch::kFloat64);
  for (const char* layer : {"1", "2"}) {
    set(objective, (std::string("weights1.") + layer).c_str(), torch::eye(4));
    set(objective, (std::string("weights2.") + layer).c_str(), torch::zeros({4, 4}));
  }
  const torch::NoGradGuard no_gradients;
  const torch::Tensor all = objective.propagate(std::nullopt, {});
  torch::Tensor dense = torch::zeros({50, 50}, torch::kFloat64);
  const SparseMatrix& matrix = objective.graph().matrix;
  for (int64_t row = 0; row < 50; ++row) {
    for (auto e = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row)]);
         e < static_cast<size_t>(matrix.offsets[static_cast<size_t>(row) + 1]); ++e) {
      dense[row][matrix.columns[e]] = matrix.weights[e];
    }
  }
  const torch::Tensor begin = all.slice(1, 0, 4);
  EXPECT_TRUE(torch::allclose(all.slice(1, 4, 8), dense.matmul(begin)));
  EXPECT_TRUE(torch::allclose(all.slice(1, 8, 12), dense.matmul(dense.matmul(begin))));
}

/// The paper's form and the authors' program's, by fixed masks, and both with each switch the other way.
std::vector<NgcfOptions> all_switches(int dim, const std::vector<int>& layers) {
  NgcfOptions paper = plain_options(dim, layers);
  paper.self_message = true;
  paper.node_dropout = 0.2;
  paper.regularized = Regularized::kLearned;
  paper.regularization = 0.1;
  NgcfOptions program = paper;
  program.adjacency = Adjacency::kNorm;
  program.self_message = false;
  program.two_activations = program.biases = program.normalize = true;
  program.message_dropout = 0.2;
  program.node_dropout = 0;
  program.regularized = Regularized::kFinal;
  std::vector<NgcfOptions> all;
  for (const NgcfOptions& form : {paper, program}) {
    all.push_back(form);
    for (bool NgcfOptions::* one : {&NgcfOptions::self_message, &NgcfOptions::two_activations,
                                    &NgcfOptions::biases, &NgcfOptions::normalize}) {
      all.push_back(form);
      all.back().*one = !(form.*one);
    }
    all.push_back(form);
    std::swap(all.back().message_dropout, all.back().node_dropout);
    all.push_back(form);
    all.back().slope = 1;
    for (const Adjacency adjacency : {Adjacency::kPlain, Adjacency::kGcmc, Adjacency::kNgcf}) {
      all.push_back(form);
      all.back().adjacency = adjacency;
    }
  }
  return all;
}

TEST(Ngcf, GradientsAgreeWithCentralDifferencesForEachSwitch) {
  const Interactions events = three_events();
  for (const NgcfOptions& options : all_switches(4, {3, 4})) {
    NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
    objective.begin_epoch(0, {});
    const nn::GradientCheck check =
        nn::check_gradients([&] { return loss_of(objective, {0, 1, 2}); }, objective.parameters().tensors());
    EXPECT_LT(check.worst_error, 1e-4) << check.where << ", options " << option_values(options).to_json();
  }
}

TEST(Ngcf, LayersByBlocksAreThoseOfTorchForEachSwitch) {
  // Of all nodes, whose masks are then the same; in float32, which nothing else compares.
  const Interactions events = grouped_events(20, 30, 3, 4);
  std::vector<uint32_t> nodes(50);
  std::iota(nodes.begin(), nodes.end(), 0U);
  for (const NgcfOptions& options : all_switches(17, {16, 5})) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, option_values(options).to_json());
    NgcfObjective objective(events, {}, options, 3, torch::kFloat32);
    const torch::Tensor by_blocks = objective.final_rows(nodes, 7, {}), by_torch = objective.propagate(7, {});
    EXPECT_TRUE(torch::allclose(by_blocks, by_torch, 1e-4, 1e-5));
    const auto parameters = objective.parameters().tensors();
    const torch::Tensor given = torch::arange(by_torch.numel()).reshape(by_torch.sizes()).sin();
    const auto found = torch::autograd::grad({by_blocks}, parameters, {given}),
               expected = torch::autograd::grad({by_torch}, parameters, {given});
    for (size_t i = 0; i < parameters.size(); ++i) {
      const auto apart = (found[i] - expected[i]).norm().item<double>();
      EXPECT_LT(apart, 1e-5 * expected[i].norm().item<double>()) << objective.parameters().all()[i].name;
    }
  }
}

TEST(Ngcf, AStepReadsTheRowsOfItsNodesAndTheirGradients) {
  // The rows of some nodes by the short way are those of all nodes by the long one, and so are gradients.
  const Interactions events = grouped_events(20, 30, 3, 4);
  for (const std::vector<int>& layers : {std::vector<int>{}, {3}, {3, 5, 4}}) {
    NgcfOptions options;
    options.dim = 4;
    options.layers = layers;
    options.message_dropout = 0;
    NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
    const std::vector<uint32_t> nodes = {0, 7, 8, 31, 49};
    const torch::Tensor some = objective.final_rows(nodes, 1, {});
    const torch::Tensor all = objective.propagate(std::nullopt, {})
                                  .index_select(0, torch::tensor({0, 7, 8, 31, 49}, torch::kInt64));
    EXPECT_TRUE(torch::allclose(some, all));
    const auto parameters = objective.parameters().tensors();
    const torch::Tensor given = torch::arange(some.numel(), torch::kFloat64).reshape(some.sizes()).sin();
    const auto of_some = torch::autograd::grad({some}, parameters, {given}),
               of_all = torch::autograd::grad({all}, parameters, {given});
    for (size_t i = 0; i < parameters.size(); ++i) EXPECT_TRUE(torch::allclose(of_some[i], of_all[i]));
  }
}

TEST(Ngcf, GradientsOfManyRunsOfRowsAreRightAndTheSameBytesAtAnyNumberOfThreads) {
  // Of so wide layers a run is 16 rows.
  const Interactions events = grouped_events(60, 51, 3, 4);
  NgcfOptions options;
  options.dim = 520;
  options.layers = {516, 3};
  options.message_dropout = 0;
  NgcfObjective objective(events, {}, options, 3, torch::kFloat32);
  std::vector<uint32_t> nodes(111);
  std::iota(nodes.begin(), nodes.end(), 0U);
  const auto parameters = objective.parameters().tensors();
  const auto gradients = [&](const torch::Tensor& rows) {
    const torch::Tensor given = torch::arange(rows.numel()).reshape(rows.sizes()).sin();
    return torch::autograd::grad({rows}, parameters, {given});
  };
  const auto at_threads = [&](int threads) {
    Context context;
    context.threads = threads;
    return gradients(objective.final_rows(nodes, 7, context));
  };
  const auto one = at_threads(1), two = at_threads(2), five = at_threads(5),
             expected = gradients(objective.propagate(std::nullopt, {}));
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(torch::equal(one[i], two[i]));
    EXPECT_TRUE(torch::equal(one[i], five[i]));
    EXPECT_LT((one[i] - expected[i]).norm().item<double>(), 1e-4 * expected[i].norm().item<double>());
  }
}

TEST(Ngcf, DropsNothingWhenItIsEvaluated) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options;
  options.dim = 8;
  options.layers = {8};
  options.message_dropout = 0.5;
  NgcfObjective objective(events, {}, options, 3, torch::kFloat32);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor plain = objective.propagate(std::nullopt, {}), dropped = objective.propagate(7, {});
  EXPECT_TRUE(torch::equal(plain, objective.propagate(std::nullopt, {})));
  EXPECT_TRUE(torch::equal(dropped, objective.propagate(7, {})));
  // Of 400 values half are gone; five deviations are 50.
  EXPECT_NEAR((dropped.slice(1, 8) == 0).sum().item<double>(), 200, 50);
  EXPECT_EQ((plain == 0).sum().item<int64_t>(), 0);
}

NgcfOptions small_run() {
  NgcfOptions options;
  options.dim = 8;
  options.layers = {8, 8};
  options.learning_rate = 0.02;
  options.training.epochs = 6;
  options.training.batch_size = 256;
  options.training.evaluate_every = 2;
  return options;
}

std::vector<float> values_of(const RecommenderModel& model) {
  std::vector<float> values;
  const auto& factors = std::get<Factors>(model.scores);
  for (const Matrix* matrix : {&factors.users, &factors.items}) {
    for (int64_t row = 0; row < matrix->rows(); ++row) {
      const auto from = matrix->row<float>(row);
      values.insert(values.end(), from.begin(), from.end());
    }
  }
  return values;
}

TEST(Ngcf, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(200, 150, 4, 3);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return values_of(ngcf(events, small_run(), context));
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(one.size(), 350U * 24);
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(5), one);
}

TEST(Ngcf, GoesOnFromACheckpointToTheSameBytes) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  const std::vector<float> straight = values_of(ngcf(events, small_run(), {}));
  NgcfOptions options = small_run();
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.training.epochs = 3;
  ngcf(events, options, {});
  options.training.epochs = 6;
  options.training.resume = true;
  EXPECT_EQ(values_of(ngcf(events, options, {})), straight);
}

TEST(Ngcf, LetsItsRateFallAndKeepsThatWhenItGoesOnAndIsFitAnew) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.rate.schedule = RateSchedule::kCosine;
  const std::vector<float> straight = values_of(ngcf(events, options, {}));
  EXPECT_NE(straight, values_of(ngcf(events, small_run(), {})));
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.rate.schedule_epochs = options.training.epochs;
  options.training.epochs = 3;
  ngcf(events, options, {});
  options.training.epochs = 6;
  options.training.resume = true;
  EXPECT_EQ(values_of(ngcf(events, options, {})), straight);
  options.rate.schedule_epochs.reset();
  options.training.epochs = 7;  // another rate in each epoch
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }),
              HasSubstr("schedule_epochs 6, and this run has 7"));
  // A second fit falls as the first did, also where it ends sooner.
  NgcfOptions refitted = small_run();
  refitted.rate.schedule = RateSchedule::kLinear;
  refitted.refit = true;
  const RecommenderModel model = ngcf(events, refitted, {});
  NgcfOptions plain = small_run();
  plain.rate = {.schedule = RateSchedule::kLinear, .schedule_epochs = plain.training.epochs};
  plain.validation = 0;
  plain.training.epochs = model.record.at("training").at("refit_epochs").as_int();
  EXPECT_EQ(values_of(model), values_of(ngcf(events, plain, {})));
}

TEST(Ngcf, IsTheSoupOfItsCheckpoints) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions soup = small_run();
  for (const double rate : {0.01, 0.02}) {
    NgcfOptions options = small_run();
    options.learning_rate = rate;
    options.training.checkpoint = Path{folder.path() + "/" + std::to_string(rate) + ".safetensors"};
    soup.training.soup.push_back(*options.training.checkpoint);
    ngcf(events, options, {});
  }
  const RecommenderModel model = ngcf(events, soup, {});
  const Value& told = model.record.at("training");
  EXPECT_EQ(told.at("metric"), Value("recall@20"));
  EXPECT_GE(told.at("soup").as_list().size(), 1U);
  EXPECT_EQ(told.at("soup").as_list()[0].at("options").at("layers"), option_values(soup).at("layers"));
  EXPECT_EQ(told.at("epochs"), Value(0));
}

TEST(Ngcf, RefitsOnAllEventsForTheBestNumberOfEpochs) {
  const Interactions events = grouped_events(100, 80, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.refit = true;
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  const RecommenderModel refitted = ngcf(events, options, {});
  const Value& told = refitted.record.at("training");
  EXPECT_EQ(told.at("refit_epochs"), told.at("best_epoch"));
  NgcfOptions plain = small_run();
  plain.validation = 0;
  plain.training.epochs = told.at("best_epoch").as_int();
  const std::vector<float> expected = values_of(ngcf(events, plain, {}));
  EXPECT_EQ(values_of(refitted), expected);
  // Both runs are over: what comes is read from their checkpoints.
  options.training.resume = true;
  EXPECT_EQ(values_of(ngcf(events, options, {})), expected);
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/run.safetensors.refit"));
}

TEST(Ngcf, NamesTheStepOfALossThatIsNoNumberAndRefusesOthersCheckpoints) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.normalize = false;
  options.validation = 0;
  options.training.checkpoint = Path{folder.path() + "/run.safetensors"};
  options.training.epochs = 1;
  ngcf(events, options, {});
  options.training.resume = true;
  options.training.epochs = 50;
  NgcfOptions other = options;
  other.layers = {8};
  EXPECT_NE(error_of([&] { ngcf(events, other, {}); }).find("run.safetensors"), std::string::npos);
  options.training.resume = false;
  options.learning_rate = 1e30;  // beyond what the door lets pass
  const std::string sentence = error_of([&] { ngcf(events, options, {}); });
  EXPECT_NE(sentence.find("at step "), std::string::npos) << sentence;
}

TEST(Ngcf, AndLightGcnRefuseEachOthersCheckpoints) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.training.epochs = 1;
  recommend::LightGcnOptions other;
  other.dim = 8;
  other.epochs = other.evaluate_every = 1;
  options.training.checkpoint = Path{folder.file("ngcf.safetensors")};
  other.checkpoint = Path{folder.file("lightgcn.safetensors")};
  ngcf(events, options, {});
  recommend::lightgcn(events, other, {});
  std::swap(options.training.checkpoint, other.checkpoint);
  options.training.resume = other.resume = true;
  EXPECT_THAT(error_of([&] { ngcf(events, options, {}); }),
              HasSubstr("lightgcn.safetensors is a checkpoint of lightgcn, not of ngcf; name another"));
  EXPECT_THAT(error_of([&] { recommend::lightgcn(events, other, {}); }),
              HasSubstr("ngcf.safetensors is a checkpoint of ngcf, not of lightgcn; name another"));
}

TEST(Ngcf, LeavesUsersAndItemsWithoutEventsAtZeroAndSaysWhatCannotBeHeldOut) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < 20; ++user) {
    if (user != 1) pairs.emplace_back(user, user % 10);
  }
  NgcfOptions options = small_run();
  options.refit = true;
  recommend::Listener listener;
  const RecommenderModel model = ngcf(recommend::events_of(20, 11, pairs), options, listener.context());
  const auto& factors = std::get<Factors>(model.scores);
  const auto is_zero = [](float value) { return value == 0; };
  EXPECT_TRUE(std::ranges::all_of(factors.users.row<float>(1), is_zero));
  EXPECT_TRUE(std::ranges::all_of(factors.items.row<float>(10), is_zero));
  EXPECT_FALSE(std::ranges::all_of(factors.users.row<float>(2), is_zero));
  EXPECT_THAT(listener.notes, HasSubstr("1 user and 1 item without an event to learn from"));
  EXPECT_THAT(listener.notes,
              HasSubstr("no user has enough items to hold out a share of 0.1 for validation: all "
                        "epochs run, and refit has no effect"));
  EXPECT_EQ(model.record.at("training").find("split_checksum"), nullptr);
}

TEST(Ngcf, TellsTheSplitsChecksumInItsHistoryAndRecord) {
  const Interactions events = grouped_events(60, 40, 4, 3);
  const TemporaryFolder folder;
  NgcfOptions options = small_run();
  options.training.history = Path{folder.file("history.json")};
  const RecommenderModel model = ngcf(events, options, {});
  const std::string checksum = recommend::hold_out(events, options.validation, {}).checksum;
  EXPECT_EQ(model.record.at("training").at("split_checksum").as_string(), checksum);
  std::ifstream file(folder.file("history.json"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("training and validation: " + checksum));
}

TEST(Ngcf, RanksItemsOfAUsersGroupFirstAndBeginsWithAFactorisationWhereAsked) {
  const Interactions events = grouped_events(120, 80, 4, 3);
  NgcfOptions options = small_run();
  options.validation = 0;
  options.factorization_epochs = 5;
  options.training.epochs = 20;
  const RecommenderModel model = ngcf(events, options, {});
  const auto& factors = std::get<Factors>(model.scores);
  double own = 0, other = 0;
  for (int64_t user = 0; user < 120; ++user) {
    for (int64_t item = 0; item < 80; ++item) {
      const auto u = factors.users.row<float>(user), i = factors.items.row<float>(item);
      const double score = std::inner_product(u.begin(), u.end(), i.begin(), 0.0);
      (item % 4 == user % 4 ? own : other) += score / (item % 4 == user % 4 ? 2400 : 7200);
    }
  }
  EXPECT_GT(own, other + 0.5);
}

}  // namespace
}  // namespace whitney::recsys
