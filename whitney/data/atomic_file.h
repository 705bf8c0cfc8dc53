#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/api.h"

namespace whitney {

/// A file that appears whole or not at all: written beside its place, fsynced, renamed by `commit`. Without a
/// commit (an error, an interruption) the destructor removes it.
class WHITNEY_API AtomicFile {
 public:
  /// Throws Error when the output exists and not `force`, the folder is missing or cannot be written. "-" is
  /// standard output: bytes are spooled and copied out by `commit`.
  AtomicFile(std::string path, bool force);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error that names the file (a full disk).
  void write(const void* data, int64_t size_bytes);
  void write_at(int64_t offset, const void* data, int64_t size_bytes);
  void commit();

 private:
  std::string path_, temporary_;
  int fd_ = -1;
  bool force_;
};

/// Throws the Error of an existing output early, before the work.
WHITNEY_API void check_output(const std::string& path, bool force);

}  // namespace whitney
