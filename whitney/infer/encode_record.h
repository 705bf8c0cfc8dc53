#pragma once

#include <string>

#include "whitney/core/api.h"
#include "whitney/core/value.h"
#include "whitney/infer/encoder.h"
#include "whitney/linalg/metric.h"

namespace whitney::infer {

/// What a record says of a run that encodes texts, before it names these: program, options, precision, metric
/// and the fingerprints of the files read. Reads all files of the model.
Value encode_record(const Encoder& encoder, const std::string& model_path, const EncodeOptions& options);

/// xxh3-128 of the files that make a model: of a folder, its .json, .txt, .model and .safetensors files,
/// those of modules included, with their names in it.
WHITNEY_API std::string fingerprint_of_model(const std::string& path);

/// The metric that a model's files name ("dot", "euclidean"), else cosine.
WHITNEY_API Metric metric_of(const Encoder& encoder);

}  // namespace whitney::infer
