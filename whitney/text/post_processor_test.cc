#include "whitney/text/post_processor.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

SpecialFrame read(std::string_view json) {
  return read_post_processor(Value::parse_json(json, "post_processor"));
}

TEST(PostProcessor, ReadsTheFramesOfBertAndRoberta) {
  const SpecialFrame frame =
      read(R"({"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]})");
  EXPECT_EQ(frame.leading, Ids{101});
  EXPECT_EQ(frame.trailing, Ids{102});
  EXPECT_EQ(read(R"({"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]})").trailing, Ids{2});
  EXPECT_TRUE(read("null").leading.empty());
  EXPECT_TRUE(read(R"({"type": "ByteLevel"})").trailing.empty());
}

TEST(PostProcessor, ReadsTemplatesAndPutsOneAroundTheOther) {
  const SpecialFrame frame = read(R"({"type": "Sequence", "processors": [{"type": "ByteLevel"},
    {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "e"}}],
     "special_tokens": {"e": {"ids": [1, 2]}}},
    {"type": "BertProcessing", "sep": ["s", 4], "cls": ["c", 3]}]})");
  EXPECT_EQ(frame.leading, Ids{3});
  EXPECT_EQ(frame.trailing, (Ids{1, 2, 4}));
}

TEST(PostProcessor, RefusesWhatIsNoFrame) {
  const auto error = [](std::string_view json) { return error_of([&] { read(json); }); };
  EXPECT_NE(
      error(
          R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}]})")
          .find("must hold the sequence A once"),
      std::string::npos);
  EXPECT_NE(error(R"({"type": "TemplateProcessing", "single": []})").find("no sequence A"),
            std::string::npos);
  EXPECT_NE(
      error(
          R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {}})")
          .find("\"x\""),
      std::string::npos);
  EXPECT_NE(error(R"({"type": "BertProcessing", "sep": ["a", -1], "cls": ["b", 1]})").find("id -1"),
            std::string::npos);
  EXPECT_NE(error(R"({"type": "Foo"})").find("unknown post-processor \"Foo\""), std::string::npos);
}

}  // namespace
}  // namespace whitney::text
