#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/error.h"
#include "whitney/infer/encoder.h"

namespace whitney::infer {

/// Says that a model gave a text values that are no numbers. The text is known by its place among those that
/// were encoded, so that a caller that knows its id can name it instead.
class WHITNEY_API NotFinite : public Error {
 public:
  NotFinite(const std::string& model, int64_t place) : NotFinite(model, place, concat("number ", place)) {}

  /// The text, counted from 0.
  int64_t place() const { return place_; }
  /// The same about a text of this name.
  NotFinite of_text(const std::string& name) const { return {model_, place_, name}; }

 private:
  NotFinite(const std::string& model, int64_t place, const std::string& name)
      : Error(concat(model, ": gives values that are no numbers for text ", name,
                     " (expected: a model whose weights are finite)")),
        model_(model),
        place_(place) {}

  std::string model_;
  int64_t place_;
};

/// Throws NotFinite about the first text whose vectors or weights of words hold a NaN or an infinite value.
void check_finite(const Context& context, const std::string& model, const Encoding& encoding);

}  // namespace whitney::infer
