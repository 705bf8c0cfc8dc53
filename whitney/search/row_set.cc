#include "whitney/search/row_set.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "whitney/core/error.h"

namespace whitney {

struct RowSet::Bitmap {
  explicit Bitmap(roaring_bitmap_t* made) : roaring(made) {
    if (roaring == nullptr) fail("not enough memory for a set of rows");
  }
  ~Bitmap() { roaring_bitmap_free(roaring); }
  Bitmap(const Bitmap&) = delete;
  Bitmap& operator=(const Bitmap&) = delete;
  roaring_bitmap_t* roaring;
};

namespace {

// The portable format of Roaring bitmaps (RoaringFormatSpec) is the one stable door between bit arrays and
// the library's containers: one memcpy per 65,536 rows instead of a call per row.
constexpr uint32_t kCookieWithoutRuns = 12346, kCookieWithRuns = 12347;
constexpr int64_t kRowsPerContainer = 65536, kWordsPerContainer = kRowsPerContainer / 64;
constexpr int64_t kMostInArray = 4096;
constexpr uint32_t kFewestForOffsets = 4;

template <class T>
void append(std::vector<char>& out, T value) {
  const size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

// The bits of a word by adding neighbours: the baseline has no instruction for it, and a call per word costs
// more.
int64_t count_bits(uint64_t word) {
  word -= (word >> 1) & 0x5555555555555555;
  word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return static_cast<int64_t>((word * 0x0101010101010101) >> 56);
}

void append_container(std::vector<char>& out, std::span<const uint64_t> words, int64_t count) {
  const size_t at = out.size();
  if (count > kMostInArray) {
    out.resize(at + kWordsPerContainer * sizeof(uint64_t), 0);
    std::memcpy(out.data() + at, words.data(), words.size_bytes());
    return;
  }
  out.resize(at + static_cast<size_t>(count) * sizeof(uint16_t));
  char* to = out.data() + at;
  for (size_t w = 0; w < words.size(); ++w) {
    for (uint64_t left = words[w]; left != 0; left &= left - 1, to += sizeof(uint16_t)) {
      const auto low = static_cast<uint16_t>(w * 64 + static_cast<size_t>(std::countr_zero(left)));
      std::memcpy(to, &low, sizeof low);
    }
  }
}

// Writes rows into a bit array whose length may end before the last row.
struct BitWriter {
  std::span<uint64_t> words;

  void set(int64_t row) {
    if (row / 64 < std::ssize(words)) words[static_cast<size_t>(row / 64)] |= uint64_t{1} << (row % 64);
  }
  void set_range(int64_t begin, int64_t end) {
    end = std::min(end, std::ssize(words) * 64);
    while (begin < end && begin % 64 != 0) set(begin++);
    for (; begin + 64 <= end; begin += 64) words[static_cast<size_t>(begin / 64)] = ~uint64_t{0};
    while (begin < end) set(begin++);
  }
  void copy(int64_t base, const char* from) {
    const int64_t first = base / 64, count = std::min(kWordsPerContainer, std::ssize(words) - first);
    if (count > 0) std::memcpy(words.data() + first, from, static_cast<size_t>(count) * sizeof(uint64_t));
  }
};

// Reads one container at `at` and returns where the next one begins.
const char* read_container(const char* at, int64_t base, int64_t count, bool is_run, BitWriter& writer) {
  if (is_run) {
    const auto num_runs = load<uint16_t>(at);
    at += sizeof(uint16_t);
    for (uint16_t r = 0; r < num_runs; ++r, at += 2 * sizeof(uint16_t)) {
      const int64_t begin = base + load<uint16_t>(at);
      writer.set_range(begin, begin + load<uint16_t>(at + sizeof(uint16_t)) + 1);
    }
    return at;
  }
  if (count > kMostInArray) {
    writer.copy(base, at);
    return at + kWordsPerContainer * sizeof(uint64_t);
  }
  for (int64_t i = 0; i < count; ++i, at += sizeof(uint16_t)) writer.set(base + load<uint16_t>(at));
  return at;
}

void read_portable(const char* at, BitWriter writer) {
  const auto cookie = load<uint32_t>(at);
  const bool with_runs = (cookie & 0xFFFF) == kCookieWithRuns;
  at += sizeof(uint32_t);
  uint32_t num_containers = 0;
  const char* run_flags = nullptr;
  if (with_runs) {
    num_containers = (cookie >> 16) + 1;
    run_flags = at;
    at += (num_containers + 7) / 8;
  } else {
    num_containers = load<uint32_t>(at);
    at += sizeof(uint32_t);
  }
  const char* header = at;
  at += num_containers * 2 * sizeof(uint16_t);
  if (!with_runs || num_containers >= kFewestForOffsets) at += num_containers * sizeof(uint32_t);
  for (uint32_t c = 0; c < num_containers; ++c, header += 2 * sizeof(uint16_t)) {
    const int64_t base = load<uint16_t>(header) * kRowsPerContainer;
    const int64_t count = load<uint16_t>(header + sizeof(uint16_t)) + 1;
    const bool is_run = run_flags != nullptr && ((run_flags[c / 8] >> (c % 8)) & 1) != 0;
    at = read_container(at, base, count, is_run, writer);
  }
}

}  // namespace

RowSet::RowSet() = default;
RowSet::RowSet(std::shared_ptr<const Bitmap> bitmap) : bitmap_(std::move(bitmap)) {}

const RowSet::Bitmap& RowSet::bitmap() const {
  static const Bitmap empty(roaring_bitmap_create());
  return bitmap_ ? *bitmap_ : empty;
}

RowSet::Bitmap& RowSet::mutable_bitmap() {
  if (!bitmap_) {
    bitmap_ = std::make_shared<Bitmap>(roaring_bitmap_create());
  } else if (bitmap_.use_count() != 1) {
    bitmap_ = std::make_shared<Bitmap>(roaring_bitmap_copy(bitmap_->roaring));
  }
  return const_cast<Bitmap&>(*bitmap_);
}

RowSet RowSet::range(uint32_t begin, uint32_t end) {
  if (begin >= end) return {};
  return RowSet(std::make_shared<Bitmap>(roaring_bitmap_from_range(begin, end, 1)));
}

RowSet RowSet::of(std::span<const uint32_t> rows) {
  if (rows.empty()) return {};
  return RowSet(std::make_shared<Bitmap>(roaring_bitmap_of_ptr(rows.size(), rows.data())));
}

RowSet RowSet::from_bits(std::span<const uint64_t> bits) {
  std::vector<std::pair<uint16_t, int64_t>> containers;  // key, number of rows
  for (size_t at = 0; at < bits.size(); at += kWordsPerContainer) {
    int64_t count = 0;
    for (const uint64_t word : bits.subspan(at, std::min<size_t>(kWordsPerContainer, bits.size() - at))) {
      count += count_bits(word);
    }
    if (count > 0) containers.emplace_back(static_cast<uint16_t>(at / kWordsPerContainer), count);
  }
  if (containers.empty()) return {};
  std::vector<char> buffer;
  buffer.reserve(8 + containers.size() * (8 + 8192));
  append(buffer, kCookieWithoutRuns);
  append(buffer, static_cast<uint32_t>(containers.size()));
  for (const auto& [key, count] : containers) {
    append(buffer, key);
    append(buffer, static_cast<uint16_t>(count - 1));
  }
  auto offset = static_cast<uint32_t>(buffer.size() + containers.size() * sizeof(uint32_t));
  for (const auto& [key, count] : containers) {
    append(buffer, offset);
    offset += static_cast<uint32_t>(count > kMostInArray ? 8192 : count * 2);
  }
  for (const auto& [key, count] : containers) {
    const size_t at = key * static_cast<size_t>(kWordsPerContainer);
    append_container(buffer, bits.subspan(at, std::min<size_t>(kWordsPerContainer, bits.size() - at)), count);
  }
  return RowSet(
      std::make_shared<Bitmap>(roaring_bitmap_portable_deserialize_safe(buffer.data(), buffer.size())));
}

void RowSet::add(uint32_t row) { roaring_bitmap_add(mutable_bitmap().roaring, row); }
void RowSet::remove(uint32_t row) { roaring_bitmap_remove(mutable_bitmap().roaring, row); }
bool RowSet::contains(uint32_t row) const { return roaring_bitmap_contains(bitmap().roaring, row); }
int64_t RowSet::size() const {
  return static_cast<int64_t>(roaring_bitmap_get_cardinality(bitmap().roaring));
}
bool RowSet::empty() const { return roaring_bitmap_is_empty(bitmap().roaring); }

RowSet RowSet::operator&(const RowSet& other) const {
  return RowSet(std::make_shared<Bitmap>(roaring_bitmap_and(bitmap().roaring, other.bitmap().roaring)));
}
RowSet RowSet::operator|(const RowSet& other) const {
  return RowSet(std::make_shared<Bitmap>(roaring_bitmap_or(bitmap().roaring, other.bitmap().roaring)));
}
RowSet RowSet::operator-(const RowSet& other) const {
  return RowSet(std::make_shared<Bitmap>(roaring_bitmap_andnot(bitmap().roaring, other.bitmap().roaring)));
}
int64_t RowSet::intersection_size(const RowSet& other) const {
  return static_cast<int64_t>(roaring_bitmap_and_cardinality(bitmap().roaring, other.bitmap().roaring));
}
bool operator==(const RowSet& a, const RowSet& b) {
  return roaring_bitmap_equals(a.bitmap().roaring, b.bitmap().roaring);
}

std::vector<uint32_t> RowSet::rows() const {
  std::vector<uint32_t> rows(static_cast<size_t>(size()));
  if (!rows.empty()) roaring_bitmap_to_uint32_array(bitmap().roaring, rows.data());
  return rows;
}

uint32_t RowSet::select(int64_t i) const {
  uint32_t row = 0;
  if (i < 0 || i >= size() || !roaring_bitmap_select(bitmap().roaring, static_cast<uint32_t>(i), &row)) {
    fail("a set of ", size(), " rows has no row number ", i);
  }
  return row;
}

std::vector<uint64_t> RowSet::bits(int64_t num_rows) const {
  std::vector<uint64_t> words(static_cast<size_t>((num_rows + 63) / 64), 0);
  std::vector<char> buffer(roaring_bitmap_portable_size_in_bytes(bitmap().roaring));
  roaring_bitmap_portable_serialize(bitmap().roaring, buffer.data());
  read_portable(buffer.data(), {words});
  if (num_rows % 64 != 0) words.back() &= (uint64_t{1} << (num_rows % 64)) - 1;
  return words;
}

}  // namespace whitney
