#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/recommend/lightgcn.h"

namespace whitney::recommend {
namespace {

void add(ArtifactWriter& writer, const char* name, const Matrix& matrix) {
  writer.add(name, matrix.dtype(), {matrix.rows(), matrix.cols()}, matrix.bytes());
}

void read_into(const Artifact& file, const char* name, const Matrix& like, float* out) {
  const TensorView& tensor = file.tensor(name);
  if (tensor.shape != std::vector<int64_t>{like.rows(), like.cols()}) {
    fail(file.path(), ": tensor ", name, " is not ", like.rows(), " x ", like.cols());
  }
  const Array<float> values = tensor.as<float>();
  std::copy(values.begin(), values.end(), out);
}

}  // namespace

RunIdentity LightGcnRun::identity() const {
  // Not of a run: that it may be given more epochs, how it is kept, and what comes after it.
  constexpr std::array<std::string_view, 6> kOther = {"epochs",           "refit",  "checkpoint",
                                                      "checkpoint_every", "resume", "history"};
  const Value all = option_values(options_);
  Value options = Value::object();
  for (const auto& [name, value] : all.as_object()) {
    if (std::ranges::find(kOther, name) == kOther.end()) options.set(name, value);
  }
  return {.method = "lightgcn", .options = std::move(options), .seed = seed_, .input = fingerprint(train_)};
}

RunIdentity LightGcnRun::identity_beside(const Value& record) const {
  RunIdentity result = identity();
  const Value* found = record.find("options");
  if (found == nullptr || !found->is_object()) return result;
  const Value standard = option_values(LightGcnOptions()), all = std::move(result.options);
  result.options = Value::object();
  for (const auto& [name, value] : all.as_object()) {
    if (found->find(name) != nullptr || value != standard.at(name)) result.options.set(name, value);
  }
  return result;
}

void LightGcnRun::note_kept(const std::string& path) {
  if (options_.checkpoint && options_.checkpoint->value == path) kept_step_ = step_;
}

void LightGcnRun::save(const std::string& path, const Context& context) {
  const std::span<const float> learned(static_cast<const float*>(model_.vectors().view().data),
                                       static_cast<size_t>(gradient_.rows() * gradient_.cols()));
  if (!std::ranges::all_of(learned, [](float value) { return std::isfinite(value); }))
    fail_not_finite("a vector");
  Value record = record_of_checkpoint(identity());
  record.set("epoch", epoch_).set("steps_in_epoch", steps_in_epoch_).set("step", step_);
  record.set("loss_sum", loss_sum_).set("loss", loss_).set("looks_since_best", looks_since_best_);
  record.set("best_recall", best_recall_).set("last_recall", last_recall_);
  record.set("history", history_.state());
  record.set("average_count", average_count_);
  ArtifactWriter writer("checkpoint", std::move(record));
  add(writer, "vectors", model_.vectors());
  add(writer, "best_vectors", best_vectors_);
  add(writer, "first_moment", first_moment_);
  add(writer, "second_moment", second_moment_);
  if (average_count_ > 0) add(writer, "average", average_);
  writer.write(path, true, context);
  note_kept(path);
}

void LightGcnRun::load(const std::string& path) {
  const Artifact file = open_checkpoint(path, {});
  require_same_run(file, identity_beside(file.record()));
  read_into(file, "vectors", model_.vectors(), model_.mutable_vectors());
  read_into(file, "best_vectors", best_vectors_, best_vectors_.mutable_data<float>());
  read_into(file, "first_moment", first_moment_, first_moment_.mutable_data<float>());
  read_into(file, "second_moment", second_moment_, second_moment_.mutable_data<float>());
  const Value& state = file.record();
  const Value* average_count = state.find("average_count");
  average_count_ = average_count == nullptr ? 0 : average_count->as_int();
  if (average_count_ > 0) read_into(file, "average", average_, average_.mutable_data<float>());
  epoch_ = static_cast<int>(state.at("epoch").as_int());
  steps_in_epoch_ = state.at("steps_in_epoch").as_int();
  step_ = state.at("step").as_int();
  loss_sum_ = state.at("loss_sum").as_real();
  loss_ = state.at("loss").as_real();
  looks_since_best_ = static_cast<int>(state.at("looks_since_best").as_int());
  best_recall_ = state.at("best_recall").as_real();
  last_recall_ = state.at("last_recall").as_real();
  history_.load_state(state.at("history"));
  note_kept(path);
}

}  // namespace whitney::recommend
