#include "whitney/text/normalizer.h"

#include <gtest/gtest.h>

#include "whitney/text/charsmap.h"
#include "whitney/text/golden_test.h"

namespace whitney::text {
namespace {

Normalizer read(std::string_view json) { return Normalizer(Value::parse_json(json, "test")); }

std::string refusal(std::string_view json) {
  try {
    read(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string apply(const Normalizer& normalizer, std::string text) {
  NormalizerScratch scratch;
  normalizer.apply(text, scratch);
  return text;
}

TEST(Normalizer, GivesWhatTheJudgeGives) {
  const std::vector<GoldenStep> steps = golden_steps("normalizer");
  if (steps.empty()) GTEST_SKIP() << "no tests/data/text above this folder and no WHITNEY_ROOT";
  int num_cases = 0;
  for (const GoldenStep& step : steps) {
    const Normalizer normalizer(step.declaration);
    for (const auto& [text, expected] : step.cases) {
      ++num_cases;
      EXPECT_EQ(apply(normalizer, text), expected.as_string())
          << text << " by " << step.declaration.to_json().substr(0, 300);
    }
  }
  EXPECT_GE(num_cases, 300);
}

TEST(Normalizer, NullChangesNothing) {
  EXPECT_TRUE(Normalizer(Value()).changes_nothing());
  EXPECT_EQ(apply(read("null"), " A\u0301 "), " A\u0301 ");
}

TEST(Normalizer, RefusesByName) {
  EXPECT_NE(refusal(R"({"type":"Fold"})").find("\"Fold\""), std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Fold"}]})").find("\"Fold\""),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Replace","pattern":{"Regex":"(a)\\1"},"content":""})").find("back-reference"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Replace","pattern":"a","content":""})").find("pattern"), std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Strip","strip_left":1,"strip_right":true})").find("strip_left"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"type":"Precompiled","precompiled_charsmap":"AAAA"})").find("charsmap"),
            std::string::npos);
  EXPECT_NE(refusal("[]").find("type"), std::string::npos);
}

TEST(Normalizer, KeepsNoTextBetweenCalls) {
  const Normalizer normalizer = read(R"({"type":"BertNormalizer","lowercase":true})");
  NormalizerScratch scratch;
  std::string text = "A long text of Stra\u00DFe and caf\u00E9";
  normalizer.apply(text, scratch);
  EXPECT_EQ(text, "a long text of stra\u00DFe and cafe");
  text = "B\u4E2D";
  normalizer.apply(text, scratch);
  EXPECT_EQ(text, "b \u4E2D ");
  text = "";
  normalizer.apply(text, scratch);
  EXPECT_EQ(text, "");
}

// Whatever the trie holds, a walk stays inside it.
TEST(Charsmap, WalksDamagedTriesWithinTheirBounds) {
  std::string bytes("\x40\0\0\0", 4);
  for (unsigned i = 0; i < 64; ++i) bytes += static_cast<char>(i * 37 + 11);
  bytes += "pool";
  for (size_t at = 4; at < bytes.size(); ++at) {
    for (const unsigned bit : {1U, 2U, 8U, 64U, 128U}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ bit);
      const Charsmap map(damaged);
      std::string out;
      map.append_mapped("any \u00E9 text \u4E2D", out);
    }
  }
  EXPECT_THROW(Charsmap(bytes.substr(0, 40)), Error);
  EXPECT_THROW(Charsmap(""), Error);
  EXPECT_THROW(Charsmap::from_base64("A?=="), Error);
  EXPECT_THROW(Charsmap::from_base64("AAA"), Error);
}

}  // namespace
}  // namespace whitney::text
