#include "whitney/data/block_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney {
namespace {

// File: the heading, the key's hash (16 digits), a new line; then blocks of size, hash and bytes, the numbers
// as 64 bits in the order of this machine (a journal does not travel).
constexpr std::string_view kHeading = "whitney journal 1 ";

struct BlockHead {
  uint64_t size;
  uint64_t hash;
};

std::string heading_of(const std::string& key) {
  return concat(kHeading, hash64_hex(std::as_bytes(std::span(key))), "\n");
}

std::string reason(int error) { return std::generic_category().message(error); }

// Reads exactly `size` bytes; false at the end of the file.
bool read_at(int fd, int64_t offset, void* out, int64_t size, const std::string& path) {
  auto* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = pread(fd, to, static_cast<size_t>(size), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, ": cannot be read: ", reason(errno));
    if (got == 0) return false;
    to += got;
    offset += got;
    size -= got;
  }
  return true;
}

void write_at(int fd, int64_t offset, const void* data, int64_t size, const std::string& path) {
  const auto* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = pwrite(fd, from, static_cast<size_t>(size), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(path, ": cannot be written: ", reason(errno));
    from += put;
    offset += put;
    size -= put;
  }
}

}  // namespace

BlockJournal::BlockJournal(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {
  fd_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ >= 0)
    scan();
  else if (errno != ENOENT)
    fail(path_, ": cannot be read: ", reason(errno));
}

BlockJournal::~BlockJournal() {
  if (fd_ >= 0) close(fd_);
}

void BlockJournal::scan() {
  struct stat status{};
  if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) fail(path_, ": is no plain file");
  const std::string heading = heading_of(key_);
  std::string found(heading.size(), '\0');
  if (!read_at(fd_, 0, found.data(), std::ssize(found), path_) || found != heading) {
    held_other_work_ = found.starts_with(kHeading);
    if (!held_other_work_ && status.st_size > 0)
      fail(path_, ": is in the way of a journal of unfinished work: move it, or name another output");
    return;
  }
  end_ = std::ssize(heading);
  BlockHead head{};
  std::vector<std::byte> bytes;
  while (read_at(fd_, end_, &head, sizeof head, path_)) {
    const int64_t begin = end_ + static_cast<int64_t>(sizeof head);
    if (head.size > static_cast<uint64_t>(status.st_size - begin)) break;
    bytes.resize(head.size);
    const auto size = static_cast<int64_t>(head.size);
    if (!read_at(fd_, begin, bytes.data(), size, path_) || hash64(bytes) != head.hash) break;
    blocks_.push_back({begin, size});
    end_ = begin + size;
  }
}

void BlockJournal::create() {
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0 || ftruncate(fd_, 0) != 0) fail(path_, ": cannot be written: ", reason(errno));
  const std::string heading = heading_of(key_);
  write_at(fd_, 0, heading.data(), std::ssize(heading), path_);
  end_ = std::ssize(heading);
}

std::vector<std::byte> BlockJournal::read(int64_t i) const {
  const Block& block = blocks_[static_cast<size_t>(i)];
  std::vector<std::byte> bytes(static_cast<size_t>(block.size));
  if (!read_at(fd_, block.offset, bytes.data(), block.size, path_))
    fail(path_, ": became shorter while it was read");
  return bytes;
}

void BlockJournal::append(std::span<const std::byte> block) {
  if (end_ == 0) create();
  const BlockHead head{block.size(), hash64(block)};
  const int64_t begin = end_ + static_cast<int64_t>(sizeof head);
  write_at(fd_, begin, block.data(), std::ssize(block), path_);
  write_at(fd_, end_, &head, sizeof head, path_);
  blocks_.push_back({begin, std::ssize(block)});
  end_ = begin + std::ssize(block);
}

void BlockJournal::drop_from(int64_t i) {
  if (i >= num_blocks()) return;
  end_ = blocks_[static_cast<size_t>(i)].offset - static_cast<int64_t>(sizeof(BlockHead));
  blocks_.resize(static_cast<size_t>(i));
  // What stood there must not be read behind a new block of the same size.
  if (ftruncate(fd_, end_) != 0) fail(path_, ": cannot be written: ", reason(errno));
}

void BlockJournal::remove() {
  if (fd_ >= 0) {
    close(fd_);
    unlink(path_.c_str());
  }
  fd_ = -1;
  end_ = 0;
  blocks_.clear();
}

}  // namespace whitney
