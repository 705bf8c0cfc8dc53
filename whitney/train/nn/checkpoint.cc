#include "whitney/train/nn/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::nn {
namespace {

struct TypePair {
  torch::ScalarType torch;
  DType ours;
};
constexpr TypePair kTypes[] = {{torch::kFloat32, DType::kF32}, {torch::kFloat64, DType::kF64},
                               {torch::kInt64, DType::kI64},   {torch::kInt32, DType::kI32},
                               {torch::kUInt8, DType::kU8},    {torch::kBool, DType::kBool}};

DType dtype_of_tensor(const NamedTensor& tensor) {
  for (const TypePair& pair : kTypes) {
    if (pair.torch == tensor.tensor.scalar_type()) return pair.ours;
  }
  WHITNEY_CHECK(false, "a checkpoint does not hold tensors of the type of ", tensor.name);
  return DType::kU8;
}

// Tensors stand in a file by their alignment; the order that they had stands in the record.
void add(ArtifactWriter& writer, const std::string& part, const std::vector<NamedTensor>& tensors) {
  Value::List names;
  for (const NamedTensor& tensor : tensors) {
    names.emplace_back(tensor.name);
    const auto held = std::make_shared<torch::Tensor>(tensor.tensor.detach().cpu().contiguous());
    const auto* bytes = static_cast<const std::byte*>(held->data_ptr());
    writer.add(part + "." + tensor.name, dtype_of_tensor(tensor), held->sizes().vec(),
               Array<std::byte>::view(held, bytes, static_cast<int64_t>(held->nbytes())));
  }
  writer.record().set(part, std::move(names));
}

torch::Tensor tensor_of(const TensorView& view, const std::string& path) {
  for (const TypePair& pair : kTypes) {
    if (pair.ours != view.dtype) continue;
    const Array<std::byte> bytes = view.aligned_bytes();
    torch::Tensor tensor = torch::empty(view.shape, torch::TensorOptions().dtype(pair.torch));
    if (!bytes.empty()) std::memcpy(tensor.data_ptr(), bytes.data(), static_cast<size_t>(bytes.size()));
    return tensor;
  }
  fail(path, ": the tensor ", view.name, " has a type that no checkpoint holds");
}

std::vector<NamedTensor> read(const Artifact& artifact, const std::string& part) {
  std::vector<NamedTensor> tensors;
  for (const Value& name : artifact.record().at(part).as_list()) {
    const TensorView& view = artifact.tensor(part + "." + name.as_string());
    tensors.push_back({name.as_string(), tensor_of(view, artifact.path())});
  }
  return tensors;
}

// The options that decide what comes of a run. More epochs go on where fewer ended.
RunIdentity deciding(RunIdentity identity) {
  std::vector<std::string> left_out = TrainingOptions::about_the_run();
  left_out.emplace_back("epochs");
  Value kept = Value::object();
  for (const auto& [name, value] : identity.options.as_object()) {
    if (std::find(left_out.begin(), left_out.end(), name) == left_out.end()) kept.set(name, value);
  }
  identity.options = std::move(kept);
  return identity;
}

}  // namespace

void save_checkpoint(const Checkpoint& checkpoint, const RunIdentity& identity, const std::string& path,
                     const Context& context) {
  Value record = record_of_checkpoint(deciding(identity));
  record.set("epoch", checkpoint.epoch).set("steps_in_epoch", checkpoint.steps_in_epoch);
  record.set("step", checkpoint.step).set("loss_sum", checkpoint.loss_sum);
  record.set("average_count", checkpoint.average_count).set("progress", checkpoint.progress);
  ArtifactWriter writer("checkpoint", std::move(record));
  add(writer, "parameters", checkpoint.parameters);
  add(writer, "optimizer", checkpoint.optimizer);
  add(writer, "average", checkpoint.average);
  add(writer, "best", checkpoint.best);
  writer.write(path, /*force=*/true, context);
}

Checkpoint load_checkpoint(const std::string& path, const RunIdentity& identity, const Context& context) {
  const Artifact artifact = open_checkpoint(path, context);
  require_same_run(artifact, deciding(identity));
  const Value& record = artifact.record();
  Checkpoint checkpoint;
  checkpoint.epoch = record.at("epoch").as_int();
  checkpoint.steps_in_epoch = record.at("steps_in_epoch").as_int();
  checkpoint.step = record.at("step").as_int();
  checkpoint.loss_sum = record.at("loss_sum").as_real();
  checkpoint.average_count = record.at("average_count").as_int();
  checkpoint.progress = record.at("progress");
  checkpoint.parameters = read(artifact, "parameters");
  checkpoint.optimizer = read(artifact, "optimizer");
  checkpoint.average = read(artifact, "average");
  checkpoint.best = read(artifact, "best");
  return checkpoint;
}

std::vector<NamedTensor> kept_parameters(const Artifact& checkpoint) {
  for (const char* kind : {"best", "average"}) {
    std::vector<NamedTensor> found = read(checkpoint, kind);
    if (!found.empty()) return found;
  }
  return read(checkpoint, "parameters");
}

}  // namespace whitney::nn
