#include "whitney/text/vocabulary.h"

#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney::text {
namespace {

// Ten times the largest vocabulary in use; bounds what a damaged file can make us allocate.
constexpr int64_t kLargestId = int64_t{1} << 24;
constexpr size_t kFewestSlots = 64;

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

Vocabulary Vocabulary::of_object(const Value& ids_by_token) {
  if (!ids_by_token.is_object()) fail("\"vocab\" must be an object of ids by token");
  Vocabulary vocabulary;
  for (const auto& [token, id] : ids_by_token.as_object()) {
    if (!id.is_int()) fail("the id of token \"", token, "\" is no integer: ", id.to_json());
    if (const auto other = vocabulary.token_of(id.as_int())) {
      fail("the tokens \"", *other, "\" and \"", token, "\" have the same id ", id.as_int());
    }
    vocabulary.add(token, id.as_int());
  }
  return vocabulary;
}

void Vocabulary::add(std::string_view token, int64_t id) {
  if (id < 0 || id > kLargestId) {
    fail("the id of token \"", token, "\" is ", id, ": expected 0 to ", kLargestId);
  }
  if (bytes_.size() + token.size() >= kAbsent) fail("the tokens have 4 GiB of text or more");
  if (2 * (num_used_ + 1) > slots_.size()) grow();
  const uint64_t hash = hash64(token);
  Slot& slot = slot_of(token, hash);
  if (slot.id == kNoToken) {
    slot.tag = tag_of(hash);
    slot.entry = {static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(token.size())};
    bytes_ += token;
    ++num_used_;
  }
  slot.id = static_cast<int32_t>(id);
  if (id >= size()) by_id_.resize(static_cast<size_t>(id) + 1);
  by_id_[static_cast<size_t>(id)] = slot.entry;
}

int32_t Vocabulary::find(std::string_view token) const {
  if (slots_.empty()) return kNoToken;
  const uint64_t hash = hash64(token);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.id == kNoToken) return kNoToken;
    if (slot.tag == tag_of(hash) && text_of(slot.entry) == token) return slot.id;
  }
}

std::optional<std::string_view> Vocabulary::token_of(int64_t id) const {
  if (id < 0 || id >= size() || by_id_[static_cast<size_t>(id)].size == kAbsent) return std::nullopt;
  return text_of(by_id_[static_cast<size_t>(id)]);
}

Vocabulary::Slot& Vocabulary::slot_of(std::string_view token, uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t i = hash & mask;
  while (slots_[i].id != kNoToken && (slots_[i].tag != tag_of(hash) || text_of(slots_[i].entry) != token)) {
    i = (i + 1) & mask;
  }
  return slots_[i];
}

void Vocabulary::grow() {
  std::vector<Slot> old(slots_.empty() ? kFewestSlots : 2 * slots_.size());
  std::swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.id == kNoToken) continue;
    const std::string_view token = text_of(slot.entry);
    slot_of(token, hash64(token)) = slot;
  }
}

}  // namespace whitney::text
