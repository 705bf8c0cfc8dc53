#include "whitney/data/edge_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/artifact.h"
#include "whitney/data/edge_list_block.h"
#include "whitney/data/file_format.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr int64_t kBlockBytes = 256 << 10;
// Ids that a round's blocks do not find in the table are numbered by one thread. The first rounds are small,
// so that most ids are in the table before the large rounds come.
constexpr int64_t kFirstRoundBytes = 256 << 10;
constexpr int64_t kLastRoundBytes = 64 << 20;

class Parser {
 public:
  Parser(InputStream& input, const EdgeListOptions& options, const Context& context)
      : input_(input), options_(options), context_(context) {}

  EdgeList run() {
    int64_t round_bytes = kFirstRoundBytes;
    for (;;) {
      std::string_view piece = input_.next_lines(round_bytes);
      if (piece.empty()) break;
      is_empty_ = false;
      parse_round(piece);
      context_.advance("reading edges", input_.position(), input_.total(), "bytes");
      round_bytes = std::min(2 * round_bytes, kLastRoundBytes);
    }
    if (num_nodes() == 0) {
      fail(input_.name(), ": ", is_empty_ ? "the file is empty" : "no edge and no node in this file",
           " (expected lines of source<TAB>target[<TAB>weight])");
    }
    if (format_.heading_line)
      context_.note(concat(input_.name(), ":", *format_.heading_line, ": taken as a heading"));
    if (format_.has_weights && !options_.weighted) {
      context_.note(concat(input_.name(), ": the third field is taken as the weight"));
    }
    return finish();
  }

 private:
  int64_t num_nodes() const { return is_text_ ? texts_.size() : std::ssize(integers_.ids()); }

  void parse_round(std::string_view piece) {
    const char* const begin = piece.data();
    try {
      if (input_.line_number() == 1) piece = without_byte_order_mark(piece, input_.name());
      if (!format_.is_known)
        piece = learn_format(piece, input_.line_number(), edges_.empty(), options_, format_);
      const auto texts = cut_at_lines(piece, kBlockBytes);
      std::vector<EdgeBlock> blocks = parse_blocks(texts);
      if (!is_text_ &&
          std::any_of(blocks.begin(), blocks.end(), [](const EdgeBlock& b) { return b.needs_text; })) {
        become_text();
        blocks = parse_blocks(texts);
      }
      // The first bad line of the text, whichever thread met one first.
      for (EdgeBlock& block : blocks) {
        number_new_ids(block);
        if (block.bad_line) throw *block.bad_line;
        edges_.push_back(std::move(block));
      }
      if (!is_text_) integers_.adapt();
    } catch (const BadLine& bad) {
      const int64_t line = input_.line_number() + std::count(begin, bad.at, '\n');
      fail(input_.name(), ":", line, ": ", bad.message);
    }
  }

  std::vector<EdgeBlock> parse_blocks(const std::vector<std::string_view>& texts) {
    std::vector<EdgeBlock> blocks(texts.size());
    parallel_for(context_, std::ssize(texts), [&](int64_t i) {
      const auto b = static_cast<size_t>(i);
      if (is_text_) {
        parse_text_block(texts[b], format_, texts_, blocks[b]);
      } else {
        parse_integer_block(texts[b], format_, integers_, blocks[b]);
      }
    });
    return blocks;
  }

  // From here on ids are texts; those read so far become the texts that stood in the file.
  void become_text() {
    is_text_ = true;
    for (const uint64_t id : integers_.ids()) {
      std::array<char, 20> buffer;
      const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), id).ptr;
      const std::string_view text(buffer.data(), static_cast<size_t>(end - buffer.data()));
      texts_.add(text, StringIdTable::tag_of(text), input_.name());
    }
    integers_ = IntegerIdTable();
  }

  void number_new_ids(EdgeBlock& block) {
    const auto put = [&](int64_t place, uint32_t row) {
      if (place >= 0) (place % 2 == 0 ? block.sources : block.targets)[static_cast<size_t>(place / 2)] = row;
    };
    for (const auto& end : block.new_integers) put(end.place, integers_.add(end.id, input_.name()));
    for (const auto& end : block.new_texts) {
      const int64_t before = texts_.size();
      const uint32_t row = texts_.add(end.id.text, end.id.tag, input_.name());
      if (texts_.size() > before && !is_printable_utf8(end.id.text)) {
        throw BadLine{end.id.at, concat("the id ", quoted(end.id.text),
                                        " is not UTF-8 text without control characters")};
      }
      put(end.place, row);
    }
    block.new_integers = {};
    block.new_texts = {};
    block.unquoted = {};
  }

  EdgeList finish() {
    std::vector<int64_t> starts{0};
    for (const EdgeBlock& block : edges_) starts.push_back(starts.back() + std::ssize(block.sources));
    const int64_t num_edges = starts.back();
    EdgeList list;
    list.sources = Array<uint32_t>(num_edges);
    list.targets = Array<uint32_t>(num_edges);
    if (format_.has_weights) list.weights = Array<float>(num_edges);
    uint32_t* const sources = list.sources.mutable_data();
    uint32_t* const targets = list.targets.mutable_data();
    float* const weights = list.weights.mutable_data();
    parallel_for(context_, std::ssize(edges_), [&](int64_t b) {
      EdgeBlock& block = edges_[static_cast<size_t>(b)];
      const int64_t start = starts[static_cast<size_t>(b)];
      std::copy(block.sources.begin(), block.sources.end(), sources + start);
      std::copy(block.targets.begin(), block.targets.end(), targets + start);
      if (weights != nullptr) std::copy(block.weights.begin(), block.weights.end(), weights + start);
      block = {};
    });
    list.ids = is_text_ ? texts_.to_ids() : Ids::integers(Array<uint64_t>::copy_of(integers_.ids()));
    return list;
  }

  InputStream& input_;
  const EdgeListOptions& options_;
  const Context& context_;
  EdgeListFormat format_;
  IntegerIdTable integers_;
  StringIdTable texts_;
  bool is_text_ = false;
  bool is_empty_ = true;
  std::vector<EdgeBlock> edges_;
};

}  // namespace

EdgeList parse_edge_list(InputStream& input, const EdgeListOptions& options, const Context& context) {
  return Parser(input, options, context).run();
}

}  // namespace whitney::data

namespace whitney {

Graph read_edge_list(const std::string& path, const EdgeListOptions& options, const Context& context) {
  if (data::begins_as_safetensors(path)) {
    const std::string kind = Artifact::read(path, context).kind();
    fail(path, ": is ", kind.empty() ? "a safetensors file" : "of kind " + kind,
         " and holds no edges (expected: lines of source<TAB>target[<TAB>weight])");
  }
  data::EdgeList list;
  {  // The lines are no longer in memory when the graph is built.
    auto input = data::InputStream::open(path, context.cancellation);
    list = data::parse_edge_list(input, options, context);
  }
  return build_graph(std::move(list.ids), {list.sources.span(), list.targets.span(), list.weights.span()},
                     options.directed, context);
}

}  // namespace whitney
