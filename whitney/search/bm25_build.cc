#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/id_table.h"
#include "whitney/search/bm25_index.h"

namespace whitney::search {
namespace {

using data::StringIdTable;

// A block of texts, read: where its words stand, by word, then row, then position.
struct Block {
  StringIdTable words;
  // Word i stands at [starts[i], starts[i + 1]) of `rows` and `positions`.
  std::vector<uint32_t> starts;
  std::vector<uint32_t> rows, positions;
};

// Where the words of a block of texts stand, in the order of the texts.
struct Occurrences {
  std::vector<uint32_t> words, rows, positions;
};

// Sorts by word; the order within a word stays.
Block sorted_by_word(StringIdTable words, const Occurrences& found) {
  Block block{std::move(words), {}, {}, {}};
  block.starts.assign(static_cast<size_t>(block.words.size()) + 1, 0);
  for (const uint32_t word : found.words) ++block.starts[word + 1];
  std::partial_sum(block.starts.begin(), block.starts.end(), block.starts.begin());
  std::vector<uint32_t> next(block.starts.begin(), block.starts.end() - 1);
  block.rows.resize(found.words.size());
  block.positions.resize(found.words.size());
  for (size_t i = 0; i < found.words.size(); ++i) {
    const uint32_t place = next[found.words[i]]++;
    block.rows[place] = found.rows[i];
    block.positions[place] = found.positions[i];
  }
  return block;
}

// Knows the term of each word that it met: most words of a text were met before, and stemming takes longer
// than looking up.
class TermReader {
 public:
  explicit TermReader(const text::Analyzer& analyzer) : analyzer_(analyzer) {}

  // The number of the word's term, kNoRow when it is left out.
  uint32_t term_of(std::string& word) {
    const uint32_t tag = StringIdTable::tag_of(word);
    const uint32_t known = words_.find(word, tag);
    if (known != data::kNoRow) return term_of_word_[known];
    words_.add(word, tag, "bm25");
    uint32_t term = data::kNoRow;
    if (analyzer_.to_term(word)) term = terms_.add(word, StringIdTable::tag_of(word), "bm25");
    term_of_word_.push_back(term);
    return term;
  }
  StringIdTable take_terms() { return std::move(terms_); }

 private:
  const text::Analyzer& analyzer_;
  StringIdTable words_, terms_;
  std::vector<uint32_t> term_of_word_;
};

// Reads texts as the rows from `first_row` on, and sets their lengths.
Block read_block(const text::Analyzer& analyzer, std::span<const std::string> texts, int64_t first_row,
                 uint32_t* lengths) {
  TermReader terms(analyzer);
  Occurrences found;
  std::string word;
  for (size_t i = 0; i < texts.size(); ++i) {
    // A word takes a byte at least.
    if (texts[i].size() > std::numeric_limits<uint32_t>::max() - found.words.size())
      fail("text ", first_row + static_cast<int64_t>(i), " is too long for bm25: ", texts[i].size(),
           " bytes");
    const size_t before = found.words.size();
    text::WordReader reader = analyzer.words(texts[i]);
    for (uint32_t position = 0; reader.next(word); ++position) {
      const uint32_t term = terms.term_of(word);
      if (term == data::kNoRow) continue;
      found.words.push_back(term);
      found.rows.push_back(static_cast<uint32_t>(first_row) + static_cast<uint32_t>(i));
      found.positions.push_back(position);
    }
    lengths[i] = static_cast<uint32_t>(found.words.size() - before);
  }
  return sorted_by_word(terms.take_terms(), found);
}

// Cuts texts in runs of some megabytes: [cuts[i], cuts[i + 1]). The index does not depend on where.
std::vector<int64_t> cut_texts(std::span<const std::string> texts) {
  int64_t total = 0;
  for (const std::string& text : texts) total += std::ssize(text);
  const int64_t most = std::clamp<int64_t>(total / 32, 256 << 10, 8 << 20);
  std::vector<int64_t> cuts = {0};
  int64_t size = 0;
  for (int64_t i = 0; i < std::ssize(texts); ++i) {
    if (size > most) {
      cuts.push_back(i);
      size = 0;
    }
    size += std::ssize(texts[static_cast<size_t>(i)]) + 64;
  }
  cuts.push_back(std::ssize(texts));
  return cuts;
}

std::vector<Block> read_texts(const text::Analyzer& analyzer, std::span<const std::string> texts,
                              int64_t first_row, uint32_t* lengths, const Context& context) {
  const std::vector<int64_t> cuts = cut_texts(texts);
  std::vector<Block> blocks(cuts.size() - 1);
  parallel_for(context, std::ssize(blocks), [&](int64_t b) {
    const int64_t begin = cuts[static_cast<size_t>(b)], end = cuts[static_cast<size_t>(b) + 1];
    blocks[static_cast<size_t>(b)] =
        read_block(analyzer, texts.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                   first_row + begin, lengths + begin);
  });
  return blocks;
}

// The words of all blocks, sorted, and where each stands: word i in the block and as the word of it that
// parts[starts[i]..starts[i + 1]) tells, in the order of the blocks.
struct MergedWords {
  struct Part {
    uint32_t block, word;
  };
  SortedWords words;
  std::vector<uint64_t> starts;
  std::vector<Part> parts;
};

SortedWords sorted_words(const StringIdTable& table, std::vector<uint32_t>& rank) {
  std::vector<uint32_t> order(static_cast<size_t>(table.size()));
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return table.text(a) < table.text(b); });
  rank.resize(order.size());
  std::vector<uint64_t> offsets = {0};
  std::string bytes;
  for (size_t i = 0; i < order.size(); ++i) {
    rank[order[i]] = static_cast<uint32_t>(i);
    bytes += table.text(order[i]);
    offsets.push_back(bytes.size());
  }
  return {Array<uint64_t>::copy_of(offsets), Array<char>::copy_of(std::span<const char>(bytes))};
}

