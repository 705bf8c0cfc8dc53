#include "whitney/infer/kept_blocks.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/linalg/simd.h"

namespace whitney::infer {
namespace {

// What a stopped run may lose: some seconds of a small model on one core. Enough texts that sorting by length
// leaves nothing to gain.
constexpr int64_t kBlockTexts = 2048, kBlockBytes = 128 << 10;

// Digits of a fingerprint, before what a block holds.
constexpr int64_t kFingerprintBytes = 32;

constexpr const char* kOtherWork =
    ": holds work on other texts, with another model or other options, and is begun anew";

void update(Hasher128& hasher, std::string_view text) {
  const int64_t size = std::ssize(text);
  hasher.update(&size, sizeof size);
  hasher.update(text.data(), size);
}

// The last digits of a sum depend on the SIMD level.
std::string key_of(std::string_view form, const Value& record) {
  return concat(form, " ", simd_level(), " ", kBlockTexts, " ", kBlockBytes, " ", record.to_json());
}

}  // namespace

bool BlockTexts::add(std::string_view text, std::string_view id) {
  update(hasher_, text);
  update(hasher_, id);
  ++size_;
  num_bytes_ += std::ssize(text);
  return size_ >= kBlockTexts || num_bytes_ >= kBlockBytes;
}

KeptBlocks::KeptBlocks(const Context& context, std::optional<std::string> path, std::string_view form,
                       const Value& record)
    : context_(context) {
  if (!path) return;
  path_ = std::move(*path);
  journal_.emplace(path_, key_of(form, record));
  if (journal_->held_other_work()) context.note(path_ + kOtherWork);
}

bool KeptBlocks::has_next(const BlockTexts& texts) {
  if (!journal_ || size_ >= journal_->num_blocks()) return false;
  const std::vector<std::byte> kept = journal_->read(size_);
  const std::string fingerprint = texts.fingerprint();
  if (std::ssize(kept) >= kFingerprintBytes &&
      std::memcmp(kept.data(), fingerprint.data(), kFingerprintBytes) == 0) {
    ++size_;
    num_resumed_ += texts.size();
    return true;
  }
  journal_->drop_from(size_);
  context_.note(size_ == 0 ? path_ + kOtherWork
                           : concat(path_, ": holds work on other texts behind the first ", num_resumed_,
                                    ", and is begun anew from there"));
  return false;
}

void KeptBlocks::append(const BlockTexts& texts, std::span<const std::byte> block) {
  const std::string fingerprint = texts.fingerprint();
  std::vector<std::byte> kept(fingerprint.size() + block.size());
  std::memcpy(kept.data(), fingerprint.data(), fingerprint.size());
  std::ranges::copy(block, kept.begin() + kFingerprintBytes);
  journal_->append(kept);
  ++size_;
}

std::vector<std::byte> KeptBlocks::read(int64_t i) const {
  std::vector<std::byte> kept = journal_->read(i);
  kept.erase(kept.begin(), kept.begin() + kFingerprintBytes);
  return kept;
}

}  // namespace whitney::infer
