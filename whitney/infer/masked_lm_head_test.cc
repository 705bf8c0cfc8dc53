#include "whitney/infer/masked_lm_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/json_file.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encoder.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

using ::testing::HasSubstr;

// The weights of all words of text `i`.
std::vector<float> weights_of(const Encoding& encoding, size_t i, int64_t num_words) {
  std::vector<float> weights(static_cast<size_t>(num_words), 0.0f);
  for (int64_t at = encoding.sparse_starts[i]; at < encoding.sparse_starts[i + 1]; ++at) {
    const auto place = static_cast<size_t>(at);
    weights[static_cast<size_t>(encoding.sparse_words[place])] = encoding.sparse_weights[place];
  }
  return weights;
}

void expect_near(const std::vector<float>& weights, const Value& wanted, const std::string& name) {
  ASSERT_EQ(weights.size(), wanted.as_list().size());
  for (size_t v = 0; v < weights.size(); ++v)
    EXPECT_NEAR(weights[v], wanted.as_list()[v].as_real(), 1e-5) << name << ": " << v;
}

std::string sparse_error(const std::string& model) {
  const Encoder encoder = Encoder::open(Context(), model);
  EncodeOptions options;
  options.output = EncodeOutput::kSparse;
  return error_of([&] { encoder.encode_tokens(Context(), {{2, 5, 3}, {0, 3}}, options); });
}

class MaskedLm : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("checkpoints").empty()) GTEST_SKIP() << "no tests/data above this folder, no WHITNEY_ROOT";
  }
};

TEST_F(MaskedLm, WeighsTheVocabularyByTheLogitsOfTransformers) {
  for (const std::string name : {"bert-mlm-tiny", "distilbert-mlm-tiny", "roberta-mlm-tiny", "mpnet-mlm-tiny",
                                 "modernbert-mlm-tiny", "modernbert-mlm-other-tiny", "nomic-bert-mlm-tiny"}) {
    const std::string path = kept_file("checkpoints/" + name);
    const Encoder encoder = Encoder::open(Context(), path);
    EncodeOptions options;
    options.output = EncodeOutput::kSparse;
    const Value expected = data::read_json_file(path + "/expected.json");
    for (const Value& value : expected.as_list()) {
      text::TokenBatch batch;
      for (const Value& id : value.at("input_ids").as_list())
        batch.ids.push_back(static_cast<int32_t>(id.as_int()));
      batch.starts.push_back(std::ssize(batch.ids));
      const Encoding encoding = encoder.encode_tokens(Context(), batch, options);
      EXPECT_TRUE(std::ranges::is_sorted(encoding.sparse_words));
      expect_near(weights_of(encoding, 0, encoder.dim(options)), value.at("sparse"), name);
    }
  }
}

TEST_F(MaskedLm, IsOfArchitecturesThatFillMasks) {
  EXPECT_THAT(sparse_error(kept_file("checkpoints/t5-tiny")),
              HasSubstr("a model of the type \"t5\" has no masked-LM head, which output=sparse needs; those "
                        "have one that are trained to fill masks (bert, roberta, xlm-roberta, camembert, "
                        "mpnet, distilbert, modernbert, nomic_bert)"));
  EXPECT_THAT(
      sparse_error(kept_file("checkpoints/roberta-tiny")),
      HasSubstr(
          "roberta-tiny/model.safetensors: has no masked-LM head (\"lm_head.dense.weight\" and others)"));
}

