#include "whitney/search/word_index.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "whitney/core/parallel.h"
#include "whitney/text/text_words.h"

namespace whitney::search {
namespace {

constexpr int64_t kTextsPerBlock = 1024;

// The words of a block of texts: text i has word_of[starts[i]..starts[i + 1]) as places in `vocabulary`.
struct BlockOfWords {
  std::vector<std::string> vocabulary;
  std::vector<uint32_t> starts{0};
  std::vector<uint32_t> word_of;
};

BlockOfWords read_block(const Column& column, int64_t begin, int64_t end) {
  BlockOfWords block;
  std::unordered_map<std::string, uint32_t> places;
  std::string word;
  for (int64_t code = begin; code < end; ++code) {
    text::WordReader reader(column.dictionary_entry(code));
    while (reader.next(word)) {
      const auto [found, is_new] = places.try_emplace(word, static_cast<uint32_t>(block.vocabulary.size()));
      if (is_new) block.vocabulary.push_back(word);
      block.word_of.push_back(found->second);
    }
    const auto first = block.word_of.begin() + block.starts.back();
    std::sort(first, block.word_of.end());
    block.word_of.erase(std::unique(first, block.word_of.end()), block.word_of.end());
    block.starts.push_back(static_cast<uint32_t>(block.word_of.size()));
  }
  return block;
}

// The words of all blocks, sorted: neighbours are merged level by level, between which the watch is asked.
std::vector<std::string> merged_vocabulary(const std::vector<BlockOfWords>& blocks,
                                           const FilterWatch& watch) {
  std::vector<std::vector<std::string>> parts(blocks.size());
  parallel_for(watch.context(), std::ssize(blocks), [&](int64_t b) {
    watch.check();
    parts[static_cast<size_t>(b)] = blocks[static_cast<size_t>(b)].vocabulary;
    std::ranges::sort(parts[static_cast<size_t>(b)]);
  });
  for (size_t width = 1; width < parts.size(); width *= 2) {
    const auto step = static_cast<int64_t>(2 * width);
    parallel_for(watch.context(), (std::ssize(parts) + step - 1) / step, [&](int64_t pair) {
      watch.check();
      const size_t first = static_cast<size_t>(pair * step), second = first + width;
      if (second >= parts.size()) return;
      std::vector<std::string> merged;
      std::ranges::set_union(parts[first], parts[second], std::back_inserter(merged));
      parts[first] = std::move(merged);
      parts[second].clear();
    });
  }
  return parts.empty() ? std::vector<std::string>() : std::move(parts[0]);
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  text::WordReader reader(text);
  for (std::string word; reader.next(word);) words.push_back(word);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

WordIndex::WordIndex(const Column& column, std::span<const uint32_t> rows, const FilterWatch& watch) {
  const int64_t num_texts = column.dictionary_size();
  std::vector<BlockOfWords> blocks(static_cast<size_t>((num_texts + kTextsPerBlock - 1) / kTextsPerBlock));
  parallel_blocks(watch.context(), num_texts, kTextsPerBlock, [&](int64_t begin, int64_t end) {
    watch.check();
    blocks[static_cast<size_t>(begin / kTextsPerBlock)] = read_block(column, begin, end);
  });
  words_ = merged_vocabulary(blocks, watch);
  parallel_for(watch.context(), std::ssize(blocks), [&](int64_t b) {
    watch.check();
    BlockOfWords& block = blocks[static_cast<size_t>(b)];
    std::vector<uint32_t> places;
    for (const std::string& word : block.vocabulary) {
      places.push_back(
          static_cast<uint32_t>(std::lower_bound(words_.begin(), words_.end(), word) - words_.begin()));
    }
    for (uint32_t& word : block.word_of) word = places[word];
  });
  const auto words_of_row = [&](uint32_t row) {
    const uint32_t code = column.codes[row];
    const BlockOfWords& block = blocks[code / kTextsPerBlock];
    const uint32_t at = code % kTextsPerBlock;
    return std::span(block.word_of).subspan(block.starts[at], block.starts[at + 1] - block.starts[at]);
  };
  // Counting sort by word: rows come in ascending order, so each list is ascending.
  std::vector<uint64_t> starts(words_.size() + 1, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    watch.check_at(i);
    for (const uint32_t word : words_of_row(rows[i])) ++starts[word + 1];
  }
  for (size_t w = 0; w < words_.size(); ++w) starts[w + 1] += starts[w];
  std::vector<uint64_t> next(starts.begin(), starts.end() - 1);
  std::vector<uint32_t> listed(starts.back());
  for (size_t i = 0; i < rows.size(); ++i) {
    watch.check_at(i);
    for (const uint32_t word : words_of_row(rows[i])) listed[next[word]++] = rows[i];
  }
  postings_ = Postings(column.num_rows(), std::move(starts), std::move(listed), watch);
}

RowSet WordIndex::with_all(std::span<const std::string> words) const {
  std::vector<int64_t> keys;
  for (const std::string& word : words) {
    const auto found = std::lower_bound(words_.begin(), words_.end(), word);
    if (found == words_.end() || *found != word) return {};
    keys.push_back(found - words_.begin());
  }
  std::sort(keys.begin(), keys.end(),
            [&](int64_t a, int64_t b) { return postings_.num_rows_of(a) < postings_.num_rows_of(b); });
  RowSet result = keys.empty() ? RowSet() : postings_.of(keys[0]);
  for (size_t i = 1; i < keys.size() && !result.empty(); ++i) result = result & postings_.of(keys[i]);
  return result;
}

}  // namespace whitney::search
