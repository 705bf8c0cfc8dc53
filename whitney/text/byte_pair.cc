#include "whitney/text/byte_pair.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/text/byte_tokens.h"
#include "whitney/text/pre_tokenizer.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

// From so many symbols on a heap finds the next merge sooner than a look at all.
constexpr size_t kFewSymbols = 48;
constexpr std::string_view kBlank = "\u2581";  // how SentencePiece spells the blank
constexpr uint32_t kEnd = 0xFFFFFFFF;

}  // namespace

MergeTable::MergeTable(std::span<const BytePairDeclaration::Merge> merges) {
  const size_t num_slots = std::bit_ceil(2 * merges.size() + 2);
  slots_.resize(num_slots);
  mask_ = num_slots - 1;
  shift_ = 64 - std::countr_zero(num_slots);
  for (const auto& merge : merges) {
    const uint64_t key = key_of(merge.left, merge.right);
    size_t i = place_of(key);
    while (slots_[i].key != kEmpty && slots_[i].key != key) i = (i + 1) & mask_;
    slots_[i] = {key, {merge.rank, merge.merged}};
  }
}

BytePair::BytePair(BytePairDeclaration declaration, WordForm form)
    : TokenModel(std::move(declaration.vocabulary)),
      merges_(declaration.merges),
      form_(form),
      unknown_(std::move(declaration.unknown)),
      continuing_prefix_(std::move(declaration.continuing_prefix)),
      end_of_word_suffix_(std::move(declaration.end_of_word_suffix)),
      fuse_unknown_(declaration.fuse_unknown),
      byte_fallback_(declaration.byte_fallback),
      ignore_merges_(declaration.ignore_merges),
      unknown_id_(unknown_.empty() ? kNoToken : vocabulary().find(unknown_)) {
  if (byte_fallback_) byte_ids_ = byte_tokens(vocabulary());
  fill_tables();
  splits_at_blanks_ = can_split_at_blanks(declaration.merges);
}

void BytePair::fill_tables() {
  std::string piece, character;
  for (size_t place = 0; place < kNumPlaces; ++place) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      character.assign(1, c);
      if (form_ == WordForm::kRawBytes) {
        character.clear();
        append_printable_bytes({&c, 1}, character);
      }
      const bool is_character = form_ == WordForm::kRawBytes || byte < 0x80;
      first_ids_[place][byte] = is_character ? id_at(character, place, piece) : kNoToken;
    }
  }
  if (form_ != WordForm::kRawBytes || !ignore_merges_) return;
  for (int64_t id = 0; id < vocabulary().size(); ++id) {
    const auto token = vocabulary().token_of(id);
    piece.clear();
    if (token && raw_bytes_of(*token, piece)) raw_words_.add(piece, id);
  }
}

// Whether a word may be cut where a blank follows something else, because no merge reaches across: then the
// parts are words that the cache knows, and the ids stay the same.
bool BytePair::can_split_at_blanks(std::span<const BytePairDeclaration::Merge> merges) const {
  if (form_ != WordForm::kText || ignore_merges_ || vocabulary().find(kBlank) == kNoToken) return false;
  if (!continuing_prefix_.empty() || !end_of_word_suffix_.empty()) return false;
  return std::ranges::none_of(merges, [&](const auto& merge) {
    return vocabulary().token_of(merge.right)->starts_with(kBlank) &&
           !vocabulary().token_of(merge.left)->ends_with(kBlank);
  });
}

void BytePair::cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const {
  if (ignore_merges_) {
    const int32_t id = form_ == WordForm::kRawBytes ? raw_words_.find(word) : vocabulary().find(word);
    if (id != kNoToken) return ids.push_back(id);
  }
  if (splits_at_blanks_ && cut_at_blanks(word, scratch, ids)) return;
  append_symbols(word, scratch);
  if (scratch.symbol_ids.size() <= kFewSymbols) {
    merge_few(scratch.symbol_ids, ids);
  } else {
    merge_many(scratch, ids);
  }
}

