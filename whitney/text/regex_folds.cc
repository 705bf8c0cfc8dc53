#include "whitney/text/regex_folds.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::text::regex {

namespace {

struct LongFold {
  char32_t letter;
  std::array<char32_t, 3> folded;  // two letters, or three

  std::span<const char32_t> letters() const {
    return {folded.data(), folded[2] == 0 ? size_t{2} : size_t{3}};
  }
};

// Unicode's CaseFolding.txt, status F; pairs first.
constexpr std::array<LongFold, 104> kLongFolds{
    {{0x00DF, {0x0073, 0x0073}},         {0x0130, {0x0069, 0x0307}},
     {0x0149, {0x02BC, 0x006E}},         {0x01F0, {0x006A, 0x030C}},
     {0x0587, {0x0565, 0x0582}},         {0x1E96, {0x0068, 0x0331}},
     {0x1E97, {0x0074, 0x0308}},         {0x1E98, {0x0077, 0x030A}},
     {0x1E99, {0x0079, 0x030A}},         {0x1E9A, {0x0061, 0x02BE}},
     {0x1E9E, {0x0073, 0x0073}},         {0x1F50, {0x03C5, 0x0313}},
     {0x1F80, {0x1F00, 0x03B9}},         {0x1F81, {0x1F01, 0x03B9}},
     {0x1F82, {0x1F02, 0x03B9}},         {0x1F83, {0x1F03, 0x03B9}},
     {0x1F84, {0x1F04, 0x03B9}},         {0x1F85, {0x1F05, 0x03B9}},
     {0x1F86, {0x1F06, 0x03B9}},         {0x1F87, {0x1F07, 0x03B9}},
     {0x1F88, {0x1F00, 0x03B9}},         {0x1F89, {0x1F01, 0x03B9}},
     {0x1F8A, {0x1F02, 0x03B9}},         {0x1F8B, {0x1F03, 0x03B9}},
     {0x1F8C, {0x1F04, 0x03B9}},         {0x1F8D, {0x1F05, 0x03B9}},
     {0x1F8E, {0x1F06, 0x03B9}},         {0x1F8F, {0x1F07, 0x03B9}},
     {0x1F90, {0x1F20, 0x03B9}},         {0x1F91, {0x1F21, 0x03B9}},
     {0x1F92, {0x1F22, 0x03B9}},         {0x1F93, {0x1F23, 0x03B9}},
     {0x1F94, {0x1F24, 0x03B9}},         {0x1F95, {0x1F25, 0x03B9}},
     {0x1F96, {0x1F26, 0x03B9}},         {0x1F97, {0x1F27, 0x03B9}},
     {0x1F98, {0x1F20, 0x03B9}},         {0x1F99, {0x1F21, 0x03B9}},
     {0x1F9A, {0x1F22, 0x03B9}},         {0x1F9B, {0x1F23, 0x03B9}},
     {0x1F9C, {0x1F24, 0x03B9}},         {0x1F9D, {0x1F25, 0x03B9}},
     {0x1F9E, {0x1F26, 0x03B9}},         {0x1F9F, {0x1F27, 0x03B9}},
     {0x1FA0, {0x1F60, 0x03B9}},         {0x1FA1, {0x1F61, 0x03B9}},
     {0x1FA2, {0x1F62, 0x03B9}},         {0x1FA3, {0x1F63, 0x03B9}},
     {0x1FA4, {0x1F64, 0x03B9}},         {0x1FA5, {0x1F65, 0x03B9}},
     {0x1FA6, {0x1F66, 0x03B9}},         {0x1FA7, {0x1F67, 0x03B9}},
     {0x1FA8, {0x1F60, 0x03B9}},         {0x1FA9, {0x1F61, 0x03B9}},
     {0x1FAA, {0x1F62, 0x03B9}},         {0x1FAB, {0x1F63, 0x03B9}},
     {0x1FAC, {0x1F64, 0x03B9}},         {0x1FAD, {0x1F65, 0x03B9}},
     {0x1FAE, {0x1F66, 0x03B9}},         {0x1FAF, {0x1F67, 0x03B9}},
     {0x1FB2, {0x1F70, 0x03B9}},         {0x1FB3, {0x03B1, 0x03B9}},
     {0x1FB4, {0x03AC, 0x03B9}},         {0x1FB6, {0x03B1, 0x0342}},
     {0x1FBC, {0x03B1, 0x03B9}},         {0x1FC2, {0x1F74, 0x03B9}},
     {0x1FC3, {0x03B7, 0x03B9}},         {0x1FC4, {0x03AE, 0x03B9}},
     {0x1FC6, {0x03B7, 0x0342}},         {0x1FCC, {0x03B7, 0x03B9}},
     {0x1FD6, {0x03B9, 0x0342}},         {0x1FE4, {0x03C1, 0x0313}},
     {0x1FE6, {0x03C5, 0x0342}},         {0x1FF2, {0x1F7C, 0x03B9}},
     {0x1FF3, {0x03C9, 0x03B9}},         {0x1FF4, {0x03CE, 0x03B9}},
     {0x1FF6, {0x03C9, 0x0342}},         {0x1FFC, {0x03C9, 0x03B9}},
     {0xFB00, {0x0066, 0x0066}},         {0xFB01, {0x0066, 0x0069}},
     {0xFB02, {0x0066, 0x006C}},         {0xFB05, {0x0073, 0x0074}},
     {0xFB06, {0x0073, 0x0074}},         {0xFB13, {0x0574, 0x0576}},
     {0xFB14, {0x0574, 0x0565}},         {0xFB15, {0x0574, 0x056B}},
     {0xFB16, {0x057E, 0x0576}},         {0xFB17, {0x0574, 0x056D}},
     {0x0390, {0x03B9, 0x0308, 0x0301}}, {0x03B0, {0x03C5, 0x0308, 0x0301}},
     {0x1F52, {0x03C5, 0x0313, 0x0300}}, {0x1F54, {0x03C5, 0x0313, 0x0301}},
     {0x1F56, {0x03C5, 0x0313, 0x0342}}, {0x1FB7, {0x03B1, 0x0342, 0x03B9}},
     {0x1FC7, {0x03B7, 0x0342, 0x03B9}}, {0x1FD2, {0x03B9, 0x0308, 0x0300}},
     {0x1FD3, {0x03B9, 0x0308, 0x0301}}, {0x1FD7, {0x03B9, 0x0308, 0x0342}},
     {0x1FE2, {0x03C5, 0x0308, 0x0300}}, {0x1FE3, {0x03C5, 0x0308, 0x0301}},
     {0x1FE7, {0x03C5, 0x0308, 0x0342}}, {0x1FF7, {0x03C9, 0x0342, 0x03B9}},
     {0xFB03, {0x0066, 0x0066, 0x0069}}, {0xFB04, {0x0066, 0x0066, 0x006C}}}};

Node set_of(CodePointSet set) {
  Node node;
  node.kind = NodeKind::kSet;
  node.set = std::move(set);
  return node;
}

Node choice_of(Node first, Node second) {
  Node node;
  node.kind = NodeKind::kChoice;
  node.children.push_back(std::move(first));
  node.children.push_back(std::move(second));
  return node;
}

bool is_literal(const Node& node) {
  return node.kind == NodeKind::kSet && node.folds == Folds::kLiteral && !node.captures;
}

// (?:ab)c is abc.
void flatten(std::vector<Node>& children) {
  std::vector<Node> flat;
  for (Node& child : children) {
    if (child.kind == NodeKind::kSequence && !child.captures) {
      flatten(child.children);
      std::move(child.children.begin(), child.children.end(), std::back_inserter(flat));
    } else {
      flat.push_back(std::move(child));
    }
  }
  children = std::move(flat);
}

// The longest of the folds whose letters are the literals at the front of a run.
const LongFold* fold_at(std::span<const Node> run) {
  const auto fits = [&](const LongFold& fold) {
    const auto letters = fold.letters();
    if (letters.size() > run.size()) return false;
    for (size_t i = 0; i < letters.size(); ++i) {
      if (!is_literal(run[i]) || !run[i].set.contains(letters[i])) return false;
    }
    return true;
  };
  const auto found = std::find_if(kLongFolds.rbegin(), kLongFolds.rend(), fits);
  return found == kLongFolds.rend() ? nullptr : &*found;
}

class Expander {
 public:
  explicit Expander(std::string_view pattern) : pattern_(pattern) {}

