#include "whitney/infer/encode_lines.h"

#include <gtest/gtest.h>

#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

class EncodeLines : public testing::Test {
 protected:
  void SetUp() override { write_small_model(folder_.file("model")); }

  std::string lines_of(const std::string& texts, const LineFields& fields = {},
                       const EncodeOptions& options = {}) {
    write_file(folder_.file("texts.jsonl"), texts);
    std::string all;
    num_parts_ = 0;
    const Encoder encoder = Encoder::open(Context(), folder_.file("model"));
    encode_lines(Context(), encoder, folder_.file("texts.jsonl"), fields, options,
                 [&](std::string_view lines) {
                   all += lines;
                   ++num_parts_;
                 });
    return all;
  }

  TemporaryFolder folder_;
  int num_parts_ = 0;
};

TEST_F(EncodeLines, GiveTheVectorsOfTheWholeFileBlockByBlock) {
  std::string texts;
  for (int i = 0; i < 5000; ++i)
    texts += R"({"id": "t)" + std::to_string(i) + R"(", "text": "play )" + std::to_string(i % 60) + "\"}\n";
  write_file(folder_.file("lines.jsonl"), lines_of(texts));
  EXPECT_EQ(num_parts_, 3);
  const Embeddings read = read_vectors(folder_.file("lines.jsonl"), {}, Context());
  const Encoder encoder = Encoder::open(Context(), folder_.file("model"));
  const Corpus corpus = read_corpus(folder_.file("texts.jsonl"), {}, "text", Context());
  const EncodedCorpus whole = encode_corpus(Context(), encoder, folder_.file("model"), corpus, {});
  ASSERT_EQ(read.size(), 5000);
  EXPECT_EQ(read.ids.string(4999), "t4999");
  for (int64_t i = 0; i < 5000; ++i) {
    const auto one = read.vectors.row<float>(i), other = whole.encoding.vectors.row<float>(i);
    ASSERT_TRUE(std::ranges::equal(one, other)) << i;
  }
}

TEST_F(EncodeLines, KeepIdsOfAnyKindAndNumberRowsWithoutOne) {
  EXPECT_TRUE(lines_of("{\"id\": 7, \"text\": \"play\"}\n").starts_with("{\"id\":7,\"vector\":["));
  EXPECT_TRUE(lines_of("{\"text\": \"play\"}\n").starts_with("{\"id\":0,\"vector\":["));
  EXPECT_TRUE(lines_of("{\"key\": \"a\\\"b\", \"body\": \"\"}\n", {"key", "body"})
                  .starts_with("{\"id\":\"a\\\"b\",\"vector\":["));
  EXPECT_EQ(lines_of(""), "");
}

TEST_F(EncodeLines, NameTheLineThatIsWrong) {
  EXPECT_NE(
      error_of([&] { lines_of("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n"); }).find(".jsonl:2: field \"text\""),
      std::string::npos);
  EXPECT_NE(error_of([&] { lines_of("{\"text\": 5}\n"); }).find("must be a string"), std::string::npos);
  EncodeOptions options;
  options.output = EncodeOutput::kTokens;
  EXPECT_NE(error_of([&] { lines_of("", {}, options); }).find("one vector of a text"), std::string::npos);
}

TEST_F(EncodeLines, NameTheTextWhoseValuesAreNoNumbers) {
  spoil_word_music(folder_.file("model"));
  const std::string error =
      error_of([&] { lines_of("{\"id\": 7, \"text\": \"play\"}\n{\"id\": 9, \"text\": \"music\"}\n"); });
  EXPECT_NE(error.find("gives values that are no numbers for text 9 ("), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney::infer
