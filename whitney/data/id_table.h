#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/hash.h"
#include "whitney/data/ids.h"
#include "whitney/data/row_limit.h"

namespace whitney::data {

/// Numbers integer ids by first appearance. Small ids (as graphs usually have them) are looked up directly in
/// an array, the others in a hash table. `find` may be called by many threads while nobody calls `add` or
/// `adapt`.
class IntegerIdTable {
 public:
  explicit IntegerIdTable(int64_t most_rows = kMostRows);
  /// The row of an id, kNoRow when it has none yet.
  uint32_t find(uint64_t id) const { return id < direct_.size() ? direct_[id] : find_hashed(id); }
  void prefetch(uint64_t id) const {
    __builtin_prefetch(id < direct_.size() ? static_cast<const void*>(&direct_[id]) : &slots_[slot_of(id)]);
  }
  /// The row of an id, a new one when it has none yet. Throws Error beyond the most rows.
  uint32_t add(uint64_t id, std::string_view where);
  /// Moves ids to the array when enough of them are small enough for it to pay. Amortised constant time per
  /// id.
  void adapt();
  const std::vector<uint64_t>& ids() const { return ids_; }

 private:
  struct Slot {
    uint64_t id;
    uint32_t row;
  };
  size_t slot_of(uint64_t id) const { return static_cast<size_t>((id * 0x9E3779B97F4A7C15ULL) >> shift_); }
  uint32_t find_hashed(uint64_t id) const {
    for (size_t i = slot_of(id);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].row == kNoRow || slots_[i].id == id) return slots_[i].row;
    }
  }
  void put(uint64_t id, uint32_t row);
  void rehash(int log2_slots);

  int64_t most_rows_;
  std::vector<uint64_t> ids_;
  std::vector<uint32_t> direct_;
  std::vector<Slot> slots_;
  int shift_ = 0;
  size_t num_hashed_ = 0;
  size_t adapt_at_ = 0;
};

/// Numbers string ids by first appearance; each text is kept once. Threads as above.
class StringIdTable {
 public:
  explicit StringIdTable(int64_t most_rows = kMostRows);
  /// What `find` and `add` know a text by.
  static uint32_t tag_of(std::string_view text) { return static_cast<uint32_t>(hash64(text) >> 32); }
  void prefetch(uint32_t tag) const { __builtin_prefetch(&slots_[slot_of(tag)]); }
  uint32_t find(std::string_view text, uint32_t tag) const {
    for (size_t i = slot_of(tag);; i = (i + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[i];
      if (slot.row == kNoRow || (slot.tag == tag && this->text(slot.row) == text)) return slot.row;
    }
  }
  /// The row of a text, a new one when it has none yet. Throws Error beyond the most rows.
  uint32_t add(std::string_view text, uint32_t tag, std::string_view where);
  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  std::string_view text(int64_t row) const {
    return {bytes_.data() + offsets_[static_cast<size_t>(row)],
            static_cast<size_t>(offsets_[static_cast<size_t>(row) + 1] - offsets_[static_cast<size_t>(row)])};
  }
  Ids to_ids() const;

 private:
  struct Slot {
    uint32_t tag;
    uint32_t row;
  };
  // The table's place comes from the tag's upper bits, so that growing needs no look at the texts.
  size_t slot_of(uint32_t tag) const { return tag >> shift_; }
  void rehash(int log2_slots);

  int64_t most_rows_;
  std::vector<Slot> slots_;
  int shift_ = 0;
  std::vector<uint64_t> offsets_;
  std::string bytes_;
};

/// Collects the ids of a table's rows: integers as long as all of them are, else texts.
class IdCollector {
 public:
  void add(uint64_t id, int64_t line);
  void add(std::string_view id, int64_t line);
  int64_t size() const { return static_cast<int64_t>(lines_.size()); }
  /// Throws Error naming both lines when an id stands twice.
  Ids finish(const std::string& name);

 private:
  void become_text();
  std::vector<uint64_t> integers_, offsets_;
  std::string bytes_;
  std::vector<int64_t> lines_;
  bool is_text_ = false;
};

}  // namespace whitney::data
