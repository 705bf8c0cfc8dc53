#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "whitney/codec/codec.h"
#include "whitney/core/api.h"
#include "whitney/data/artifact.h"
#include "whitney/data/embeddings.h"

namespace whitney {

/// Embeddings whose vectors are held as codes: ids, attributes and provenance as in Embeddings.
struct WHITNEY_API CompressedEmbeddings {
  Ids ids;
  std::shared_ptr<const codec::Codec> codec;
  codec::Codes codes;
  /// Rows whose vector was zero, ascending, under cosine: they score 0 whatever their codes say.
  Array<uint32_t> zero_rows;
  Attributes attributes;
  /// method and options are those of the codec; parents hold the record of what was compressed.
  Value record = Value::object();
  /// What `auto` tried, best first (record member `trials` of docs/file-format.md). Never stored itself.
  Value::List trials = {};
  /// The file that they were read from; empty for those made in memory. Never stored.
  std::string path = {};

  int64_t size() const { return ids.size(); }
  int64_t dim() const { return codec->dim(); }
  /// The metric of the record, else cosine. Under cosine the codes are those of vectors of norm 1.
  Metric metric() const;
  int64_t bytes_per_vector() const { return codec->code_bytes() + codec->fine_bytes(); }
  const uint8_t* code(int64_t row) const { return codes.codes.data() + row * codec->code_bytes(); }
  /// Null where there is no second level.
  const uint8_t* fine(int64_t row) const {
    return codec->fine_bytes() == 0 ? nullptr : codes.fine.data() + row * codec->fine_bytes();
  }
  /// The approximate vectors, float32 (of a plain type: as they are); of a codec that changes vectors the
  /// changed ones.
  Embeddings decode(const Context& context) const;
};

/// Compresses by a method of the verb the same way from every door: resolves options, says which have no
/// effect, refuses what cannot fit into memory, validates the embeddings, normalises under cosine, fits,
/// encodes, completes the record (method, options, seed, metric, quality, parent).
WHITNEY_API CompressedEmbeddings compress(std::string_view method, const Embeddings& embeddings,
                                          const Value& given_options, const Context& context);

/// True where the vectors of an artifact are codes (docs/file-format.md).
WHITNEY_API bool holds_codes(const Artifact& artifact);
/// A reader views the mapping: nothing is decoded. Throws Error that names the file.
WHITNEY_API CompressedEmbeddings load_compressed(const Artifact& artifact);
/// Bytes of the file that save_compressed writes; the codes themselves need not be there yet.
WHITNEY_API int64_t file_bytes(const CompressedEmbeddings& compressed);
WHITNEY_API void save_compressed(const CompressedEmbeddings& compressed, const std::string& path, bool force,
                                 const Context& context);

}  // namespace whitney
