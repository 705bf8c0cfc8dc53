#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// Keeps the finished blocks of long work in a file beside its output, so that a run that was stopped (or
/// killed) goes on where it was. Every block carries its hash: what was half-written is dropped.
class WHITNEY_API BlockJournal {
 public:
  /// Opens the journal in `path`, if there is one; the file is made by the first `append`. Blocks of the same
  /// `key` are kept; those of other work, or of a file that is no journal, are dropped by the first `append`.
  /// Throws Error that names the file when it cannot be read.
  BlockJournal(std::string path, std::string key);
  ~BlockJournal();
  BlockJournal(const BlockJournal&) = delete;
  BlockJournal& operator=(const BlockJournal&) = delete;

  int64_t num_blocks() const { return static_cast<int64_t>(blocks_.size()); }
  /// Whether the file held work of another key.
  bool held_other_work() const { return held_other_work_; }
  /// Throws Error that names the file when block `i` cannot be read any more.
  std::vector<std::byte> read(int64_t i) const;
  /// Throws Error that names the file (a full disk); the blocks before stay.
  void append(std::span<const std::byte> block);
  /// Forgets block `i` and all behind it. Throws Error that names the file.
  void drop_from(int64_t i);
  /// Removes the file: the output stands.
  void remove();

 private:
  struct Block {
    int64_t offset;
    int64_t size;
  };
  void scan();
  void create();

  std::string path_, key_;
  int fd_ = -1;
  int64_t end_ = 0;
  bool held_other_work_ = false;
  std::vector<Block> blocks_;
};

}  // namespace whitney
