#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney::text {

/// No token's id.
inline constexpr int32_t kNoToken = -1;

/// The tokens of a model and their ids, both ways. Not every id below size() needs a token.
class WHITNEY_API Vocabulary {
 public:
  Vocabulary() = default;
  /// Reads the member "vocab" of a tokenizer.json: an object of ids by token. Throws Error naming the token
  /// whose id is no number, beyond 2^24, or another token's.
  static Vocabulary of_object(const Value& ids_by_token);

  /// Gives a token an id. Where the token stands already, the newer id is found for it; where the id does,
  /// the newer token. Throws Error when the id is negative or beyond 2^24.
  void add(std::string_view token, int64_t id);

  /// The id of a token, or kNoToken.
  int32_t find(std::string_view token) const;
  /// The token of an id, which may be any number.
  std::optional<std::string_view> token_of(int64_t id) const;
  /// One more than the largest id.
  int64_t size() const { return static_cast<int64_t>(by_id_.size()); }

 private:
  struct Entry {
    uint32_t begin = 0;
    uint32_t size = kAbsent;
  };
  static constexpr uint32_t kAbsent = 0xFFFFFFFF;
  // A slot of the open-addressing table: the hash's upper half spares most comparisons.
  struct Slot {
    uint32_t tag = 0;
    int32_t id = kNoToken;
    Entry entry;
  };

  std::string_view text_of(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.size);
  }
  Slot& slot_of(std::string_view token, uint64_t hash);
  void grow();

  std::string bytes_;
  std::vector<Entry> by_id_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t num_used_ = 0;
};

}  // namespace whitney::text
