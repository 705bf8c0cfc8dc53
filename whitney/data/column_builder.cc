#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/data/attributes.h"

namespace whitney {
namespace {

// Every integer up to here is a real of its own.
constexpr int64_t kMostExactInt = int64_t{1} << 53;

// Distinct strings numbered by first appearance: the bytes behind one another, and an open-addressing table
// of numbers.
class Dictionary {
 public:
  uint32_t encode(std::string_view text) {
    if (2 * (size() + 1) > slots_.size()) grow();
    const uint64_t hash = hash64(text);
    size_t place = hash & (slots_.size() - 1);
    for (; slots_[place].code != kEmpty; place = (place + 1) & (slots_.size() - 1)) {
      if (slots_[place].tag == static_cast<uint32_t>(hash >> 32) && entry(slots_[place].code) == text) {
        return slots_[place].code;
      }
    }
    if (size() >= kEmpty) fail("a column has more than ", kEmpty, " distinct strings");
    const auto code = static_cast<uint32_t>(size());
    slots_[place] = {code, static_cast<uint32_t>(hash >> 32)};
    bytes_.append(text);
    ends_.push_back(bytes_.size());
    return code;
  }
  size_t size() const { return ends_.size(); }
  std::string_view entry(size_t code) const {
    const size_t begin = code == 0 ? 0 : ends_[code - 1];
    return std::string_view(bytes_).substr(begin, ends_[code] - begin);
  }

