#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/kept_file_test.h"
#include "whitney/core/value.h"

namespace whitney::text {

/// The lines of a file of tests/data/text; empty when there is none. The environment variable `instead` names
/// another file.
inline std::vector<std::string> golden_lines(const std::string& name, const char* instead = nullptr) {
  const char* other = instead != nullptr ? std::getenv(instead) : nullptr;
  std::ifstream stream(other != nullptr ? other : kept_file("text/" + name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// A declared step of a tokenizer with texts and what the judge, PyPI's tokenizers, makes of them.
struct GoldenStep {
  Value declaration;
  std::vector<std::pair<std::string, Value>> cases;
};

/// The steps of a part ("normalizer") in steps.golden, which tools/make_text_golden.py writes; empty when the
/// file is not there.
inline std::vector<GoldenStep> golden_steps(std::string_view part) {
  std::vector<GoldenStep> steps;
  for (const std::string& line : golden_lines("steps.golden", "WHITNEY_TEXT_GOLDEN")) {
    const Value group = Value::parse_json(line, "steps.golden");
    if (group.at("part").as_string() != part) continue;
    GoldenStep& step = steps.emplace_back(GoldenStep{group.at("declaration"), {}});
    for (const Value& pair : group.at("cases").as_list())
      step.cases.emplace_back(pair.as_list()[0].as_string(), pair.as_list()[1]);
  }
  return steps;
}

}  // namespace whitney::text
