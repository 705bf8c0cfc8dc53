#include "whitney/infer/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Context kContext;

// The 112 bytes of the format's description: a = [[1, 2], [3, -0.5]].
std::string golden() {
  return safetensors(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})",
      std::string("\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x00\xbf", 16));
}

Weights weights_of(const std::string& file) { return Weights::of(bytes_of(file), "a.safetensors"); }

std::vector<float> values_of(const WeightTensor& tensor) {
  const Array<float> values = tensor.to_float32(kContext);
  return {values.begin(), values.end()};
}

TEST(Weights, ReadTheGoldenBytesOfTheFormat) {
  const std::string file = golden();
  ASSERT_EQ(file.size(), 112);
  const Weights weights = weights_of(file);
  ASSERT_EQ(weights.tensors().size(), 1);
  EXPECT_EQ(weights.tensors()[0].type, WeightType::kF32);
  EXPECT_THAT(values_of(weights.tensor("a", {2, 2})), ElementsAre(1, 2, 3, -0.5f));
}

// 1, the largest, the smallest subnormal and normal, -1, of either form; the values of torch's
// float8_e4m3fn and float8_e5m2.
TEST(Weights, ReadFloatsOfEightBits) {
  const Weights weights =
      weights_of(safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[1,5],"data_offsets":[0,5]},)"
                             R"("b":{"dtype":"F8_E5M2","shape":[5],"data_offsets":[5,10]}})",
                             "\x38\x7e\x01\x08\xb8\x3c\x7b\x01\x04\xbc"));
  EXPECT_THAT(values_of(weights.tensor("a", {1, 5})), ElementsAre(1, 448, 0x1p-9f, 0x1p-6f, -1));
  EXPECT_THAT(values_of(weights.tensor("b", {5})), ElementsAre(1, 57344, 0x1p-16f, 0x1p-14f, -1));
  EXPECT_TRUE(std::isnan(float8_value(WeightType::kF8_E4M3, 0x7f)));
  EXPECT_TRUE(std::isinf(float8_value(WeightType::kF8_E5M2, 0x7c)));
  EXPECT_TRUE(std::isnan(float8_value(WeightType::kF8_E5M2, 0xfd)));
}

TEST(Weights, RefuseFloatsOfEightBitsThatAreScaled) {
  const std::string file = safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]},)"
                                       R"("a_scale_inv":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})",
                                       std::string(5, '\x38'));
  EXPECT_THAT(error_of([&] { weights_of(file); }), HasSubstr("is to be scaled by \"a_scale_inv\""));
}

TEST(Weights, NameATypeThatIsNotRead) {
  const std::string file =
      safetensors(R"({"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}})", std::string(1, '\x38'));
  EXPECT_THAT(error_of([&] { weights_of(file); }),
              HasSubstr("tensor \"a\" is of type \"F8_E8M0\", which Whitney does not read (expected: BOOL"));
}

TEST(Weights, ShowTheMappedFileWhereItHoldsFloats) {
  TemporaryFolder folder;
  write_file(folder.file("model.safetensors"), golden());
  const Weights weights = Weights::open(folder.path());
  const WeightTensor& tensor = weights.tensor("a", {2, 2});
  const auto* inside = reinterpret_cast<const float*>(tensor.bytes.data());
  EXPECT_EQ(tensor.to_float32(kContext).data(), inside);
  EXPECT_EQ(static_cast<const void*>(weights.matrix("a", 2, 2, kContext).view().data), inside);
}

TEST(Weights, StayReadableWhenOnlyATensorIsLeft) {
  TemporaryFolder folder;
  write_file(folder.file("model.safetensors"), golden());
  WeightTensor kept = Weights::open(folder.path()).tensor("a", {2, 2});
  float row[2];
  kept.copy_rows(1, 2, row);
  EXPECT_THAT(row, ElementsAre(3, -0.5f));
}

