#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "whitney/core/api.h"

namespace whitney {

/// Joins its parts into one string, each as a stream would print it.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  static_cast<void>((text << ... << parts));
  return text.str();
}

/// Says that the user's input cannot be served: what, where (file, line, field), the value seen, what would
/// be right.
class WHITNEY_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Says that the call itself is wrong (unknown verb, option or method): exit code 2 on the command line.
class WHITNEY_API UsageError : public Error {
 public:
  using Error::Error;
};

/// Says that the user asked to stop: exit code 130 on the command line.
class WHITNEY_API Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("interrupted") {}
};

/// Says that Whitney itself is wrong; the text asks for a report.
class WHITNEY_API InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws Error made of the joined parts.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(concat(parts...));
}

[[noreturn]] WHITNEY_API void fail_check(const char* file, int line, const char* condition,
                                         const std::string& text);

}  // namespace whitney

/// Throws InternalError when a condition that only a bug can break does not hold.
#define WHITNEY_CHECK(condition, ...) \
  (static_cast<bool>(condition)       \
       ? void(0)                      \
       : ::whitney::fail_check(__FILE__, __LINE__, #condition, ::whitney::concat(__VA_ARGS__)))
