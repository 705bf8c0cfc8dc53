#include "whitney/data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "whitney/core/error.h"

namespace whitney {
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

[[noreturn]] void fail_reading(const std::string& path) {
  fail(path, ": cannot be read: ", std::generic_category().message(errno));
}

}  // namespace

Array<std::byte> map_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.fd < 0 || fstat(file.fd, &status) != 0) fail_reading(path);
  if (S_ISDIR(status.st_mode)) fail(path, ": is a folder, not a file");
  if (!S_ISREG(status.st_mode)) fail(path, ": is no plain file, which mapping needs");
  if (status.st_size == 0) return {};
  const auto size = static_cast<size_t>(status.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (address == MAP_FAILED) fail_reading(path);
  std::shared_ptr<const void> owner(address,
                                    [size](const void* mapped) { munmap(const_cast<void*>(mapped), size); });
  return Array<std::byte>::view(std::move(owner), static_cast<const std::byte*>(address),
                                static_cast<int64_t>(status.st_size));
}

}  // namespace whitney
