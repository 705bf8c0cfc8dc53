#include "whitney/text/piece_trie.h"

#include <algorithm>
#include <cstddef>

namespace whitney::text {

using Pieces = std::vector<std::pair<std::string_view, int32_t>>;

// Places the states of sorted pieces, a node with all its children at a time.
class PieceTrie::Builder {
 public:
  Builder(const Pieces& pieces, std::vector<State>& states) : pieces_(pieces), states_(states) {}

  void build() {
    reserve(2 * kBytes);
    states_[kRoot].parent = kRootsParent;
    std::vector<Node> open = {{kRoot, 0, pieces_.size(), 0}};
    while (!open.empty()) {
      const Node node = open.back();
      open.pop_back();
      place_children(node, open);
    }
    // Every base + byte must be a place.
    states_.resize(last_used_ + 1 + kBytes);
    states_.shrink_to_fit();
  }

 private:
  static constexpr size_t kBytes = 256;
  static constexpr uint32_t kRootsParent = kNowhere - 1;  // taken, and no state

  // Pieces [begin, end) share their first `depth` bytes, which lead to `state`.
  struct Node {
    uint32_t state;
    size_t begin, end, depth;
  };

  void reserve(size_t size) {
    if (states_.size() < size) states_.resize(std::max(size, 2 * states_.size()));
  }

  bool is_free(size_t place) const { return states_[place].parent == kNowhere; }

  void place_children(Node node, std::vector<Node>& open) {
    if (node.begin < node.end && pieces_[node.begin].first.size() == node.depth) {
      states_[node.state].id = pieces_[node.begin++].second;
    }
    children_.clear();
    for (size_t i = node.begin; i < node.end; ++i) {
      const auto byte = static_cast<unsigned char>(pieces_[i].first[node.depth]);
      if (children_.empty() || children_.back().first != byte) children_.emplace_back(byte, i);
    }
    if (children_.empty()) return;
    const size_t base = find_base();
    states_[node.state].base = static_cast<uint32_t>(base);
    for (size_t c = 0; c < children_.size(); ++c) {
      const auto place = static_cast<uint32_t>(base + children_[c].first);
      states_[place].parent = node.state;
      last_used_ = std::max(last_used_, size_t{place});
      const size_t end = c + 1 < children_.size() ? children_[c + 1].second : node.end;
      open.push_back({place, children_[c].second, end, node.depth + 1});
    }
  }

  // The first base under which all children find free places, from where the array is not yet dense.
  size_t find_base() {
    const size_t first = children_.front().first;
    size_t place = std::max(search_from_, first + 1);
    size_t num_seen = 0, num_taken = 0;
    for (;; ++place) {
      reserve(place + kBytes + 1);
      ++num_seen;
      if (!is_free(place)) {
        ++num_taken;
        continue;
      }
      const size_t base = place - first;
      if (std::ranges::all_of(children_, [&](const auto& child) { return is_free(base + child.first); }))
        break;
    }
    // What is 95 in 100 taken is not looked at again.
    if (num_seen > kBytes && 20 * num_taken >= 19 * num_seen) search_from_ = place;
    return place - first;
  }

  const Pieces& pieces_;
  std::vector<State>& states_;
  std::vector<std::pair<unsigned char, size_t>> children_;
  size_t search_from_ = 1;
  size_t last_used_ = 0;
};

PieceTrie::PieceTrie(Pieces pieces) {
  std::ranges::stable_sort(pieces, {}, &Pieces::value_type::first);
  Pieces distinct;
  distinct.reserve(pieces.size());
  for (const auto& piece : pieces) {
    if (piece.first.empty()) continue;
    if (!distinct.empty() && distinct.back().first == piece.first) {
      distinct.back() = piece;
    } else {
      distinct.push_back(piece);
    }
  }
  Builder(distinct, states_).build();
}

}  // namespace whitney::text
