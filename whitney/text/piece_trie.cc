#include "whitney/text/piece_trie.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace whitney::text {

using Pieces = std::vector<std::pair<std::string_view, int32_t>>;

// Places the states of sorted pieces, a node with all its children at a time.
class PieceTrie::Builder {
 public:
  Builder(const Pieces& pieces, std::vector<State>& states) : pieces_(pieces), states_(states) {}

  void build() {
    reserve(2 * kBytes);
    states_[kRoot].parent = kRootsParent;
    take(kRoot);
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
  static constexpr size_t kBytes = 256, kWord = 64;
  static constexpr uint32_t kRootsParent = kNowhere - 1;  // taken, and no state

  // Pieces [begin, end) share their first `depth` bytes, which lead to `state`.
  struct Node {
    uint32_t state;
    size_t begin, end, depth;
  };

  void reserve(size_t size) {
    if (states_.size() >= size) return;
    states_.resize(std::max(size, 2 * states_.size()));
    free_.resize(states_.size() / kWord + 2, ~uint64_t{0});
  }

  // Whether each of the 64 places from `place` on is free, a bit each.
  uint64_t free_from(size_t place) const {
    const size_t word = place / kWord, bit = place % kWord;
    return bit == 0 ? free_[word] : free_[word] >> bit | free_[word + 1] << (kWord - bit);
  }
  void take(size_t place) { free_[place / kWord] &= ~(uint64_t{1} << place % kWord); }

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
      take(place);
      last_used_ = std::max(last_used_, size_t{place});
      const size_t end = c + 1 < children_.size() ? children_[c + 1].second : node.end;
      open.push_back({place, children_[c].second, end, node.depth + 1});
    }
  }

  // The first base under which all children find free places, from where the array is not yet dense; 64
  // bases are tried at a time.
  size_t find_base() {
    const size_t first = children_.front().first;
    size_t base = std::max(search_from_, first + 1) - first, num_seen = 0, num_free = 0;
    uint64_t fitting = 0;
    for (;; base += kWord) {
      reserve(base + kBytes + 2 * kWord);
      fitting = free_from(base + first);
      num_seen += kWord;
      num_free += static_cast<size_t>(std::popcount(fitting));
      for (size_t c = 1; c < children_.size() && fitting != 0; ++c)
        fitting &= free_from(base + children_[c].first);
      if (fitting != 0) break;
    }
    base += static_cast<size_t>(std::countr_zero(fitting));
    // What is 95 in 100 taken is not looked at again.
    if (num_seen > kBytes && 20 * num_free <= num_seen) search_from_ = base + first;
    return base;
  }

  const Pieces& pieces_;
  std::vector<State>& states_;
  std::vector<uint64_t> free_;
  std::vector<std::pair<unsigned char, size_t>> children_;
  size_t search_from_ = 1;
  size_t last_used_ = 0;
};

namespace {

// The first eight bytes as a number of the same order, zeros behind a shorter text.
uint64_t first_bytes(std::string_view text) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, text.data(), std::min(text.size(), sizeof(bytes)));
  return std::endian::native == std::endian::little ? __builtin_bswap64(bytes) : bytes;
}

// Sorts by the strings; equal ones stay in their order.
void sort_pieces(Pieces& pieces) {
  struct Key {
    uint64_t first;
    size_t at;
  };
  std::vector<Key> keys;
  keys.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) keys.push_back({first_bytes(pieces[i].first), i});
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (a.first != b.first) return a.first < b.first;
    const int order = pieces[a.at].first.compare(pieces[b.at].first);
    return order != 0 ? order < 0 : a.at < b.at;
  });
  Pieces sorted;
  sorted.reserve(pieces.size());
  for (const Key& key : keys) sorted.push_back(pieces[key.at]);
  pieces = std::move(sorted);
}

}  // namespace

PieceTrie::PieceTrie(Pieces pieces) {
  sort_pieces(pieces);
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
