#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whitney::bench {

/// Reads the words behind a bench's name: "--name VALUE" in any order, a switch without a value.
///   ArgumentReader words(argc, argv);
///   words.take("--queries", arguments.num_queries);
///   words.finish();
class ArgumentReader {
 public:
  ArgumentReader(int count, char** words) : words_(words + 1, words + count) {}

  /// Sets `value` where the name stands among the words. Throws Error where no value follows it, or one that
  /// is no number.
  void take(std::string_view name, std::string& value);
  void take(std::string_view name, double& value);
  template <std::integral Number>
  void take(std::string_view name, Number& value) {
    int64_t number = static_cast<int64_t>(value);
    take_integer(name, number);
    value = static_cast<Number>(number);
  }
  /// True where a switch stands among the words.
  bool take_switch(std::string_view name);
  /// Throws Error for a word that nothing took, with the names that were asked for.
  void finish() const;

 private:
  bool take_text(std::string_view name, std::string& text);
  void take_integer(std::string_view name, int64_t& value);

  std::vector<std::string> words_;
  std::string known_;
};

}  // namespace whitney::bench
