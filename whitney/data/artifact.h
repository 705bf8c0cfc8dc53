#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/dtype.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/embeddings.h"

namespace whitney {

/// The format that this program writes; it reads this one and all before it (docs/file-format.md).
inline constexpr int64_t kFormatVersion = 1;

/// A tensor of an open file: a view of the mapping.
struct WHITNEY_API TensorView {
  std::string name;
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
  Array<std::byte> bytes;

  int64_t num_elements() const;
  /// The elements as T, which must be the dtype's type. Throws Error that names the tensor when it is not. A
  /// view; a copy only where a foreign file holds them at an odd address.
  template <class T>
  Array<T> as() const {
    check_type(dtype_for<T>());
    const Array<std::byte> aligned = aligned_bytes();
    return Array<T>::view(aligned.owner(), reinterpret_cast<const T*>(aligned.data()), num_elements());
  }
  /// The bytes at an address that suits the type.
  Array<std::byte> aligned_bytes() const;
  void check_type(DType wanted) const;
};

/// An open safetensors file, mapped. Opening reads the header and checks shapes against the file's size only.
class WHITNEY_API Artifact {
 public:
  /// Throws Error that names the file and what is wrong with it.
  static Artifact open(const std::string& path);
  /// The same, but one whose name ends in .gz, .xz or .zst is unpacked into memory.
  static Artifact read(const std::string& path, const Context& context);
  /// The same over bytes that are in memory already; `name` begins an Error's sentence.
  static Artifact from_bytes(Array<std::byte> bytes, std::string name);

  const std::string& path() const { return path_; }
  /// "embeddings", "table", "index", "model"; "" for a safetensors file that Whitney did not write.
  const std::string& kind() const { return kind_; }
  /// The record of the metadata key `whitney` (an empty object for a foreign file).
  const Value& record() const { return record_; }
  /// In the order of the file, without the padding.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// Null when there is none.
  const TensorView* find(std::string_view name) const;
  /// Throws Error that names file and tensor when it is missing.
  const TensorView& tensor(std::string_view name) const;
  int64_t size_bytes() const { return bytes_.size(); }
  /// The bytes before the tensors.
  std::string_view header() const {
    return {reinterpret_cast<const char*>(bytes_.data()), static_cast<size_t>(data_start_)};
  }
  /// Hashes header and tensors and compares with the record. Throws Error that names the first one that
  /// differs, or says that a foreign file has no hashes.
  void verify(const Context& context) const;
  /// xxh3-128 of the file's bytes: the fingerprint of an input in a record.
  std::string fingerprint() const;

 private:
  std::string path_, kind_;
  Value record_ = Value::object();
  std::vector<TensorView> tensors_, padding_;
  Array<std::byte> bytes_;
  /// Where the tensors begin.
  int64_t data_start_ = 0;
};

/// Collects tensors and a record and writes them as one safetensors file of format version 1.
class WHITNEY_API ArtifactWriter {
 public:
  /// `record` gets format version, kind, program version (unless it tells one), schema and hashes added at
  /// `write`; what a loaded record holds of these is replaced.
  ArtifactWriter(std::string kind, Value record);
  /// `bytes` must have the size that shape and dtype tell. Names beginning with "padding." are taken.
  void add(std::string name, DType dtype, std::vector<int64_t> shape, Array<std::byte> bytes);
  template <class T>
  void add(std::string name, std::vector<int64_t> shape, const Array<T>& values) {
    add(std::move(name), dtype_for<T>(), std::move(shape),
        Array<std::byte>::view(values.owner(), reinterpret_cast<const std::byte*>(values.data()),
                               values.size() * static_cast<int64_t>(sizeof(T))));
  }
  /// Adds ids.* (after `prefix`, where a file has ids of more than its rows) and the attribute tensors with
  /// their schema.
  void add_ids(const Ids& ids, const std::string& prefix = "");
  void add_attributes(const Attributes& attributes);
  Value& record() { return record_; }
  /// A tensor of which only the size is known yet.
  struct LaterTensor {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
  };
  /// Bytes of the file that `write` would make if the tensors of `later` were added before.
  int64_t size_bytes(const std::vector<LaterTensor>& later = {}) const;
  /// Writes beside, fsyncs and renames. Refuses an existing output unless `force`. Throws Error that names
  /// the file.
  void write(const std::string& path, bool force, const Context& context) const;

 private:
  struct Tensor {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
    Array<std::byte> bytes;
  };
  std::string kind_;
  Value record_, schema_;
  std::vector<Tensor> tensors_;
};

/// The record without the members that belong to one file (kind, format version, schema, hashes): what a
/// copy, an index or a child of the file carries on.
WHITNEY_API Value provenance_of(const Value& record);

/// Reads what add_ids and add_attributes wrote. A file that Whitney did not write may have no ids: row
/// numbers then.
WHITNEY_API Ids read_ids(const Artifact& artifact, int64_t num_rows, const std::string& prefix = "");
WHITNEY_API Attributes read_attributes(const Artifact& artifact, int64_t num_rows);

/// Embeddings and tables as artifacts. A reader views the mapping: nothing is copied, and shapes only are
/// checked (Embeddings::validate looks at every value). Of a file that Whitney did not write: the tensor
/// `vectors`, else the one 2-d tensor; F64 becomes F32. An index that holds its vectors can be read as
/// embeddings.
WHITNEY_API Embeddings load_embeddings(const Artifact& artifact);
WHITNEY_API Embeddings load_embeddings(const std::string& path);
/// Sets what turns the codes of an artifact (tensors `codec.*`, no `vectors`) into vectors when it is read as
/// embeddings: the room of codecs does so before main. The value lets a namespace-scope constant run it.
using CodeDecoder = Matrix (*)(const Artifact& artifact);
WHITNEY_API bool set_code_decoder(CodeDecoder decoder);
WHITNEY_API void save_embeddings(const Embeddings& embeddings, const std::string& path, bool force,
                                 const Context& context);
WHITNEY_API Table load_table(const Artifact& artifact);
WHITNEY_API void save_table(const Table& table, const std::string& path, bool force, const Context& context);

}  // namespace whitney
