#include "whitney/data/graph_sample.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/hash.h"
#include "whitney/data/edge_list_format.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/mapped_file.h"
#include "whitney/data/text_scan.h"
#include "whitney/data/unpack.h"

namespace whitney::data {
namespace {

constexpr int64_t kPieceBytes = 1 << 16, kMostPieces = 128;

/// An id where it stands.
struct End {
  uint64_t key;
  uint16_t piece;
  uint8_t column;
};

/// In how many pieces ids stand.
struct Incidence {
  int64_t seen = 0, once = 0, twice = 0;

  void add(int64_t num_pieces) {
    seen += num_pieces > 0 ? 1 : 0;
    once += num_pieces == 1 ? 1 : 0;
    twice += num_pieces == 2 ? 1 : 0;
  }
};

class GraphSample {
 public:
  void add_piece(std::string_view piece) {
    num_bytes_ += static_cast<int64_t>(piece.size());
    while (!piece.empty()) {
      const std::string_view line = trim(take_line(piece));
      if (!is_skipped(line)) add_line(line);
    }
    ++num_pieces_;
  }

  int64_t num_bytes() const { return num_bytes_; }
  int64_t num_pieces() const { return num_pieces_; }

  /// `factor`: how many times as much there is. `is_spread`: the end of the file was looked at too.
  DataSize size(double factor, bool directed, bool is_spread) {
    std::ranges::sort(ends_, {}, [](const End& end) { return std::pair(end.key, end.piece); });
    Incidence sources, targets, any;
    int64_t in_both = 0;
    for (size_t begin = 0, end = 0; begin < ends_.size(); begin = end) {
      const auto [in_sources, in_targets, in_any] = count_pieces(begin, end);
      sources.add(in_sources), targets.add(in_targets), any.add(in_any);
      in_both += in_sources > 0 && in_targets > 0 ? 1 : 0;
    }
    const auto expected = [&](const Incidence& ids) {
      return expected_distinct(ids.seen, ids.once, ids.twice, num_pieces_, factor);
    };
    // Users and items come anew at different rates.
    const bool is_bipartite = in_both * 20 < std::min(sources.seen, targets.seen);
    double nodes = is_bipartite ? expected(sources) + expected(targets) : expected(any);
    if (all_integers_ && (is_spread || has_settled()))
      nodes = std::min(nodes, std::max(static_cast<double>(largest_) + 1, static_cast<double>(any.seen)));
    DataSize size;
    size.num_rows = std::llround(nodes);
    size.nnz = std::llround(static_cast<double>(num_edges_) * factor) * (directed ? 1 : 2);
    size.directed = directed;
    size.weighted = 2 * num_weights_ > num_edges_;
    if (!all_integers_ && !ends_.empty())
      size.id_bytes =
          std::llround(nodes * static_cast<double>(id_bytes_) / static_cast<double>(ends_.size()));
    return size;
  }

 private:
  void add_line(std::string_view line) {
    int ends = 0;
    for (; ends < 2; ++ends) {
      const std::string_view id = take_field(line);
      if (id.empty()) break;
      const auto integer = parse_integer(id);
      all_integers_ = all_integers_ && integer.has_value();
      largest_ = std::max(largest_, integer.value_or(0));
      id_bytes_ += static_cast<int64_t>(id.size());
      ends_.push_back(
          {integer ? *integer : hash64(id), static_cast<uint16_t>(num_pieces_), static_cast<uint8_t>(ends)});
    }
    num_edges_ += ends == 2 ? 1 : 0;
    if (ends == 2 && parse_number(take_field(line))) ++num_weights_;
    if (std::has_single_bit(static_cast<uint64_t>(num_edges_)))
      largest_early_ = std::exchange(largest_late_, largest_);
  }

