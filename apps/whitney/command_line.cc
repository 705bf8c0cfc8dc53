#include "apps/whitney/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "whitney/core/error.h"

namespace whitney::app {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A word that can only be a value although it begins with a dash: `-`, `-1`, `-.5`.
bool looks_like_value(std::string_view word) {
  if (word.empty() || word[0] != '-' || word == "-") return true;
  return is_digit(word[1]) || word[1] == '.';
}

std::string plain_name(std::string_view typed) {
  if (typed == "h") return "help";
  std::string name(typed);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// `-k`, `-k5`, `-k=5`, `--name`, `--name=value`.
TypedOption take_name(std::string_view word) {
  if (word.starts_with("--")) {
    const size_t equals = word.find('=');
    TypedOption option{plain_name(word.substr(2, equals == word.npos ? word.npos : equals - 2)), {}};
    if (equals != word.npos) option.value = word.substr(equals + 1);
    return option;
  }
  TypedOption option{plain_name(word.substr(1, 1)), {}};
  if (word.size() > 2) option.value = word.substr(word[2] == '=' ? 3 : 2);
  return option;
}

}  // namespace

Words split_words(std::span<const std::string> words, const std::function<bool(std::string_view)>& is_flag) {
  Words result;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      result.positionals.insert(result.positionals.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                words.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      result.positionals.push_back(word);
      continue;
    }
    TypedOption option = take_name(word);
    if (!option.value && i + 1 < words.size()) {
      const std::string& next = words[i + 1];
      const bool takes_next =
          is_flag(option.name) ? next == "true" || next == "false" : looks_like_value(next);
      if (takes_next) {
        option.value = next;
        ++i;
      }
    }
    result.options.push_back(std::move(option));
  }
  return result;
}

std::string dashed(std::string_view name) {
  if (name == "output_file") return "-o";
  if (name.size() == 1) return "-" + std::string(name);
  std::string text = "--" + std::string(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

int64_t parse_size(std::string_view text, std::string_view option) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  static constexpr std::array<Unit, 10> kUnits{{{"", 1},
                                                {"b", 1},
                                                {"kb", 1e3},
                                                {"mb", 1e6},
                                                {"gb", 1e9},
                                                {"tb", 1e12},
                                                {"kib", 1024.0},
                                                {"mib", 1048576.0},
                                                {"gib", 1073741824.0},
                                                {"tib", 1099511627776.0}}};
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit;
  for (const char* c = stop; c != text.data() + text.size(); ++c) {
    if (*c != ' ') unit += static_cast<char>(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
  }
  const auto* known =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (error != std::errc() || known == kUnits.end() || !(number > 0) || number * known->bytes > 9e18) {
    throw UsageError(concat("option \"", option, "\": \"", text,
                            "\" is no size (expected: a number and a unit, such as 4GB or 512MiB)"));
  }
  return static_cast<int64_t>(number * known->bytes);
}

}  // namespace whitney::app