// False when there is no place to cut.
bool BytePair::cut_at_blanks(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const {
  // The next blank with something else before it.
  const auto next_cut = [&](size_t from) {
    size_t at = word.find(kBlank, from);
    while (at != word.npos && (at == 0 || word.substr(0, at).ends_with(kBlank))) {
      at = word.find(kBlank, at + kBlank.size());
    }
    return at;
  };
  size_t end = next_cut(0);
  if (end == word.npos) return false;
  for (size_t begin = 0; begin < word.size(); begin = end) {
    end = std::min(next_cut(begin + 1), word.size());
    append_ids(word.substr(begin, end - begin), scratch, ids);
  }
  return true;
}

int32_t BytePair::id_at(std::string_view character, size_t place, std::string& piece) const {
  const bool takes_prefix = (place & kFirst) == 0 && !continuing_prefix_.empty();
  const bool takes_suffix = (place & kLast) != 0 && !end_of_word_suffix_.empty();
  if (!takes_prefix && !takes_suffix) return vocabulary().find(character);
  piece.assign(takes_prefix ? continuing_prefix_ : "").append(character);
  if (takes_suffix) piece += end_of_word_suffix_;
  return vocabulary().find(piece);
}

void BytePair::append_symbols(std::string_view word, ModelScratch& scratch) const {
  std::vector<int32_t>& symbols = scratch.symbol_ids;
  symbols.clear();
  size_t num_unknown = 0;  // characters without a token that wait for one that has
  const auto flush_unknown = [&] {
    if (num_unknown == 0) return;
    symbols.insert(symbols.end(), fuse_unknown_ ? 1 : num_unknown, unknown_id_);
    num_unknown = 0;
  };
  const bool is_raw = form_ == WordForm::kRawBytes;
  for (size_t begin = 0, end = 0; begin < word.size(); begin = end) {
    end = begin + (is_raw ? 1 : length_by_lead(word[begin]));
    const size_t place = (begin == 0 ? size_t{kFirst} : 0) | (end == word.size() ? size_t{kLast} : 0);
    const std::string_view character = word.substr(begin, end - begin);
    const int32_t id = end - begin == 1 ? first_ids_[place][static_cast<unsigned char>(word[begin])]
                                        : id_at(character, place, scratch.piece);
    if (id != kNoToken) {
      flush_unknown();
      symbols.push_back(id);
      continue;
    }
    if (byte_fallback_) {
      const bool takes_prefix = begin > 0;
      scratch.piece.assign(takes_prefix ? continuing_prefix_ : "").append(character);
      if (end == word.size()) scratch.piece += end_of_word_suffix_;
      if (spells_all(scratch.piece, byte_ids_)) {
        for (const char byte : scratch.piece) symbols.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
        continue;
      }
    }
    if (unknown_.empty()) continue;
    if (unknown_id_ == kNoToken) fail_without_unknown(word);
    ++num_unknown;
  }
  flush_unknown();
}

void BytePair::merge_few(std::span<int32_t> symbols, std::vector<int32_t>& ids) const {
  std::array<MergeResult, kFewSymbols> pairs;  // pairs[i]: symbols i and i + 1
  size_t n = symbols.size();
  for (size_t i = 0; i + 1 < n; ++i) pairs[i] = merges_.find(symbols[i], symbols[i + 1]);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == MergeResult::kNever) break;
    symbols[best] = pairs[best].merged;
    --n;
    for (size_t i = best + 1; i < n; ++i) symbols[i] = symbols[i + 1];
    for (size_t i = best; i + 1 < n; ++i) pairs[i] = pairs[i + 1];
    if (best > 0) pairs[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
    if (best + 1 < n) pairs[best] = merges_.find(symbols[best], symbols[best + 1]);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.begin() + static_cast<ptrdiff_t>(n));
}

void BytePair::merge_many(ModelScratch& scratch, std::vector<int32_t>& ids) const {
  std::vector<ModelScratch::Symbol>& symbols = scratch.symbols;
  const auto n = static_cast<uint32_t>(scratch.symbol_ids.size());
  symbols.resize(n);
  for (uint32_t i = 0; i < n; ++i) {
    symbols[i] = {scratch.symbol_ids[i], i == 0 ? kEnd : i - 1, i + 1 == n ? kEnd : i + 1};
  }
  // A merge waits as its rank and the place of its left symbol, which is the order they come in.
  std::vector<uint64_t>& waiting = scratch.waiting;
  waiting.clear();
  const auto entry_of = [](uint32_t rank, uint32_t left) { return uint64_t{rank} << 32 | left; };
  for (uint32_t i = 0; i + 1 < n; ++i) {
    const MergeResult merge = merges_.find(symbols[i].id, symbols[i + 1].id);
    if (merge.rank != MergeResult::kNever) waiting.push_back(entry_of(merge.rank, i));
  }
  std::ranges::make_heap(waiting, std::greater<>());
  const auto wait_for = [&](uint32_t left) {
    const MergeResult merge = merges_.find(symbols[left].id, symbols[symbols[left].next].id);
    if (merge.rank == MergeResult::kNever) return;
    waiting.push_back(entry_of(merge.rank, left));
    std::ranges::push_heap(waiting, std::greater<>());
  };
  while (!waiting.empty()) {
    std::ranges::pop_heap(waiting, std::greater<>());
    const uint64_t entry = waiting.back();
    waiting.pop_back();
    const auto left = static_cast<uint32_t>(entry);
    // Either symbol may have become another one since.
    if (symbols[left].id == kNoToken || symbols[left].next == kEnd) continue;
    const uint32_t right = symbols[left].next;
    const MergeResult merge = merges_.find(symbols[left].id, symbols[right].id);
    if (merge.rank != static_cast<uint32_t>(entry >> 32)) continue;
    symbols[left].id = merge.merged;
    symbols[left].next = symbols[right].next;
    symbols[right].id = kNoToken;
    if (symbols[left].next != kEnd) {
      symbols[symbols[left].next].previous = left;
      wait_for(left);
    }
    if (symbols[left].previous != kEnd) wait_for(symbols[left].previous);
  }
  for (uint32_t i = 0; n > 0 && i != kEnd; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace whitney::text