 private:
  static constexpr uint32_t kEmpty = std::numeric_limits<uint32_t>::max();
  struct Slot {
    uint32_t code = kEmpty;
    uint32_t tag = 0;
  };
  void grow() {
    std::vector<Slot> slots(std::max<size_t>(16, slots_.size() * 2));
    for (size_t code = 0; code < size(); ++code) {
      const uint64_t hash = hash64(entry(code));
      size_t place = hash & (slots.size() - 1);
      while (slots[place].code != kEmpty) place = (place + 1) & (slots.size() - 1);
      slots[place] = {static_cast<uint32_t>(code), static_cast<uint32_t>(hash >> 32)};
    }
    slots_ = std::move(slots);
  }

  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<Slot> slots_;
};

std::string_view words_for(ColumnType type) {
  static constexpr std::array<std::string_view, 6> kWords = {"an integer", "a real number", "true or false",
                                                             "text",       "a date",        "a list of text"};
  return kWords[static_cast<size_t>(type)];
}

std::string shortened(std::string_view text) {
  constexpr size_t kMost = 60;
  return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "…";
}

}  // namespace

// What was added so far. The vectors may be shorter than the column: the missing tail has no values yet.
struct ColumnBuilder::Store {
  std::vector<int64_t> ints;
  std::vector<double> reals;
  std::vector<uint8_t> bools;
  std::vector<uint32_t> codes;
  std::vector<uint64_t> ends;
  std::vector<uint8_t> present;
  Dictionary dictionary;
};

ColumnBuilder::ColumnBuilder(std::string name, std::optional<ColumnType> type)
    : name_(std::move(name)), wanted_(type), found_(type), store_(std::make_unique<Store>()) {}
ColumnBuilder::~ColumnBuilder() = default;
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;

// Sees to it that the column can hold a value of type `seen`.
void ColumnBuilder::accept(ColumnType seen, std::string_view where, std::string_view shown) {
  if (!found_) {
    found_ = seen;
    found_at_ = where;
    return;
  }
  if (*found_ == seen || (*found_ == ColumnType::kReal && seen == ColumnType::kInt)) return;
  if (!wanted_ && *found_ == ColumnType::kInt && seen == ColumnType::kReal) {
    const auto lossy = std::ranges::find_if(
        store_->ints, [](int64_t value) { return value > kMostExactInt || value < -kMostExactInt; });
    if (lossy != store_->ints.end()) {
      fail(where, ": column \"", name_, "\" mixes real numbers with the integer ", *lossy,
           ", which a real cannot hold");
    }
    store_->reals.assign(store_->ints.begin(), store_->ints.end());
    store_->ints = {};
    found_ = ColumnType::kReal;
    return;
  }
  fail(where, ": column \"", name_, "\" holds ", shortened(shown), ", which is ", words_for(seen), ", where ",
       words_for(*found_), " is due", found_at_.empty() ? std::string() : concat(" (as at ", found_at_, ")"));
}

void ColumnBuilder::mark_present() {
  if (!store_->present.empty()) store_->present.push_back(1);
  ++size_;
}

void ColumnBuilder::add_missing(int64_t num_rows) {
  if (num_rows <= 0) return;
  if (store_->present.empty()) store_->present.assign(static_cast<size_t>(size_), 1);
  size_ += num_rows;
  store_->present.resize(static_cast<size_t>(size_), 0);
}

void ColumnBuilder::add_int(int64_t value, std::string_view where) {
  accept(ColumnType::kInt, where,
         found_ && *found_ != ColumnType::kInt ? std::to_string(value) : std::string());
  if (*found_ == ColumnType::kReal) {
    if (value > kMostExactInt || value < -kMostExactInt) {
      fail(where, ": column \"", name_, "\" holds real numbers, and ", value,
           " has more digits than one keeps");
    }
    store_->reals.resize(static_cast<size_t>(size_));
    store_->reals.push_back(static_cast<double>(value));
  } else {
    store_->ints.resize(static_cast<size_t>(size_));
    store_->ints.push_back(value);
  }
  mark_present();
}

void ColumnBuilder::add_real(double value, std::string_view where) {
  if (std::isnan(value)) return add_missing();
  accept(ColumnType::kReal, where, found_ && *found_ != ColumnType::kReal ? shortest(value) : std::string());
  store_->reals.resize(static_cast<size_t>(size_));
  store_->reals.push_back(value);
  mark_present();
}

void ColumnBuilder::add_bool(bool value, std::string_view where) {
  accept(ColumnType::kBool, where, value ? "true" : "false");
  store_->bools.resize(static_cast<size_t>(size_));
  store_->bools.push_back(value ? 1 : 0);
  mark_present();
}

void ColumnBuilder::add_string(std::string_view value, std::string_view where) {
  if (wanted_ == ColumnType::kDate) {
    const auto date = parse_date(value);
    if (!date) {
      fail(where, ": column \"", name_, "\" holds \"", shortened(value),
           "\", which is no date (expected: 2026-11-24 or 2026-11-24T10:00:00Z)");
    }
    store_->ints.resize(static_cast<size_t>(size_));
    store_->ints.push_back(*date);
  } else {
    accept(ColumnType::kString, where,
           found_ == ColumnType::kString ? std::string() : concat('"', shortened(value), '"'));
    store_->codes.resize(static_cast<size_t>(size_));
    store_->codes.push_back(store_->dictionary.encode(value));
  }
  mark_present();
}

void ColumnBuilder::add_set(std::span<const std::string_view> elements, std::string_view where) {
  accept(ColumnType::kSet, where, "a list");
  auto& codes = store_->codes;
  const size_t begin = codes.size();
  store_->ends.resize(static_cast<size_t>(size_), begin);
  for (const std::string_view element : elements) codes.push_back(store_->dictionary.encode(element));
  const auto row = codes.begin() + static_cast<std::ptrdiff_t>(begin);
  std::sort(row, codes.end());
  codes.erase(std::unique(row, codes.end()), codes.end());
  store_->ends.push_back(codes.size());
  mark_present();
}

std::string unfit_for_attribute(const Value& value) {
  if (value.is_object()) return "an object";
  if (!value.is_list()) return {};
  for (const Value& element : value.as_list()) {
    if (element.is_string()) continue;
    return concat("a list with ",
                  element.is_list()     ? "a list"
                  : element.is_object() ? "an object"
                                        : shortened(element.to_json()),
                  " in it");
  }
  return {};
}

void ColumnBuilder::add(const Value& value, std::string_view where) {
  if (const std::string unfit = unfit_for_attribute(value); !unfit.empty()) {
    fail(where, ": column \"", name_, "\" holds ", unfit,
         "; an attribute is a number, true or false, text, or a list of text");
  }
  switch (value.kind()) {
    case Value::Kind::kBool:
      return add_bool(value.as_bool(), where);
    case Value::Kind::kInt:
      return add_int(value.as_int(), where);
    case Value::Kind::kReal:
      return add_real(value.as_real(), where);
    case Value::Kind::kString:
      return add_string(value.as_string(), where);
    case Value::Kind::kList: {
      std::vector<std::string_view> elements;
      for (const Value& element : value.as_list()) elements.emplace_back(element.as_string());
      return add_set(elements, where);
    }
    default:
      return add_missing();
  }
}

namespace {

// The dictionary in the order of its bytes; returns the new code of each old one.
std::vector<uint32_t> sort_dictionary(const Dictionary& dictionary, Column& column) {
  std::vector<uint32_t> order(dictionary.size()), new_codes(dictionary.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return dictionary.entry(a) < dictionary.entry(b); });
  column.dictionary_offsets = Array<uint64_t>(std::ssize(order) + 1);
  uint64_t* offsets = column.dictionary_offsets.mutable_data();
  offsets[0] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    offsets[i + 1] = offsets[i] + dictionary.entry(order[i]).size();
    new_codes[order[i]] = static_cast<uint32_t>(i);
  }
  column.dictionary_bytes = Array<char>(static_cast<int64_t>(offsets[order.size()]));
  char* out = column.dictionary_bytes.mutable_data();
  for (const uint32_t code : order) out = std::ranges::copy(dictionary.entry(code), out).out;
  return new_codes;
}

}  // namespace