// Sums of logarithms and a largest logit drop what is no number where they compare it with 0 only.
TEST_F(MaskedLm, RefusesALogitThatIsNoNumber) {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  write_small_model(model);
  std::string weights = read_file(model + "/model.safetensors");
  uint64_t header = 0;
  std::memcpy(&header, weights.data(), sizeof header);
  const Value bias = Value::parse_json(std::string_view(weights).substr(sizeof header, header), "header")
                         .at("cls.predictions.bias");
  const int64_t begin = bias.at("data_offsets").as_list()[0].as_int();
  weights.replace(sizeof header + header + static_cast<size_t>(begin), sizeof(float), 4, '\xff');
  write_file(model + "/model.safetensors", weights);
  Corpus corpus;
  corpus.ids = Ids::row_numbers(1);
  corpus.texts = {"play"};
  EncodeOptions options;
  options.output = EncodeOutput::kSparse;
  const auto error = [&] {
    const Encoder encoder = Encoder::open(Context(), model);
    return error_of([&] { encode_corpus(Context(), encoder, model, corpus, options); });
  };
  EXPECT_THAT(error(), HasSubstr("gives values that are no numbers"));
  write_file(model + "/modules.json", R"([{"path":"","type":"MLMTransformer"},
                                          {"path":"1","type":"SpladePooling"}])");
  write_file(model + "/1/config.json", R"({"pooling_strategy":"sum"})");
  EXPECT_THAT(error(), HasSubstr("gives values that are no numbers"));
}

// A random BERT with a SpladePooling, and what sentence-transformers' SparseEncoder makes of some texts
// (make_splade.py).
class SpladeModel : public testing::Test {
 protected:
  void SetUp() override {
    kept_ = kept_file("encoder/splade-tiny");
    if (kept_.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
    std::filesystem::copy(kept_, model_, std::filesystem::copy_options::recursive);
  }
  // Compares with the weights that the reference keeps under a name.
  void expect_weights(const char* name, const EncodeOptions& options = {}) const {
    const Encoder encoder = Encoder::open(Context(), model_);
    const Value expected = data::read_json_file(kept_ + "/expected.json");
    std::vector<std::string_view> texts;
    for (const Value& one : expected.as_list()) texts.push_back(one.at("text").as_string());
    at_each_level([&] {
      const Encoding encoding = encoder.encode(Context(), texts, options);
      for (size_t i = 0; i < texts.size(); ++i)
        expect_near(weights_of(encoding, i, encoder.dim()), expected.as_list()[i].at(name), name);
    });
  }

  TemporaryFolder folder_;
  std::string model_ = folder_.file("model");
  std::string kept_;
};

TEST_F(SpladeModel, GivesTheWeightsOfSentenceTransformersUnasked) {
  EXPECT_EQ(Encoder::open(Context(), model_).output(), EncodeOutput::kSparse);
  expect_weights("max");
  EncodeOptions options;
  options.prompt_name = "query";
  expect_weights("query", options);
}

TEST_F(SpladeModel, SumsAndTakesTwoLogarithmsAsItsFilesSay) {
  write_file(model_ + "/1_SpladePooling/config.json",
             R"({"pooling_strategy": "sum", "activation_function": "log1p_relu"})");
  expect_weights("sum_log1p_relu");
}

TEST_F(SpladeModel, KeepsTheHeaviestWordsOnly) {
  write_file(model_ + "/config_sentence_transformers.json", R"({"max_active_dims": 3})");
  expect_weights("heaviest");
}

TEST_F(SpladeModel, GivesTheSameBitsAtAnyNumberOfThreads) {
  write_file(model_ + "/1_SpladePooling/config.json", R"({"pooling_strategy": "sum"})");
  const Encoder encoder = Encoder::open(Context(), model_);
  const std::vector<std::string_view> texts(60, "Plays a game of chess in a terminal.");
  const std::vector<float> alone = encoder.encode(Context(), {texts.data(), 1}).sparse_weights;
  for (const int threads : {1, 2, 5}) {
    const Encoding encoding = encoder.encode(with_threads(threads), texts);
    ASSERT_EQ(encoding.sparse_weights.size(), alone.size() * texts.size());
    for (size_t i = 0; i < encoding.sparse_weights.size(); ++i)
      EXPECT_EQ(encoding.sparse_weights[i], alone[i % alone.size()]);
  }
}

TEST_F(SpladeModel, HasNoVectors) {
  const Encoder encoder = Encoder::open(Context(), model_);
  EncodeOptions options;
  options.output = EncodeOutput::kDense;
  EXPECT_THAT(error_of([&] { encoder.dim(options); }), HasSubstr("expected: output=sparse"));
  EXPECT_EQ(encoder.dim(), 15);
}

}  // namespace
}  // namespace whitney::infer
