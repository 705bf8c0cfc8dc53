#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/run_identity.h"
#include "whitney/train/nn/parameters.h"

namespace whitney::nn {

using whitney::RunIdentity;

/// The whole state of a training between two steps: with it, a run that goes on writes the same bytes as one
/// that never stopped. Random numbers are functions of seed, epoch and step, so there is no state of a
/// generator.
struct Checkpoint {
  /// Epochs that are over, steps of the epoch that is not, and all steps.
  int64_t epoch = 0, steps_in_epoch = 0, step = 0;
  /// Sum of losses of the epoch's steps so far.
  double loss_sum = 0;
  std::vector<NamedTensor> parameters, optimizer, average, best;
  int64_t average_count = 0;
  /// What the loop keeps about early stopping and history.
  Value progress = Value::object();
};

/// Writes it as one safetensors file of kind "checkpoint": beside its place, synced, renamed, so that the one
/// before stays whole until this one is. Replaces the file. Options of the identity that only watch a run,
/// and `epochs`, may differ.
void save_checkpoint(const Checkpoint& checkpoint, const RunIdentity& identity, const std::string& path,
                     const Context& context);

/// Reads it and checks its hashes. Throws Error that names the file and the first thing that belongs to
/// another run: kind, version, method, option, seed, input. Tensors are on the CPU.
Checkpoint load_checkpoint(const std::string& path, const RunIdentity& identity, const Context& context);

/// The parameters that a run would have kept which ended there (those of the best epoch, else the average,
/// else the last), whoever made it: what soups are made of.
std::vector<NamedTensor> kept_parameters(const Artifact& checkpoint);

}  // namespace whitney::nn
