#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "python/module_arrow_abi.h"

namespace whitney::python {

namespace nb = nanobind;

/// One array of Arrow with its type; released when the last copy goes.
struct ArrowChunk {
  std::shared_ptr<const ArrowSchema> schema;
  std::shared_ptr<const ArrowArray> array;
};

/// Takes what an object offers by `__arrow_c_stream__` or `__arrow_c_array__`. Throws Error when it fails.
std::vector<ArrowChunk> arrow_chunks(nb::handle object);

/// Looks at the cells of one array; row i counts from the array's own offset. Valid as long as the chunk
/// lives.
class ArrowCells {
 public:
  enum class Kind : uint8_t { kNull, kInt, kReal, kBool, kText, kDate, kList, kOther };

  ArrowCells(const ArrowSchema& schema, const ArrowArray& array);
  Kind kind() const { return kind_; }
  /// True when the cells (of kind kInt) are rows of `dictionary()`.
  bool is_coded() const { return schema_.dictionary != nullptr && array_.dictionary != nullptr; }
  ArrowCells dictionary() const { return {*schema_.dictionary, *array_.dictionary}; }
  std::string_view format() const { return format_; }
  int64_t length() const { return array_.length; }
  bool has(int64_t row) const;
  bool has_all() const;

  /// Each for cells of its kind. Throws Error for an unsigned integer beyond 2^63 - 1.
  int64_t integer(int64_t row) const;
  double real(int64_t row) const;
  bool boolean(int64_t row) const;
  std::string_view text(int64_t row) const;
  /// Microseconds since 1970 UTC.
  int64_t date(int64_t row) const;
  /// The rows of `elements()` that belong to a list.
  std::pair<int64_t, int64_t> list(int64_t row) const;
  ArrowCells elements() const;

  /// The values of a primitive type, from row 0 on.
  template <class T>
  const T* values() const {
    return static_cast<const T*>(array_.buffers[1]) + array_.offset;
  }
  /// The same as bytes, of values of `size` bytes.
  const std::byte* value_bytes(int64_t size) const {
    return static_cast<const std::byte*>(array_.buffers[1]) + array_.offset * size;
  }

 private:
  const ArrowArray& array_;
  const ArrowSchema& schema_;
  std::string_view format_;
  Kind kind_;
};

}  // namespace whitney::python
