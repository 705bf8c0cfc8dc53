#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::text {

/// Byte strings with ids, walked byte by byte: a double array (Aoe 1989), where one comparison tells whether
/// a state goes on with a byte.
class WHITNEY_API PieceTrie {
 public:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNowhere = 0xFFFFFFFF;

  /// Without strings.
  PieceTrie() : PieceTrie(std::vector<std::pair<std::string_view, int32_t>>{}) {}
  /// ids are not negative; the empty string is passed over; of equal strings the last one counts.
  explicit PieceTrie(std::vector<std::pair<std::string_view, int32_t>> pieces);

  /// The state behind `state` and a byte, or kNowhere.
  uint32_t next(uint32_t state, char byte) const {
    const uint32_t child = states_[state].base + static_cast<unsigned char>(byte);
    return states_[child].parent == state ? child : kNowhere;
  }
  /// The id of the string that leads to a state, or -1.
  int32_t id_of(uint32_t state) const { return states_[state].id; }
  /// The state behind a string, or kNowhere.
  uint32_t state_of(std::string_view text) const {
    uint32_t state = kRoot;
    for (size_t i = 0; i < text.size() && state != kNowhere; ++i) state = next(state, text[i]);
    return state;
  }
  int32_t find(std::string_view text) const {
    const uint32_t state = state_of(text);
    return state == kNowhere ? -1 : id_of(state);
  }

 private:
  struct State {
    uint32_t base = 0;
    uint32_t parent = kNowhere;
    int32_t id = -1;
  };
  class Builder;

  std::vector<State> states_;
};

}  // namespace whitney::text
