#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// A file that appears whole or not at all: written beside its place, fsynced, renamed by `commit`. Without a
/// commit (an error, an interruption) the destructor removes it. Small writes are gathered.
class WHITNEY_API AtomicFile {
 public:
  /// Throws Error when the output exists and not `force`, the folder is missing or cannot be written. "-" is
  /// standard output; it, and what is no plain file (a pipe, /dev/null), is spooled and copied out by
  /// `commit`. A symbolic link stays and its target is written.
  AtomicFile(std::string path, bool force);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws Error that names the file (a full disk).
  void write(const void* data, int64_t size_bytes);
  void write(std::string_view text) { write(text.data(), static_cast<int64_t>(text.size())); }
  /// Writes at a place of its own, beyond which `write` does not go on. May be called from several threads at
  /// once while none calls `write`.
  void write_at(int64_t offset, const void* data, int64_t size_bytes);
  /// Makes the file appear. Throws Error when it appeared meanwhile and not `force`.
  void commit();

 private:
  void flush();
  void copy_out();
  [[noreturn]] void fail_writing(int error) const;

  /// As the user named it, where it will stand ("" when it is spooled), and where it is written.
  std::string path_, place_, temporary_;
  int fd_ = -1;
  bool force_;
  int64_t position_ = 0;
  std::string buffer_;
};

/// Throws the Error of an output that exists (without `force`) or cannot be written, early, before the work.
WHITNEY_API void check_output(const std::string& path, bool force);

}  // namespace whitney
