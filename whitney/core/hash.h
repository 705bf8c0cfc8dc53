#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// XXH3, 64 bits.
WHITNEY_API uint64_t hash64(std::span<const std::byte> bytes);
WHITNEY_API uint64_t hash64(std::string_view bytes);

/// XXH3, 128 bits, taken in pieces; the digest is 32 hexadecimal digits.
class WHITNEY_API Hasher128 {
 public:
  Hasher128();
  ~Hasher128();
  Hasher128(Hasher128&&) noexcept;
  Hasher128& operator=(Hasher128&&) noexcept;
  void update(const void* data, int64_t size_bytes);
  std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3, 64 bits, as 16 hexadecimal digits.
WHITNEY_API std::string hash64_hex(std::span<const std::byte> bytes);

}  // namespace whitney
