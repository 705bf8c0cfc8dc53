#include "whitney/infer/encode_query.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

// A small random model with words and prompts of its own.
class EncodeQuery : public testing::Test {
 protected:
  void SetUp() override {
    model_ = folder_.file("model");
    write_small_model(model_);
    write_file(model_ + "/config_sentence_transformers.json",
               R"({"prompts": {"query": "game ", "document": "play "}})");
  }

  Value record_of(const Encoder& encoder, const EncodeOptions& options = {}) const {
    const Corpus corpus{Ids::row_numbers(1), {"music 3"}};
    return encode_corpus(Context(), encoder, model_, corpus, options).record;
  }
  static std::vector<float> values_of(const Matrix& matrix) {
    const auto* values = reinterpret_cast<const float*>(matrix.bytes().data());
    return {values, values + matrix.rows() * matrix.cols()};
  }
  static Value index_over(Value record) {
    return Value::object({{"method", "hnsw"}, {"parents", Value::List{std::move(record)}}});
  }

  TemporaryFolder folder_;
  std::string model_;
  std::vector<std::string_view> queries_{"music 7", "3"};
};

TEST_F(EncodeQuery, TakesTheOptionsOfTheTextsAndThePromptOfQueries) {
  const Encoder encoder = Encoder::open(Context(), model_);
  EncodeOptions options;
  options.dim = 5;
  options.layer = 1;
  options.long_texts = LongTexts::kMean;
  const Value record = index_over(record_of(encoder, options));
  const Matrix vectors = encode_queries(Context(), encoder, record, 5, queries_);
  options.long_texts = LongTexts::kCut;
  options.prompt_name = "query";
  EXPECT_EQ(values_of(vectors), values_of(encoder.encode(Context(), queries_, options).vectors));
}

TEST_F(EncodeQuery, KeepsAPromptThatTheTextsWereGiven) {
  const Encoder encoder = Encoder::open(Context(), model_);
  EncodeOptions options;
  options.prompt = "1 2 ";
  const Value record = record_of(encoder, options);
  EXPECT_EQ(values_of(encode_queries(Context(), encoder, record, 16, queries_)),
            values_of(encoder.encode(Context(), queries_, options).vectors));
}

TEST_F(EncodeQuery, WeighsTokensAsTheTextsWere) {
  const Encoder encoder = Encoder::open(Context(), model_);
  const std::string table = folder_.file("idf.json");
  write_file(table, R"({"music": 3.5, "[CLS]": 0.125})");
  EncodeOptions options;
  options.token_weights = Path{table};
  options.last_tokens = 3;
  options.last_layers = 2;
  const Value record = index_over(record_of(encoder, options));
  options.prompt_name = "query";
  const Matrix vectors = encode_queries(Context(), encoder, record, 16, queries_);
  EXPECT_EQ(values_of(vectors), values_of(encoder.encode(Context(), queries_, options).vectors));
  options.token_weights.reset();
  EXPECT_NE(values_of(vectors), values_of(encoder.encode(Context(), queries_, options).vectors));
  write_file(table, R"({"music": 3})");
  const std::string error = error_of([&] { encode_queries(Context(), encoder, record, 16, queries_); });
  EXPECT_NE(error.find("idf.json: has changed since the texts were encoded"), std::string::npos) << error;
}

TEST_F(EncodeQuery, TakesTheDefaultsForVectorsFromElsewhere) {
  const Encoder encoder = Encoder::open(Context(), model_);
  EncodeOptions options;
  options.prompt_name = "query";
  EXPECT_EQ(values_of(encode_queries(Context(), encoder, Value::object(), 16, queries_)),
            values_of(encoder.encode(Context(), queries_, options).vectors));
}

// A file of compress standardize changes its queries; what is made of its vectors does not.
TEST_F(EncodeQuery, RefusesVectorsThatWereChangedBehindTheirEncoding) {
  const Encoder encoder = Encoder::open(Context(), model_);
  Value changed = Value::object({{"method", "standardize"}, {"changes_vectors", true}});
  changed.set("parents", Value::List{record_of(encoder)});
  EXPECT_EQ(encode_queries(Context(), encoder, changed, 16, queries_).rows(), 2);
  const Value index = index_over(index_over(changed));
  const std::string error = error_of([&] { encode_queries(Context(), encoder, index, 16, queries_); });
  EXPECT_NE(error.find("changed by compress standardize behind their encoding"), std::string::npos) << error;
}

TEST_F(EncodeQuery, AsksForTheModelThatMadeTheVectors) {
  const Encoder encoder = Encoder::open(Context(), model_);
  const std::string error =
      error_of([&] { encode_queries(Context(), encoder, Value::object(), 384, queries_); });
  EXPECT_NE(error.find("vectors of 16 dimensions, and those searched have 384"), std::string::npos) << error;
}

TEST_F(EncodeQuery, TellsPrecisionAndModelOfTheTexts) {
  const Encoder encoder = Encoder::open(Context(), model_, Precision::kInt8);
  const Value record = index_over(record_of(encoder));
  EXPECT_EQ(encoded_precision(record), Precision::kInt8);
  EXPECT_EQ(encoding_model(record), fingerprint_of_model(model_));
  EXPECT_EQ(encoded_precision(Value::object()), Precision::kFloat32);
  EXPECT_EQ(encoding_model(Value::object()), std::nullopt);
}

TEST_F(EncodeQuery, BoundsTextsByPositionsOrByTheModelsSettings) {
  EXPECT_EQ(Encoder::open(Context(), model_).max_length(), 40);
  write_file(model_ + "/modules.json",
             R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                 {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  write_file(model_ + "/1_Pooling/config.json",
             R"({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true})");
  write_file(model_ + "/sentence_bert_config.json", R"({"max_seq_length": 12})");
  EXPECT_EQ(Encoder::open(Context(), model_).max_length(), 12);
}

}  // namespace
}  // namespace whitney::infer
