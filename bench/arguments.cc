#include "bench/arguments.h"

#include <algorithm>
#include <charconv>

#include "whitney/core/error.h"

namespace whitney::bench {
namespace {

template <class Number>
Number number_of(std::string_view name, const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) fail(name, " cannot be \"", text, "\"");
  return number;
}

}  // namespace

bool ArgumentReader::take_text(std::string_view name, std::string& text) {
  known_ += (known_.empty() ? "" : ", ") + std::string(name);
  const auto found = std::ranges::find(words_, name);
  if (found == words_.end()) return false;
  if (found + 1 == words_.end()) fail(name, " needs a value");
  text = *(found + 1);
  words_.erase(found, found + 2);
  return true;
}

void ArgumentReader::take(std::string_view name, std::string& value) { take_text(name, value); }

void ArgumentReader::take(std::string_view name, double& value) {
  if (std::string text; take_text(name, text)) value = number_of<double>(name, text);
}

void ArgumentReader::take_integer(std::string_view name, int64_t& value) {
  if (std::string text; take_text(name, text)) value = number_of<int64_t>(name, text);
}

bool ArgumentReader::take_switch(std::string_view name) {
  known_ += (known_.empty() ? "" : ", ") + std::string(name);
  return std::erase(words_, name) > 0;
}

void ArgumentReader::finish() const {
  if (!words_.empty()) fail("unknown argument ", words_[0], " (expected: ", known_, ")");
}

}  // namespace whitney::bench
