#include "whitney/data/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

std::string reason(int error) { return std::generic_category().message(error); }

bool is_spooled(const std::string& path) {
  struct stat status{};
  if (path == "-") return true;
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where a path leads: the target of a symbolic link, which may not exist yet.
std::string follow_link(std::string path) {
  for (int links = 0; links < 40; ++links) {
    std::vector<char> target(PATH_MAX);
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return path;
    const std::string text(target.data(), static_cast<size_t>(size));
    path = text.starts_with('/') ? text : folder_of(path) + "/" + text;
  }
  fail(path, ": too many symbolic links");
}

void fsync_folder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;  // a folder that may be written but not read: the rename is done, only its durability is not ours
  fsync(fd);
  close(fd);
}

// A new file beside `place`; a number in the name keeps concurrent writers apart.
int create_beside(const std::string& place, std::string& name) {
  static std::atomic<uint64_t> counter{0};
  for (int attempt = 0; attempt < 1000; ++attempt) {
    name = concat(place, ".", getpid(), "-", counter.fetch_add(1), ".partial");
    const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

int create_spool() {
  const char* folder = std::getenv("TMPDIR");
  std::string name = concat(folder != nullptr && *folder != '\0' ? folder : "/tmp", "/whitney-XXXXXX");
  const int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd >= 0) unlink(name.c_str());
  return fd;
}

// Returns 0 or the error.
int write_all(int fd, const char* data, int64_t size_bytes) {
  while (size_bytes > 0) {
    const ssize_t written = ::write(fd, data, static_cast<size_t>(std::min<int64_t>(size_bytes, 1 << 30)));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    data += written;
    size_bytes -= written;
  }
  return 0;
}

int write_all_at(int fd, const char* data, int64_t size_bytes, int64_t offset) {
  while (size_bytes > 0) {
    const ssize_t written =
        pwrite(fd, data, static_cast<size_t>(std::min<int64_t>(size_bytes, 1 << 30)), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    data += written;
    offset += written;
    size_bytes -= written;
  }
  return 0;
}

}  // namespace

void check_output(const std::string& path, bool force) {
  if (path.empty()) fail("the output has no name");
  if (is_spooled(path)) return;
  struct stat status{};
  const bool exists = stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(path, ": is a folder; the output must be a file");
  if (exists && !force) fail(path, ": exists already; --force (force=True) overwrites it");
  const std::string folder = folder_of(follow_link(path));
  if (stat(folder.c_str(), &status) != 0) fail(path, ": the folder ", folder, " does not exist");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    fail(path, ": the folder ", folder, " cannot be written: ", reason(errno));
}

AtomicFile::AtomicFile(std::string path, bool force) : path_(std::move(path)), force_(force) {
  check_output(path_, force);
  if (is_spooled(path_)) {
    fd_ = create_spool();
  } else {
    place_ = follow_link(path_);
    fd_ = create_beside(place_, temporary_);
  }
  if (fd_ < 0) {
    temporary_.clear();
    fail(path_, ": cannot be written: ", reason(errno));
  }
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::fail_writing(int error) const { fail(path_, ": cannot be written: ", reason(error)); }

void AtomicFile::flush() {
  const auto size = static_cast<int64_t>(buffer_.size());
  if (const int error = write_all_at(fd_, buffer_.data(), size, position_)) fail_writing(error);
  position_ += size;
  buffer_.clear();
}

void AtomicFile::write(const void* data, int64_t size_bytes) {
  buffer_.reserve(kBufferBytes);
  if (buffer_.size() + static_cast<size_t>(size_bytes) > kBufferBytes) flush();
  if (static_cast<size_t>(size_bytes) < kBufferBytes) {
    buffer_.append(static_cast<const char*>(data), static_cast<size_t>(size_bytes));
    return;
  }
  if (const int error = write_all_at(fd_, static_cast<const char*>(data), size_bytes, position_))
    fail_writing(error);
  position_ += size_bytes;
}

void AtomicFile::write_at(int64_t offset, const void* data, int64_t size_bytes) {
  if (!buffer_.empty()) flush();
  if (const int error = write_all_at(fd_, static_cast<const char*>(data), size_bytes, offset))
    fail_writing(error);
}

// Copies the spooled bytes to where they are wanted.
void AtomicFile::copy_out() {
  std::fflush(stdout);  // what was printed before comes before
  const bool is_stdout = path_ == "-";
  const int out = is_stdout ? STDOUT_FILENO : open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (out < 0) fail_writing(errno);
  std::vector<char> block(kBufferBytes);
  int error = 0;
  for (int64_t offset = 0; error == 0;) {
    const ssize_t size = pread(fd_, block.data(), block.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      error = size < 0 ? errno : 0;
      break;
    }
    error = write_all(out, block.data(), size);
    offset += size;
  }
  if (!is_stdout && close(out) != 0 && error == 0) error = errno;
  if (error != 0) fail_writing(error);
}

void AtomicFile::commit() {
  flush();
  if (place_.empty()) return copy_out();
  if (fsync(fd_) != 0) fail_writing(errno);
  const int closed = close(fd_);
  fd_ = -1;
  if (closed != 0) fail_writing(errno);
  if (force_) {
    if (rename(temporary_.c_str(), place_.c_str()) != 0) fail_writing(errno);
  } else if (link(temporary_.c_str(), place_.c_str()) == 0) {
    unlink(temporary_.c_str());
  } else if (errno == EEXIST) {
    fail(path_, ": appeared while this ran; --force (force=True) overwrites it");
  } else if (rename(temporary_.c_str(), place_.c_str()) != 0) {  // a file system without hard links
    fail_writing(errno);
  }
  temporary_.clear();
  fsync_folder(folder_of(place_));
}

}  // namespace whitney
