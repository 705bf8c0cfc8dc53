#include "whitney/text/text_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace whitney::text {
namespace {

constexpr uint32_t kNoCharacter = 0xFFFFFFFF;

// Decodes one character and moves on; a byte that begins none is skipped alone.
uint32_t decode(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = byte(at);
  const size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || at + length > text.size()) {
    ++at;
    return kNoCharacter;
  }
  uint32_t character = length == 1 ? first : first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) {
      ++at;
      return kNoCharacter;
    }
    character = (character << 6) | (byte(at + i) & 0x3F);
  }
  static constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (character < kLeast[length] || (character >= 0xD800 && character < 0xE000) || character > 0x10FFFF) {
    ++at;
    return kNoCharacter;
  }
  at += length;
  return character;
}

void encode(uint32_t character, std::string& out) {
  const auto put = [&](uint32_t bits) { out += static_cast<char>(bits); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6));
    put(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  } else {
    put(0xF0 | (character >> 18));
    put(0x80 | ((character >> 12) & 0x3F));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  }
}

// Letters and digits of ASCII in lower case, 0 for what separates: most characters of most texts.
constexpr std::array<char, 128> kAsciiLetters = [] {
  std::array<char, 128> letters{};
  for (unsigned char c = '0'; c <= '9'; ++c) letters[c] = static_cast<char>(c);
  for (unsigned char c = 'a'; c <= 'z'; ++c) letters[c] = static_cast<char>(c);
  for (unsigned char c = 'A'; c <= 'Z'; ++c) letters[c] = static_cast<char>(c - 'A' + 'a');
  return letters;
}();

struct Block {
  uint32_t first, last;
};

// Characters from U+0080 on that are no part of a word, by the blocks of Unicode: controls and signs of
// Latin-1, punctuation, symbols, CJK punctuation, vertical, small and full-width forms, surrogates to private
// use, emoji.
constexpr Block kSeparators[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},      {0xB6, 0xB9},     {0xBB, 0xBF},     {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x37E, 0x37E},    {0x387, 0x387},   {0x55A, 0x55F},   {0x589, 0x58A},
    {0x5BE, 0x5BE},   {0x5C0, 0x5C0},    {0x5F3, 0x5F4},   {0x60C, 0x60D},   {0x61B, 0x61F},
    {0x66A, 0x66D},   {0x6D4, 0x6D4},    {0x964, 0x965},   {0xE4F, 0xE4F},   {0x104A, 0x104F},
    {0x2000, 0x206F}, {0x20A0, 0x20CF},  {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004},
    {0x3008, 0x3020}, {0x3030, 0x3030},  {0xE000, 0xF8FF}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE6F},
    {0xFEFF, 0xFEFF}, {0xFF00, 0xFF0F},  {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},
    {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}};

bool in_word(uint32_t c) {
  if (c == kNoCharacter) return false;
  const auto* block = std::partition_point(std::begin(kSeparators), std::end(kSeparators),
                                           [c](const Block& candidate) { return candidate.last < c; });
  return block == std::end(kSeparators) || c < block->first;
}

// Pairs of neighbours, the capital first: on even code points in most of Latin Extended-A, on odd ones in two
// parts.
uint32_t lower_latin_extended(uint32_t c) {
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  const bool capital_is_odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  const bool has_no_pair = c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17F;
  if (has_no_pair) return c;
  return (c % 2 == 1) == capital_is_odd ? c + 1 : c;
}

uint32_t lower_greek(uint32_t c) {
  if (c == 0x386) return 0x3AC;
  if (c >= 0x388 && c <= 0x38A) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 32;
  return c == 0x3C2 ? 0x3C3 : c;
}

uint32_t lower(uint32_t c) {
  if (c >= 0xC0 && c <= 0xDE) return c + 32;
  if (c >= 0x100 && c <= 0x17F) return lower_latin_extended(c);
  if (c >= 0x386 && c <= 0x3CE) return lower_greek(c);
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F)) return c | 1;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  if (c >= 0x1E00 && c <= 0x1EFF && !(c >= 0x1E96 && c <= 0x1E9F)) return c | 1;
  if (c >= 0xFF21 && c <= 0xFF3A) return c + 32;
  return c;
}

}  // namespace

// A character beyond ASCII: false when it is no part of a word.
bool WordReader::take_other_character(std::string& word) {
  const size_t begin = at_;
  const uint32_t character = decode(text_, at_);
  if (!in_word(character)) {
    if (!word.empty()) at_ = begin;  // the next word is looked for from here
    return false;
  }
  encode(lower_case_ ? lower(character) : character, word);
  return true;
}

bool WordReader::next(std::string& word) {
  word.clear();
  while (at_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte >= 0x80) {
      if (!take_other_character(word) && !word.empty()) return true;
    } else if (const char letter = kAsciiLetters[byte]; letter != 0) {
      word += lower_case_ ? letter : text_[at_];
      ++at_;
    } else if (!word.empty()) {
      return true;
    } else {
      ++at_;
    }
  }
  return !word.empty();
}

}  // namespace whitney::text