MergedWords merge_words(std::span<const Block> blocks) {
  StringIdTable all;
  std::vector<uint32_t> numbers;
  for (const Block& block : blocks) {
    for (int64_t i = 0; i < block.words.size(); ++i) {
      const std::string_view word = block.words.text(i);
      numbers.push_back(all.add(word, StringIdTable::tag_of(word), "bm25"));
    }
  }
  MergedWords merged;
  std::vector<uint32_t> rank;
  merged.words = sorted_words(all, rank);
  merged.starts.assign(rank.size() + 1, 0);
  for (uint32_t& number : numbers) ++merged.starts[(number = rank[number]) + 1];
  std::partial_sum(merged.starts.begin(), merged.starts.end(), merged.starts.begin());
  std::vector<uint64_t> next(merged.starts.begin(), merged.starts.end() - 1);
  merged.parts.resize(numbers.size());
  size_t at = 0;
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (int64_t i = 0; i < blocks[b].words.size(); ++i)
      merged.parts[next[numbers[at++]]++] = {static_cast<uint32_t>(b), static_cast<uint32_t>(i)};
  }
  return merged;
}

// The list of one word, gathered from the blocks.
struct GatheredList {
  std::vector<uint32_t> rows, counts, positions;
  std::vector<float> scores;

  void clear() {
    rows.clear();
    counts.clear();
    positions.clear();
    scores.clear();
  }
  void add(const Block& block, uint32_t word) {
    for (uint32_t i = block.starts[word]; i < block.starts[word + 1]; ++i) {
      if (rows.empty() || rows.back() != block.rows[i]) {
        rows.push_back(block.rows[i]);
        counts.push_back(0);
      }
      ++counts.back();
      positions.push_back(block.positions[i]);
    }
  }
};

PostingLists pack_lists(std::span<const Block> blocks, const MergedWords& merged, const Bm25Parts& parts,
                        const Context& context) {
  constexpr int64_t kWordsPerTask = 1024;
  const int64_t num_words = merged.words.size();
  std::vector<PostingWriter> writers(
      static_cast<size_t>(std::max<int64_t>((num_words + kWordsPerTask - 1) / kWordsPerTask, 1)),
      PostingWriter({.positions = parts.options.positions, .scores = parts.options.scores}));
  const Bm25Formula formula = parts.formula();
  parallel_blocks(context, num_words, kWordsPerTask, [&](int64_t begin, int64_t end) {
    GatheredList list;
    for (int64_t word = begin; word < end; ++word) {
      list.clear();
      for (uint64_t i = merged.starts[static_cast<size_t>(word)];
           i < merged.starts[static_cast<size_t>(word) + 1]; ++i)
        list.add(blocks[merged.parts[i].block], merged.parts[i].word);
      const double weight = formula.weight(std::ssize(list.rows));
      for (size_t i = 0; i < list.rows.size(); ++i)
        list.scores.push_back(formula.score(weight, list.counts[i], parts.lengths[list.rows[i]]));
      writers[static_cast<size_t>(begin / kWordsPerTask)].add_list(list.rows, list.counts, list.scores,
                                                                   list.positions);
    }
  });
  return PostingWriter::join(writers, parts.lengths.size());
}

