#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"

namespace whitney {

/// Whose training a checkpoint (an artifact of kind "checkpoint") holds. One of another method, options,
/// seed, input or version is not gone on with.
struct RunIdentity {
  std::string method = {};
  /// Resolved; of these, only what decides what comes of a run.
  Value options = Value::object();
  uint64_t seed = 0;
  /// Fingerprint of the data.
  std::string input = {};
};

/// The record of a checkpoint: method, options, seed and input, to which the state of the training is added.
WHITNEY_API Value record_of_checkpoint(const RunIdentity& identity);

/// Opens a checkpoint and checks its hashes. Throws Error that names the file.
WHITNEY_API Artifact open_checkpoint(const std::string& path, const Context& context);

/// Throws Error that names the file and the first thing that belongs to another run: method, version, option,
/// seed, input. The record need hold nothing: a checkpoint of any version is told so.
WHITNEY_API void require_same_run(const Artifact& checkpoint, const RunIdentity& identity);

}  // namespace whitney
