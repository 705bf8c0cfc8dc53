// Texts as read_corpus finds them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CorpusTest : public testing::Test {
 protected:
  Corpus read(const std::string& name, std::string_view text, const TableOptions& options = {}) const {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return read_corpus(folder_.file(name), options, "text", {});
  }
  std::string error_of(const std::string& name, std::string_view text,
                       const TableOptions& options = {}) const {
    try {
      read(name, text, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(CorpusTest, ReadsTheTextsOfJsonLines) {
  const Corpus corpus = read(
      "t.jsonl", "{\"id\":\"a\",\"text\":\"one\",\"n\":1}\n{\"text\":\"two\",\"id\":\"b\",\"n\":\"x\"}\n");
  EXPECT_THAT(corpus.texts, ElementsAre("one", "two"));
  EXPECT_EQ(corpus.ids, Ids::strings({"a", "b"}));
  EXPECT_EQ(read("t.jsonl", "{\"text\":\"one\"}\n").ids, Ids::row_numbers(1));
  EXPECT_EQ(read("t.jsonl", "{\"key\":9,\"text\":\"one\"}\n", {"key"}).ids, Ids::integers({9}));
}

TEST_F(CorpusTest, ReadsTheTextsOfCsvAndTsv) {
  const Corpus csv = read("t.csv", "id,text\n7,\"one, and\nmore\"\n8,\n");
  EXPECT_THAT(csv.texts, ElementsAre("one, and\nmore", ""));
  EXPECT_EQ(csv.ids, Ids::integers({7, 8}));
  EXPECT_THAT(read("t.tsv", "key\ttext\nx\t\"Go,\" he said.\n", {"key"}).texts,
              ElementsAre("\"Go,\" he said."));
}

TEST_F(CorpusTest, ReadsPlainTextALine) {
  const Corpus corpus = read("t.txt", "one\r\n\n# three\nfour");
  EXPECT_THAT(corpus.texts, ElementsAre("one", "", "# three", "four"));
  EXPECT_EQ(corpus.ids, Ids::row_numbers(4));
  EXPECT_THAT(read("README", "one\n").texts, ElementsAre("one"));
}

TEST_F(CorpusTest, NamesTheLineWithoutAText) {
  EXPECT_THAT(error_of("t.jsonl", "{\"text\":\"one\"}\n{\"body\":\"two\"}\n"),
              HasSubstr("t.jsonl:2: field \"text\" (the text) is missing"));
  EXPECT_THAT(error_of("t.jsonl", "{\"text\":3}\n"),
              HasSubstr("t.jsonl:1: field \"text\" must be a string of text, not 3"));
  EXPECT_THAT(error_of("t.jsonl", "{\"text\":null}\n"), HasSubstr("not null"));
  EXPECT_THAT(error_of("t.csv", "id,test\n1,x\n"), HasSubstr("did you mean \"test\"?"));
}

TEST_F(CorpusTest, RefusesFilesThatAreNoTexts) {
  EXPECT_THAT(error_of("t.npy", "x"), HasSubstr("t.npy: not a file of texts"));
  EXPECT_THAT(error_of("t.txt", ""), HasSubstr("t.txt: no text"));
  EXPECT_THAT(error_of("t.txt", "ok\n\xC3\x28\n"), HasSubstr("t.txt:2: "));
  EXPECT_THAT(error_of("t.csv", "id,text\n7,a\n7,b\n"),
              HasSubstr("t.csv:3: the id \"7\" stands already in line 2"));
  EXPECT_THAT(error_of("t.jsonl", "{\"text\":\"a\"}\n", {"text"}), HasSubstr("both the id and the text"));
}

}  // namespace
}  // namespace whitney