// The header has a length that puts the data 2 bytes off a float's place.
TEST(Weights, CopyFloatsThatAreNotAligned) {
  std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  while (header.size() % 4 != 2) header += ' ';
  const std::vector<float> values{1.5f, -2};
  const Weights weights = weights_of(safetensors(header, {reinterpret_cast<const char*>(values.data()), 8}));
  EXPECT_EQ(values_of(weights.tensor("a", {2})), values);
}

TEST(Weights, ReadHalvesAndBrainFloatsByRows) {
  // 1 and 2 as F16; -1 and 0.5 as BF16.
  const Weights weights = weights_of(safetensors(
      R"({"h":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]}})",
      std::string("\x00\x3c\x00\x40\x80\xbf\x00\x3f", 8)));
  EXPECT_THAT(values_of(weights.tensor("h", {2, 1})), ElementsAre(1, 2));
  EXPECT_THAT(values_of(weights.tensor("b", {2, 1})), ElementsAre(-1, 0.5f));
  float second;
  weights.tensor("b", {2, 1}).copy_rows(1, 2, &second);
  EXPECT_EQ(second, 0.5f);
}

TEST(Weights, FindNamesBehindThePrefixOfAWholeModel) {
  const auto with = [](const std::string& name) {
    return weights_of(
        safetensors(R"({")" + name + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", ""));
  };
  for (const char* name : {"x.weight", "bert.x.weight", "roberta.x.weight", "xlm-roberta.x.weight",
                           "distilbert.x.weight", "model.x.weight"})
    EXPECT_TRUE(with(name).has("x.weight")) << name;
  EXPECT_FALSE(with("other.x.weight").has("x.weight"));
  EXPECT_TRUE(with("bert.a.LayerNorm.gamma").has("a.LayerNorm.weight"));
  EXPECT_TRUE(with("a.LayerNorm.beta").has("a.LayerNorm.bias"));
  EXPECT_FALSE(with("a.other.gamma").has("a.other.weight"));
}

TEST(Weights, PreferTheBareName) {
  const Weights weights = weights_of(safetensors(
      R"({"model.x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
      std::string("\x00\x00\x80\x3f\x00\x00\x00\x40", 8)));
  EXPECT_THAT(values_of(weights.tensor("x", {1})), ElementsAre(2));
}

TEST(Weights, NameFileTensorAndBothShapesWhenTheyDiffer) {
  const Weights weights = weights_of(golden());
  const std::string error = error_of([&] { weights.tensor("a", {2, 3}); });
  EXPECT_THAT(error, HasSubstr("a.safetensors: tensor \"a\" has the shape [2, 2]"));
  EXPECT_THAT(error, HasSubstr("must be [2, 3]"));
  EXPECT_THAT(error_of([&] { weights.tensor("b", {2}); }), HasSubstr("a.safetensors: has no tensor \"b\""));
}

TEST(Weights, RefuseToReadIntegersAsWeights) {
  const Weights weights = weights_of(
      safetensors(R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\1')));
  EXPECT_THAT(error_of([&] { weights.tensor("ids", {1}).to_float32(kContext); }),
              HasSubstr("tensor \"ids\" is of type I64"));
}

TEST(Weights, RefuseAPickleAndSayWhatToDo) {
  TemporaryFolder folder;
  write_file(folder.file("pytorch_model.bin"), "PK");
  for (const std::string& path : {folder.path(), folder.file("pytorch_model.bin"), std::string("x.pt")}) {
    const std::string error = error_of([&] { Weights::open(path); });
    EXPECT_THAT(error, HasSubstr("is a Python pickle")) << path;
    EXPECT_THAT(error, HasSubstr("safe_serialization=True"));
  }
}

TEST(Weights, NameTheFolderThatHoldsNone) {
  TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { Weights::open(folder.path()); }),
              HasSubstr("holds no weights: neither model.safetensors nor"));
}

