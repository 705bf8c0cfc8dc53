#include "whitney/infer/text_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::infer {
namespace {

// Words a..f are 10..15, 'b' in quotes 16, [CLS] and [SEP] 1 and 2, all else 0.
text::Tokenizer letters() {
  return text::Tokenizer::parse(R"({"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
    "added_tokens": [
      {"id": 1, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
      {"id": 2, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
      "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                         "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
    "decoder": null,
    "model": {"type": "WordLevel", "unk_token": "?",
      "vocab": {"?": 0, "[CLS]": 1, "[SEP]": 2, "a": 10, "b": 11, "c": 12, "d": 13, "e": 14, "f": 15, "'b'": 16}}})",
                                "letters.json");
}

using Ids = std::vector<int32_t>;

TextPieces cut(std::vector<std::string_view> texts, const EncodeOptions& options, PieceSettings settings) {
  if (settings.most_tokens == 0) settings.most_tokens = 8;
  static const text::Tokenizer tokenizer = letters();
  return cut_texts(Context(), tokenizer, texts, options, settings);
}

PieceSettings window(int64_t tokens) {
  PieceSettings settings;
  settings.window = tokens;
  return settings;
}

Ids piece(const TextPieces& pieces, int64_t i) {
  const auto ids = pieces.tokens[i];
  return {ids.begin(), ids.end()};
}

TEST(TextPieces, KeepTheBeginningOfALongText) {
  const TextPieces pieces = cut({"a b c d", "", "e"}, {}, window(4));
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 10, 11, 2}));
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 2}));
  EXPECT_EQ(piece(pieces, 2), (Ids{1, 14, 2}));
  EXPECT_EQ(pieces.spans[0].end, 4);
}

TEST(TextPieces, LeaveThePromptOutOfPooling) {
  PieceSettings settings = window(8);
  settings.prompt = "f f ";
  EXPECT_EQ(cut({"a"}, {}, settings).spans[0].begin, 0);
  settings.include_prompt = false;
  const TextPieces pieces = cut({"a"}, {}, settings);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 15, 15, 10, 2}));
  EXPECT_EQ(pieces.spans[0].begin, 3);
  EXPECT_EQ(pieces.spans[0].places_before, 3);
  EXPECT_EQ(pieces.spans[0].end, 5);
}

// As sentence-transformers, which cuts the prompt likewise before it is counted.
TEST(TextPieces, PoolTheEndOfATextWhosePromptFillsTheWindow) {
  PieceSettings settings = window(4);
  settings.include_prompt = false;
  settings.prompt = "f f f f ";
  const TextPieces pieces = cut({"a"}, {}, settings);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 15, 15, 2}));
  EXPECT_EQ(pieces.spans[0].begin, 3);
}

TEST(TextPieces, CountThePromptsTokensForAPrefix) {
  PieceSettings settings = window(4);
  settings.prompt = "f f ";
  EncodeOptions options;
  EXPECT_TRUE(cut({"a"}, options, settings).prefixes.empty());
  options.attention = AttentionSwitch::kPrefixLm;
  EXPECT_EQ(cut({"a", "", "b c d"}, options, settings).prefixes, (std::vector<int64_t>{3, 3, 3}));
  settings.prompt = "f f f f f ";
  EXPECT_EQ(cut({"a"}, options, settings).prefixes, (std::vector<int64_t>{4})) << "cut off with the text";
  settings.prompt = "";
  EXPECT_EQ(cut({"a"}, options, settings).prefixes, (std::vector<int64_t>{0}));
}

TEST(TextPieces, EndByTheModelsOwnToken) {
  PieceSettings settings = window(5);
  settings.suffix = "f";
  settings.prompt = "e ";
  settings.include_prompt = false;
  const TextPieces pieces = cut({"a b c", ""}, {}, settings);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 14, 10, 15, 2})) << "a long text is cut before it";
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 14, 15, 2}));
  EXPECT_EQ(pieces.spans[0].begin, 2);
  EXPECT_EQ(pieces.spans[0].end, 5);

  EncodeOptions options;
  options.long_texts = LongTexts::kMean;
  EXPECT_EQ(piece(cut({"a b"}, options, settings), 1), (Ids{1, 14, 11, 15, 2})) << "every window ends so";
  options = {};
  options.frame = "d {}";
  settings.prompt = "";
  EXPECT_EQ(piece(cut({"a"}, options, settings), 0), (Ids{1, 13, 10, 15, 2}));
}

