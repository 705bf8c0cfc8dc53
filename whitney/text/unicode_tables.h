#pragma once

#include <cstddef>
#include <cstdint>

namespace whitney::text::tables {

/// Classes of UAX 29, in the low 4 bits of Record::grapheme.
enum Grapheme : uint8_t {
  kOther,
  kCr,
  kLf,
  kControl,
  kExtend,
  kZwj,
  kRegionalIndicator,
  kPrepend,
  kSpacingMark,
  kHangulL,
  kHangulV,
  kHangulT,
  kHangulLv,
  kHangulLvt,
  kPictographic = 16,  // bits beside
  kConsonant = 32,
  kLinker = 64
};

/// What a character does in normal forms, the bits of Record::changes. The first four are 1 << NormalForm.
enum Change : uint8_t {
  kChangesNfc = 1,
  kChangesNfd = 2,
  kChangesNfkc = 4,
  kChangesNfkd = 8,
  kJoinsPrevious = 16
};

/// All that is asked of a code point one by one; few differ, so that code points share them.
struct Record {
  uint8_t category;
  uint8_t grapheme;
  uint8_t combining_class;
  uint8_t changes;
  uint16_t properties;
};

/// Where the full decompositions of a character stand in kDecompositionBytes, as UTF-8.
struct Decomposition {
  uint16_t canonical;
  uint16_t compatible;
  uint8_t canonical_size;
  uint8_t compatible_size;
};

/// first << 21 | second, and what they become. Sorted.
struct Composition {
  uint64_t pair;
  uint32_t composed;
};

inline constexpr int kBlockBits = 7;

extern const Record kRecords[];
extern const uint16_t kRecordBlocks[];
extern const uint8_t kRecordIndex[];
extern const uint8_t kLowerBlocks[];
extern const uint8_t kLowerIndex[];
extern const int32_t kLowerDeltas[];
extern const uint8_t kDecompositionBlocks[];
extern const uint16_t kDecompositionIndex[];
extern const Decomposition kDecompositions[];
extern const uint8_t kDecompositionBytes[];
extern const Composition kCompositions[];
extern const size_t kNumCompositions;
/// Characters that differ in case only, group after group, each closed by 0.
extern const uint32_t kFoldGroups[];
extern const size_t kFoldGroupsSize;

/// Looks c up in a two-stage table.
template <class Block, class Index>
size_t look_up(const Block* blocks, const Index* index, char32_t c) {
  return index[size_t{blocks[c >> kBlockBits]} << kBlockBits | (c & ((1U << kBlockBits) - 1))];
}

inline const Record& record(char32_t c) { return kRecords[look_up(kRecordBlocks, kRecordIndex, c)]; }

}  // namespace whitney::text::tables
