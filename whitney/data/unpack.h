#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace whitney::data {

/// Gives the next bytes of a file as stored; empty at the end. Valid until the next call.
using RawSource = std::function<std::string_view()>;

/// Unpacks a stream.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// Fills up to `size` bytes; 0 at the end. Throws Error naming the file when the data is truncated or
  /// corrupt.
  virtual int64_t read(char* out, int64_t size) = 0;
};

/// Names the packing that the first bytes of a file tell: "gzip", "xz", "zstd" or "bzip2"; empty for none.
std::string_view packing_of(std::string_view first_bytes);

/// Makes the unpacker that fits the first bytes of a file (at least 12 where the file is that long), or null
/// when the file is not packed. `source` gives the file from its start. Throws Error for packings that are
/// known but not read.
std::unique_ptr<Unpacker> make_unpacker(std::string_view first_bytes, RawSource source,
                                        const std::string& name);

}  // namespace whitney::data
