#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/data/edge_list_format.h"
#include "whitney/data/id_table.h"

namespace whitney::data {

/// An end of an edge whose id was not in the table when its block was parsed.
template <class Id>
struct NewEnd {
  Id id;
  /// Twice the edge's place in the block, plus 1 for its target; -1: an isolated node.
  int64_t place;
};

/// A text id with what the table knows it by, and where it stands.
struct TextId {
  std::string_view text;
  uint32_t tag;
  const char* at;
};

/// The edges of a block of text.
struct EdgeBlock {
  std::vector<uint32_t> sources;
  std::vector<uint32_t> targets;
  std::vector<float> weights;
  std::vector<NewEnd<uint64_t>> new_integers;
  std::vector<NewEnd<TextId>> new_texts;
  std::deque<std::string> unquoted;
  std::optional<BadLine> bad_line;
  /// Integer parsing met an id that is no integer: the list has text ids.
  bool needs_text = false;
};

/// Parses the lines of a block. A bad line ends it and is kept in the block.
void parse_integer_block(std::string_view text, const EdgeListFormat& format, const IntegerIdTable& table,
                         EdgeBlock& block);
void parse_text_block(std::string_view text, const EdgeListFormat& format, const StringIdTable& table,
                      EdgeBlock& block);

}  // namespace whitney::data
