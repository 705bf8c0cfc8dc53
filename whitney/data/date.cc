#include <array>
#include <charconv>
#include <chrono>

#include "whitney/data/attributes.h"

namespace whitney {
namespace {

constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr int64_t kMicrosecondsPerDay = 86'400 * kMicrosecondsPerSecond;

// Takes exactly `width` digits from the front; nothing when there are other characters.
std::optional<int> take_digits(std::string_view& text, size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// Two digits after `before`, below `bound`.
std::optional<int> take_part(std::string_view& text, char before, int bound) {
  if (!take(text, before)) return std::nullopt;
  const auto value = take_digits(text, 2);
  return value && *value < bound ? value : std::nullopt;
}

// 1 to 6 digits behind the point, as microseconds.
std::optional<int> take_fraction(std::string_view& text) {
  int value = 0;
  size_t digits = 0;
  for (; digits < 6; ++digits) {
    const auto digit = take_digits(text, 1);
    if (!digit) break;
    value = value * 10 + *digit;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

// The part behind the day: T10:00:00[.ffffff]Z.
std::optional<int64_t> parse_time(std::string_view text) {
  const auto hour = take_part(text, 'T', 24);
  const auto minute = hour ? take_part(text, ':', 60) : std::nullopt;
  const auto second = minute ? take_part(text, ':', 60) : std::nullopt;
  if (!second) return std::nullopt;
  int fraction = 0;
  if (take(text, '.')) {
    const auto digits = take_fraction(text);
    if (!digits) return std::nullopt;
    fraction = *digits;
  }
  if (text != "Z") return std::nullopt;
  return ((*hour * 60 + *minute) * 60 + *second) * kMicrosecondsPerSecond + fraction;
}

std::string padded(int64_t value, size_t width) {
  std::string digits = std::to_string(value);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

}  // namespace

std::optional<int64_t> parse_date(std::string_view text) {
  const auto year = take_digits(text, 4);
  const auto month = year ? take_part(text, '-', 13) : std::nullopt;
  const auto day = month ? take_part(text, '-', 32) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * kMicrosecondsPerDay;
  if (text.empty()) return midnight;
  const auto time = parse_time(text);
  return time ? std::optional(midnight + *time) : std::nullopt;
}

std::string date_text(int64_t microseconds) {
  int64_t days = microseconds / kMicrosecondsPerDay;
  int64_t rest = microseconds % kMicrosecondsPerDay;
  if (rest < 0) {
    rest += kMicrosecondsPerDay;
    --days;
  }
  // The calendar of std::chrono ends at year 32,767; beyond it the number of microseconds says more than a
  // date.
  constexpr int64_t kMostDays = 11'000'000;
  if (days > kMostDays || days < -kMostDays) return std::to_string(microseconds) + "us";
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int year = static_cast<int>(date.year());
  std::string text = (year < 0 ? "-" : "") + padded(std::abs(year), 4) + "-" +
                     padded(static_cast<unsigned>(date.month()), 2) + "-" +
                     padded(static_cast<unsigned>(date.day()), 2);
  if (rest == 0) return text;
  const int64_t second = rest / kMicrosecondsPerSecond, fraction = rest % kMicrosecondsPerSecond;
  text += "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2);
  if (fraction != 0) text += "." + padded(fraction, 6);
  return text + "Z";
}

}  // namespace whitney
