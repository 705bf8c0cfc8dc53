#include "whitney/data/input_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/data/unpack.h"

namespace whitney::data {

namespace {

constexpr int64_t kChunkBytes = 1 << 20;
constexpr int kWaitMilliseconds = 100;
// An unpacker is given so many bytes at once: `position` says to within these how far it came.
constexpr size_t kPackedBytes = 64 << 10;
constexpr int64_t kMostLineBytes = 64 << 20;

// An open file descriptor.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::shared_ptr<const void> map_file(int fd, int64_t size) {
  void* address = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) return nullptr;
  ::madvise(address, static_cast<size_t>(size), MADV_SEQUENTIAL);
  return {address, [size](const void* a) { ::munmap(const_cast<void*>(a), static_cast<size_t>(size)); }};
}

// Bytes that grow at their end; 64-byte aligned, so that matrices can be shown in place.
class GrowingBytes {
 public:
  int64_t size() const { return size_; }
  char* data() { return static_cast<char*>(memory_.get()); }
  std::string_view text() const {
    return {static_cast<const char*>(memory_.get()), static_cast<size_t>(size_)};
  }
  char* reserve(int64_t more) {
    if (size_ + more > capacity_) {
      const int64_t capacity = std::max(size_ + more, 2 * capacity_);
      auto memory = allocate_aligned(capacity);
      if (size_ > 0) std::memcpy(memory.get(), memory_.get(), static_cast<size_t>(size_));
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    return data() + size_;
  }
  void grow(int64_t by) { size_ += by; }
  void drop_front(int64_t size) {
    size_ -= size;
    if (size_ > 0) std::memmove(data(), data() + size, static_cast<size_t>(size_));
  }
  std::shared_ptr<const void> owner() const { return memory_; }

 private:
  std::shared_ptr<void> memory_;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace

struct InputStream::State {
  std::string name;
  // Either the whole file as bytes (mapped, or in memory) ...
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  // ... or a descriptor that is read in chunks.
  std::unique_ptr<File> file;
  std::vector<char> chunk;
  std::string_view pushed_back;
  const CancellationToken* cancellation = nullptr;

  int64_t position = 0;
  int64_t total = 0;
  std::unique_ptr<Unpacker> unpacker;
  GrowingBytes buffer;
  int64_t used = 0;  // bytes of `buffer` given out by the last call
  int64_t line = 1;
  std::string_view last_piece;
  int64_t next_line = 1;

  bool whole() const { return file == nullptr; }

  // The next bytes as stored.
  std::string_view raw() {
    if (whole()) {
      const auto size = std::min<size_t>(bytes.size() - static_cast<size_t>(position), kPackedBytes);
      const std::string_view result = bytes.substr(static_cast<size_t>(position), size);
      position += static_cast<int64_t>(size);
      return result;
    }
    if (!pushed_back.empty()) return std::exchange(pushed_back, {});
    chunk.resize(kChunkBytes);
    const int64_t size = read_some(chunk.data(), kChunkBytes);
    position += size;
    return {chunk.data(), static_cast<size_t>(size)};
  }
  int64_t read_some(char* out, int64_t size) const {
    for (;;) {
      if (cancellation != nullptr) {
        // A signal just before a read that waits would go unheard: wait in slices instead.
        pollfd ready{file->fd(), POLLIN, 0};
        const int answer = ::poll(&ready, 1, kWaitMilliseconds);
        if (cancellation->requested()) throw Cancelled();
        if (answer == 0) continue;
      }
      const ssize_t got = ::read(file->fd(), out, static_cast<size_t>(size));
      if (got >= 0) return got;
      if (errno != EINTR) fail(name, ": cannot be read (", std::strerror(errno), ")");
    }
  }
  // Unpacked bytes, in memory that the caller gives.
  int64_t read(char* out, int64_t size) {
    if (unpacker != nullptr) return unpacker->read(out, size);
    if (!pushed_back.empty()) {
      const auto part = std::min(static_cast<size_t>(size), pushed_back.size());
      std::memcpy(out, pushed_back.data(), part);
      pushed_back.remove_prefix(part);
      return static_cast<int64_t>(part);
    }
    const int64_t got = read_some(out, size);
    position += got;
    return got;
  }
  void detect_packing() {
    std::string_view first = bytes;
    if (!whole()) {
      chunk.resize(kChunkBytes);
      int64_t size = 0;
      while (size < 12) {  // a pipe may give less than the magic bytes at first
        const int64_t got = read_some(chunk.data() + size, kChunkBytes - size);
        if (got == 0) break;
        size += got;
      }
      position = size;
      first = pushed_back = {chunk.data(), static_cast<size_t>(size)};
    }
    unpacker = make_unpacker(first, [this] { return raw(); }, name);
  }
};

InputStream::InputStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputStream::~InputStream() = default;
InputStream::InputStream(InputStream&&) noexcept = default;
InputStream& InputStream::operator=(InputStream&&) noexcept = default;

InputStream InputStream::open(const std::string& path, const CancellationToken* cancellation) {
  auto state = std::make_unique<State>();
  state->cancellation = cancellation;
  const bool is_stdin = path == "-";
  state->name = is_stdin ? "standard input" : path;
  const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, ": cannot be opened (", std::strerror(errno), ")");
  auto file = std::make_unique<File>(fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) fail(state->name, ": cannot be read (", std::strerror(errno), ")");
  if (S_ISDIR(status.st_mode)) fail(path, ": this is a folder, not a file");
  if (S_ISREG(status.st_mode) && !is_stdin) {
    state->total = status.st_size;
    if (status.st_size > 0) state->owner = map_file(fd, status.st_size);
  }
  if (state->owner != nullptr) {
    state->bytes = {static_cast<const char*>(state->owner.get()), static_cast<size_t>(status.st_size)};
  } else {
    state->file = std::move(file);
  }
  state->detect_packing();
  return InputStream(std::move(state));
}

InputStream InputStream::over(std::string_view bytes, std::string name) {
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->bytes = bytes;
  state->total = static_cast<int64_t>(bytes.size());
  state->detect_packing();
  return InputStream(std::move(state));
}

const std::string& InputStream::name() const { return state_->name; }
int64_t InputStream::line_number() const { return state_->line; }
int64_t InputStream::position() const { return state_->position; }
int64_t InputStream::total() const { return state_->total; }

std::string_view InputStream::next_lines(int64_t size_bytes) {
  State& s = *state_;
  s.line = s.next_line;
  std::string_view piece;
  if (s.whole() && s.unpacker == nullptr) {
    piece = s.bytes.substr(static_cast<size_t>(s.position));
    if (std::ssize(piece) > size_bytes) {
      const std::string_view window = piece.substr(0, static_cast<size_t>(size_bytes + kMostLineBytes));
      const size_t end = window.find('\n', static_cast<size_t>(size_bytes) - 1);
      if (end != std::string_view::npos) {
        piece = piece.substr(0, end + 1);
      } else if (window.size() < piece.size()) {
        fail(s.name, ": a line behind line ", s.line,
             " is longer than 64 MiB; this is not a text file of lines");
      }
    }
    s.position += std::ssize(piece);
  } else {
    s.buffer.drop_front(std::exchange(s.used, 0));
    bool ended = false;
    size_t line_end = std::string_view::npos;
    int64_t searched = 0;
    while (!ended && (s.buffer.size() < size_bytes || line_end == std::string_view::npos)) {
      const int64_t got = s.read(s.buffer.reserve(kChunkBytes), kChunkBytes);
      s.buffer.grow(got);
      ended = got == 0;
      const size_t found = s.buffer.text().substr(static_cast<size_t>(searched)).rfind('\n');
      if (found != std::string_view::npos) line_end = found + static_cast<size_t>(searched);
      searched = s.buffer.size();
      if (line_end == std::string_view::npos && searched > kMostLineBytes) {
        fail(s.name, ":", s.line, ": the line is longer than 64 MiB; this is not a text file of lines");
      }
    }
    piece = s.buffer.text();
    if (!ended) piece = piece.substr(0, line_end + 1);
    s.used = std::ssize(piece);
  }
  s.next_line += std::count(piece.begin(), piece.end(), '\n');
  return piece;
}

SharedBytes InputStream::read_all(const Context& context) {
  State& s = *state_;
  if (s.whole() && s.unpacker == nullptr) {
    const std::string_view rest = s.bytes.substr(static_cast<size_t>(s.position));
    s.position = s.total;
    return {s.owner, rest};
  }
  const int64_t limit = context.memory_limit_bytes();
  s.buffer.drop_front(std::exchange(s.used, 0));
  for (;;) {
    context.check_cancelled();
    const int64_t got = s.read(s.buffer.reserve(kChunkBytes), kChunkBytes);
    if (got == 0) break;
    s.buffer.grow(got);
    if (s.buffer.size() > limit) {
      fail(s.name, ": unpacked it is larger than the memory that may be used (", limit, " bytes)");
    }
  }
  SharedBytes result{s.buffer.owner(), s.buffer.text()};
  s.buffer = {};
  return result;
}

}  // namespace whitney::data
