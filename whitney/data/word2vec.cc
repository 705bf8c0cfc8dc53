#include "whitney/data/word2vec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/decimal.h"
#include "whitney/data/growing_matrix.h"
#include "whitney/data/id_table.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr int64_t kBlockBytes = int64_t{1} << 20;
constexpr int64_t kRoundBytes = int64_t{32} << 20;
// Rows between two looks at cancellation.
constexpr int64_t kRowsAtOnce = 4096;

// What the first line tells.
struct Shape {
  int64_t rows = 0;
  int64_t dim = 0;
};

// "rows width", or nothing when the line is a vector already.
std::optional<Shape> parse_shape(std::string_view line) {
  const auto rows = parse_integer(take_word(line));
  const auto dim = parse_integer(take_word(line));
  if (!rows || !dim || !trim(line).empty() || *rows > static_cast<uint64_t>(kMostRows) || *dim > INT32_MAX) {
    return std::nullopt;
  }
  return Shape{static_cast<int64_t>(*rows), static_cast<int64_t>(*dim)};
}

struct Block {
  std::vector<std::string_view> words;
  std::vector<int64_t> lines;
  std::vector<float> values;
  int64_t num_lines = 0;
  // In line num_lines of the block.
  std::optional<std::string> error;
};

class BlockParser {
 public:
  BlockParser(int64_t dim, Block& block) : dim_(dim), block_(block) {}

  void parse(std::string_view text) {
    while (!text.empty() && !block_.error) {
      const std::string_view line = trim(take_line(text));
      ++block_.num_lines;
      if (!line.empty()) parse_line(line);
    }
  }

 private:
  void parse_line(std::string_view line) {
    std::string_view rest = line;
    std::string_view word = take_word(rest);
    const size_t before = block_.values.size();
    if (!take_values(rest)) {
      // A word with blanks in it: its values are the last of the line.
      block_.values.resize(before);
      const auto start = start_of_values(line);
      if (!start) return;
      word = trim(line.substr(0, *start));
      rest = line.substr(*start);
      if (!take_values(rest)) {
        block_.error = concat("value ", block_.values.size() - before, " of ", quoted(word), " is ",
                              quoted(bad_), ", which is no finite number of float32");
        return;
      }
    }
    if (!is_utf8(word)) {
      block_.error = concat("the word ", quoted(word), " is not UTF-8");
      return;
    }
    block_.words.push_back(word);
    block_.lines.push_back(block_.num_lines);
  }

  // Takes exactly the width's values off the line.
  bool take_values(std::string_view& rest) {
    for (int64_t i = 0; i < dim_; ++i) {
      bad_ = take_word(rest);
      const auto value = parse_float(bad_);
      if (!value) return false;
      block_.values.push_back(*value);
    }
    return trim(rest).empty();
  }

  // Where the last `dim` fields of the line begin, behind at least one field.
  std::optional<size_t> start_of_values(std::string_view line) {
    std::vector<size_t> starts;
    for (std::string_view rest = line;;) {
      const std::string_view word = take_word(rest);
      if (word.empty()) break;
      starts.push_back(static_cast<size_t>(word.data() - line.data()));
    }
    if (std::ssize(starts) <= dim_) {
      block_.error = concat("holds ", starts.size(), " fields where a word and ", dim_,
                            " values are due: ", quoted(line));
      return std::nullopt;
    }
    return starts[starts.size() - static_cast<size_t>(dim_)];
  }

  int64_t dim_;
  Block& block_;
  std::string_view bad_;
};

void add_word(std::string_view word, int64_t line, IdCollector& ids) {
  if (const auto integer = parse_integer(word))
    ids.add(*integer, line);
  else
    ids.add(word, line);
}

// Integers when all words are, else texts.
Ids ids_of(const std::vector<std::string>& words, const std::string& name) {
  Array<uint64_t> integers(std::ssize(words));
  uint64_t* out = integers.mutable_data();
  const bool all = std::ranges::all_of(words, [&](const std::string& word) {
    const auto integer = parse_integer(word);
    *out++ = integer.value_or(0);
    return integer.has_value();
  });
  Ids ids = all ? Ids::integers(std::move(integers)) : Ids::strings(words);
  if (const auto twice = ids.first_duplicate()) {
    fail(name, ": the vectors ", twice->first, " and ", twice->second,
         " (counted from 0) both have the id \"", ids.text(twice->first), "\"; ids must be unique");
  }
  return ids;
}

int64_t count_words(std::string_view line) {
  int64_t count = 0;
  while (!take_word(line).empty()) ++count;
  return count;
}

}  // namespace