TEST(TextPieces, CutWindowsThatShareTokens) {
  EncodeOptions options;
  options.long_texts = LongTexts::kMean;
  options.overlap = 1;
  const TextPieces pieces = cut({"a b c d e", "f", ""}, options, window(5));
  EXPECT_EQ(pieces.starts, (std::vector<int64_t>{0, 2, 3, 4}));
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 10, 11, 12, 2}));
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 12, 13, 14, 2}));
  EXPECT_EQ(piece(pieces, 2), (Ids{1, 15, 2}));
  EXPECT_EQ(piece(pieces, 3), (Ids{1, 2}));
}

TEST(TextPieces, PoolWindowsOfOneRunLate) {
  EncodeOptions options;
  options.long_texts = LongTexts::kLate;
  PieceSettings settings = window(4);
  settings.most_tokens = 7;
  const TextPieces pieces = cut({"a b c d e f"}, options, settings);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 10, 11, 12, 13, 14, 2}));
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 15, 2})) << "what is left";
  ASSERT_EQ(pieces.spans.size(), 4u);
  EXPECT_EQ(pieces.spans[0].begin, 0);
  EXPECT_EQ(pieces.spans[0].end, 3);
  EXPECT_EQ(pieces.spans[1].begin, 3);
  EXPECT_EQ(pieces.spans[1].end, 5);
  EXPECT_EQ(pieces.spans[2].begin, 5);
  EXPECT_EQ(pieces.spans[2].end, 7);
}

TEST(TextPieces, HaveThePromptBeforeEveryWindow) {
  EncodeOptions options;
  options.long_texts = LongTexts::kMean;
  PieceSettings settings = window(5);
  settings.prompt = "f ";
  for (const bool included : {true, false}) {
    settings.include_prompt = included;
    const TextPieces pieces = cut({"a b c", "d"}, options, settings);
    EXPECT_EQ(pieces.starts, (std::vector<int64_t>{0, 2, 3}));
    EXPECT_EQ(piece(pieces, 0), (Ids{1, 15, 10, 11, 2}));
    EXPECT_EQ(piece(pieces, 1), (Ids{1, 15, 12, 2}));
    EXPECT_EQ(piece(pieces, 2), (Ids{1, 15, 13, 2}));
    for (const PooledSpan& span : pieces.spans) EXPECT_EQ(span.begin, included ? 0 : 2);
    EXPECT_EQ(pieces.spans[1].end, 4);
  }
}

TEST(TextPieces, OfOneWindowAreThoseOfAShortText) {
  for (const LongTexts long_texts : {LongTexts::kMean, LongTexts::kLate}) {
    EncodeOptions options;
    PieceSettings settings = window(8);
    settings.prompt = "f f ";
    settings.include_prompt = false;
    const TextPieces cut_off = cut({"a b", ""}, options, settings);
    options.long_texts = long_texts;
    const TextPieces whole = cut({"a b", ""}, options, settings);
    EXPECT_EQ(whole.tokens.ids, cut_off.tokens.ids);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(whole.spans[i].begin, cut_off.spans[i].begin);
      EXPECT_EQ(whole.spans[i].end, cut_off.spans[i].end);
    }
  }
}

TEST(TextPieces, AreRunInPartsWhereTheModelCannotRunAllAtOnce) {
  EncodeOptions options;
  options.long_texts = LongTexts::kLate;
  PieceSettings settings = window(5);
  settings.most_tokens = 7;
  settings.prompt = "f ";
  settings.include_prompt = false;
  const TextPieces pieces = cut({"a b c d e"}, options, settings);
  ASSERT_EQ(pieces.tokens.size(), 2);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 15, 10, 11, 12, 13, 2}));
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 15, 14, 2}));
  ASSERT_EQ(pieces.spans.size(), 3u);
  EXPECT_EQ(pieces.starts, (std::vector<int64_t>{0, 3}));
  const std::vector<PooledSpan> spans = {{0, 2, 4}, {0, 4, 7}, {1, 2, 4}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces.spans[i].piece, spans[i].piece);
    EXPECT_EQ(pieces.spans[i].begin, spans[i].begin);
    EXPECT_EQ(pieces.spans[i].end, spans[i].end);
  }
}

