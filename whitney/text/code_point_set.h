#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace whitney::text {

/// A set of code points, as ranges in order that do not touch.
class CodePointSet {
 public:
  using Range = std::pair<char32_t, char32_t>;  // both ends belong

  CodePointSet() = default;
  static CodePointSet of(char32_t first, char32_t last);
  static CodePointSet of(char32_t c) { return of(c, c); }
  /// Those with any of the bits of Property.
  static CodePointSet with_property(uint16_t any_of);
  /// What \p{NAME} names: general categories, short or long, "Any", "ASCII", White_Space, "Alnum"-free POSIX
  /// names that follow from them; letter case, blanks, "-" and "_" do not count. Nothing when unknown.
  static std::optional<CodePointSet> named(std::string_view name);

  void add(const CodePointSet& other);
  CodePointSet intersected(const CodePointSet& other) const;
  CodePointSet complement() const;
  /// With all that differs from a member in case only, one character for another.
  CodePointSet with_other_cases() const;

  bool contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  friend bool operator==(const CodePointSet&, const CodePointSet&) = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace whitney::text
