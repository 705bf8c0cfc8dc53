#pragma once

#include <exception>

#include "whitney/core/context.h"
#include "whitney/search/deadline.h"

namespace whitney::search {

/// Ends the evaluation of a filter whose time is up; a search that asked for it then gives a partial result.
class FilterTimeUp : public std::exception {
 public:
  const char* what() const noexcept override { return "the time of a filter is up"; }
};

/// What evaluates a filter, or builds what that takes, and when it has to stop. The context stays.
class FilterWatch {
 public:
  // From a context alone: without a deadline. NOLINTNEXTLINE(google-explicit-constructor)
  FilterWatch(const Context& context, const Deadline& deadline = {})
      : context_(context), deadline_(deadline) {}

  const Context& context() const { return context_; }
  const Deadline& deadline() const { return deadline_; }
  /// Throws Cancelled where a stop was requested, FilterTimeUp where the deadline is past. Loops ask every
  /// few hundred microseconds at least, those over rows at one row in 4,096.
  void check() const {
    context_.check_cancelled();
    if (deadline_.is_past()) throw FilterTimeUp();
  }
  void check_at(size_t row) const {
    if (row % 4096 == 0) check();
  }

 private:
  const Context& context_;
  Deadline deadline_;
};

}  // namespace whitney::search