  // The pieces of the id at `begin`, as a source, as a target and as either; `end` becomes the next id's
  // place.
  struct Pieces {
    int64_t sources = 0, targets = 0, any = 0;
  };
  Pieces count_pieces(size_t begin, size_t& end) const {
    Pieces pieces;
    int last_source = -1, last_target = -1, last = -1;
    for (end = begin; end < ends_.size() && ends_[end].key == ends_[begin].key; ++end) {
      const int piece = ends_[end].piece;
      pieces.any += std::exchange(last, piece) != piece ? 1 : 0;
      if (ends_[end].column == 0)
        pieces.sources += std::exchange(last_source, piece) != piece ? 1 : 0;
      else
        pieces.targets += std::exchange(last_target, piece) != piece ? 1 : 0;
    }
    return pieces;
  }

  // Integer ids that ascend go on growing; the last edges of others brought hardly larger ones.
  bool has_settled() const { return largest_early_ >= largest_ - largest_ / 10; }

  std::vector<End> ends_;
  int64_t num_pieces_ = 0, num_bytes_ = 0, num_edges_ = 0, num_weights_ = 0, id_bytes_ = 0;
  /// The largest integer id so far, and those when 2^k and 2^(k-1) edges were read.
  uint64_t largest_ = 0, largest_late_ = 0, largest_early_ = 0;
  bool all_integers_ = true;
};

// Whole lines from the first that begins behind `begin`.
std::string_view lines_at(std::string_view text, size_t begin, size_t end) {
  if (begin > 0) begin = std::min(text.find('\n', begin - 1), text.size() - 1) + 1;
  if (end < text.size()) end = std::min(text.find('\n', end - 1), text.size() - 1) + 1;
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

DataSize sample_plain(std::string_view text, bool directed) {
  GraphSample sample;
  const auto piece = static_cast<size_t>(kPieceBytes);
  const size_t all = std::max<size_t>(1, (text.size() + piece - 1) / piece);
  const size_t count = std::min(all, static_cast<size_t>(kMostPieces));
  for (size_t i = 0; i < count; ++i) {
    // The first piece and the last one of the file are among them.
    const size_t at = count == 1 ? 0 : i * (all - 1) / (count - 1) * piece;
    sample.add_piece(lines_at(text, at, std::min(at + piece, text.size())));
  }
  const double factor = all == count || sample.num_bytes() == 0
                            ? 1
                            : static_cast<double>(text.size()) / static_cast<double>(sample.num_bytes());
  DataSize size = sample.size(factor, directed, true);
  size.text_bytes = static_cast<int64_t>(text.size());
  return size;
}

DataSize sample_packed(const std::string& path, bool directed) {
  InputStream stream = InputStream::open(path);
  GraphSample sample;
  bool has_ended = false;
  while (!has_ended && sample.num_pieces() < kMostPieces) {
    const std::string_view piece = stream.next_lines(kPieceBytes);
    has_ended = piece.empty();
    if (!has_ended) sample.add_piece(piece);
  }
  const double factor = !has_ended && stream.position() > 0 && stream.total() > stream.position()
                            ? static_cast<double>(stream.total()) / static_cast<double>(stream.position())
                            : 1;
  DataSize size = sample.size(factor, directed, false);
  size.text_bytes = std::llround(static_cast<double>(sample.num_bytes()) * factor);
  size.is_packed = true;
  return size;
}

}  // namespace

double expected_distinct(int64_t seen, int64_t once, int64_t twice, int64_t num_pieces, double factor) {
  const auto t = static_cast<double>(num_pieces), q1 = static_cast<double>(once);
  if (factor <= 1 || once == 0) return static_cast<double>(seen);
  const double unseen =
      (t - 1) / t * (twice > 0 ? q1 * q1 / (2 * static_cast<double>(twice)) : q1 * (q1 - 1) / 2);
  if (unseen <= 0) return static_cast<double>(seen) * factor;  // a single piece tells nothing of the others
  const double share_found = -std::expm1((factor - 1) * t * std::log1p(-q1 / (t * unseen + q1)));
  return static_cast<double>(seen) + unseen * share_found;
}

DataSize sample_graph(const std::string& path, bool directed) {
  const Array<std::byte> file = map_file(path);
  const std::string_view stored(reinterpret_cast<const char*>(file.data()), static_cast<size_t>(file.size()));
  if (!packing_of(stored.substr(0, 64)).empty()) return sample_packed(path, directed);
  return sample_plain(stored, directed);
}

}  // namespace whitney::data