Column ColumnBuilder::finish() {
  Store& store = *store_;
  Column column;
  column.name = name_;
  column.type = found_.value_or(ColumnType::kString);
  const auto n = static_cast<size_t>(size_);
  const auto padded_copy = [n]<class T>(std::vector<T>& values) {
    values.resize(n);
    return Array<T>::copy_of(values);
  };
  switch (column.type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
      column.ints = padded_copy(store.ints);
      break;
    case ColumnType::kReal:
      column.reals = padded_copy(store.reals);
      break;
    case ColumnType::kBool:
      column.bools = padded_copy(store.bools);
      break;
    case ColumnType::kString: {
      const auto new_codes = sort_dictionary(store.dictionary, column);
      // Rows without a value keep code 0.
      store.codes.resize(n);
      for (size_t row = 0; row < n; ++row) {
        if (store.present.empty() || store.present[row] != 0) store.codes[row] = new_codes[store.codes[row]];
      }
      column.codes = Array<uint32_t>::copy_of(store.codes);
      break;
    }
    case ColumnType::kSet: {
      const auto new_codes = sort_dictionary(store.dictionary, column);
      store.ends.resize(n, store.codes.size());
      column.starts = Array<uint64_t>(size_ + 1);
      uint64_t* starts = column.starts.mutable_data();
      starts[0] = 0;
      std::ranges::copy(store.ends, starts + 1);
      for (uint32_t& code : store.codes) code = new_codes[code];
      for (size_t row = 0; row < n; ++row) {
        std::sort(store.codes.begin() + static_cast<std::ptrdiff_t>(starts[row]),
                  store.codes.begin() + static_cast<std::ptrdiff_t>(starts[row + 1]));
      }
      column.codes = Array<uint32_t>::copy_of(store.codes);
      break;
    }
  }
  column.present = Array<uint8_t>::copy_of(store.present);
  *this = ColumnBuilder(name_, wanted_);
  return column;
}

}  // namespace whitney
