#include "whitney/data/edge_list_block.h"

#include <array>

#include "whitney/core/error.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

// Ids wait here until a batch is full, so that their places in the table can be fetched from memory together.
constexpr size_t kBatch = 128;

class IntegerParser {
 public:
  IntegerParser(const EdgeListFormat& format, const IntegerIdTable& table, EdgeBlock& block)
      : format_(format), table_(table), block_(block), separators_(separators_of(format.separator)) {}

  void parse(std::string_view text) {
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end) {
      const char* next = format_.has_weights ? take_weighted_edge(p, end) : take_edge(p, end);
      if (next == nullptr) next = take_odd_line(p, end);
      if (next == nullptr) return;
      p = next;
    }
    flush();
  }

 private:
  // Two characters, perhaps the same, so that a test of both needs no branch on the format.
  static std::array<char, 2> separators_of(Separator separator) {
    if (separator == Separator::kSpace) return {' ', '\t'};
    return separator == Separator::kTab ? std::array{'\t', '\t'} : std::array{',', ','};
  }
  bool is_separator(char c) const { return c == separators_[0] || c == separators_[1]; }

  // "17<separator>4<end>": the form of nearly every line. Null when the line is anything else.
  const char* take_edge(const char* p, const char* end) {
    uint64_t source, target;
    p = scan_integer(p, end, source);
    if (p == nullptr || p == end || !is_separator(*p)) return nullptr;
    p = scan_integer(p + 1, end, target);
    if (p == nullptr || p == end) return nullptr;
    if (*p == '\r' && end - p > 1) ++p;
    if (*p != '\n') return nullptr;
    push(source, target);
    return p + 1;
  }

  const char* take_weighted_edge(const char* p, const char* end) {
    uint64_t source, target;
    p = scan_integer(p, end, source);
    if (p == nullptr || p == end || !is_separator(*p)) return nullptr;
    p = scan_integer(p + 1, end, target);
    if (p == nullptr || p == end || !is_separator(*p)) return nullptr;
    const char* const number = ++p;
    while (p < end && *p != '\n' && !is_blank(*p)) ++p;
    const char* const number_end = p;
    if (p < end && *p == '\r') ++p;
    if (p == end || *p != '\n') return nullptr;
    const auto weight = parse_number({number, static_cast<size_t>(number_end - number)});
    if (!weight || !(*weight > 1e-30 && *weight < 1e30)) return nullptr;  // the slow way finds the sentence
    block_.weights.push_back(static_cast<float>(*weight));
    push(source, target);
    return p + 1;
  }

  // Comments, blank lines, isolated nodes, more blanks, quotes, errors. Null ends the block.
  const char* take_odd_line(const char* p, const char* end) {
    std::string_view rest(p, static_cast<size_t>(end - p));
    const std::string_view line = take_line(rest);
    if (is_skipped(trim(line))) return rest.data();
    try {
      const EdgeFields fields = split_edge_line(line, format_.separator, block_.unquoted);
      check_edge_fields(fields, format_);
      uint64_t ids[2] = {};
      for (int i = 0; i < std::min(fields.count, 2); ++i) {
        const auto id = parse_integer(fields.fields[static_cast<size_t>(i)]);
        if (!id) {
          block_.needs_text = true;
          return nullptr;
        }
        ids[i] = *id;
      }
      if (fields.count == 1) {
        flush();
        if (table_.find(ids[0]) == kNoRow) block_.new_integers.push_back({ids[0], -1});
      } else {
        if (format_.has_weights) block_.weights.push_back(edge_weight(fields.fields[2]));
        push(ids[0], ids[1]);
      }
    } catch (const LineError& error) {
      block_.bad_line = BadLine{p, error.message};
      return nullptr;
    }
    return rest.data();
  }

  void push(uint64_t source, uint64_t target) {
    ids_[size_] = source;
    ids_[size_ + 1] = target;
    table_.prefetch(source);
    table_.prefetch(target);
    size_ += 2;
    if (size_ == ids_.size()) flush();
  }

  void flush() {
    const size_t first = block_.sources.size();
    block_.sources.resize(first + size_ / 2);
    block_.targets.resize(first + size_ / 2);
    for (size_t i = 0; i < size_; ++i) {
      const uint32_t row = table_.find(ids_[i]);
      const size_t edge = first + i / 2;
      (i % 2 == 0 ? block_.sources : block_.targets)[edge] = row;
      if (row == kNoRow) block_.new_integers.push_back({ids_[i], static_cast<int64_t>(2 * edge + i % 2)});
    }
    size_ = 0;
  }

  const EdgeListFormat& format_;
  const IntegerIdTable& table_;
  EdgeBlock& block_;
  std::array<char, 2> separators_;
  std::array<uint64_t, 2 * kBatch> ids_;
  size_t size_ = 0;
};

