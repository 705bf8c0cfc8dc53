#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/recommend/lightgcn.h"

namespace whitney::recommend {
namespace {

Array<float> values_of(const Matrix& matrix) {
  return Array<float>::copy_of(
      {static_cast<const float*>(matrix.view().data), static_cast<size_t>(matrix.rows() * matrix.cols())});
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

Value LightGcnRun::record() const {
  Value options = Value::object();
  LightGcnOptions copy = options_;
  copy.epochs = 1;  // a run may be given more epochs than it began with
  copy.checkpoint.reset();
  copy.resume = false;
  copy.fields([&](std::string_view name, const auto& value, auto&&...) {
    // What comes after this run is not of it.
    if (name != "refit") options.set(std::string(name), detail::to_value(value));
  });
  Value record = Value::object();
  record.set("method", "lightgcn");
  record.set("options", std::move(options));
  record.set("seed", static_cast<int64_t>(seed_));
  record.set("events", fingerprint(train_));
  return record;
}

void LightGcnRun::save(const std::string& path, const Context& context) const {
  const std::span<const float> learned(static_cast<const float*>(model_.vectors().view().data),
                                       static_cast<size_t>(gradient_.rows() * gradient_.cols()));
  if (!std::ranges::all_of(learned, [](float value) { return std::isfinite(value); }))
    fail_not_finite("a vector");
  Value all = Value::object();
  all.set("run", record());
  Value state = Value::object();
  state.set("epoch", epoch_);
  state.set("step", step_);
  state.set("looks_since_best", looks_since_best_);
  state.set("loss", loss_);
  state.set("best_recall", best_recall_);
  state.set("last_recall", last_recall_);
  all.set("state", std::move(state));
  ArtifactWriter writer("checkpoint", std::move(all));
  const std::vector<int64_t> shape = {gradient_.rows(), gradient_.cols()};
  writer.add("vectors", shape, values_of(model_.vectors()));
  writer.add("best_vectors", shape, values_of(best_vectors_));
  writer.add("first_moment", shape, values_of(first_moment_));
  writer.add("second_moment", shape, values_of(second_moment_));
  writer.write(path, true, context);
}

void LightGcnRun::load(const std::string& path) {
  const Artifact file = Artifact::open(path);
  if (file.kind() != "checkpoint") fail(path, ": is ", file.kind(), ", not a checkpoint of lightgcn");
  file.verify({});
  if (const Value& version = file.record().at("program_version"); !(version == Value(kVersion))) {
    fail(path, ": was written by version ", version.to_json(), " of whitney, and this is ", kVersion,
         "; go on with that one, or begin anew without --resume");
  }
  if (!(file.record().at("run") == record())) {
    fail(path,
         ": belongs to a run of other events, options or another seed: ", file.record().at("run").to_json(),
         " and not ", record().to_json());
  }
  read_into(file, "vectors", model_.vectors(), model_.mutable_vectors());
  read_into(file, "best_vectors", best_vectors_, best_vectors_.mutable_data<float>());
  read_into(file, "first_moment", first_moment_, first_moment_.mutable_data<float>());
  read_into(file, "second_moment", second_moment_, second_moment_.mutable_data<float>());
  const Value& state = file.record().at("state");
  epoch_ = static_cast<int>(state.at("epoch").as_int());
  step_ = state.at("step").as_int();
  looks_since_best_ = static_cast<int>(state.at("looks_since_best").as_int());
  loss_ = state.at("loss").as_real();
  best_recall_ = state.at("best_recall").as_real();
  last_recall_ = state.at("last_recall").as_real();
}

}  // namespace whitney::recommend