  void expand(Node& node, bool behind) {
    if (node.kind == NodeKind::kSet) {
      if (node.folds == Folds::kLiteral && !behind) expand_literal(node);
      if (node.folds == Folds::kClass) expand_class(node);
    } else if (node.kind == NodeKind::kSequence) {
      expand_sequence(node, behind);
    } else {
      for (Node& child : node.children) expand(child, behind || node.kind == NodeKind::kBehind);
    }
  }

 private:
  // A class may stand for all of the table, and a pattern hold thousands of classes.
  static constexpr int kMostLetters = 20'000;

  Node letters_of(const LongFold& fold) {
    num_letters_ += static_cast<int>(fold.letters().size());
    if (num_letters_ > kMostLetters)
      fail("regular expression ", pattern_, ": cannot serve (?i) over this many letters of several forms");
    Node node;
    node.kind = NodeKind::kSequence;
    for (char32_t c : fold.letters()) node.children.push_back(set_of(in_any_case(c)));
    return node;
  }

  // All letters that fold as `fold` does.
  CodePointSet alike(const LongFold& fold) {
    CodePointSet set;
    for (const LongFold& other : kLongFolds) {
      if (other.folded == fold.folded) set.add(in_any_case(other.letter));
    }
    return set;
  }

  // Looked up once a letter: the table is long.
  const CodePointSet& in_any_case(char32_t c) {
    const auto [at, is_new] = cases_.try_emplace(c);
    if (is_new) at->second = CodePointSet::of(c).with_other_cases();
    return at->second;
  }

