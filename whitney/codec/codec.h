#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/codec/block_layout.h"
#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/dtype.h"
#include "whitney/core/matrix.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/linalg/distance.h"

namespace whitney::codec {

/// The vectors that a codec is fitted to or encodes: rows of any numeric type, read as float32, of norm 1
/// where asked (zero rows stay zero). A view.
class WHITNEY_API Rows {
 public:
  explicit Rows(const MatrixView& view, bool normalized = false) : view_(view), normalized_(normalized) {}
  int64_t size() const { return view_.rows; }
  int64_t dim() const { return view_.cols; }
  bool normalized() const { return normalized_; }
  /// Writes row i, dim() values.
  void read(int64_t i, float* out) const;
  /// All rows, or a random `most` of them in their order where there are more: what slow fits look at.
  Matrix sample(int64_t most, const Context& context) const;

 private:
  MatrixView view_;
  bool normalized_;
};

/// Blocks that CodeScorer::select_keys takes at once, at most.
inline constexpr int64_t kBlocksOfRanges = 32;

/// A lane of some blocks that a scan has to look at, and between what its key lies.
struct FoundKey {
  /// 32 b + lane.
  uint32_t place;
  float least, greatest;
};

/// Compares one query with codes, as the kernel compares it with the vectors that they decode to.
class WHITNEY_API CodeScorer {
 public:
  virtual ~CodeScorer() = default;
  /// Writes the kernel's value for each of `count` codes, which lie one behind the other.
  virtual void score(const uint8_t* codes, int64_t count, float* out) const = 0;
  /// As score, and writes by how much each value may be wrong (with the probability that the codec tells). A
  /// codec whose Codec::has_bounds is true overrides it.
  virtual void score_with_bounds(const uint8_t* codes, int64_t count, float* out, float* bounds) const;
  /// Writes the least and the greatest that the key of each lane can be, of `count` blocks of 32 codes that
  /// lie one behind the other. A key is what `score` gives, negated where the kernel is an inner product, so
  /// that lower is nearer; `with_bounds`: less and plus the code's bound. Far cheaper than scores: a search
  /// looks at those alone that could matter. A codec that has a block_layout overrides it.
  virtual void key_ranges(const uint8_t* blocks, int64_t count, bool with_bounds, float* least,
                          float* greatest) const;
  /// Writes the lanes whose key may be at most `limit`, in the order of their places, and returns how many
  /// they are; `found` has room for all lanes. count: kBlocksOfRanges at most. As key_ranges tells, which
  /// this one asks; a codec may compare where it adds up.
  virtual int64_t select_keys(const uint8_t* blocks, int64_t count, bool with_bounds, float limit,
                              FoundKey* found) const;
  /// Tables of which a code's entries add up to its key, within their error and what float32 rounds
  /// (part_tables.h), where blocks are parts of 4 bits alone; else null. For those who add more to a key.
  virtual const FastScanTables* key_tables() const { return nullptr; }
};

/// Compares one query with single codes by both levels, or by the first where there is one.
class WHITNEY_API FineScorer {
 public:
  virtual ~FineScorer() = default;
  /// `fine` may be null.
  virtual float score(const uint8_t* code, const uint8_t* fine) const = 0;
};

/// Turns vectors into codes of a fixed number of bytes and back; fitted, then never changed. A further level
/// of codes, stored apart, may refine the first: searches read the first of all rows and both of a few.
class WHITNEY_API Codec {
 public:
  virtual ~Codec() = default;
  virtual int64_t dim() const = 0;
  /// Bytes of a vector's code, and of its second level (0: there is none).
  virtual int64_t code_bytes() const = 0;
  virtual int64_t fine_bytes() const { return 0; }
  /// Encodes dim() values. `fine` is null where fine_bytes() is 0. Throws Error for values that it cannot
  /// hold.
  virtual void encode(const float* row, uint8_t* code, uint8_t* fine) const = 0;
  /// Writes dim() values; `fine` may be null: by the first level alone.
  virtual void decode(const uint8_t* code, const uint8_t* fine, float* row) const = 0;
  /// True where vectors are changed for good, and a query is compared with them as if it were changed
  /// likewise: what is decoded then stands in another space than queries do.
  virtual bool changes_vectors() const { return false; }
  /// Writes dim() values that stand where the encoded vector stood: a query of these finds what the vector
  /// would. What decode gives unless the codec changes vectors.
  virtual void restore(const uint8_t* code, const uint8_t* fine, float* row) const {
    decode(code, fine, row);
  }
  /// Prepares a query of dim() values, which may go away afterwards; the codec must stay. A codec that has
  /// nothing faster inherits this one, which decodes.
  virtual std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const;
  /// As scorer, by both levels: for ranking anew what the first level found. This one decodes.
  virtual std::unique_ptr<FineScorer> fine_scorer(Kernel kernel, const float* query) const;
  /// True where scorers tell how wrong their values may be.
  virtual bool has_bounds() const { return false; }
  /// How blocks of 32 codes lie that scorers can look up at once; absent: this codec reads codes one by one.
  virtual std::optional<BlockLayout> block_layout() const { return std::nullopt; }
  /// The type of `vectors` where codes are nothing but the values in it: such embeddings need no codec to be
  /// read.
  virtual std::optional<DType> plain_type() const { return std::nullopt; }
  /// Adds what was fitted as tensors whose names begin with `prefix`.
  virtual void save(ArtifactWriter& writer, const std::string& prefix) const = 0;
};

/// What a saved codec is opened from.
struct SavedCodec {
  const Artifact& artifact;
  /// Of its tensors.
  std::string prefix;
  int64_t dim;
  /// Resolved.
  Value options;

