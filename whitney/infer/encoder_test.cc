#include "whitney/infer/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/json_file.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

double cosine(std::span<const float> a, std::span<const double> b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / std::sqrt(aa * bb);
}

std::vector<double> reals(const Value& list) {
  std::vector<double> values;
  for (const Value& value : list.as_list()) values.push_back(value.as_real());
  return values;
}

text::TokenBatch batch_of(const std::vector<std::vector<int32_t>>& texts) {
  text::TokenBatch batch;
  for (const auto& ids : texts) {
    batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
    batch.starts.push_back(std::ssize(batch.ids));
  }
  return batch;
}

std::vector<float> values_of(const Matrix& matrix) {
  std::vector<float> values;
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const auto row = matrix.row<float>(i);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

class TinyCheckpoints : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = data_folder("hf-tiny-checkpoints");
    if (folder_.empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  }
  Encoder open(const std::string& name) const { return Encoder::open(Context(), folder_ + "/" + name); }
  Matrix encode(const Encoder& encoder, const std::vector<std::vector<int32_t>>& texts,
                const EncodeOptions& options = {}) const {
    return encoder.encode_tokens(Context(), batch_of(texts), options).vectors;
  }

  std::string folder_;
};

TEST_F(TinyCheckpoints, GiveTheReferencesSentenceVectors) {
  for (const char* name : {"bert-tiny", "modernbert-tiny", "qwen2-tiny", "qwen3-tiny"}) {
    const Encoder encoder = open(name);
    const Value expected = data::read_json_file(folder_ + "/" + name + "/expected.json");
    for (const Value& value : expected.as_list()) {
      std::vector<int32_t> ids;
      for (const Value& id : value.find("input_ids")->as_list())
        ids.push_back(static_cast<int32_t>(id.as_int()));
      const Matrix vector = encode(encoder, {ids});
      const std::vector<double> wanted = reals(*value.find("sentence_embedding"));
      for (size_t c = 0; c < wanted.size(); ++c)
        EXPECT_NEAR(vector.row<float>(0)[c], wanted[c], 1e-5) << name;
    }
  }
}

TEST_F(TinyCheckpoints, PoolOneTokenToItselfInEveryMode) {
  const Encoder encoder = open("bert-tiny");
  EncodeOptions options;
  options.normalize = false;
  options.output = EncodeOutput::kTokens;
  const std::vector<float> state = values_of(encode(encoder, {{7}}, options));
  options.output = EncodeOutput::kDense;
  for (const PoolingMode mode :
       {PoolingMode::kCls, PoolingMode::kMax, PoolingMode::kMean, PoolingMode::kMeanSqrt,
        PoolingMode::kWeightedMean, PoolingMode::kLastToken}) {
    options.pooling = {mode};
    EXPECT_EQ(values_of(encode(encoder, {{7}}, options)), state) << name_of_enum(mode);
  }
}

TEST_F(TinyCheckpoints, WeighTokensByTheirPlaceInTheWeightedMean) {
  const Encoder encoder = open("bert-tiny");
  EncodeOptions options;
  options.output = EncodeOutput::kTokens;
  const Matrix states = encode(encoder, {{2, 7, 3}}, options);
  options = {};
  options.normalize = false;
  options.pooling = {PoolingMode::kWeightedMean};
  const Matrix vector = encode(encoder, {{2, 7, 3}}, options);
  for (size_t c = 0; c < 16; ++c) {
    const double wanted =
        (states.row<float>(0)[c] + 2.0 * states.row<float>(1)[c] + 3.0 * states.row<float>(2)[c]) / 6;
    EXPECT_NEAR(vector.row<float>(0)[c], wanted, 1e-6);
  }
}

TEST_F(TinyCheckpoints, LaySeveralPoolingsSideBySide) {
  const Encoder encoder = open("bert-tiny");
  EncodeOptions options;
  options.normalize = false;
  options.pooling = {PoolingMode::kCls};
  std::vector<float> wanted = values_of(encode(encoder, {{2, 7, 3}}, options));
  options.pooling = {PoolingMode::kMax};
  const std::vector<float> largest = values_of(encode(encoder, {{2, 7, 3}}, options));
  wanted.insert(wanted.end(), largest.begin(), largest.end());
  options.pooling = {PoolingMode::kCls, PoolingMode::kMax};
  EXPECT_EQ(values_of(encode(encoder, {{2, 7, 3}}, options)), wanted);
  EXPECT_EQ(encoder.dim(options), 32);
}

