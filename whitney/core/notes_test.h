#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"

namespace whitney {

/// Keeps the notes that are told, and how far a run has come.
class Notes : public Progress {
 public:
  void advance(std::string_view, int64_t now, int64_t all, std::string_view) override {
    done = now, total = all;
  }
  void note(std::string_view sentence) override { sentences.emplace_back(sentence); }
  /// A line each.
  std::string text() const {
    std::string lines;
    for (const std::string& sentence : sentences) (lines += sentence) += '\n';
    return lines;
  }

  std::vector<std::string> sentences;
  int64_t done = 0, total = 0;
};

}  // namespace whitney
