#pragma once

// Miniature checkpoints, what a reference makes of some inputs, and how to run them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/json_file.h"
#include "whitney/infer/architecture.h"
#include "whitney/infer/model_folder.h"
#include "whitney/infer/transformer.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {

/// A miniature checkpoint with what a reference in double precision makes of some inputs.
struct Case {
  std::vector<int32_t> ids;
  std::vector<double> states;  // tokens x width
};

struct Checkpoint {
  Transformer model;
  std::vector<Case> cases;
};

/// Of a checkpoint's expected.json.
inline std::vector<Case> read_cases(const std::string& folder) {
  std::vector<Case> cases;
  const Value expected = data::read_json_file(folder + "/expected.json");
  for (const Value& value : expected.as_list()) {
    Case& added = cases.emplace_back();
    for (const Value& id : value.find("input_ids")->as_list())
      added.ids.push_back(static_cast<int32_t>(id.as_int()));
    for (const Value& row : value.find("last_hidden_state")->as_list()) {
      for (const Value& number : row.as_list()) added.states.push_back(number.as_real());
    }
  }
  return cases;
}

/// Of a folder or a .gguf file.
inline Transformer open_transformer(const std::string& path) {
  const ModelFolder folder = ModelFolder::open(path);
  return make_transformer({*folder.config, folder.weights(), Context(), Precision::kFloat32});
}

inline Checkpoint open_checkpoint(const std::string& path) {
  return {open_transformer(path), read_cases(path)};
}

/// The states (tokens x width) of texts laid end to end.
inline std::vector<float> states_of(const Transformer& model, const std::vector<std::vector<int32_t>>& texts,
                                    int threads = 1, const ForwardOptions& options = {}) {
  std::vector<int32_t> ids;
  std::vector<int64_t> starts{0};
  for (const auto& text : texts) {
    ids.insert(ids.end(), text.begin(), text.end());
    starts.push_back(std::ssize(ids));
  }
  Workspace workspace;
  model.run(with_threads(threads), {ids, starts}, options, workspace);
  const float* hidden = workspace.hidden.data();
  return {hidden, hidden + std::ssize(ids) * model.width};
}

/// The largest difference of states from a reference's.
inline double worst_of(const std::vector<float>& states, const std::vector<double>& wanted) {
  EXPECT_EQ(states.size(), wanted.size());
  double worst = states.size() == wanted.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(states.size(), wanted.size()); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(states[i]) - wanted[i]));
  return worst;
}

}  // namespace whitney::infer