  /// A tensor of `count` float32 values; throws Error naming file and tensor where it has others.
  Array<float> floats(const std::string& name, int64_t count) const;
};

/// Runs a method of the verb `compress`.
class WHITNEY_API CodecMethod : public MethodRunner {
 public:
  /// `options` are resolved. Throws Error when the rows do not fit the method.
  virtual std::unique_ptr<Codec> fit(const Rows& rows, const Value& options,
                                     const Context& context) const = 0;
  /// Throws Error that names the file for what does not fit together. Reads only what `save` wrote.
  virtual std::unique_ptr<Codec> open(const SavedCodec& saved) const = 0;
};

/// Adapts two plain functions over an options struct.
template <class Options>
class PlainCodecMethod : public CodecMethod {
 public:
  using Fit = std::unique_ptr<Codec> (*)(const Rows&, const Options&, const Context&);
  using Open = std::unique_ptr<Codec> (*)(const SavedCodec&, const Options&);
  PlainCodecMethod(Fit fit_rows, Open open_saved) : fit_(fit_rows), open_(open_saved) {}
  std::unique_ptr<Codec> fit(const Rows& rows, const Value& options, const Context& context) const override {
    return fit_(rows, options_from<Options>(options), context);
  }
  std::unique_ptr<Codec> open(const SavedCodec& saved) const override {
    return open_(saved, options_from<Options>(saved.options));
  }

 private:
  Fit fit_;
  Open open_;
};

template <class Options>
bool register_codec(MethodInfo info, typename PlainCodecMethod<Options>::Fit fit,
                    typename PlainCodecMethod<Options>::Open open) {
  return register_method(declare_method<Options>(Verb::kCompress, std::move(info),
                                                 std::make_shared<PlainCodecMethod<Options>>(fit, open)));
}

/// The method of a name among those of `compress`. Throws UsageError.
WHITNEY_API const CodecMethod& codec_method(std::string_view name);

/// The rows of zeros alone, ascending.
WHITNEY_API Array<uint32_t> zero_rows(const MatrixView& vectors);

/// Codes of rows: n x code_bytes and n x fine_bytes.
struct Codes {
  Array<uint8_t> codes, fine;
};

/// Encodes all rows. Throws Error that names the row for values that the codec cannot hold.
WHITNEY_API Codes encode_rows(const Codec& codec, const Rows& rows, const Context& context);
/// Decodes `count` codes to float32, by both levels; fine may be null.
WHITNEY_API Matrix decode_rows(const Codec& codec, const uint8_t* codes, const uint8_t* fine, int64_t count,
                               const Context& context);

/// Root of the mean squared error of the decoded vectors (Codec::restore) over that of the rows around their
/// mean: 0 where nothing is lost, 1 where all is. Of at most `most` rows, chosen at random.
WHITNEY_API double relative_error(const Codec& codec, const Rows& rows, int64_t most, const Context& context);

}  // namespace whitney::codec
