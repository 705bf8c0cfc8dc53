#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/infer/weight_type.h"

namespace whitney::infer {

struct GgufFile;

/// A tensor of a checkpoint where its file has it: nothing is copied or converted before it is asked for. A
/// copy of the struct keeps the file mapped. Safe to read from many threads.
struct WeightTensor {
  /// As the architecture's code at Hugging Face names it.
  std::string name;
  std::string file;
  WeightType type = WeightType::kF32;
  /// Outermost first; a linear layer is [out, in].
  std::vector<int64_t> shape;
  Array<std::byte> bytes;
  /// Above 0: the file keeps the two halves of each of so many heads interleaved, as llama.cpp's rotary
  /// positions want them. The functions below give the rows in the halves' order.
  int64_t interleaved_heads = 0;

  /// Rows as matrices have them: the product of all sizes but the last; 1 for a vector or a scalar, 0
  /// for an empty matrix.
  int64_t rows() const;
  int64_t cols() const;
  /// Writes rows [begin, end) as float32: an embedding table need never be converted whole. Throws Error when
  /// the type cannot be read.
  void copy_rows(int64_t begin, int64_t end, float* out) const;
  /// All values as float32: the mapped file itself where it holds them so, else a copy. Throws as copy_rows.
  Array<float> to_float32(const Context& context) const;
};

/// The named tensors of a checkpoint, mapped: one safetensors file, a set of them with its index, or a GGUF
/// file.
class Weights {
 public:
  /// Opens `x.safetensors`, `x.safetensors.index.json`, `x.gguf`, or a folder that holds
  /// `model.safetensors[.index.json]`. Headers are checked against the files' sizes; no value is read. Throws
  /// Error that names the file, and for a pickle says what to do.
  static Weights open(const std::string& path);
  /// The tensors of an opened GGUF file, under the names that Hugging Face's code gives them. Throws Error
  /// for an architecture whose names are not known.
  static Weights of(const GgufFile& gguf);
  /// The tensors of a whole safetensors file; `path` is for errors.
  static Weights of(const Array<std::byte>& safetensors, const std::string& path);

  /// The tensor with this name, bare or behind a prefix of a whole model ("bert.", "model.", ...; LayerNorm's
  /// weight and bias also as gamma and beta), or null.
  const WeightTensor* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// As find. Throws Error that names the file when it is missing, and both shapes when they differ.
  const WeightTensor& tensor(std::string_view name, std::span<const int64_t> shape) const;
  const WeightTensor& tensor(std::string_view name, std::initializer_list<int64_t> shape) const {
    return tensor(name, std::span(shape.begin(), shape.size()));
  }
  /// The values of a vector, and of a matrix [rows, cols], as float32; not copied where the file holds them
  /// so. Throw as tensor.
  Array<float> vector(std::string_view name, int64_t size, const Context& context) const;
  Matrix matrix(std::string_view name, int64_t rows, int64_t cols, const Context& context) const;

  /// All tensors, ordered by name.
  const std::vector<WeightTensor>& tensors() const { return tensors_; }
  /// What was opened, for errors.
  const std::string& path() const { return path_; }
  /// Bytes of all tensors as stored.
  int64_t size_bytes() const;

 private:
  explicit Weights(std::string path) : path_(std::move(path)) {}
  static Weights of_index(const std::string& path);
  void sort();
  // Checkpoints of scaled floats of 8 bits would give wrong values, not an error, if they were read plainly.
  void refuse_scaled_floats() const;
  const WeightTensor* find_exactly(std::string_view prefix, std::string_view name) const;

  std::string path_;
  std::vector<WeightTensor> tensors_;
};

}  // namespace whitney::infer