class TextParser {
 public:
  TextParser(const EdgeListFormat& format, const StringIdTable& table, EdgeBlock& block)
      : format_(format), table_(table), block_(block) {}

  void parse(std::string_view text) {
    while (!text.empty() && !block_.bad_line) {
      const std::string_view line = take_line(text);
      try {
        parse_line(line);
      } catch (const LineError& error) {
        block_.bad_line = BadLine{line.data(), error.message};
      }
    }
    flush();
  }

 private:
  void parse_line(std::string_view line) {
    if (is_skipped(trim(line))) return;
    const EdgeFields fields = split_edge_line(line, format_.separator, block_.unquoted);
    check_edge_fields(fields, format_);
    if (fields.count == 1) {
      flush();
      const TextId id{fields.fields[0], StringIdTable::tag_of(fields.fields[0]), line.data()};
      if (table_.find(id.text, id.tag) == kNoRow) block_.new_texts.push_back({id, -1});
      return;
    }
    if (format_.has_weights) block_.weights.push_back(edge_weight(fields.fields[2]));
    for (size_t i = 0; i < 2; ++i) {
      const std::string_view text = fields.fields[i];
      ids_[size_] = {text, StringIdTable::tag_of(text), line.data()};
      table_.prefetch(ids_[size_].tag);
      ++size_;
    }
    if (size_ == ids_.size()) flush();
  }

  void flush() {
    const size_t first = block_.sources.size();
    block_.sources.resize(first + size_ / 2);
    block_.targets.resize(first + size_ / 2);
    for (size_t i = 0; i < size_; ++i) {
      const uint32_t row = table_.find(ids_[i].text, ids_[i].tag);
      const size_t edge = first + i / 2;
      (i % 2 == 0 ? block_.sources : block_.targets)[edge] = row;
      if (row == kNoRow) block_.new_texts.push_back({ids_[i], static_cast<int64_t>(2 * edge + i % 2)});
    }
    size_ = 0;
  }

  const EdgeListFormat& format_;
  const StringIdTable& table_;
  EdgeBlock& block_;
  std::array<TextId, 2 * kBatch> ids_;
  size_t size_ = 0;
};

// Most lines of a block have its length; room for all of them saves moving.
void reserve(std::string_view text, const EdgeListFormat& format, EdgeBlock& block) {
  const size_t num_edges = text.size() / 8;
  block.sources.reserve(num_edges);
  block.targets.reserve(num_edges);
  if (format.has_weights) block.weights.reserve(num_edges);
}

}  // namespace

void parse_integer_block(std::string_view text, const EdgeListFormat& format, const IntegerIdTable& table,
                         EdgeBlock& block) {
  reserve(text, format, block);
  IntegerParser(format, table, block).parse(text);
}

void parse_text_block(std::string_view text, const EdgeListFormat& format, const StringIdTable& table,
                      EdgeBlock& block) {
  reserve(text, format, block);
  TextParser(format, table, block).parse(text);
}

}  // namespace whitney::data