Embeddings read_word2vec_text(InputStream& input, const Context& context) {
  const std::string& name = input.name();
  std::optional<Shape> told;
  int64_t dim = 0;
  IdCollector ids;
  std::optional<GrowingMatrix> vectors;
  for (bool is_first = true;;) {
    std::string_view piece = input.next_lines(kRoundBytes);
    if (piece.empty()) break;
    int64_t line = input.line_number();
    if (is_first) {
      piece = without_byte_order_mark(piece, name);
      std::string_view rest = piece;
      const std::string_view first = trim(take_line(rest));
      told = parse_shape(first);
      dim = told ? told->dim : count_words(first) - 1;
      if (dim < 1) {
        fail(name, ":1: holds ", quoted(first),
             " where the numbers of rows and of values in a row, or a word and its values, are due");
      }
      if (told) {
        piece = rest;
        ++line;
      }
      vectors.emplace(dim);
      is_first = false;
    }
    const auto texts = cut_at_lines(piece, kBlockBytes);
    std::vector<Block> blocks(texts.size());
    parallel_for(context, std::ssize(texts), [&](int64_t b) {
      BlockParser(dim, blocks[static_cast<size_t>(b)]).parse(texts[static_cast<size_t>(b)]);
    });
    for (Block& block : blocks) {
      if (block.error) fail(name, ":", line + block.num_lines - 1, ": ", *block.error);
      for (size_t i = 0; i < block.words.size(); ++i)
        add_word(block.words[i], line + block.lines[i] - 1, ids);
      vectors->append(std::move(block.values));
      line += block.num_lines;
    }
    context.advance("reading vectors", input.position(), input.total(), "bytes");
  }
  if (!vectors) fail(name, ": is empty");
  if (told && told->rows != ids.size()) {
    fail(name, ": the first line tells of ", told->rows, " vectors, and ", ids.size(), " follow");
  }
  Embeddings embeddings;
  embeddings.ids = ids.finish(name);
  embeddings.vectors = vectors->finish();
  return embeddings;
}

Embeddings read_word2vec_binary(const SharedBytes& file, const std::string& name, const Context& context) {
  std::string_view rest = file.text;
  const size_t line_end = rest.substr(0, 64).find('\n');
  const auto told =
      line_end == std::string_view::npos ? std::nullopt : parse_shape(trim(rest.substr(0, line_end)));
  if (!told || told->dim < 1) {
    fail(name,
         ": is no file of word2vec's binary form (its first line tells the numbers of rows and of values in "
         "a row)");
  }
  rest.remove_prefix(line_end + 1);
  const int64_t row_bytes = told->dim * 4;
  // Each vector takes its values, a word of one byte and a blank at least.
  if (told->rows > std::ssize(rest) / (row_bytes + 2)) {
    fail(name, ": the first line tells of ", told->rows, " vectors of ", told->dim, " values, more than the ",
         rest.size(), " bytes behind it can hold: it is cut short or damaged");
  }
  std::vector<std::string> words;
  words.reserve(static_cast<size_t>(told->rows));
  Matrix vectors(told->rows, told->dim);
  auto* out = vectors.mutable_data<float>();
  for (int64_t row = 0; row < told->rows; ++row) {
    if (row % kRowsAtOnce == 0) {
      context.check_cancelled();
      context.advance("reading vectors", row, told->rows, "rows");
    }
    while (rest.starts_with('\n')) rest.remove_prefix(1);
    const size_t blank = rest.find(' ');
    if (blank == std::string_view::npos ||
        std::ssize(rest) - std::ssize(rest.substr(0, blank)) - 1 < row_bytes) {
      fail(name, ": is cut short inside vector ", row, " of ", told->rows, " (counted from 0)");
    }
    const std::string_view word = rest.substr(0, blank);
    if (word.empty() || !is_utf8(word)) {
      fail(name, ": the word of vector ", row, " (counted from 0), ", quoted(word), ", is ",
           word.empty() ? "empty" : "not UTF-8", ": the file is damaged or of another kind");
    }
    words.emplace_back(word);
    std::memcpy(out + row * told->dim, rest.data() + blank + 1, static_cast<size_t>(row_bytes));
    rest.remove_prefix(blank + 1 + static_cast<size_t>(row_bytes));
  }
  if (!trim(rest).empty() && trim(rest) != "\n") {
    fail(name, ": ", rest.size(), " bytes behind the last of ", told->rows, " vectors belong to none");
  }
  Embeddings embeddings;
  embeddings.ids = ids_of(words, name);
  embeddings.vectors = std::move(vectors);
  return embeddings;
}

namespace {

std::string word_of(const Embeddings& embeddings, int64_t row, const std::string& path) {
  std::string word = embeddings.ids.text(row);
  if (word.empty() || word.find_first_of(" \t\r\n") != std::string::npos) {
    fail(path, ": the id \"", word, "\" of row ", row, " (counted from 0) ",
         word.empty() ? "is empty" : "holds a blank",
         ", which word2vec's form cannot tell; .safetensors, .jsonl, .tsv and .csv can");
  }
  return word;
}

template <class AppendVector>
void write_rows(const Embeddings& embeddings, const std::string& path, AtomicFile& file,
                const Context& context, const AppendVector& append_vector) {
  WHITNEY_CHECK(embeddings.vectors.dtype() == DType::kF32);
  file.write(concat(embeddings.size(), " ", embeddings.dim(), "\n"));
  std::string text;
  for (int64_t row = 0; row < embeddings.size(); ++row) {
    if (row % kRowsAtOnce == 0) {
      context.check_cancelled();
      context.advance("write", row, embeddings.size(), "rows");
    }
    text = word_of(embeddings, row, path);
    append_vector(embeddings.vectors.row<float>(row), text);
    text += '\n';
    file.write(text);
  }
}

}  // namespace

void write_word2vec_text(const Embeddings& embeddings, const std::string& path, AtomicFile& file,
                         const Context& context) {
  write_rows(embeddings, path, file, context, [](std::span<const float> vector, std::string& text) {
    for (const float value : vector) {
      text += ' ';
      append_float(text, value);
    }
  });
}

void write_word2vec_binary(const Embeddings& embeddings, const std::string& path, AtomicFile& file,
                           const Context& context) {
  write_rows(embeddings, path, file, context, [](std::span<const float> vector, std::string& text) {
    text += ' ';
    text.append(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  });
}

}  // namespace whitney::data
