#include "whitney/data/ids.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/nearest_name.h"

namespace whitney {
namespace {

constexpr uint32_t kEmpty = std::numeric_limits<uint32_t>::max();
// Beyond this many ids a look for the nearest one takes longer than a reader of an error should wait.
constexpr int64_t kMostCandidates = 200'000;

// The finaliser of splitmix64: consecutive ids land far apart.
uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

// An integer id as it is written: no sign, no leading zero.
std::optional<uint64_t> parse_integer(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

// Open addressing with linear probing, at most 2/3 full: a slot holds a row and 32 bits of its hash, so that
// a string is compared only when it is nearly certain to be the one.
struct Ids::Table {
  struct Slot {
    uint32_t row = kEmpty;
    uint32_t tag = 0;
  };
  std::vector<Slot> slots;
  std::optional<std::pair<int64_t, int64_t>> duplicate;

  // The row whose hash and content agree, or the empty slot where it would stand.
  template <class Equal>
  size_t locate(uint64_t hash, const Equal& equal) const {
    const size_t mask = slots.size() - 1;
    const auto tag = static_cast<uint32_t>(hash >> 32);
    size_t place = static_cast<size_t>(hash) & mask;
    while (slots[place].row != kEmpty && !(slots[place].tag == tag && equal(slots[place].row))) {
      place = (place + 1) & mask;
    }
    return place;
  }
  // The first row of an id stays; rows go in by number, so that the table is the same at every run.
  template <class Equal>
  void insert(int64_t row, uint64_t hash, const Equal& equal) {
    Slot& slot = slots[locate(hash, equal)];
    if (slot.row == kEmpty) {
      slot = {static_cast<uint32_t>(row), static_cast<uint32_t>(hash >> 32)};
    } else if (!duplicate) {
      duplicate.emplace(slot.row, row);
    }
  }
};

struct Ids::LazyTable {
  std::once_flag once;
  Table table;
};

void Ids::fail_offsets(int64_t row) {
  fail("the offsets of the id of row ", row, " do not fit its bytes: the file is damaged");
}

Ids Ids::integers(Array<uint64_t> values) {
  Ids ids;
  ids.size_ = values.size();
  ids.integers_ = std::move(values);
  ids.lazy_ = std::make_shared<LazyTable>();
  return ids;
}

Ids Ids::mapped_strings(Array<uint64_t> offsets, Array<char> bytes) {
  if (offsets.empty()) fail("the offsets of string ids are empty (n + 1 are needed)");
  const int64_t n = offsets.size() - 1;
  if (offsets[0] != 0 || offsets[n] != static_cast<uint64_t>(bytes.size())) {
    fail("the offsets of the ids run from ", offsets[0], " to ", offsets[n], ", their bytes from 0 to ",
         bytes.size());
  }
  Ids ids;
  ids.size_ = n;
  ids.is_integer_ = false;
  ids.offsets_ = std::move(offsets);
  ids.bytes_ = std::move(bytes);
  ids.lazy_ = std::make_shared<LazyTable>();
  return ids;
}

Ids Ids::strings(Array<uint64_t> offsets, Array<char> bytes) {
  Ids ids = mapped_strings(std::move(offsets), std::move(bytes));
  for (int64_t row = 0; row < ids.size_; ++row) static_cast<void>(ids.string(row));
  return ids;
}

Ids Ids::strings(const std::vector<std::string>& values) {
  Array<uint64_t> offsets(std::ssize(values) + 1);
  uint64_t* starts = offsets.mutable_data();
  starts[0] = 0;
  for (size_t i = 0; i < values.size(); ++i) starts[i + 1] = starts[i] + values[i].size();
  Array<char> bytes(static_cast<int64_t>(starts[values.size()]));
  char* out = bytes.mutable_data();
  for (const std::string& value : values) out = std::copy(value.begin(), value.end(), out);
  return mapped_strings(std::move(offsets), std::move(bytes));
}

Ids Ids::row_numbers(int64_t n) {
  Array<uint64_t> values(n);
  std::iota(values.mutable_data(), values.mutable_data() + n, uint64_t{0});
  return integers(std::move(values));
}

std::string Ids::text(int64_t row) const {
  return is_integer_ ? std::to_string(integers_[row]) : std::string(string(row));
}

const Ids::Table& Ids::table() const {
  std::call_once(lazy_->once, [this] {
    if (size_ >= kEmpty) fail("ids of ", size_, " rows cannot be looked up (the most is ", kEmpty - 1, ")");
    Table table;
    table.slots.resize(std::bit_ceil(static_cast<size_t>(size_ + size_ / 2 + 2)));
    for (int64_t row = 0; row < size_; ++row) {
      if (is_integer_) {
        table.insert(row, mix(integers_[row]),
                     [&](uint32_t other) { return integers_[other] == integers_[row]; });
      } else {
        const std::string_view id = string(row);
        table.insert(row, hash64(id), [&](uint32_t other) { return string(other) == id; });
      }
    }
    lazy_->table = std::move(table);
  });
  return lazy_->table;
}

std::optional<int64_t> Ids::find_integer(uint64_t id) const {
  if (size_ == 0 || !is_integer_) return std::nullopt;
  const Table& known = table();
  const uint32_t row = known.slots[known.locate(mix(id), [&](uint32_t r) { return integers_[r] == id; })].row;
  return row == kEmpty ? std::nullopt : std::optional<int64_t>(row);
}

std::optional<int64_t> Ids::find(std::string_view text) const {
  if (size_ == 0) return std::nullopt;
  if (is_integer_) {
    const auto id = parse_integer(text);
    return id ? find_integer(*id) : std::nullopt;
  }
  const Table& known = table();
  const uint32_t row =
      known.slots[known.locate(hash64(text), [&](uint32_t r) { return string(r) == text; })].row;
  return row == kEmpty ? std::nullopt : std::optional<int64_t>(row);
}

std::optional<std::pair<int64_t, int64_t>> Ids::first_duplicate() const {
  return size_ == 0 ? std::nullopt : table().duplicate;
}

std::string Ids::did_you_mean(std::string_view text) const {
  if (size_ > kMostCandidates) return {};
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(size_));
  for (int64_t row = 0; row < size_; ++row) names.push_back(this->text(row));
  return whitney::did_you_mean(text, names);
}

Ids Ids::select(std::span<const int64_t> rows) const {
  for (const int64_t row : rows) {
    WHITNEY_CHECK(row >= 0 && row < size_, "row ", row, " of ", size_, " ids is asked for");
  }
  if (is_integer_) {
    Array<uint64_t> values(std::ssize(rows));
    std::transform(rows.begin(), rows.end(), values.mutable_data(),
                   [&](int64_t row) { return integers_[row]; });
    return integers(std::move(values));
  }
  Array<uint64_t> offsets(std::ssize(rows) + 1);
  uint64_t* starts = offsets.mutable_data();
  starts[0] = 0;
  for (size_t i = 0; i < rows.size(); ++i) starts[i + 1] = starts[i] + string(rows[i]).size();
  Array<char> bytes(static_cast<int64_t>(starts[rows.size()]));
  char* out = bytes.mutable_data();
  for (const int64_t row : rows) {
    const std::string_view id = string(row);
    out = std::copy(id.begin(), id.end(), out);
  }
  return mapped_strings(std::move(offsets), std::move(bytes));
}

bool operator==(const Ids& a, const Ids& b) {
  if (a.size_ != b.size_ || a.is_integer_ != b.is_integer_) return a.size_ == 0 && b.size_ == 0;
  return std::ranges::equal(a.integers_, b.integers_) && std::ranges::equal(a.offsets_, b.offsets_) &&
         std::ranges::equal(a.bytes_, b.bytes_);
}

}  // namespace whitney
