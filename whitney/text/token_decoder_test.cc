#include "whitney/text/token_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::text {
namespace {

std::string decode(std::string_view declaration, std::vector<std::string> tokens) {
  return TokenDecoder(Value::parse_json(declaration, "decoder")).decode(std::move(tokens));
}

TEST(TokenDecoder, PutsBlanksBetweenTokensWithoutADeclaration) {
  EXPECT_EQ(TokenDecoder().decode({"a", "b"}), "a b");
  EXPECT_EQ(TokenDecoder().decode({}), "");
}

TEST(TokenDecoder, JoinsPiecesOfWords) {
  const std::vector<std::string> tokens = {"##do", "n", "'", "t", "play", "##ing", ".", "n't"};
  EXPECT_EQ(decode(R"({"type": "WordPiece", "prefix": "##", "cleanup": false})", tokens),
            "##do n ' t playing . n't");
  EXPECT_EQ(decode(R"({"type": "WordPiece", "prefix": "##", "cleanup": true})", tokens),
            "##do n ' t playing.n't");
}

TEST(TokenDecoder, MakesPrintableCharactersBytesAgain) {
  // "\u0120" is the blank, "\u00C3\u00A9" the two bytes of U+00E9; a token with other characters spells
  // itself.
  EXPECT_EQ(decode(R"({"type": "ByteLevel"})", {"a\u0120", "\u00C3", "\u00A9", "<\u4E2D>", "\u00C3"}),
            "a \u00E9<\u4E2D>\uFFFD");
}

TEST(TokenDecoder, MakesBlanksOfTheirSign) {
  const std::vector<std::string> tokens = {"\u2581a", "b\u2581", "\u2581c"};
  EXPECT_EQ(decode(R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"})", tokens),
            "ab  c");
  EXPECT_EQ(decode(R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"})", tokens),
            " ab  c");
  EXPECT_EQ(decode(R"({"type": "BPEDecoder", "suffix": "</w>"})", {"a", "b</w>", "c</w>"}), "ab c");
}

TEST(TokenDecoder, RunsASequenceAsLlamaHasIt) {
  constexpr std::string_view kLlama = R"({"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})";
  EXPECT_EQ(decode(kLlama, {"\u2581\u2581a", "<0xC3>", "<0xA9>", "<0xFF>", "b"}), " a\uFFFD\uFFFD\uFFFDb");
  EXPECT_EQ(decode(kLlama, {"\u2581a", "<0xC3>", "<0xa9>"}), "a\u00E9");
}

TEST(TokenDecoder, ReplacesByPatternsAndStrips) {
  EXPECT_EQ(decode(R"({"type": "Replace", "pattern": {"Regex": "[ab]+"}, "content": "-"})", {"xabay", "b"}),
            "x-y-");
  EXPECT_EQ(decode(R"({"type": "Strip", "content": "_", "start": 1, "stop": 2})", {"__a_b___"}), "_a_b_");
}

TEST(TokenDecoder, NamesWhatItDoesNotKnow) {
  const auto error = [](std::string_view declaration) { return error_of([&] { decode(declaration, {}); }); };
  EXPECT_NE(error(R"({"type": "CTC"})").find("unknown decoder \"CTC\""), std::string::npos);
  EXPECT_NE(error(R"({"type": "WordPiece", "prefix": "##"})").find("cleanup"), std::string::npos);
  EXPECT_NE(error(R"({"type": "Strip", "content": "ab", "start": 1, "stop": 0})").find("one character"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::text
