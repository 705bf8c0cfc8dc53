#include "whitney/text/known_members.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "whitney/core/error_of.h"
#include "whitney/data/input_stream.h"
#include "whitney/text/golden_test.h"
#include "whitney/text/tokenizer.h"

namespace whitney::text {
namespace {

// A tokenizer.json of one word, with these in place of its parts.
std::string with(std::string_view parts, std::string_view model_members = "") {
  return R"({"version": "1.0", )" + std::string(parts) +
         R"("model": {"type": "WordLevel", "vocab": {"a": 0}, )" + std::string(model_members) +
         R"("unk_token": "a"}})";
}

std::string error(const std::string& json) {
  return error_of([&] { Tokenizer::parse(json, "t.json"); });
}

TEST(KnownMembers, OfEveryPartAreTheOnlyOnesTaken) {
  EXPECT_EQ(error(with("")), "no error");
  EXPECT_EQ(
      error(with(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC", "form": 2}]}, )")),
      "t.json: tokenizer.json: normalizer NFC: the member \"form\" cannot be served (none is known)");
  EXPECT_EQ(error(with(R"("pre_tokenizer": {"type": "Digits", "groups_of": 3}, )")),
            "t.json: tokenizer.json: pre_tokenizer Digits: the member \"groups_of\" cannot be served (known: "
            "individual_digits)");
  EXPECT_EQ(error(with(R"("post_processor": {"type": "BertProcessing", "sep": ["a", 0], "cls": ["a", 0],
                          "mask": ["a", 0]}, )")),
            "t.json: post_processor: BertProcessing: the member \"mask\" cannot be served (known: sep, cls)");
  EXPECT_EQ(error(with(R"("decoder": {"type": "Fuse", "by": " "}, )")),
            "t.json: decoder: Fuse: the member \"by\" cannot be served (none is known)");
  EXPECT_EQ(error(with("", R"("sampling": true, )")),
            "t.json: model: WordLevel: the member \"sampling\" cannot be served (known: unk_token, vocab)");
  EXPECT_NE(error(with(R"("added_tokens": [{"id": 1, "content": "b", "case": "any"}], )"))
                .find("added_tokens: added token: the member \"case\" cannot be served"),
            std::string::npos);
  EXPECT_NE(error(with(R"("speller": {"type": "US"}, )"))
                .find("t.json: tokenizer: the member \"speller\" cannot be served"),
            std::string::npos);
}

TEST(KnownMembers, AskForNothingWhereTheyAreNull) {
  EXPECT_EQ(error(with(R"("normalizer": {"type": "NFC", "form": null}, "speller": null, )")), "no error");
}

TEST(KnownMembers, RefuseWhatWouldMakeIdsRandom) {
  const auto of_dropout = [](const std::string& dropout) {
    return error(R"({"model": {"type": "BPE", "dropout": )" + dropout +
                 R"(, "vocab": {"a": 0}, "merges": []}})");
  };
  EXPECT_EQ(of_dropout("null"), "no error");
  EXPECT_EQ(of_dropout("0.0"), "no error");
  EXPECT_EQ(of_dropout("0.1"),
            "t.json: model: \"dropout\" is 0.1, which would give other ids each time (expected: null)");
}

TEST(KnownMembers, RefuseAFileOfAnotherVersion) {
  EXPECT_EQ(
      error(R"({"version": "2.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}})"),
      "t.json: \"version\" is \"2.0\" (expected: \"1.0\")");
}

// All steps that PyPI's tokenizers wrote for the golden file.
TEST(KnownMembers, AreThoseOfTheGoldenSteps) {
  for (const char* part : {"normalizer", "pre_tokenizer"}) {
    const auto steps = golden_steps(part);
    EXPECT_FALSE(steps.empty());
    for (const GoldenStep& step : steps)
      EXPECT_NO_THROW(check_members("", part, step.declaration.at("type").as_string(), step.declaration));
  }
}

TEST(KnownMembers, AreThoseOfRealFiles) {
  const char* data = std::getenv("WHITNEY_DATA");
  const std::string folder = std::string(data != nullptr ? data : "../shared/data") + "/tokenizer-fixtures";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << " (WHITNEY_DATA)";
  int num_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().find("tokenizer.json") == std::string::npos) continue;
    auto input = data::InputStream::open(entry.path().string());
    EXPECT_EQ(error(std::string(input.read_all({}).text)), "no error") << entry.path();
    ++num_files;
  }
  EXPECT_GT(num_files, 0);
}

}  // namespace
}  // namespace whitney::text
