// Byte-level BPE loses nothing: what it cuts, its decoder puts together again.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/text/tokenizer.h"

namespace whitney::text {
namespace {

void append_utf8(uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (code >> 18));
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// How GPT-2 spells the 256 bytes: printable characters of Latin-1 as themselves, the others from U+0100 on.
std::vector<std::string> spelled_bytes() {
  std::vector<std::string> spelled(256);
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool is_printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    append_utf8(is_printable ? byte : next++, spelled[byte]);
  }
  return spelled;
}

// A token a byte, and merges of a word, of a blank and a letter, and across the bytes of a character.
Value byte_level_model() {
  const std::vector<std::string> bytes = spelled_bytes();
  Value vocabulary = Value::object();
  int64_t next = 0;
  for (const std::string& byte : bytes) vocabulary.set(byte, next++);
  Value::List merges;
  const auto merge = [&](const std::string& left, const std::string& right) {
    merges.emplace_back(left + " " + right);
    vocabulary.set(left + right, next++);
    return left + right;
  };
  merge(merge("t", "h"), "e");
  merge(bytes[' '], "t");
  merge(bytes[' '], bytes[' ']);
  merge(merge(bytes[0xE4], bytes[0xB8]), bytes[0xAD]);  // U+4E2D
  merge(bytes[0x9F], bytes[0x98]);                      // the middle of emoji
  return Value::object({{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}});
}

Tokenizer tokenizer_of(const char* pre_tokenizer) {
  const Value declaration = Value::object({{"version", "1.0"},
                                           {"added_tokens", Value::List{}},
                                           {"normalizer", Value()},
                                           {"pre_tokenizer", Value::parse_json(pre_tokenizer, "test")},
                                           {"post_processor", Value()},
                                           {"decoder", Value::parse_json(R"({"type": "ByteLevel"})", "test")},
                                           {"model", byte_level_model()}});
  return Tokenizer::parse(declaration.to_json(), "tokenizer.json");
}

// Valid UTF-8 of all planes; ASCII, blanks and what merges more often than chance has them.
std::string random_text() {
  const auto parts = *rc::gen::container<std::vector<uint32_t>>(
      rc::gen::oneOf(rc::gen::inRange<uint32_t>(0, 0x80),
                     rc::gen::element<uint32_t>(' ', '\n', 't', 'h', 'e', 0x4E2D, 0x1F600),
                     rc::gen::inRange<uint32_t>(0x80, 0xD800), rc::gen::inRange<uint32_t>(0xE000, 0x110000)));
  std::string text;
  for (const uint32_t code : parts) append_utf8(code, text);
  return text;
}

RC_GTEST_PROP(ByteLevel, DecodesWhatItEncodes, ()) {
  static const Tokenizer gpt2 =
      tokenizer_of(R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": true})");
  static const Tokenizer llama3 = tokenizer_of(R"({"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "\\p{L}+|\\p{N}{1,3}|\\s+|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Isolated",
     "invert": false},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]})");
  const std::string text = random_text();
  for (const Tokenizer* tokenizer : {&gpt2, &llama3}) {
    const std::vector<int32_t> ids = tokenizer->encode(text);
    RC_ASSERT(tokenizer->decode(ids) == text);
    RC_ASSERT(ids.size() <= text.size());
  }
}

TEST(ByteLevel, MergesBytesOfCharacters) {
  const Tokenizer gpt2 =
      tokenizer_of(R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": true})");
  EXPECT_EQ(gpt2.encode("the \u4E2D").size(), 3u) << "the, blank, one of three bytes";
  EXPECT_EQ(gpt2.decode(gpt2.encode("\U0001F600\u00E9")), "\U0001F600\u00E9");
}

}  // namespace
}  // namespace whitney::text
