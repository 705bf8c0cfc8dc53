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

// A largest logit drops what is no number where it is compared with 0 only.
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
}

}  // namespace
}  // namespace whitney::infer
