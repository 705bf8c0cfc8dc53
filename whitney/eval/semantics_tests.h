#pragma once

#include <array>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney::eval {

/// Pairs of words with the similarity that people gave them.
struct SimilarityTest {
  struct Pair {
    std::string first, second;
    double score = 0;
  };
  /// The file's name without its extensions.
  std::string name;
  std::vector<Pair> pairs;
};

/// Questions a : b :: c : e.
struct AnalogyTest {
  std::string name;
  std::vector<std::array<std::string, 4>> questions;
};

struct WordTests {
  std::vector<SimilarityTest> similarities;
  /// One for each section of each file.
  std::vector<AnalogyTest> analogies;
};

/// Reads word tests: a file, or all .txt and .tsv (and .gz, .xz, .zst) of a folder but README, by name. A
/// file that begins with ":" holds analogies, ": section" lines and four words a line (questions-words.txt);
/// any other, lines of two words and, last, a score. Throws Error that names file, line and what was
/// expected.
WHITNEY_API WordTests read_word_tests(const std::string& path, const Context& context);

}  // namespace whitney::eval
