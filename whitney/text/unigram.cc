#include "whitney/text/unigram.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "whitney/text/byte_tokens.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

// SentencePiece's: how much worse than the worst token a character without a token is.
constexpr double kUnknownPenalty = 10.0;

PieceTrie trie_of(const Vocabulary& vocabulary) {
  std::vector<std::pair<std::string_view, int32_t>> pieces;
  for (int64_t id = 0; id < vocabulary.size(); ++id) {
    const auto token = vocabulary.token_of(id);
    if (token && vocabulary.find(*token) == id) pieces.emplace_back(*token, static_cast<int32_t>(id));
  }
  return PieceTrie(std::move(pieces));
}

}  // namespace

Unigram::Unigram(UnigramDeclaration declaration)
    : TokenModel(std::move(declaration.vocabulary)),
      trie_(trie_of(vocabulary())),
      scores_(std::move(declaration.scores)),
      unknown_id_(declaration.unknown_id) {
  unknown_score_ = (scores_.empty() ? 0.0 : *std::ranges::min_element(scores_)) - kUnknownPenalty;
  if (declaration.byte_fallback) {
    byte_ids_ = byte_tokens(vocabulary());
    has_byte_tokens_ = true;
  }
}

void Unigram::cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const {
  find_ways(word, scratch.ways);
  // Backwards along the best way: places where pieces begin, characters without a token run together.
  std::vector<int32_t>& ends = scratch.backwards;
  ends.clear();
  for (auto end = static_cast<uint32_t>(word.size()); end > 0;) {
    ends.push_back(static_cast<int32_t>(end));
    const bool is_unknown = scratch.ways[end].id == unknown_id_;
    end = scratch.ways[end].begin;
    while (is_unknown && end > 0 && scratch.ways[end].id == unknown_id_) end = scratch.ways[end].begin;
  }
  size_t begin = 0;
  for (const int32_t place : std::views::reverse(ends)) {
    const auto end = static_cast<size_t>(place);
    const int32_t id = scratch.ways[end].id;
    if (id == unknown_id_) {
      append_unknown(word.substr(begin, end - begin), ids);
    } else {
      ids.push_back(id);
    }
    begin = end;
  }
}

void Unigram::find_ways(std::string_view word, std::vector<ModelScratch::Way>& ways) const {
  constexpr uint32_t kNoWay = 0xFFFFFFFF;
  ways.assign(word.size() + 1, {0.0, kNoWay, kNoToken});
  const auto offer = [&ways](size_t begin, size_t end, double score, int32_t id) {
    ModelScratch::Way& way = ways[end];
    if (way.begin == kNoWay || score > way.score) way = {score, static_cast<uint32_t>(begin), id};
  };
  for (size_t begin = 0; begin < word.size();) {
    const double score = ways[begin].score;
    const size_t next = begin + length_by_lead(word[begin]);
    bool has_character = false;
    uint32_t state = PieceTrie::kRoot;
    for (size_t i = begin; i < word.size(); ++i) {
      state = trie_.next(state, word[i]);
      if (state == PieceTrie::kNowhere) break;
      const int32_t id = trie_.id_of(state);
      if (id == kNoToken) continue;
      offer(begin, i + 1, scores_[static_cast<size_t>(id)] + score, id);
      has_character = has_character || i + 1 == next;
    }
    if (!has_character) {
      if (unknown_id_ == kNoToken) fail_without_unknown(word.substr(begin, next - begin));
      offer(begin, next, unknown_score_ + score, unknown_id_);
    }
    begin = next;
  }
}

void Unigram::append_unknown(std::string_view piece, std::vector<int32_t>& ids) const {
  // The text may spell the unknown token itself.
  if (const int32_t id = trie_.find(piece); id != kNoToken) {
    ids.push_back(id);
  } else if (has_byte_tokens_ && spells_all(piece, byte_ids_)) {
    for (const char byte : piece) ids.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  } else {
    ids.push_back(unknown_id_);
  }
}

}  // namespace whitney::text