// The variants that safetensors' own reader refuses.
TEST(Weights, RefuseEveryMalformedFile) {
  const auto error = [](const std::string& header, int64_t data = 0) {
    return error_of([&] { weights_of(safetensors(header, std::string(static_cast<size_t>(data), 'x'))); });
  };
  const auto entry = [](const std::string& name, const std::string& shape, const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
  };
  std::string huge = golden();
  huge[5] = '\1';  // N = 2^40 + 88
  EXPECT_THAT(error_of([&] { weights_of(huge); }), HasSubstr("the header claims"));
  EXPECT_THAT(error_of([&] { weights_of(golden().substr(0, 7)); }), HasSubstr("is no safetensors file"));
  EXPECT_THAT(error_of([&] { weights_of(golden().substr(0, 111)); }), HasSubstr("cut short"));
  EXPECT_THAT(error_of([&] { weights_of(golden() + "x"); }), HasSubstr("1 bytes behind the last tensor"));
  EXPECT_THAT(error("{" + entry("a", "[1]", "[0,4]") + "," + entry("b", "[1]", "[8,12]") + "}", 12),
              HasSubstr("behind a hole"));
  EXPECT_THAT(error("{" + entry("a", "[2]", "[0,8]") + "," + entry("b", "[1]", "[4,8]") + "}", 8),
              HasSubstr("inside the one before"));
  EXPECT_THAT(error("{" + entry("a", "[3]", "[0,8]") + "}", 8), HasSubstr("does not fit its 8 bytes"));
  EXPECT_THAT(error("{" + entry("a", "[4294967296,4294967296]", "[0,0]") + "}"), HasSubstr("does not fit"));
  EXPECT_THAT(error("{" + entry("a", "[-1]", "[0,4]") + "}", 4), HasSubstr("which is no size"));
  EXPECT_THAT(error("{" + entry("a", "[1]", "[4,0]") + "}", 4), HasSubstr("data_offsets are [4, 0]"));
  EXPECT_THAT(error("{" + entry("a", "[1]", "[0,4]") + "," + entry("a", "[1]", "[4,8]") + "}", 8),
              HasSubstr("stands twice"));
  EXPECT_THAT(error("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
              HasSubstr("a.safetensors"));
  EXPECT_THAT(error(" {}"), HasSubstr("is no safetensors file"));
  EXPECT_THAT(error("[]"), HasSubstr("is no safetensors file"));
  EXPECT_THAT(error(R"({"a":{"dtype":"F7","shape":[],"data_offsets":[0,4]}})", 4),
              HasSubstr("of type \"F7\""));
}

TEST(Weights, TakeScalarsAndEmptyTensors) {
  const Weights weights = weights_of(safetensors(
      R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}})",
      std::string("\x00\x00\x80\x3f", 4)));
  EXPECT_THAT(values_of(weights.tensor("s", {})), ElementsAre(1));
  EXPECT_TRUE(values_of(weights.tensor("e", {0, 3})).empty());
}

// ---- several files ----

class ShardedWeights : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_.file("one.safetensors"),
               safetensors(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                           std::string("\0\0\x80\x3f", 4)));
    write_file(folder_.file("two.safetensors"),
               safetensors(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                           std::string("\0\0\0\x40", 4)));
  }
  void write_index(const std::string& map) {
    write_file(folder_.file("model.safetensors.index.json"),
               R"({"metadata":{"total_size":8},"weight_map":)" + map + "}");
  }
  std::string error() const {
    return error_of([&] { Weights::open(folder_.path()); });
  }
  TemporaryFolder folder_;
};

TEST_F(ShardedWeights, AreFoundThroughTheIndex) {
  write_index(R"({"a":"one.safetensors","b":"two.safetensors"})");
  const Weights weights = Weights::open(folder_.path());
  EXPECT_THAT(values_of(weights.tensor("a", {1})), ElementsAre(1));
  EXPECT_THAT(values_of(weights.tensor("b", {1})), ElementsAre(2));
  EXPECT_EQ(weights.size_bytes(), 8);
}

