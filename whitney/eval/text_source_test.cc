#include "whitney/eval/text_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::eval {
namespace {

// A small random model with words of its own and a prompt for queries.
class TextSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("WHITNEY_ROOT");
    if (root == nullptr) GTEST_SKIP() << "no WHITNEY_ROOT";
    model_ = folder_.file("model");
    std::filesystem::copy(std::string(root) + "/tests/data/checkpoints/bert-mlm-tiny", model_);
    std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\nmusic\ngame\nfind\n";
    for (int i = 0; i < 39; ++i) words += std::to_string(i) + "\n";
    std::ofstream(model_ + "/vocab.txt") << words;
    std::ofstream(model_ + "/config_sentence_transformers.json") << R"({"prompts": {"query": "find "}})";
  }

  TextVectors encode(const std::vector<std::string>& texts, const TextEncoding& encoding = {},
                     TextRole role = TextRole::kPlain) const {
    return TextSource::open({}, model_, encoding).encode({}, texts, role);
  }

  static std::vector<float> values(std::span<const float> row) { return {row.begin(), row.end()}; }

  TemporaryFolder folder_;
  std::string model_;
};

TEST_F(TextSourceTest, EncodesEqualTextsOnce) {
  const TextVectors found = encode({"play music", "game", "play music"});
  EXPECT_EQ(found.vectors.rows(), 2);
  EXPECT_EQ(found.rows, (std::vector<int64_t>{0, 1, 0}));
  EXPECT_NE(values(found.of(0)), values(found.of(1)));
}

TEST_F(TextSourceTest, PutsThePromptOfTheRoleBeforeAText) {
  const TextVectors query = encode({"play music"}, {}, TextRole::kQuery);
  EXPECT_EQ(values(query.of(0)), values(encode({"find play music"}).of(0)));
  const TextVectors document = encode({"play music"}, {}, TextRole::kDocument);
  EXPECT_EQ(values(document.of(0)), values(encode({"play music"}).of(0)));
}

TEST_F(TextSourceTest, PutsATextInItsFrame) {
  TextEncoding encoding;
  encoding.options.frame = "game {} 3";
  EXPECT_EQ(values(encode({"music"}, encoding).of(0)), values(encode({"game music 3"}).of(0)));
  encoding.options.frame = "game";
  EXPECT_NE(error_of([&] { encode({"music"}, encoding); }).find("has no place for the text"),
            std::string::npos);
}

TEST_F(TextSourceTest, RefusesWhatGivesNoVectorOfAText) {
  TextEncoding encoding;
  encoding.options.output = infer::EncodeOutput::kTokens;
  EXPECT_NE(error_of([&] { encode({"music"}, encoding); }).find("encode.output"), std::string::npos);
  encoding.options.output = infer::EncodeOutput::kDense;
  encoding.options.long_texts = infer::LongTexts::kLate;
  EXPECT_NE(error_of([&] { encode({"music"}, encoding); }).find("encode.long_texts"), std::string::npos);
}

TEST(TextSource, FindsVectorsOfEmbeddingsByTheirIds) {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"alpha", "beta", "gamma"});
  embeddings.vectors = Matrix(3, 1);
  std::copy_n(std::vector<float>{1, 2, 3}.begin(), 3, embeddings.vectors.mutable_data<float>());
  const TextSource source(std::move(embeddings));
  const TextVectors found = source.vectors_of({}, std::vector<std::string>{"gamma", "alpha", "gamma"});
  EXPECT_EQ(found.of(0)[0], 3);
  EXPECT_EQ(found.of(1)[0], 1);
  EXPECT_EQ(found.vectors.rows(), 2);
  EXPECT_EQ(error_of([&] { source.vectors_of({}, std::vector<std::string>{"gama"}); }),
            "no vector has the id \"gama\"; did you mean \"gamma\"?");
  EXPECT_NE(error_of([&] { source.encode({}, std::vector<std::string>{"text"}); }).find("a model"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::eval
