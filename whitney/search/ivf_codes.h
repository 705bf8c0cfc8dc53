#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whitney/codec/block_layout.h"
#include "whitney/codec/codec.h"
#include "whitney/linalg/metric.h"
#include "whitney/search/ivf.h"
#include "whitney/search/ivf_kernels.h"
#include "whitney/search/ivf_lists.h"

namespace whitney::search {

// A vector x of a list with centroid c is held as a code of its residual r = x - c, and queries q are
// compared with codes by one table each, whatever the list: what depends on the list is a number T of the
// row. With m for what queries are taken around and s(y) for the codec's estimate of <y, r>:
//   |q - x|^2 ~ |q - c|^2 + T - 2 s(q - m),   -<q, x> ~ -<q, c> + T - s(q).
// rabitq: T = 2 s(x - m) - |r|^2 (s(x) - <x, r>), so that what is estimated is <q - x, r>: the nearer the
// vector, the smaller the error, and a query that is x itself has exactly its distance from x.
// pq: T = 2 <c - m, r'> + |r'|^2 (0) of the decoded residual r', so that keys are those of what codes decode
// to, |q - c - r'|^2 (-<q, c + r'>). Taking |r - r'|^2 off, which makes estimates unbiased, finds less: of
// the vectors that a code stands for, those near to it are the more likely neighbours. Bounds as rabitq has
// them, with the bias and spread that pairs of neighbours show, admit more than the best 10 k codes and find
// less (DEEP: 83 of the vectors and .977 of the neighbours, the best 100 .989; packages 240): without a
// rotation errors lie along what tells vectors apart.

/// What is stored of one vector besides its code.
struct RowTerms {
  /// T by the first level of the code, and by both (0 where there is one).
  float term = 0, fine_term = 0;
  /// By how much <y, r> may be estimated wrong of a y of norm 1.
  float error = 0;
};

/// What a search asks of keys: the middles of their ranges, ranges that hold the key that the code gives, or
/// ranges that hold the vector's own but where it errs by more than its bound.
enum class ListKeys : uint8_t { kMiddles, kOfCodes, kOfVectors };

/// Codes of the residuals of lists.
class ListCodec {
 public:
  ListCodec() = default;
  /// epsilon: of the error bound of rabitq, whose residuals `codec` takes around 0.
  ListCodec(std::shared_ptr<const codec::Codec> codec, IvfCodes codes, double epsilon, Metric metric);

  const codec::Codec& codec() const { return *codec_; }
  bool has_errors() const { return codes_ == IvfCodes::kRabitq; }
  /// Bytes of the second level of a row, its term among them; 0: there is none.
  int64_t fine_bytes() const {
    const int64_t bytes = codec_ == nullptr ? 0 : codec_->fine_bytes();
    return bytes == 0 ? 0 : bytes + 4;
  }
  int64_t block_bytes() const { return layout_.block_bytes(); }
  /// Floats of a block: 32 terms, and 32 errors where there are any.
  int64_t terms_per_block() const { return (has_errors() ? 2 : 1) * kFastScanLanes; }

  /// Encodes a vector of a list. centre: what queries are taken around. fine: fine_bytes(), or null.
  RowTerms encode(std::span<const float> vector, std::span<const float> centroid,
                  std::span<const float> centre, uint8_t* code, uint8_t* fine) const;
  /// Adds codes, one behind the other, to a list that has as many rows as before.
  void append(IvfList& list, std::span<const uint8_t> codes, std::span<const RowTerms> terms) const;
  /// Copies the codes of some places, ascending, into a list without codes.
  void keep(const IvfList& from, std::span<const uint32_t> places, IvfList& to) const;
  /// Writes about the vector that is held at a place: the centroid and the decoded residual.
  void decode(const IvfList& list, int64_t at, std::span<const float> centroid, float* out) const;
  void read_code(const IvfList& list, int64_t at, uint8_t* code) const {
    layout_.read(list.blocks.data() + at / kFastScanLanes * block_bytes(), at % kFastScanLanes, code);
  }
  const float* terms(const IvfList& list, int64_t block) const {
    return list.terms.data() + block * terms_per_block();
  }

 private:
  float term_of(std::span<const float> vector, std::span<const float> centre, std::span<const float> residual,
                const uint8_t* code, const uint8_t* fine, float* cosine) const;

  std::shared_ptr<const codec::Codec> codec_;
  IvfCodes codes_ = IvfCodes::kPq;
  double epsilon_ = 0;
  Metric metric_ = Metric::kL2;
  codec::BlockLayout layout_;
};

/// One query against the codes of lists. The codec must stay.
class ListQuery {
 public:
  /// query: less what queries are taken around.
  ListQuery(const ListCodec& codec, const float* query);

  /// Blocks that `select` takes at once, at most.
  static constexpr int64_t kMostBlocks = 32;
  /// Finds the lanes of neighbouring blocks whose key may be at most `limit`: writes their places, counted
  /// from the first block on, and ranges, and returns how many. found: room for all lanes.
  int64_t select(const IvfList& list, int64_t first_block, int64_t num_blocks, ListKeyTerms of_list,
                 ListKeys keys, float limit, codec::FoundKey* found);
  /// The key of one row by the first level of its code, or by both.
  float key(const IvfList& list, int64_t at, const ListKeyTerms& of_list);
  float fine_key(const IvfList& list, int64_t at, const ListKeyTerms& of_list);

 private:
  const ListCodec& codec_;
  std::vector<float> query_;
  std::vector<uint8_t> code_;
  std::unique_ptr<codec::CodeScorer> scorer_;
  std::unique_ptr<codec::FineScorer> fine_scorer_;
  /// Of the scorer, where it has any.
  const FastScanTables* tables_;
  std::vector<float> least_, greatest_;
  std::vector<uint32_t> sums_;
};

}  // namespace whitney::search
