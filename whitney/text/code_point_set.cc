#include "whitney/text/code_point_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "whitney/text/unicode.h"
#include "whitney/text/unicode_tables.h"

namespace whitney::text {

namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr size_t kMostBlocks = 512;  // distinct ones, in the table of records
constexpr char32_t kBlockSize = 1U << tables::kBlockBits;

/// The code points whose record `taken` takes. Blocks of equal content are looked at once.
template <class Taken>
std::vector<CodePointSet::Range> ranges_where(const Taken& taken) {
  std::array<bool, size_t{kMostBlocks} * kBlockSize> is_member{};
  std::array<bool, kMostBlocks> known{};
  std::vector<CodePointSet::Range> ranges;
  for (char32_t c = 0; c <= kLastCodePoint; ++c) {
    const size_t block = tables::kRecordBlocks[c / kBlockSize];
    bool* const members = is_member.data() + block * kBlockSize;
    if (!known[block]) {
      known[block] = true;
      for (char32_t i = 0; i < kBlockSize; ++i)
        members[i] = taken(tables::record(c / kBlockSize * kBlockSize + i));
    }
    if (!members[c % kBlockSize]) continue;
    if (!ranges.empty() && ranges.back().second + 1 == c) {
      ranges.back().second = c;
    } else {
      ranges.push_back({c, c});
    }
  }
  return ranges;
}

std::vector<CodePointSet::Range> with_categories(uint32_t mask) {
  return ranges_where([mask](const tables::Record& record) { return (mask >> record.category & 1) != 0; });
}

struct CategoryName {
  std::string_view name;
  Category first, last;
};

constexpr CategoryName kCategoryNames[] = {
    {"l", Category::kLu, Category::kLo},
    {"letter", Category::kLu, Category::kLo},
    {"lu", Category::kLu, Category::kLu},
    {"uppercaseletter", Category::kLu, Category::kLu},
    {"ll", Category::kLl, Category::kLl},
    {"lowercaseletter", Category::kLl, Category::kLl},
    {"lt", Category::kLt, Category::kLt},
    {"titlecaseletter", Category::kLt, Category::kLt},
    {"lc", Category::kLu, Category::kLt},
    {"casedletter", Category::kLu, Category::kLt},
    {"lm", Category::kLm, Category::kLm},
    {"modifierletter", Category::kLm, Category::kLm},
    {"lo", Category::kLo, Category::kLo},
    {"otherletter", Category::kLo, Category::kLo},
    {"m", Category::kMn, Category::kMe},
    {"mark", Category::kMn, Category::kMe},
    {"mn", Category::kMn, Category::kMn},
    {"nonspacingmark", Category::kMn, Category::kMn},
    {"mc", Category::kMc, Category::kMc},
    {"spacingmark", Category::kMc, Category::kMc},
    {"me", Category::kMe, Category::kMe},
    {"enclosingmark", Category::kMe, Category::kMe},
    {"n", Category::kNd, Category::kNo},
    {"number", Category::kNd, Category::kNo},
    {"nd", Category::kNd, Category::kNd},
    {"decimalnumber", Category::kNd, Category::kNd},
    {"digit", Category::kNd, Category::kNd},
    {"nl", Category::kNl, Category::kNl},
    {"letternumber", Category::kNl, Category::kNl},
    {"no", Category::kNo, Category::kNo},
    {"othernumber", Category::kNo, Category::kNo},
    {"p", Category::kPc, Category::kPo},
    {"punctuation", Category::kPc, Category::kPo},
    {"pc", Category::kPc, Category::kPc},
    {"connectorpunctuation", Category::kPc, Category::kPc},
    {"pd", Category::kPd, Category::kPd},
    {"dashpunctuation", Category::kPd, Category::kPd},
    {"ps", Category::kPs, Category::kPs},
    {"openpunctuation", Category::kPs, Category::kPs},
    {"pe", Category::kPe, Category::kPe},
    {"closepunctuation", Category::kPe, Category::kPe},
    {"pi", Category::kPi, Category::kPi},
    {"initialpunctuation", Category::kPi, Category::kPi},
    {"pf", Category::kPf, Category::kPf},
    {"finalpunctuation", Category::kPf, Category::kPf},
    {"po", Category::kPo, Category::kPo},
    {"otherpunctuation", Category::kPo, Category::kPo},
    {"s", Category::kSm, Category::kSo},
    {"symbol", Category::kSm, Category::kSo},
    {"sm", Category::kSm, Category::kSm},
    {"mathsymbol", Category::kSm, Category::kSm},
    {"sc", Category::kSc, Category::kSc},
    {"currencysymbol", Category::kSc, Category::kSc},
    {"sk", Category::kSk, Category::kSk},
    {"modifiersymbol", Category::kSk, Category::kSk},
    {"so", Category::kSo, Category::kSo},
    {"othersymbol", Category::kSo, Category::kSo},
    {"z", Category::kZs, Category::kZp},
    {"separator", Category::kZs, Category::kZp},
    {"zs", Category::kZs, Category::kZs},
    {"spaceseparator", Category::kZs, Category::kZs},
    {"zl", Category::kZl, Category::kZl},
    {"lineseparator", Category::kZl, Category::kZl},
    {"zp", Category::kZp, Category::kZp},
    {"paragraphseparator", Category::kZp, Category::kZp},
    {"c", Category::kCc, Category::kCn},
    {"other", Category::kCc, Category::kCn},
    {"cc", Category::kCc, Category::kCc},
    {"control", Category::kCc, Category::kCc},
    {"cntrl", Category::kCc, Category::kCc},
    {"cf", Category::kCf, Category::kCf},
    {"format", Category::kCf, Category::kCf},
    {"cs", Category::kCs, Category::kCs},
    {"surrogate", Category::kCs, Category::kCs},
    {"co", Category::kCo, Category::kCo},
    {"privateuse", Category::kCo, Category::kCo},
    {"cn", Category::kCn, Category::kCn},
    {"unassigned", Category::kCn, Category::kCn},
};

std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return plain;
}

}  // namespace

