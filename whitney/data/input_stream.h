#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "whitney/core/context.h"

namespace whitney::data {

/// Bytes and what keeps them alive: a mapped file or memory.
struct SharedBytes {
  std::shared_ptr<const void> owner;
  std::string_view text;
};

/// Reads a file, or standard input ("-"), unpacking gzip, xz and zstd by their first bytes, whatever the name
/// says. A plain file is mapped, so that its pieces are views and nothing is copied. Not for use by two
/// threads at once.
class InputStream {
 public:
  /// Throws Error when the file is missing, is a folder or cannot be read. A read that waits (a pipe)
  /// throws Cancelled soon after `cancellation`, which must outlive the stream, is requested.
  static InputStream open(const std::string& path, const CancellationToken* cancellation = nullptr);
  /// Reads bytes in memory, which must outlive the stream, as the file `name` would be.
  static InputStream over(std::string_view bytes, std::string name);
  ~InputStream();
  InputStream(InputStream&&) noexcept;
  InputStream& operator=(InputStream&&) noexcept;

  /// The file's name for an error's sentence.
  const std::string& name() const;

  /// Gives the next whole lines, about `size_bytes` of them and at least one; empty at the end. Valid until
  /// the next call. Throws Error when the packed data is truncated or corrupt or a line is longer than 64
  /// MiB.
  std::string_view next_lines(int64_t size_bytes);
  /// The number of the first line of the last piece, from 1.
  int64_t line_number() const;

  /// Gives everything that is left. Throws Error when it is not packed rightly or does not fit the memory
  /// limit.
  SharedBytes read_all(const Context& context);

  /// Bytes of the file that were read, as stored (packed), and their total, 0 when it is not known.
  int64_t position() const;
  int64_t total() const;

 private:
  struct State;
  explicit InputStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace whitney::data
