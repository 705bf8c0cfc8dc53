#include "whitney/infer/encode_corpus.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/infer/encoded_file.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/infer/progress_cases_test.h"

namespace whitney::infer {
namespace {

// A small random model with words of its own.
class EncodeCorpus : public testing::Test {
 protected:
  void SetUp() override {
    model_ = folder_.file("model");
    write_small_model(model_);
  }

  static Corpus corpus_of(int64_t num_texts) {
    Corpus corpus;
    std::vector<std::string> ids;
    for (int64_t i = 0; i < num_texts; ++i) {
      ids.push_back("t" + std::to_string(i));
      std::string text = i % 3 == 0 ? "play music" : "game";
      for (int64_t word = 0; word < i % 7; ++word) text += " " + std::to_string((i * 5 + word) % 40);
      corpus.texts.push_back(std::move(text));
    }
    corpus.ids = Ids::strings(ids);
    return corpus;
  }

  static std::vector<float> values_of(const EncodedCorpus& encoded) {
    const auto* values = reinterpret_cast<const float*>(encoded.encoding.vectors.bytes().data());
    return {values, values + encoded.encoding.vectors.rows() * encoded.encoding.vectors.cols()};
  }

  TemporaryFolder folder_;
  std::string model_;
};

TEST_F(EncodeCorpus, GoesOnWhereItWasStoppedAndGivesTheSameBytes) {
  const Encoder encoder = Encoder::open(Context(), model_);
  const Corpus corpus = corpus_of(5000);
  for (const EncodeOutput output : {EncodeOutput::kDense, EncodeOutput::kTokens, EncodeOutput::kSparse}) {
    EncodeOptions options;
    options.output = output;
    const EncodedCorpus straight = encode_corpus(Context(), encoder, model_, corpus, options);
    const std::string journal = folder_.file("out.partial");
    CancellationToken token;
    StopAfter progress(2048, token);
    Context context;
    context.progress = &progress;
    context.cancellation = &token;
    EXPECT_THROW(encode_corpus(context, encoder, model_, corpus, options, journal), Cancelled);
    ASSERT_TRUE(std::filesystem::exists(journal));

    const EncodedCorpus resumed = encode_corpus(Context(), encoder, model_, corpus, options, journal);
    EXPECT_EQ(resumed.num_resumed, 2048);
    EXPECT_EQ(values_of(resumed), values_of(straight));
    EXPECT_EQ(resumed.encoding.starts, straight.encoding.starts);
    EXPECT_EQ(resumed.encoding.sparse_starts, straight.encoding.sparse_starts);
    EXPECT_EQ(resumed.encoding.sparse_words, straight.encoding.sparse_words);
    EXPECT_EQ(resumed.encoding.sparse_weights, straight.encoding.sparse_weights);
    forget_journal(journal);
    EXPECT_FALSE(std::filesystem::exists(journal));
  }
}

TEST_F(EncodeCorpus, KeepsFewLongTexts) {
  const Encoder encoder = Encoder::open(Context(), model_);
  Corpus corpus = corpus_of(8);
  for (std::string& text : corpus.texts) text.append(50'000, ' ');  // three reach the size of a block
  const std::string journal = folder_.file("out.partial");
  const EncodedCorpus straight = encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  const EncodedCorpus resumed = encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  EXPECT_EQ(resumed.num_resumed, 6);
  EXPECT_EQ(values_of(resumed), values_of(straight));
}

TEST_F(EncodeCorpus, SaysThatOtherWorkIsBegunAnew) {
  const Encoder encoder = Encoder::open(Context(), model_);
  Corpus corpus = corpus_of(3000);
  const std::string journal = folder_.file("out.partial");
  encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  Notes notes;
  Context context;
  context.progress = &notes;
  encode_corpus(context, encoder, model_, corpus, {}, journal);
  EXPECT_EQ(notes.sentences, std::vector<std::string>());
  EncodeOptions options;
  options.dim = 4;
  encode_corpus(context, encoder, model_, corpus, options, journal);
  ASSERT_EQ(notes.sentences.size(), 1);
  EXPECT_TRUE(notes.sentences[0].starts_with(journal + ": holds work on other texts")) << notes.sentences[0];
}

TEST_F(EncodeCorpus, NamesTheTextWhoseValuesAreNoNumbers) {
  spoil_word_music(model_);
  const Encoder encoder = Encoder::open(Context(), model_);
  Corpus corpus = corpus_of(3000);
  for (int64_t i = 0; i < 3000; ++i) {
    if (i != 2500) corpus.texts[size_t(i)] = "game";
  }
  corpus.texts[2500] = "game music";  // in the second block
  const std::string sentence = error_of([&] { encode_corpus(Context(), encoder, model_, corpus, {}); });
  EXPECT_EQ(sentence, model_ +
                          ": gives values that are no numbers for text \"t2500\" (expected: a model whose "
                          "weights are finite)");
}

TEST_F(EncodeCorpus, BeginsAnewWhenTheTextsChanged) {
  const Encoder encoder = Encoder::open(Context(), model_);
  Corpus corpus = corpus_of(3000);
  const std::string journal = folder_.file("out.partial");
  encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  EXPECT_EQ(encode_corpus(Context(), encoder, model_, corpus, {}, journal).num_resumed, 2048);
  corpus.texts[0] = "game game";
  const EncodedCorpus anew = encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  EXPECT_EQ(anew.num_resumed, 0);
  EXPECT_EQ(values_of(anew), values_of(encode_corpus(Context(), encoder, model_, corpus, {})));
}

TEST_F(EncodeCorpus, KeepsTheWorkOnTextsBeforeTheFirstThatChanged) {
  const Encoder encoder = Encoder::open(Context(), model_);
  Corpus corpus = corpus_of(7000);
  const std::string journal = folder_.file("out.partial");
  encode_corpus(Context(), encoder, model_, corpus, {}, journal);
  corpus.texts[3000] = "game game";
  Notes notes;
  Context context;
  context.progress = &notes;
  const EncodedCorpus resumed = encode_corpus(context, encoder, model_, corpus, {}, journal);
  EXPECT_EQ(resumed.num_resumed, 2048);
  EXPECT_EQ(values_of(resumed), values_of(encode_corpus(Context(), encoder, model_, corpus, {})));
  ASSERT_EQ(notes.sentences.size(), 1);
  EXPECT_TRUE(
      notes.sentences[0].ends_with("holds work on other texts behind the first 2048, and is begun "
                                   "anew from there"))
      << notes.sentences[0];
}

TEST_F(EncodeCorpus, KeepsWhereTheVectorsComeFrom) {
  const Encoder encoder = Encoder::open(Context(), model_);
  EncodeOptions options;
  options.dim = 4;
  const EncodedCorpus encoded = encode_corpus(Context(), encoder, model_, corpus_of(3), options);
  save(encoded, folder_.file("out.safetensors"), false, Context());
  const Embeddings read = load_embeddings(folder_.file("out.safetensors"));
  EXPECT_EQ(read.dim(), 4);
  EXPECT_EQ(read.record.at("method").as_string(), "encode");
  EXPECT_EQ(read.record.at("options").at("dim").as_int(), 4);
  EXPECT_EQ(read.record.at("inputs").as_list()[0].at("fingerprint").as_string(),
            fingerprint_of_model(model_));
}

TEST_F(EncodeCorpus, FingerprintsEveryFileOfAModel) {
  const std::string before = fingerprint_of_model(model_);
  EXPECT_EQ(fingerprint_of_model(model_), before);
  write_file(model_ + "/README.md", "not a part of the model");
  EXPECT_EQ(fingerprint_of_model(model_), before);
  write_file(model_ + "/vocab.txt", "other\n");
  EXPECT_NE(fingerprint_of_model(model_), before);
}

TEST_F(EncodeCorpus, GivesNoVectorsForNoTexts) {
  const Encoder encoder = Encoder::open(Context(), model_);
  const EncodedCorpus encoded = encode_corpus(Context(), encoder, model_, Corpus(), {});
  EXPECT_EQ(encoded.encoding.vectors.rows(), 0);
  EXPECT_EQ(encoded.encoding.vectors.cols(), 16);
}

}  // namespace
}  // namespace whitney::infer
