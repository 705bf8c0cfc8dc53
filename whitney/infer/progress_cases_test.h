#pragma once

// What the tests of encoding block by block share.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/notes_test.h"

namespace whitney::infer {

/// Asks to stop once so many texts are done.
class StopAfter : public Progress {
 public:
  StopAfter(int64_t texts, CancellationToken& token) : texts_(texts), token_(token) {}
  void advance(std::string_view, int64_t done, int64_t, std::string_view) override {
    if (done >= texts_) token_.request();
  }
  void note(std::string_view) override {}

 private:
  int64_t texts_;
  CancellationToken& token_;
};

/// Keeps the notes.
}  // namespace whitney::infer
