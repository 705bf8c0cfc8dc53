#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/text/token_model.h"

namespace whitney::text {

/// What two neighbours become, and how soon.
struct MergeResult {
  static constexpr uint32_t kNever = 0xFFFFFFFF;
  uint32_t rank = kNever;
  int32_t merged = kNoToken;
};

/// The merges of a BytePair by their pair of ids: open addressing, at most half full.
class WHITNEY_API MergeTable {
 public:
  /// Of equal pairs the last one counts.
  explicit MergeTable(std::span<const BytePairDeclaration::Merge> merges);

  MergeResult find(int32_t left, int32_t right) const {
    const uint64_t key = key_of(left, right);
    for (size_t i = place_of(key);; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.key == key) return slot.result;
      if (slot.key == kEmpty) return {};
    }
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};
  struct Slot {
    uint64_t key = kEmpty;
    MergeResult result;
  };
  static uint64_t key_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  size_t place_of(uint64_t key) const {
    return static_cast<size_t>(((key ^ key >> 29) * 0x9E3779B97F4A7C15ULL) >> shift_);
  }

  std::vector<Slot> slots_;
  size_t mask_ = 0;
  int shift_ = 0;
};

/// Byte pair encoding (Sennrich et al. 2016): a word begins as its characters, or bytes, and the neighbours
/// whose merge has the lowest rank become one, the left ones first, until none are left. Short words are
/// searched end to end for the lowest rank, long ones keep a heap: O(n log n).
class WHITNEY_API BytePair final : public TokenModel {
 public:
  BytePair(BytePairDeclaration declaration, WordForm form);

 protected:
  void cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const override;

 private:
  // Where in its word a character stands; prefix and suffix make it other tokens there.
  enum Place : size_t { kInside = 0, kFirst = 1, kLast = 2, kNumPlaces = 4 };

  void fill_tables();
  bool can_split_at_blanks(std::span<const BytePairDeclaration::Merge> merges) const;
  bool cut_at_blanks(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const;
  void append_symbols(std::string_view word, ModelScratch& scratch) const;
  int32_t id_at(std::string_view character, size_t place, std::string& piece) const;
  void merge_few(std::span<int32_t> symbols, std::vector<int32_t>& ids) const;
  void merge_many(ModelScratch& scratch, std::vector<int32_t>& ids) const;

  MergeTable merges_;
  WordForm form_;
  std::string unknown_;
  std::string continuing_prefix_;
  std::string end_of_word_suffix_;
  bool fuse_unknown_;
  bool byte_fallback_;
  bool ignore_merges_;
  bool splits_at_blanks_ = false;
  int32_t unknown_id_ = kNoToken;
  std::array<int32_t, 256> byte_ids_{};                           // of "<0x00>" ..., for byte_fallback
  std::array<std::array<int32_t, 256>, kNumPlaces> first_ids_{};  // of one-byte symbols, by place
  Vocabulary raw_words_;  // the tokens spelt as raw bytes, for ignore_merges
};

}  // namespace whitney::text