// Starbucks: a size (layer, dim) is a prefix of that layer's full vector, cut and then normalised.
TEST_F(TinyCheckpoints, CutToLayersAndCoordinatesOfTheFullRun) {
  const Encoder encoder = open("bert-tiny");
  EncodeOptions options;
  options.layer = 1;
  options.normalize = false;
  const Matrix full = encode(encoder, {{2, 7, 9, 3}}, options);
  options.dim = 5;
  const Matrix cut = encode(encoder, {{2, 7, 9, 3}}, options);
  options.normalize = true;
  const Matrix unit = encode(encoder, {{2, 7, 9, 3}}, options);
  double square = 0, length = 0;
  for (size_t c = 0; c < 5; ++c) {
    EXPECT_EQ(cut.row<float>(0)[c], full.row<float>(0)[c]);
    square += static_cast<double>(cut.row<float>(0)[c]) * cut.row<float>(0)[c];
    length += static_cast<double>(unit.row<float>(0)[c]) * unit.row<float>(0)[c];
  }
  EXPECT_NEAR(length, 1, 1e-6);
  EXPECT_NEAR(unit.row<float>(0)[4], cut.row<float>(0)[4] / std::sqrt(square), 1e-6);
}

TEST_F(TinyCheckpoints, GiveRowsInTheOrderOfTheTextsWhateverTheBatch) {
  const Encoder encoder = open("modernbert-tiny");
  std::vector<std::vector<int32_t>> texts;
  for (int i = 0; i < 60; ++i) {
    texts.emplace_back(static_cast<size_t>(1 + i * 7 % 40), 5 + i % 40);
    texts.back().front() = 2;
  }
  std::vector<float> alone;
  for (const auto& text : texts) {
    const std::vector<float> vector = values_of(encode(encoder, {text}));
    alone.insert(alone.end(), vector.begin(), vector.end());
  }
  for (int threads : {1, 2, 5}) {
    EXPECT_EQ(values_of(encoder.encode_tokens(with_threads(threads), batch_of(texts), {}).vectors), alone);
  }
}

TEST_F(TinyCheckpoints, GiveZerosForATextWithoutTokens) {
  const Matrix vectors = encode(open("bert-tiny"), {{}, {2, 3}});
  EXPECT_EQ(values_of(vectors)[0], 0);
  EXPECT_NE(values_of(vectors)[16], 0);
}

TEST_F(TinyCheckpoints, RefuseOptionsThatTheyCannotServe) {
  const Encoder encoder = open("bert-tiny");
  EncodeOptions options;
  options.dim = 17;
  EXPECT_THAT(error_of([&] { encode(encoder, {{2}}, options); }), testing::HasSubstr("the 16 values"));
  options = {};
  options.output = EncodeOutput::kSparse;
  EXPECT_THAT(error_of([&] { encode(encoder, {{2}}, options); }), testing::HasSubstr("masked-LM head"));
  const std::string_view text = "a";
  EXPECT_THAT(error_of([&] { encoder.encode(Context(), {&text, 1}); }), testing::HasSubstr("tokenizer.json"));
}

TEST(EncodeOptions, AreDeclaredAsAMethodsAre) {
  const std::vector<OptionSpec> specs = option_specs<EncodeOptions>();
  const auto pooling =
      std::find_if(specs.begin(), specs.end(), [](const OptionSpec& spec) { return spec.name == "pooling"; });
  ASSERT_NE(pooling, specs.end());
  const auto options = options_from<EncodeOptions>(
      Value::object({{"pooling", parse_option_text(*pooling, "mean,last")}, {"long_texts", "late"}}));
  EXPECT_EQ(options.pooling, (std::vector<PoolingMode>{PoolingMode::kMean, PoolingMode::kLastToken}));
  EXPECT_EQ(options.long_texts, LongTexts::kLate);
  EXPECT_FALSE(options.dim);
}

TEST(EncoderWithoutTokenizer, SaysWhatTheFolderLacksOrHowToConvertWhatItHas) {
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  std::filesystem::copy(kept_file("checkpoints/bert-mlm-tiny"), model);
  const Encoder encoder = Encoder::open(Context(), model);
  const auto error = [&] {
    return error_of([&] { encoder.encode(Context(), std::vector<std::string_view>{"a"}); });
  };
  EXPECT_EQ(error(), model + ": no tokenizer.json, no vocab.txt, and no vocab.json with merges.txt");
  write_file(model + "/sentencepiece.bpe.model", "pieces");
  EXPECT_TRUE(error().starts_with(model + ": sentencepiece.bpe.model is not read; save the tokenizer as a "
                                          "tokenizer.json"))
      << error();
}