CodePointSet CodePointSet::of(char32_t first, char32_t last) {
  CodePointSet set;
  set.ranges_.push_back({first, last});
  return set;
}

CodePointSet CodePointSet::with_property(uint16_t any_of) {
  CodePointSet set;
  set.ranges_ =
      ranges_where([any_of](const tables::Record& record) { return (record.properties & any_of) != 0; });
  return set;
}

std::optional<CodePointSet> CodePointSet::named(std::string_view name) {
  const std::string plain = plain_name(name);
  for (const CategoryName& category : kCategoryNames) {
    if (category.name == plain) {
      const uint32_t up_to_last = (2U << static_cast<int>(category.last)) - 1;
      CodePointSet set;
      set.ranges_ = with_categories(up_to_last & ~((1U << static_cast<int>(category.first)) - 1));
      return set;
    }
  }
  if (plain == "any") return of(0, kLastCodePoint);
  if (plain == "ascii") return of(0, 0x7F);
  if (plain == "space" || plain == "whitespace") return with_property(kWhiteSpace);
  if (plain == "word") return with_property(kWord);
  if (plain == "blank") {
    CodePointSet set;
    set.ranges_ = with_categories(1U << static_cast<int>(Category::kZs));
    set.add(of('\t'));
    return set;
  }
  if (plain == "xdigit") {
    CodePointSet set = of('0', '9');
    set.add(of('A', 'F'));
    set.add(of('a', 'f'));
    return set;
  }
  return std::nullopt;
}

void CodePointSet::add(const CodePointSet& other) {
  std::vector<Range> all;
  all.reserve(ranges_.size() + other.ranges_.size());
  std::merge(ranges_.begin(), ranges_.end(), other.ranges_.begin(), other.ranges_.end(),
             std::back_inserter(all));
  ranges_.clear();
  for (const Range& range : all) {
    if (!ranges_.empty() && range.first <= ranges_.back().second + 1) {
      ranges_.back().second = std::max(ranges_.back().second, range.second);
    } else {
      ranges_.push_back(range);
    }
  }
}

CodePointSet CodePointSet::intersected(const CodePointSet& other) const {
  CodePointSet set;
  auto a = ranges_.begin(), b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const char32_t first = std::max(a->first, b->first), last = std::min(a->second, b->second);
    if (first <= last) set.ranges_.push_back({first, last});
    if (a->second < b->second) {
      ++a;
    } else {
      ++b;
    }
  }
  return set;
}

CodePointSet CodePointSet::complement() const {
  CodePointSet set;
  char32_t next = 0;
  for (const auto& [first, last] : ranges_) {
    if (next < first) set.ranges_.push_back({next, first - 1});
    next = last + 1;
  }
  if (next <= kLastCodePoint) set.ranges_.push_back({next, kLastCodePoint});
  return set;
}

CodePointSet CodePointSet::with_other_cases() const {
  CodePointSet set = *this;
  const uint32_t* const end = tables::kFoldGroups + tables::kFoldGroupsSize;
  for (const uint32_t *group = tables::kFoldGroups, *stop; group < end; group = stop + 1) {
    stop = std::find(group, end, 0U);
    if (!std::any_of(group, stop, [this](uint32_t c) { return contains(c); })) continue;
    std::for_each(group, stop, [&set](uint32_t c) {
      if (!set.contains(c)) set.add(of(c));
    });
  }
  return set;
}

bool CodePointSet::contains(char32_t c) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), c,
                                      [](char32_t x, const Range& range) { return x < range.first; });
  return after != ranges_.begin() && c <= std::prev(after)->second;
}

}  // namespace whitney::text