  void expand_literal(Node& node) {
    for (const LongFold& fold : kLongFolds) {
      if (!node.set.contains(fold.letter)) continue;
      node = choice_of(set_of(alike(fold)), letters_of(fold));
      return;
    }
  }

  void expand_class(Node& node) {
    Node choice;
    choice.kind = NodeKind::kChoice;
    choice.children.push_back(set_of(node.set));
    for (auto fold = kLongFolds.begin(); fold != kLongFolds.end(); ++fold) {
      const auto is_same = [&](const LongFold& other) {
        return other.folded == fold->folded && node.set.contains(other.letter);
      };
      if (node.set.contains(fold->letter) && std::none_of(kLongFolds.begin(), fold, is_same))
        choice.children.push_back(letters_of(*fold));
    }
    if (choice.children.size() > 1) node = std::move(choice);
  }

  void expand_sequence(Node& node, bool behind) {
    flatten(node.children);
    std::vector<Node> children;
    for (size_t i = 0; i < node.children.size();) {
      const LongFold* fold = behind ? nullptr : fold_at(std::span(node.children).subspan(i));
      if (fold == nullptr) {
        expand(node.children[i], behind);
        children.push_back(std::move(node.children[i++]));
      } else {
        children.push_back(choice_of(letters_of(*fold), set_of(alike(*fold))));
        i += fold->letters().size();
      }
    }
    node.children = std::move(children);
  }

  std::string_view pattern_;
  std::map<char32_t, CodePointSet> cases_;
  int num_letters_ = 0;
};

}  // namespace

bool has_long_folds(const Node& node) {
  return node.folds != Folds::kNone &&
         std::any_of(kLongFolds.begin(), kLongFolds.end(),
                     [&](const LongFold& fold) { return node.set.contains(fold.letter); });
}

void expand_folds(Node& node, std::string_view pattern) { Expander(pattern).expand(node, false); }

}  // namespace whitney::text::regex