TEST(StaticEmbedding, AveragesTheRowsOfItsTokens) {
  const TemporaryFolder folder;
  // Rows (0, 1), (2, 3), (4, 8) of float32.
  const float table[] = {0, 1, 2, 3, 4, 8};
  const std::string header = R"({"embedding.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}})";
  write_file(folder.file("model.safetensors"),
             safetensors(header, {reinterpret_cast<const char*>(table), sizeof table}));
  write_file(
      folder.file("modules.json"),
      R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}])");
  const Encoder encoder = Encoder::open(Context(), folder.path());
  const Matrix vectors = encoder.encode_tokens(Context(), batch_of({{2, 1}, {}, {0}})).vectors;
  EXPECT_EQ(values_of(vectors), (std::vector<float>{3, 5.5f, 0, 0, 0, 1}));
  EncodeOptions options;
  options.layer = 1;
  EXPECT_THAT(error_of([&] { encoder.encode_tokens(Context(), batch_of({{1}}), options); }),
              testing::HasSubstr("no layers"));
}

// A random table, and what sentence-transformers makes of some texts by it (make_static.py).
TEST(StaticEmbedding, GivesTheVectorsOfSentenceTransformers) {
  const std::string folder = kept_file("encoder/static-tiny");
  if (folder.empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  const Encoder encoder = Encoder::open(Context(), folder);
  const Value expected = data::read_json_file(folder + "/expected.json");
  for (const Value& one : expected.as_list()) {
    const std::string_view texts[] = {one.at("text").as_string()};
    const Matrix vector = encoder.encode(Context(), texts).vectors;
    const auto& wanted = one.at("vector").as_list();
    ASSERT_EQ(vector.cols(), std::ssize(wanted));
    for (size_t c = 0; c < wanted.size(); ++c)
      EXPECT_NEAR(vector.row<float>(0)[c], wanted[c].as_real(), 1e-6) << texts[0];
  }
}

// all-MiniLM-L6-v2, in the folder that WHITNEY_MINILM names.
class MiniLm : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("WHITNEY_MINILM");
    if (folder == nullptr) GTEST_SKIP() << "no model: set WHITNEY_MINILM to a folder of all-MiniLM-L6-v2";
    folder_ = folder;
    for (const Value& one : golden_.as_list()) texts_.push_back(one.find("text")->as_string());
    views_.assign(texts_.begin(), texts_.end());
  }

  std::string folder_;
  Value golden_ = data::read_json_file(kept_file("encoder/minilm.json"));
  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
};

TEST_F(MiniLm, GivesTheVectorsOfSentenceTransformers) {
  const Encoder encoder = Encoder::open(Context(), folder_);
  at_each_level([&] {
    const Matrix vectors = encoder.encode(Context(), views_).vectors;
    ASSERT_EQ(vectors.rows(), std::ssize(texts_));
    for (int64_t i = 0; i < vectors.rows(); ++i) {
      const Value& one = golden_.as_list()[static_cast<size_t>(i)];
      EXPECT_GT(cosine(vectors.row<float>(i), reals(*one.find("vector"))), 0.999999)
          << texts_[static_cast<size_t>(i)];
    }
  });
}

TEST_F(MiniLm, StaysCloseInEightBits) {
  const Encoder encoder = Encoder::open(Context(), folder_, Precision::kInt8);
  const Matrix vectors = encoder.encode(Context(), views_).vectors;
  for (int64_t i = 0; i < vectors.rows(); ++i) {
    const Value& one = golden_.as_list()[static_cast<size_t>(i)];
    EXPECT_GT(cosine(vectors.row<float>(i), reals(*one.find("vector"))), 0.99)
        << texts_[static_cast<size_t>(i)];
  }
}

TEST_F(MiniLm, GivesABatchTheSameBitsAsItsTexts) {
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    const Encoder encoder = Encoder::open(Context(), folder_, precision);
    std::vector<std::string_view> many;
    for (int copy = 0; copy < 3; ++copy) many.insert(many.end(), views_.begin(), views_.end());
    std::vector<float> alone;
    for (int copy = 0; copy < 3; ++copy) {
      for (const std::string_view& text : views_) {
        const std::vector<float> vector = values_of(encoder.encode(with_threads(1), {&text, 1}).vectors);
        alone.insert(alone.end(), vector.begin(), vector.end());
      }
    }
    for (const int threads : {1, 2, 5})
      EXPECT_EQ(values_of(encoder.encode(with_threads(threads), many).vectors), alone);
  }
}