TEST(TextPieces, SayATextTwiceAndPoolTheSecond) {
  EncodeOptions options;
  options.echo = true;
  PieceSettings settings;
  settings.most_tokens = 20;
  const TextPieces pieces = cut({"a b"}, options, settings);
  // "Document:" is one unknown word, "Document again:" two.
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 0, 10, 11, 0, 0, 10, 11, 2}));
  EXPECT_EQ(pieces.spans[0].begin, 6);
  EXPECT_EQ(pieces.spans[0].end, 9);
  settings.window = 8;
  EXPECT_EQ(piece(cut({"a b c d"}, options, settings), 0).size(), 7u);
}

TEST(TextPieces, StandInTheirFrame) {
  EncodeOptions options;
  options.frame = "a {} b";
  PieceSettings settings = window(8);
  settings.prompt = "f ";
  settings.include_prompt = false;
  const TextPieces pieces = cut({"c", "c d e"}, options, settings);
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 15, 10, 12, 11, 2}));
  EXPECT_EQ(piece(pieces, 1), (Ids{1, 15, 10, 12, 13, 14, 11, 2}));
  EXPECT_EQ(pieces.spans[0].begin, 2);
  EXPECT_EQ(pieces.spans[0].end, 6);
  EXPECT_EQ(pieces.starts, (std::vector<int64_t>{0, 1, 2}));
}

TEST(TextPieces, AreCutInsideTheirFrameOnly) {
  EncodeOptions options;
  options.frame = "a {} b";
  EXPECT_EQ(piece(cut({"c d e f"}, options, window(6)), 0), (Ids{1, 10, 12, 13, 11, 2}));
  EXPECT_THAT(error_of([&] { cut({"c d e f"}, options, window(4)); }), testing::HasSubstr("no room"));
}

// The frame's own words are unknown here; what matters is that each text gets eight pieces that end with it.
TEST(TextPieces, AreAskedForAWordByTheirLastToken) {
  EncodeOptions options;
  options.frame = "meta_eol";
  PieceSettings settings;
  settings.most_tokens = 200;
  const TextPieces pieces = cut({"a", "b"}, options, settings);
  EXPECT_EQ(pieces.starts, (std::vector<int64_t>{0, 8, 16}));
  for (int64_t i = 0; i < 16; ++i) {
    const auto& span = pieces.spans[static_cast<size_t>(i)];
    EXPECT_EQ(span.end, std::ssize(piece(pieces, i)));
    EXPECT_EQ(span.begin, span.end - 1);
    EXPECT_EQ(piece(pieces, i).back(), 0);
  }
}

// The quotes of the text are set right before it is cut; the frame's tail stays.
TEST(TextPieces, AreMadeASentenceBeforeTheyAreCut) {
  EncodeOptions options;
  options.frame = "prompt_eol";
  // Of the frame nothing is known: This sentence : " text " means in one word:"
  const TextPieces pieces = cut({R"(a "b" c d e f)"}, options, window(13));
  EXPECT_EQ(piece(pieces, 0), (Ids{1, 0, 0, 0, 0, 10, 16, 12, 0, 0, 0, 0, 0}));
  EXPECT_EQ(pieces.spans[0].begin, 12);
}

TEST(TextPieces, LeaveTheirFirstTokensOutOfPooling) {
  EncodeOptions options;
  options.skip_first_tokens = 2;
  const auto part = [&](PooledSpan span) {
    const PooledSpan left = pooled_part(span, options);
    return std::pair(left.begin, left.end);
  };
  EXPECT_EQ(part({0, 0, 5}), std::pair(int64_t{2}, int64_t{5}));
  EXPECT_EQ(part({0, 3, 5}), std::pair(int64_t{3}, int64_t{5})) << "a second window";
  EXPECT_EQ(part({0, 0, 2}), std::pair(int64_t{1}, int64_t{2})) << "one is left";
  EXPECT_EQ(part({0, 0, 0}), std::pair(int64_t{0}, int64_t{0}));
  options.last_tokens = 1;
  EXPECT_EQ(part({0, 0, 5}), std::pair(int64_t{4}, int64_t{5}));
  options.last_tokens = 9;
  EXPECT_EQ(part({0, 0, 5}), std::pair(int64_t{2}, int64_t{5}));
}

TEST(TextPieces, RefuseAWindowWithoutRoom) {
  EncodeOptions options;
  options.long_texts = LongTexts::kMean;
  EXPECT_THAT(error_of([&] { cut({"a"}, options, window(2)); }), testing::HasSubstr("no room"));
  options.overlap = 3;
  EXPECT_THAT(error_of([&] { cut({"a"}, options, window(5)); }), testing::HasSubstr("overlap 3"));
}

}  // namespace
}  // namespace whitney::infer
