#include "whitney/data/word2vec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Embeddings read_text(const std::string& text, const Context& context = {}) {
  InputStream input = InputStream::over(text, "a.vec");
  return read_word2vec_text(input, context);
}

Embeddings read_binary(const std::string& bytes) {
  return read_word2vec_binary({nullptr, bytes}, "a.bin", {});
}

std::string binary_vector(const std::string& word, const std::vector<float>& values) {
  return word + " " + std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4);
}

TEST(ReadWord2vecText, ReadsAHeadingThenWordsAndValues) {
  const Embeddings read = read_text("2 3\nthe 0.5 -1 2e-1 \nof 1 2 3\n");
  EXPECT_EQ(read.ids, Ids::strings({"the", "of"}));
  EXPECT_THAT(read.vectors.row<float>(0), ElementsAre(0.5F, -1.0F, 0.2F));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(1, 2, 3));
}

TEST(ReadWord2vecText, ReadsFilesWithoutAHeading) {
  const Embeddings read = read_text("the 0.5 1\r\n\nof\t2 3");
  EXPECT_EQ(read.ids, Ids::strings({"the", "of"}));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(2, 3));
}

TEST(ReadWord2vecText, TakesIntegersAsIntegerIds) {
  EXPECT_EQ(read_text("2 1\n17 0.5\n3 1\n").ids, Ids::integers({17, 3}));
  EXPECT_EQ(read_text("2 1\n17 0.5\nx 1\n").ids, Ids::strings({"17", "x"}));
}

TEST(ReadWord2vecText, LetsAWordHoldBlanks) {
  const Embeddings read = read_text("Paris 3 4\nNew York 1 2\n. . 5 6\n");
  EXPECT_EQ(read.ids, Ids::strings({"Paris", "New York", ". ."}));
  EXPECT_THAT(read.vectors.row<float>(2), ElementsAre(5, 6));
}

TEST(ReadWord2vecText, NamesLineAndWordOfABadValue) {
  EXPECT_THAT(error_of([] { read_text("2 2\na 1 2\nb 1 x\n"); }),
              HasSubstr(R"(a.vec:3: value 1 of "b" is "x")"));
  EXPECT_THAT(error_of([] { read_text("2 2\na 1 nan\nb 1 2\n"); }),
              HasSubstr(R"(a.vec:2: value 1 of "a" is "nan")"));
  EXPECT_THAT(error_of([] { read_text("2 2\na 1 2\nb 1\n"); }), HasSubstr("a.vec:3: holds 2 fields"));
  EXPECT_THAT(error_of([] { read_text("a 1 2\n\xff 1 2\n"); }), HasSubstr("a.vec:2: the word"));
}

TEST(ReadWord2vecText, NamesBothLinesOfAWordThatStandsTwice) {
  const std::string error = error_of([] { read_text("3 1\na 1\nb 2\na 3\n"); });
  EXPECT_THAT(error, HasSubstr("a.vec:4"));
  EXPECT_THAT(error, HasSubstr("line 2"));
}

TEST(ReadWord2vecText, HoldsTheHeadingToItsWord) {
  EXPECT_THAT(error_of([] { read_text("3 1\na 1\nb 2\n"); }), HasSubstr("tells of 3 vectors, and 2 follow"));
  EXPECT_THAT(error_of([] { read_text("4000000000 1000000\na 1\n"); }), HasSubstr("a.vec:2: holds 2 fields"));
  EXPECT_THAT(error_of([] { read_text("3 0\n"); }), HasSubstr("a.vec:1"));
  EXPECT_THAT(error_of([] { read_text(""); }), HasSubstr("is empty"));
}

TEST(ReadWord2vecText, IsTheSameAtAnyThreadCount) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "w" + std::to_string(i) + " " + std::to_string(i) + " 1\n";
  Context one, five;
  one.threads = 1;
  five.threads = 5;
  const Embeddings a = read_text(text, one), b = read_text(text, five);
  EXPECT_EQ(a.size(), 200'000);
  EXPECT_EQ(fingerprint(a), fingerprint(b));
}

TEST(ReadWord2vecBinary, ReadsWordsWithAndWithoutLineEnds) {
  const Embeddings read =
      read_binary("2 2\n" + binary_vector("the", {0.5, -1}) + "\n" + binary_vector("of", {2, 3}));
  EXPECT_EQ(read.ids, Ids::strings({"the", "of"}));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(2, 3));
  EXPECT_EQ(read_binary("2 1\n" + binary_vector("7", {1}) + binary_vector("5", {1})).ids,
            Ids::integers({7, 5}));
}

TEST(ReadWord2vecBinary, TrustsNoSizeBeyondTheFile) {
  const std::string vector = binary_vector("the", {0.5, -1});
  EXPECT_THAT(error_of([&] { read_binary("4000000000 2\n" + vector); }),
              HasSubstr("4000000000 vectors of 2"));
  EXPECT_THAT(error_of([&] { read_binary("1 2000000000\n" + vector); }), HasSubstr("cut short"));
  EXPECT_THAT(error_of([&] { read_binary("1 1\n" + vector); }), HasSubstr("4 bytes behind the last of 1"));
  EXPECT_THAT(error_of([&] { read_binary(vector); }), HasSubstr("is no file of word2vec's binary form"));
}

TEST(ReadWord2vecBinary, ThrowsErrorWhereverTheFileIsCut) {
  const std::string whole = "2 2\n" + binary_vector("the", {0.5, -1}) + "\n" + binary_vector("of", {2, 3});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of([&] { read_binary(whole.substr(0, size)); }), "no error") << size;
  }
  EXPECT_THAT(error_of([&] { read_binary(whole.substr(0, whole.size() - 1)); }),
              HasSubstr("inside vector 1 of 2"));
}

TEST(ReadWord2vecBinary, NamesTheVectorsOfOneId) {
  const std::string file =
      "3 1\n" + binary_vector("a", {1}) + binary_vector("b", {1}) + binary_vector("a", {1});
  EXPECT_THAT(error_of([&] { read_binary(file); }),
              HasSubstr("the vectors 0 and 2 (counted from 0) both have the id \"a\""));
}

TEST(WriteWord2vec, RefusesAnIdThatTheFormCannotTell) {
  const TemporaryFolder folder;
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"Paris", "New York"});
  embeddings.vectors = Matrix::zeros(2, 1);
  for (const char* name : {"a.vec", "a.bin"}) {
    EXPECT_THAT(error_of([&] { write_vectors(embeddings, folder.file(name), false, {}); }),
                HasSubstr("\"New York\" of row 1"));
  }
  EXPECT_EQ(folder.num_entries(), 0);
}

}  // namespace
}  // namespace whitney::data
