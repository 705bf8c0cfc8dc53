#include "whitney/data/id_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::data {

namespace {

constexpr int kFirstLog2Slots = 12;
constexpr size_t kFirstDirect = size_t{1} << 16;

std::string_view integer_text(uint64_t value, std::array<char, 20>& buffer) {
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

}  // namespace

IntegerIdTable::IntegerIdTable(int64_t most_rows)
    : most_rows_(most_rows), direct_(kFirstDirect, kNoRow), adapt_at_(kFirstDirect) {
  rehash(kFirstLog2Slots);
}

uint32_t IntegerIdTable::add(uint64_t id, std::string_view where) {
  const uint32_t found = find(id);
  if (found != kNoRow) return found;
  check_num_rows(static_cast<int64_t>(ids_.size()) + 1, where, "ids", most_rows_);
  const auto row = static_cast<uint32_t>(ids_.size());
  ids_.push_back(id);
  if (id < direct_.size()) {
    direct_[id] = row;
  } else {
    put(id, row);
  }
  return row;
}

void IntegerIdTable::put(uint64_t id, uint32_t row) {
  if (2 * (num_hashed_ + 1) > slots_.size()) rehash(std::countr_zero(slots_.size()) + 1);
  size_t i = slot_of(id);
  while (slots_[i].row != kNoRow) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {id, row};
  ++num_hashed_;
}

void IntegerIdTable::rehash(int log2_slots) {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(size_t{1} << log2_slots, Slot{0, kNoRow}));
  shift_ = 64 - log2_slots;
  num_hashed_ = 0;
  for (const Slot& slot : old) {
    if (slot.row != kNoRow && slot.id >= direct_.size()) put(slot.id, slot.row);
  }
}

void IntegerIdTable::adapt() {
  if (ids_.size() < adapt_at_) return;
  adapt_at_ = 2 * ids_.size();
  // The array pays as far as at least a sixteenth of it is filled: 64 bytes an id at most, and never a size
  // that a single huge id dictates.
  std::array<size_t, 65> num_below{};
  for (const uint64_t id : ids_) ++num_below[static_cast<size_t>(std::bit_width(id))];
  size_t wanted = 0;
  for (size_t bits = 0, sum = 0; bits < 40; ++bits) {
    sum += num_below[bits];
    if (sum >= (size_t{1} << bits) / 16) wanted = size_t{1} << bits;
  }
  // Twice the room that today's ids need, as the ids to come are usually larger.
  wanted *= 2;
  if (wanted <= direct_.size()) return;
  direct_.assign(wanted, kNoRow);
  for (size_t row = 0; row < ids_.size(); ++row) {
    if (ids_[row] < wanted) direct_[ids_[row]] = static_cast<uint32_t>(row);
  }
  rehash(std::countr_zero(slots_.size()));
}

StringIdTable::StringIdTable(int64_t most_rows) : most_rows_(most_rows), offsets_{0} {
  rehash(kFirstLog2Slots);
}

uint32_t StringIdTable::add(std::string_view text, uint32_t tag, std::string_view where) {
  const uint32_t found = find(text, tag);
  if (found != kNoRow) return found;
  check_num_rows(size() + 1, where, "ids", most_rows_);
  const auto row = static_cast<uint32_t>(size());
  bytes_ += text;
  offsets_.push_back(bytes_.size());
  const auto log2_slots = std::countr_zero(slots_.size());
  if (3 * (size_t{row} + 1) > 2 * slots_.size() && log2_slots < 32) rehash(log2_slots + 1);
  size_t i = slot_of(tag);
  while (slots_[i].row != kNoRow) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {tag, row};
  return row;
}

void StringIdTable::rehash(int log2_slots) {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(size_t{1} << log2_slots, Slot{0, kNoRow}));
  shift_ = 32 - log2_slots;
  for (const Slot& slot : old) {
    if (slot.row == kNoRow) continue;
    size_t i = slot_of(slot.tag);
    while (slots_[i].row != kNoRow) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

Ids StringIdTable::to_ids() const {
  return Ids::strings(Array<uint64_t>::copy_of(offsets_),
                      Array<char>::copy_of(std::span<const char>(bytes_)));
}

void IdCollector::add(uint64_t id, int64_t line) {
  if (is_text_) {
    std::array<char, 20> buffer;
    add(integer_text(id, buffer), line);
    return;
  }
  integers_.push_back(id);
  lines_.push_back(line);
}

void IdCollector::add(std::string_view id, int64_t line) {
  if (!is_text_) become_text();
  bytes_ += id;
  offsets_.push_back(bytes_.size());
  lines_.push_back(line);
}

void IdCollector::become_text() {
  is_text_ = true;
  offsets_.assign(1, 0);
  std::array<char, 20> buffer;
  for (const uint64_t id : std::exchange(integers_, {})) {
    bytes_ += integer_text(id, buffer);
    offsets_.push_back(bytes_.size());
  }
}

Ids IdCollector::finish(const std::string& name) {
  check_num_rows(size(), name, "rows");
  Ids ids = is_text_ ? Ids::strings(Array<uint64_t>::copy_of(offsets_),
                                    Array<char>::copy_of(std::span<const char>(bytes_)))
                     : Ids::integers(Array<uint64_t>::copy_of(integers_));
  if (const auto twice = ids.first_duplicate()) {
    const auto [first, second] = *twice;
    fail(name, ":", lines_[static_cast<size_t>(second)], ": the id \"", ids.text(second),
         "\" stands already in line ", lines_[static_cast<size_t>(first)]);
  }
  return ids;
}

}  // namespace whitney::data
