#include "whitney/infer/not_finite.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/encode_query.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

class NotFiniteValues : public testing::Test {
 protected:
  void SetUp() override {
    model_ = folder_.file("model");
    write_small_model(model_);
  }

  std::string error_with(const EncodeOptions& options) const {
    const std::vector<std::string_view> texts{"play", "game 1 2 3", "play music", "play"};
    const Encoder encoder = Encoder::open(Context(), model_);
    return error_of([&] { encoder.encode(Context(), texts, options); });
  }
  std::string sentence_of_text(int place) const {
    return model_ + ": gives values that are no numbers for text number " + std::to_string(place) +
           " (expected: a model whose weights are finite)";
  }

  TemporaryFolder folder_;
  std::string model_;
};

TEST_F(NotFiniteValues, NameTheTextWhateverComesOut) {
  spoil_word_music(model_);
  EXPECT_EQ(error_with({}), sentence_of_text(2));
  EncodeOptions options;
  options.normalize = true;
  EXPECT_EQ(error_with(options), sentence_of_text(2));
  options = {};
  options.output = EncodeOutput::kTokens;
  EXPECT_EQ(error_with(options), sentence_of_text(2));
  options.output =
      EncodeOutput::kSparse;  // whose decoder is the table of words: "music" gets no number anywhere
  EXPECT_EQ(error_with(options), sentence_of_text(0));
  options = {};
  options.max_length = 4;
  for (const LongTexts long_texts : {LongTexts::kMean, LongTexts::kLate}) {
    options.long_texts = long_texts;
    EXPECT_EQ(error_with(options), sentence_of_text(2));
  }
}

TEST_F(NotFiniteValues, SurviveEveryPooling) {
  spoil_word_music(model_);
  for (const PoolingMode mode :
       {PoolingMode::kCls, PoolingMode::kMax, PoolingMode::kMean, PoolingMode::kMeanSqrt,
        PoolingMode::kWeightedMean, PoolingMode::kLastToken}) {
    EncodeOptions options;
    options.pooling = {mode};
    EXPECT_EQ(error_with(options), sentence_of_text(2));
  }
}

TEST_F(NotFiniteValues, AreRefusedAmongWeightsOfWords) {
  fill_tensor(model_ + "/model.safetensors", "cls.predictions.bias", 3, 1,
              std::numeric_limits<float>::infinity());
  EncodeOptions options;
  options.output = EncodeOutput::kSparse;
  EXPECT_EQ(error_with(options), sentence_of_text(0));
  EXPECT_EQ(error_with({}), "no error");
}

TEST_F(NotFiniteValues, AreRefusedOfTokensAndQueries) {
  spoil_word_music(model_);
  const Encoder encoder = Encoder::open(Context(), model_);
  text::TokenBatch tokens;
  tokens.ids = {5, 6};
  tokens.starts = {0, 1, 2};
  EXPECT_EQ(error_of([&] { encoder.encode_tokens(Context(), tokens); }), sentence_of_text(1));
  const std::vector<std::string_view> queries{"game", "music"};
  EXPECT_EQ(error_of([&] { encode_queries(Context(), encoder, Value::object(), 16, queries); }),
            sentence_of_text(1));
}

TEST_F(NotFiniteValues, CanBeSaidOfATextByItsName) {
  const NotFinite error("model", 3);
  EXPECT_STREQ(error.of_text("\"t7\"").what(),
               "model: gives values that are no numbers for text \"t7\" (expected: a model whose weights are "
               "finite)");
}

}  // namespace
}  // namespace whitney::infer
