#include "whitney/text/added_tokens.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/text/known_members.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

bool flag_of(const Value& token, std::string_view name, bool otherwise) {
  const Value* value = token.find(name);
  return value == nullptr ? otherwise : value->as_bool();
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Where the character that ends at `end` begins.
size_t begin_of_last(std::string_view text, size_t end) {
  do {
    --end;
  } while (end > 0 && is_continuation(text[end]));
  return end;
}

bool has_at(std::string_view text, size_t at, uint16_t property) {
  const char* p = text.data() + at;
  return has(next_code_point(p), property);
}

size_t skip_blanks_back(std::string_view text, size_t end, size_t least) {
  while (end > least) {
    const size_t begin = begin_of_last(text, end);
    if (!has_at(text, begin, kWhiteSpace)) break;
    end = begin;
  }
  return std::max(end, least);
}

size_t skip_blanks(std::string_view text, size_t begin) {
  while (begin < text.size() && has_at(text, begin, kWhiteSpace)) begin += length_by_lead(text[begin]);
  return begin;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const Value& declaration) {
  std::vector<AddedToken> tokens;
  if (declaration.is_null()) return tokens;
  for (const Value& entry : declaration.as_list()) {
    check_members("", "file", "added token", entry);
    AddedToken token;
    token.content = entry.at("content").as_string();
    token.id = entry.at("id").as_int();
    token.single_word = flag_of(entry, "single_word", false);
    token.lstrip = flag_of(entry, "lstrip", false);
    token.rstrip = flag_of(entry, "rstrip", false);
    token.special = flag_of(entry, "special", false);
    token.normalized = flag_of(entry, "normalized", !token.special);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

AddedTokenFinder::AddedTokenFinder(const std::vector<std::string>& texts, std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)) {
  std::vector<std::pair<std::string_view, int32_t>> pieces;
  // Backwards: of equal texts the one that was declared first counts.
  for (size_t i = texts.size(); i-- > 0;) {
    if (texts[i].empty()) continue;
    begins_[static_cast<unsigned char>(texts[i][0])] = true;
    pieces.emplace_back(texts[i], static_cast<int32_t>(i));
  }
  if (std::ranges::count(begins_, true) == 1) {
    only_first_byte_ = static_cast<char>(std::ranges::find(begins_, true) - begins_.begin());
  }
  trie_ = PieceTrie(std::move(pieces));
}

void AddedTokenFinder::cut(std::string_view text, std::vector<Piece>& pieces) const {
  pieces.clear();
  size_t done = 0;
  for (size_t at = next_candidate(text, 0); at < text.size();) {
    const auto [index, end] = longest_at(text, at);
    if (index < 0) {
      at = next_candidate(text, at + 1);
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(index)];
    // What a match covers is not searched again, refused or not.
    const size_t next = next_candidate(text, end);
    if (!token.single_word || stands_alone(text, at, end)) {
      const size_t begin = token.lstrip ? skip_blanks_back(text, at, std::min(done, at)) : at;
      const size_t stop = token.rstrip ? skip_blanks(text, end) : end;
      if (done < begin) pieces.push_back({done, begin, kNoToken});
      pieces.push_back({begin, stop, static_cast<int32_t>(token.id)});
      done = stop;
    }
    at = next;
  }
  if (done < text.size()) pieces.push_back({done, text.size(), kNoToken});
}

std::pair<int32_t, size_t> AddedTokenFinder::longest_at(std::string_view text, size_t at) const {
  std::pair<int32_t, size_t> longest = {-1, at};
  uint32_t state = PieceTrie::kRoot;
  for (size_t i = at; i < text.size(); ++i) {
    state = trie_.next(state, text[i]);
    if (state == PieceTrie::kNowhere) break;
    if (trie_.id_of(state) >= 0) longest = {trie_.id_of(state), i + 1};
  }
  return longest;
}

size_t AddedTokenFinder::next_candidate(std::string_view text, size_t at) const {
  if (only_first_byte_) return std::min(text.find(*only_first_byte_, at), text.size());
  while (at < text.size() && !begins_[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

bool AddedTokenFinder::stands_alone(std::string_view text, size_t begin, size_t end) {
  const bool left = begin == 0 || !has_at(text, begin_of_last(text, begin), kWord);
  return left && (end == text.size() || !has_at(text, end, kWord));
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const Normalizer& normalizer,
                         const Vocabulary& vocabulary) {
  std::vector<std::string> raw_texts, normalized_texts;
  std::vector<AddedToken> raw, normalized;
  NormalizerScratch scratch;
  for (AddedToken& token : tokens) {
    if (token.content.empty() || by_content_.contains(token.content)) continue;
    const int32_t known = vocabulary.find(token.content);
    if (known != kNoToken && known != token.id) {
      fail("the added token \"", token.content, "\" has the id ", token.id, ", but the model gives it ",
           known);
    }
    constexpr int64_t kLargestId = (int64_t{1} << 31) - 2;
    if (token.id < 0 || token.id > kLargestId) {
      fail("the added token \"", token.content, "\" has the id ", token.id, ": expected 0 to ", kLargestId);
    }
    if (const AddedToken* other = find(token.id)) {
      fail("the added tokens \"", other->content, "\" and \"", token.content, "\" have the same id ",
           token.id);
    }
    std::string spelling = token.content;
    if (token.normalized) normalizer.apply(spelling, scratch);
    (token.normalized ? normalized_texts : raw_texts).push_back(spelling);
    (token.normalized ? normalized : raw).push_back(token);
    size_ = std::max(size_, token.id + 1);
    by_content_.emplace(token.content, static_cast<int32_t>(token.id));
    const int64_t id = token.id;
    by_id_.emplace(id, Entry{std::move(token), std::move(spelling)});
  }
  raw_ = AddedTokenFinder(raw_texts, std::move(raw));
  normalized_ = AddedTokenFinder(normalized_texts, std::move(normalized));
}

const AddedToken* AddedTokens::find(int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second.token;
}

const std::string* AddedTokens::spelling_of(int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second.spelling;
}

int32_t AddedTokens::id_of(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  return found == by_content_.end() ? kNoToken : found->second;
}

}  // namespace whitney::text
