#include "whitney/infer/encoded_file.h"

#include <gtest/gtest.h>

#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/embeddings.h"

namespace whitney::infer {
namespace {

// Two texts, of two tokens and of one.
EncodedCorpus tokens() {
  EncodedCorpus encoded;
  encoded.ids = Ids::strings({"a", "b"});
  encoded.encoding.vectors = Matrix(3, 2);
  for (int64_t i = 0; i < 6; ++i) encoded.encoding.vectors.mutable_data<float>()[i] = static_cast<float>(i);
  encoded.encoding.starts = {0, 2, 3};
  encoded.record.set("method", "encode");
  return encoded;
}

// Two texts, of the words 1 and 4, and of none.
EncodedCorpus words() {
  EncodedCorpus encoded;
  encoded.ids = Ids::strings({"a", "b"});
  encoded.encoding.sparse_starts = {0, 2, 2};
  encoded.encoding.sparse_words = {1, 4};
  encoded.encoding.sparse_weights = {0.5f, 2};
  return encoded;
}

class EncodedFile : public testing::Test {
 protected:
  Artifact written(const EncodedCorpus& encoded) {
    save(encoded, path_, true, Context());
    return Artifact::open(path_);
  }
  std::string error_of_loading(const EncodedCorpus& encoded) {
    return error_of([&] { load_encoded_texts(written(encoded)); });
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("texts.safetensors");
};

TEST_F(EncodedFile, GivesBackTheTokensOfTexts) {
  const Artifact artifact = written(tokens());
  ASSERT_TRUE(holds_encoded_texts(artifact));
  const EncodedCorpus read = load_encoded_texts(artifact);
  EXPECT_EQ(read.ids.string(1), "b");
  EXPECT_EQ(read.encoding.starts, tokens().encoding.starts);
  EXPECT_EQ(read.encoding.vectors.row<float>(2)[1], 5);
  EXPECT_EQ(read.record.at("method").as_string(), "encode");
}

TEST_F(EncodedFile, GivesBackTheWeightsOfWords) {
  const EncodedCorpus read = load_encoded_texts(written(words()));
  EXPECT_EQ(read.encoding.sparse_starts, words().encoding.sparse_starts);
  EXPECT_EQ(read.encoding.sparse_words, words().encoding.sparse_words);
  EXPECT_EQ(read.encoding.sparse_weights, words().encoding.sparse_weights);
  EXPECT_EQ(num_words_of(read), 5);
  EncodedCorpus told = words();
  told.record.set("num_words", 10);
  EXPECT_EQ(num_words_of(load_encoded_texts(written(told))), 10);
}

TEST_F(EncodedFile, IsNotTakenForOneVectorAText) {
  written(tokens());
  EXPECT_NE(error_of([&] { load_embeddings(path_); }).find("3 vectors of 2 texts"), std::string::npos);
  written(words());
  EXPECT_NE(error_of([&] { load_embeddings(path_); }).find("weights of words"), std::string::npos);
}

TEST_F(EncodedFile, NamesTheTensorThatDoesNotFit) {
  for (const std::vector<int64_t>& starts : {std::vector<int64_t>{0, 2, 4}, {1, 2, 3}, {0, 4, 3}}) {
    EncodedCorpus broken = tokens();
    broken.encoding.starts = starts;
    EXPECT_NE(error_of_loading(broken).find("\"vectors.starts\" is damaged"), std::string::npos);
  }
  EncodedCorpus other_ids = tokens();
  other_ids.ids = Ids::strings({"a", "b", "c"});
  EXPECT_NE(error_of_loading(other_ids).find("ids"), std::string::npos);
  EncodedCorpus negative = words();
  negative.encoding.sparse_words[0] = -1;
  EXPECT_NE(error_of_loading(negative).find("names word -1"), std::string::npos);
  EncodedCorpus beyond = words();
  beyond.record.set("num_words", 4);
  EXPECT_NE(error_of_loading(beyond).find("names word 4 of 4"), std::string::npos);
  EncodedCorpus fewer = words();
  fewer.encoding.sparse_weights.pop_back();
  EXPECT_NE(error_of_loading(fewer).find("1 weights of 2 words"), std::string::npos);
}

}  // namespace
}  // namespace whitney::infer