TEST_F(ShardedWeights, MayNotLeaveTheFolder) {
  for (const char* path :
       {"../one.safetensors", "/etc/passwd", "..", "", "sub\\one.safetensors", "a/b.safetensors"}) {
    write_index(Value::object({{"a", path}}).to_json());
    EXPECT_THAT(error(), HasSubstr("names no file beside the index")) << path;
  }
}

TEST_F(ShardedWeights, NameTheMissingFileAndTensor) {
  write_index(R"({"a":"three.safetensors"})");
  EXPECT_THAT(error(), HasSubstr("three.safetensors: is missing"));
  write_index(R"({"a":"two.safetensors"})");
  EXPECT_THAT(error(), HasSubstr("two.safetensors: has no tensor \"a\""));
  write_index(R"({"a":"pytorch_model-1.bin"})");
  EXPECT_THAT(error(), HasSubstr("is a Python pickle"));
  write_index(R"({"a":1})");
  EXPECT_THAT(error(), HasSubstr("\"a\" is in 1"));
  write_file(folder_.file("model.safetensors.index.json"), "{}");
  EXPECT_THAT(error(), HasSubstr("has no object \"weight_map\""));
  write_file(folder_.file("model.safetensors.index.json"), "{");
  EXPECT_THAT(error(), HasSubstr("model.safetensors.index.json"));
}

// The shards of the fixture, merged by hand into one file, hold the same values under the same names.
TEST(Weights, OfShardsEqualThoseOfOneFile) {
  const std::string path = data_folder("hf-tiny-checkpoints/qwen2-tiny");
  if (path.empty()) GTEST_SKIP() << "no hf-tiny-checkpoints (set WHITNEY_DATA)";
  const Weights sharded = Weights::open(path);
  Value::Object header;
  std::string data;
  for (const WeightTensor& tensor : sharded.tensors()) {
    const auto begin = static_cast<int64_t>(data.size());
    data.append(reinterpret_cast<const char*>(tensor.bytes.data()), static_cast<size_t>(tensor.bytes.size()));
    header.emplace_back(
        tensor.name,
        Value::object({{"dtype", name_of(tensor.type)},
                       {"shape", Value::List(tensor.shape.begin(), tensor.shape.end())},
                       {"data_offsets", Value::List{begin, static_cast<int64_t>(data.size())}}}));
  }
  const Weights merged = weights_of(safetensors(Value::object(header).to_json(), data));
  ASSERT_EQ(merged.tensors().size(), sharded.tensors().size());
  EXPECT_EQ(merged.size_bytes(), 19008) << "the index's total_size";
  for (const WeightTensor& tensor : sharded.tensors())
    EXPECT_EQ(values_of(tensor), values_of(merged.tensor(tensor.name, tensor.shape))) << tensor.name;
  EXPECT_TRUE(sharded.has("layers.1.self_attn.q_proj.bias"));
}

TEST(Weights, OpenTheFixturesOfEveryType) {
  const std::string folder = data_folder("hf-tiny-checkpoints");
  if (folder.empty()) GTEST_SKIP() << "no hf-tiny-checkpoints (set WHITNEY_DATA)";
  EXPECT_EQ(Weights::open(folder + "/bert-tiny").tensor("embeddings.word_embeddings.weight", {48, 16}).type,
            WeightType::kF32);
  EXPECT_EQ(
      Weights::open(folder + "/modernbert-tiny").tensor("embeddings.tok_embeddings.weight", {48, 16}).type,
      WeightType::kF16);
  EXPECT_EQ(Weights::open(folder + "/qwen3-tiny").tensor("layers.0.self_attn.q_norm.weight", {8}).type,
            WeightType::kBF16);
}

}  // namespace
}  // namespace whitney::infer
