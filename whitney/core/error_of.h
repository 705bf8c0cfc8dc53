#pragma once

#include <string>

#include "whitney/core/error.h"

namespace whitney {

/// The sentence of the Error that `body` throws, "no error" when it throws none: what tests look at.
template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace whitney
