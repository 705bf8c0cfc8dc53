#include "whitney/search/sorted_numbers.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::search {
namespace {

using Op = Filter::Op;

constexpr int64_t kSortBlock = 1 << 16;

// Sorts blocks of fixed size side by side, then merges neighbours level by level: the order of distinct
// elements is total, so it does not depend on threads.
template <class Entry>
void sort_entries(std::vector<Entry>& entries, const FilterWatch& watch) {
  const int64_t n = std::ssize(entries);
  parallel_blocks(watch.context(), n, kSortBlock, [&](int64_t begin, int64_t end) {
    watch.check();
    std::sort(entries.begin() + begin, entries.begin() + end);
  });
  std::vector<Entry> merged(n > kSortBlock ? entries.size() : 0);
  for (int64_t width = kSortBlock; width < n; width *= 2) {
    parallel_blocks(watch.context(), n, 2 * width, [&](int64_t begin, int64_t end) {
      watch.check();
      const int64_t middle = std::min(begin + width, end);
      std::merge(entries.begin() + begin, entries.begin() + middle, entries.begin() + middle,
                 entries.begin() + end, merged.begin() + begin);
    });
    entries.swap(merged);
  }
}

std::partial_ordering compare(int64_t key, const Value& operand) {
  return operand.is_int() ? std::partial_ordering(key <=> operand.as_int())
                          : compare_numbers(key, operand.as_real());
}

std::partial_ordering compare(double key, const Value& operand) {
  return operand.is_int() ? 0 <=> compare_numbers(operand.as_int(), key) : key <=> operand.as_real();
}

}  // namespace

std::partial_ordering compare_numbers(int64_t a, double b) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo63) return std::partial_ordering::less;
  if (b < -kTwoTo63) return std::partial_ordering::greater;
  const double floor = std::floor(b);
  const auto whole = static_cast<int64_t>(floor);
  if (a == whole && b > floor) return std::partial_ordering::less;
  return a <=> whole;
}

template <class T>
SortedNumbers<T>::SortedNumbers(std::span<const T> values, std::span<const uint32_t> rows,
                                const FilterWatch& watch) {
  using Entry = std::pair<T, uint32_t>;
  std::vector<Entry> entries(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) entries[i] = {values[rows[i]], rows[i]};
  sort_entries(entries, watch);
  keys_.resize(entries.size());
  std::vector<uint32_t> order(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    keys_[i] = entries[i].first;
    order[i] = entries[i].second;
  }
  order_ = OrderedRows(std::ssize(values), std::move(order), watch);
}

template <class T>
int64_t SortedNumbers<T>::first_not_below(const Value& operand) const {
  const auto found =
      std::partition_point(keys_.begin(), keys_.end(), [&](T key) { return compare(key, operand) < 0; });
  return found - keys_.begin();
}

template <class T>
int64_t SortedNumbers<T>::first_above(const Value& operand) const {
  const auto found =
      std::partition_point(keys_.begin(), keys_.end(), [&](T key) { return compare(key, operand) <= 0; });
  return found - keys_.begin();
}

template <class T>
typename SortedNumbers<T>::Places SortedNumbers<T>::places(Op op, const Value& operand) const {
  switch (op) {
    case Op::kLess:
      return {0, first_not_below(operand)};
    case Op::kLessEqual:
      return {0, first_above(operand)};
    case Op::kGreater:
      return {first_above(operand), std::ssize(keys_)};
    case Op::kGreaterEqual:
      return {first_not_below(operand), std::ssize(keys_)};
    default:
      return {first_not_below(operand), first_above(operand)};
  }
}

template <class T>
RowSet SortedNumbers<T>::matches(Op op, std::span<const Value> operands) const {
  if (op == Op::kBetween) return order_.slice(first_not_below(operands[0]), first_above(operands[1]));
  if (op == Op::kNotEqual) {
    const auto [begin, end] = places(Op::kEqual, operands[0]);
    const Places around[] = {{0, begin}, {end, std::ssize(keys_)}};
    return order_.slices(around);
  }
  if (op != Op::kIn) {
    const auto [begin, end] = places(op, operands[0]);
    return order_.slice(begin, end);
  }
  std::vector<Places> found;
  for (const Value& operand : operands) {
    const Places one = places(Op::kEqual, operand);
    if (one.first < one.second) found.push_back(one);
  }
  return order_.slices(found);
}

template class SortedNumbers<int64_t>;
template class SortedNumbers<double>;

}  // namespace whitney::search
