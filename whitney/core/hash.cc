#include "whitney/core/hash.h"

#include <xxhash.h>

#include <utility>

#include "whitney/core/error.h"

namespace whitney {
namespace {

std::string hexadecimal(uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 0; i < 16; ++i) text[15 - i] = kDigits[(value >> (4 * i)) & 15];
  return text;
}

}  // namespace

uint64_t hash64(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string hash64_hex(std::span<const std::byte> bytes) { return hexadecimal(hash64(bytes)); }

struct Hasher128::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    WHITNEY_CHECK(xxh != nullptr);
    XXH3_128bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher128::Hasher128() : state_(std::make_unique<State>()) {}
Hasher128::~Hasher128() = default;
Hasher128::Hasher128(Hasher128&&) noexcept = default;
Hasher128& Hasher128::operator=(Hasher128&&) noexcept = default;

void Hasher128::update(const void* data, int64_t size_bytes) {
  if (size_bytes > 0) XXH3_128bits_update(state_->xxh, data, static_cast<size_t>(size_bytes));
}

std::string Hasher128::digest() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
  return hexadecimal(hash.high64) + hexadecimal(hash.low64);
}

}  // namespace whitney