TEST_F(MiniLm, AveragesWindowsOfLongTextsAndPoolsThemLate) {
  const Encoder encoder = Encoder::open(Context(), folder_);
  const std::string_view long_text = views_.back(), short_text = views_[2];
  EncodeOptions options;
  options.long_texts = LongTexts::kMean;
  options.max_length = 32;
  const std::vector<std::string_view> texts{long_text, short_text};
  const Matrix means = encoder.encode(Context(), texts, options).vectors;
  EXPECT_EQ(means.rows(), 2);
  // One window is the text itself.
  EXPECT_EQ(values_of(encoder.encode(Context(), {&short_text, 1}, options).vectors),
            values_of(encoder.encode(Context(), {&short_text, 1}).vectors));
  options.long_texts = LongTexts::kLate;
  const Encoding late = encoder.encode(Context(), texts, options);
  ASSERT_EQ(late.starts.size(), 3u);
  // 510 tokens of the text fit the model's 512 positions: 17 windows of 30, and 11 of a second run.
  EXPECT_EQ(late.starts[1], 28);
  EXPECT_EQ(late.starts[2], 29);
}

TEST(Encoder, TakesATextOfTenMegabytes) {
  const TemporaryFolder folder;
  write_small_model(folder.file("model"));
  const Encoder encoder = Encoder::open(Context(), folder.file("model"));
  std::string text;
  const size_t size = 10'000'000 / one_in();
  while (text.size() < size) text += "play music 1 2 3 ";
  const std::string_view texts[] = {text, "game"};
  EncodeOptions options;
  const Matrix beginning = encoder.encode(Context(), texts, options).vectors;
  options.long_texts = LongTexts::kMean;
  const Matrix mean = encoder.encode(Context(), texts, options).vectors;
  const auto first = beginning.row<float>(0), all = mean.row<float>(0);
  EXPECT_FALSE(std::ranges::equal(first, all));
  for (const float value : all) EXPECT_TRUE(std::isfinite(value));
  EXPECT_TRUE(std::ranges::equal(beginning.row<float>(1), mean.row<float>(1)));
}

// SmolLM2-135M-Instruct, in the GGUF file that WHITNEY_SMOLLM2 names.
TEST(SmolLm2, GivesTheIdsAndStatesOfTransformers) {
  const char* path = std::getenv("WHITNEY_SMOLLM2");
  if (path == nullptr)
    GTEST_SKIP() << "no model: set WHITNEY_SMOLLM2 to the .gguf file of SmolLM2-135M-Instruct";
  const Encoder encoder = Encoder::open(Context(), path);
  const Value golden = data::read_json_file(kept_file("encoder/smollm2.json"));
  EncodeOptions options;
  options.normalize = false;
  for (const Value& one : golden.as_list()) {
    const std::string& text = one.find("text")->as_string();
    std::vector<int32_t> ids;
    for (const Value& id : one.find("ids")->as_list()) ids.push_back(static_cast<int32_t>(id.as_int()));
    EXPECT_EQ(encoder.tokenizer()->encode(text), ids);
    const Matrix mean = encoder.encode_tokens(Context(), batch_of({ids}), options).vectors;
    const std::vector<double> known = reals(*one.find("mean"));
    EXPECT_GT(cosine(mean.row<float>(0), known), 0.999999) << text;
    double apart = 0;
    for (size_t i = 0; i < known.size(); ++i)
      apart = std::max(apart, std::abs(known[i] - mean.row<float>(0)[i]));
    EXPECT_LT(apart, 1e-4) << text;
  }
}

// llama.cpp multiplies by the file's four-bit blocks and rounds its activations to eight bits; we unpack to
// float32.
TEST(SmolLm2, GivesTheVectorsOfLlamaCpp) {
  const char* path = std::getenv("WHITNEY_SMOLLM2");
  if (path == nullptr)
    GTEST_SKIP() << "no model: set WHITNEY_SMOLLM2 to the .gguf file of SmolLM2-135M-Instruct";
  const Encoder encoder = Encoder::open(Context(), path);
  const Value golden = data::read_json_file(kept_file("encoder/smollm2_llama_cpp.json"));
  for (const auto& [name, pooling] :
       {std::pair("mean", PoolingMode::kMean), std::pair("last", PoolingMode::kLastToken)}) {
    EncodeOptions options;
    options.pooling = {pooling};
    for (const Value& one : golden.as_list()) {
      const std::string_view text = one.find("text")->as_string();
      const Matrix vectors = encoder.encode(Context(), {&text, 1}, options).vectors;
      EXPECT_GT(cosine(vectors.row<float>(0), reals(*one.find(name))), 0.995) << name << ": " << text;
    }
  }
}

}  // namespace
}  // namespace whitney::infer
