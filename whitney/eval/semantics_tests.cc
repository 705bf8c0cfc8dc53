#include "whitney/eval/semantics_tests.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"

namespace whitney::eval {
namespace {

namespace fs = std::filesystem;

// "questions-words.txt.gz": questions-words
std::string stem_of(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return name.substr(0, name.find('.', 1));
}

bool is_test(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with("README") &&
         (name.find(".txt") != std::string::npos || name.find(".tsv") != std::string::npos);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!data::trim(line).empty()) words.push_back(data::take_word(line));
  return words;
}

void read_analogies(std::string_view text, const std::string& path, WordTests& tests) {
  for (int64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = data::trim(data::take_line(text));
    if (line.empty()) continue;
    if (line.starts_with(':')) {
      tests.analogies.push_back({std::string(data::trim(line.substr(1))), {}});
      continue;
    }
    const auto words = words_of(line);
    if (words.size() != 4)
      fail(path, ":", number, ": ", words.size(), " words (expected: the four of a question, a b c e)");
    tests.analogies.back().questions.push_back(
        {std::string(words[0]), std::string(words[1]), std::string(words[2]), std::string(words[3])});
  }
}

void read_similarities(std::string_view text, const std::string& path, WordTests& tests) {
  SimilarityTest test{stem_of(path), {}};
  for (int64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = data::trim(data::take_line(text));
    if (line.empty() || line.starts_with('#')) continue;
    const auto words = words_of(line);
    const auto score = words.size() < 3 ? std::nullopt : data::parse_float(words.back());
    if (!score) {
      if (test.pairs.empty() && number == 1 && words.size() >= 3) continue;  // a heading
      fail(path, ":", number, ": no pair with a score (expected: word word ... score)");
    }
    test.pairs.push_back({std::string(words[0]), std::string(words[1]), double{*score}});
  }
  if (test.pairs.empty()) fail(path, ": there are no pairs in this file (expected: word word ... score)");
  tests.similarities.push_back(std::move(test));
}

}  // namespace

WordTests read_word_tests(const std::string& path, const Context& context) {
  std::vector<std::string> files;
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.is_regular_file() && is_test(entry.path())) files.push_back(entry.path().string());
    }
    std::ranges::sort(files);
    if (files.empty()) fail(path, ": there are no word tests in this folder (expected: .txt files)");
  } else {
    files.push_back(path);
  }
  WordTests tests;
  for (const std::string& file : files) {
    data::InputStream input = data::InputStream::open(file, context.cancellation);
    const data::SharedBytes bytes = input.read_all(context);
    const std::string_view text = data::without_byte_order_mark(bytes.text, file);
    data::check_text(text, file);
    if (data::trim(text).starts_with(':'))
      read_analogies(text, file, tests);
    else
      read_similarities(text, file, tests);
  }
  return tests;
}

}  // namespace whitney::eval