Bm25Parts index_blocks(std::span<const Block> blocks, Array<uint32_t> lengths, IndexRows rows,
                       const Bm25Options& options, const Context& context) {
  Bm25Parts parts;
  parts.options = options;
  parts.rows = std::move(rows);
  parts.lengths = std::move(lengths);
  parts.num_tokens = std::accumulate(parts.lengths.begin(), parts.lengths.end(), int64_t{0});
  MergedWords merged = merge_words(blocks);
  parts.lists = pack_lists(blocks, merged, parts, context);
  parts.words = std::move(merged.words);
  return parts;
}

// The index as a block of its kept rows, renumbered.
Block unpacked_block(const Bm25Parts& parts, std::span<const uint32_t> new_row) {
  Occurrences found;
  StringIdTable words;
  std::vector<uint32_t> positions;
  for (int64_t list = 0; list < parts.words.size(); ++list) {
    const std::string_view word = parts.words.word(list);
    uint32_t number = data::kNoRow;
    for (PostingCursor cursor(parts.lists, list); !cursor.at_end(); cursor.next_block()) {
      const auto rows = cursor.rows();
      for (int64_t i = 0; i < std::ssize(rows); ++i) {
        const uint32_t row = new_row[rows[static_cast<size_t>(i)]];
        if (row == data::kNoRow) continue;
        if (number == data::kNoRow) number = words.add(word, StringIdTable::tag_of(word), "bm25");
        if (parts.lists.has_positions())
          cursor.positions_of(i, positions);
        else
          positions.assign(std::min(cursor.count_of(i), parts.lengths[rows[static_cast<size_t>(i)]]), 0);
        if (positions.size() > std::numeric_limits<uint32_t>::max() - found.words.size())
          fail("this bm25 index is too large to be changed (expected: an index of all texts, built anew)");
        found.words.insert(found.words.end(), positions.size(), number);
        found.rows.insert(found.rows.end(), positions.size(), row);
        found.positions.insert(found.positions.end(), positions.begin(), positions.end());
      }
    }
  }
  return sorted_by_word(std::move(words), found);
}

}  // namespace

Bm25Parts build_bm25(std::span<const std::string> texts, IndexRows rows, const Bm25Options& options,
                     const Context& context) {
  Array<uint32_t> lengths(std::ssize(texts));
  const text::Analyzer analyzer(options.analyzer);
  const std::vector<Block> blocks = read_texts(analyzer, texts, 0, lengths.mutable_data(), context);
  return index_blocks(blocks, std::move(lengths), std::move(rows), options, context);
}

Bm25Parts rebuild_bm25(const Bm25Parts& parts, std::span<const int64_t> kept,
                       std::span<const std::string> more, IndexRows rows, const Context& context) {
  const int64_t num_kept = std::ssize(kept);
  Array<uint32_t> lengths(num_kept + std::ssize(more));
  uint32_t* out = lengths.mutable_data();
  std::vector<uint32_t> new_row(static_cast<size_t>(parts.lengths.size()), data::kNoRow);
  for (int64_t i = 0; i < num_kept; ++i) {
    const int64_t row = kept[static_cast<size_t>(i)];
    new_row[static_cast<size_t>(row)] = static_cast<uint32_t>(i);
    out[i] = parts.lengths[row];
  }
  std::vector<Block> blocks = read_texts(parts.analyzer(), more, num_kept, out + num_kept, context);
  blocks.insert(blocks.begin(), unpacked_block(parts, new_row));
  return index_blocks(blocks, std::move(lengths), std::move(rows), parts.options, context);
}

}  // namespace whitney::search
