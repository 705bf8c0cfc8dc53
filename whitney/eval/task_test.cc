#include "whitney/eval/task.h"

#include <gtest/gtest.h>

#include <string>

#include "whitney/core/error_of.h"

namespace whitney {
namespace {

std::string error_of_evaluating(std::string_view task, const std::vector<std::string>& paths,
                                const Value& options = Value::object()) {
  return error_of([&] { evaluate(Verb::kEvaluate, task, paths, options, {}); });
}

TEST(Task, NamesTheInputsThatItTakes) {
  const std::string error = error_of_evaluating("classification", {"vectors.safetensors"});
  EXPECT_NE(error.find("embeddings"), std::string::npos) << error;
  EXPECT_NE(error.find("labels"), std::string::npos) << error;
}

TEST(Task, OffersTheNearestNameOfATaskOrAnOption) {
  EXPECT_NE(error_of_evaluating("clasification", {"a", "b"}).find("classification"), std::string::npos);
  const Value options = Value::object({{"train_ration", 0.5}});
  EXPECT_NE(error_of_evaluating("classification", {"a", "b"}, options).find("did you mean \"train_ratio\"?"),
            std::string::npos);
}

TEST(Task, NamesTheFileThatIsMissing) {
  EXPECT_NE(error_of_evaluating("classification", {"nowhere.npy", "labels.tsv"}).find("nowhere.npy"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney
