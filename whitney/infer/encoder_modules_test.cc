// Modules of sentence-transformers behind the pooling, against their formulas in double precision.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/temporary_folder.h"
#include "whitney/infer/encoder.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

constexpr int64_t kWidth = 16, kOut = 5;
constexpr std::string_view kText = "play music 7";

class PooledModel : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_file("checkpoints").empty()) GTEST_SKIP() << "no tests/data above this folder, no WHITNEY_ROOT";
    write_small_model(model_);
    const std::vector<float> plain = encode();
    pooled_.assign(plain.begin(), plain.end());
  }
  std::vector<float> encode() const {
    const std::string_view texts[] = {kText};
    const auto row = Encoder::open(Context(), model_).encode(Context(), texts).vectors;
    return {row.row<float>(0).begin(), row.row<float>(0).end()};
  }
  // Puts modules behind the transformer and its pooling.
  void write_modules(const std::vector<std::string>& names) {
    std::string list = R"([{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
      {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"})";
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string number = std::to_string(i + 2);
      list += R"(,{"idx":)" + number + R"(,"name":")" + number + R"(","path":")" + names[i] +
              R"(","type":"sentence_transformers.models.)" + names[i] + "\"}";
    }
    write_file(model_ + "/modules.json", list + "]");
    write_file(model_ + "/1_Pooling/config.json",
               R"({"word_embedding_dimension":16,"pooling_mode_mean_tokens":true})");
  }
  // Its sums are about 1, where the activations differ.
  void write_dense(const std::string& activation, bool has_bias = true) {
    weight_ = random_floats(kOut * kWidth, 1, 1);
    for (float& value : weight_) value *= 0.2f;
    bias_ = random_floats(kOut, 2, 1);
    NamedTensors tensors{{"linear.weight", {kOut, kWidth}, weight_}};
    if (has_bias) tensors.push_back({"linear.bias", {kOut}, bias_});
    if (!has_bias) bias_.assign(kOut, 0);
    write_file(model_ + "/Dense/config.json", R"({"in_features":16,"out_features":5,"bias":)" +
                                                  std::string(has_bias ? "true" : "false") +
                                                  R"(,"activation_function":")" + activation + "\"}");
    write_file(model_ + "/Dense/model.safetensors", safetensors(tensors));
  }
  template <class Function>
  std::vector<double> dense(const Function& activation) const {
    std::vector<double> out;
    for (size_t o = 0; o < static_cast<size_t>(kOut); ++o) {
      double sum = bias_[o];
      for (size_t i = 0; i < pooled_.size(); ++i)
        sum += pooled_[i] * static_cast<double>(weight_[o * static_cast<size_t>(kWidth) + i]);
      out.push_back(activation(sum));
    }
    return out;
  }
  void expect_vector(const std::vector<double>& wanted, const std::string& name) const {
    const std::vector<float> vector = encode();
    ASSERT_EQ(vector.size(), wanted.size()) << name;
    for (size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(vector[c], wanted[c], 3e-6) << name << ": " << c;
  }

  TemporaryFolder folder_;
  std::string model_ = folder_.file("model");
  std::vector<double> pooled_;
  std::vector<float> weight_, bias_;
};

double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}

TEST_F(PooledModel, GoesThroughADenseModuleOfAnyActivation) {
  write_modules({"Dense"});
  const std::vector<std::pair<const char*, double (*)(double)>> activations{
      {"torch.nn.modules.linear.Identity", [](double x) { return x; }},
      {"torch.nn.modules.activation.Tanh", [](double x) { return std::tanh(x); }},
      {"torch.nn.modules.activation.ReLU", [](double x) { return std::max(x, 0.0); }},
      {"torch.nn.modules.activation.GELU", [](double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }},
      {"torch.nn.modules.activation.SiLU", [](double x) { return x / (1 + std::exp(-x)); }},
      {"torch.nn.modules.activation.Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"transformers.activations.PytorchGELUTanh", gelu_tanh}};
  std::vector<std::vector<double>> all;
  for (const auto& [name, activation] : activations) {
    write_dense(name);
    all.push_back(dense(activation));
    expect_vector(all.back(), name);
  }
  // Each would be told from any other.
  for (size_t a = 0; a < all.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      double apart = 0;
      for (size_t c = 0; c < all[a].size(); ++c) apart = std::max(apart, std::abs(all[a][c] - all[b][c]));
      EXPECT_GT(apart, 1e-5) << activations[a].first << " and " << activations[b].first;
    }
  }
}

TEST_F(PooledModel, GoesThroughADenseModuleWithoutBiasThatSaysNoActivation) {
  write_modules({"Dense"});
  write_dense("", false);
  write_file(model_ + "/Dense/config.json", R"({"in_features":16,"out_features":5,"bias":false})");
  expect_vector(dense([](double x) { return std::tanh(x); }), "Tanh is the default");
}

// (x - mean) / sqrt(variance + 1e-5) of torch's LayerNorm; the values are so small that the 1e-5 counts.
std::vector<double> layer_norm(const std::vector<double>& x, const std::vector<float>& weight,
                               const std::vector<float>& bias) {
  const double n = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (const double value : x) mean += value / n;
  for (const double value : x) variance += (value - mean) * (value - mean) / n;
  std::vector<double> out;
  for (size_t i = 0; i < x.size(); ++i)
    out.push_back((x[i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i]);
  return out;
}

TEST_F(PooledModel, GoesThroughALayerNormBehindADense) {
  write_modules({"Dense", "LayerNorm"});
  write_dense("torch.nn.modules.linear.Identity", false);
  for (float& value : weight_) value *= 1e-3f;
  write_file(model_ + "/Dense/model.safetensors", safetensors({{"linear.weight", {kOut, kWidth}, weight_}}));
  const std::vector<float> weight = random_floats(kOut, 3, 1), bias = random_floats(kOut, 4, 1);
  write_file(model_ + "/LayerNorm/config.json", R"({"dimension":5})");
  write_file(model_ + "/LayerNorm/model.safetensors",
             safetensors({{"norm.weight", {kOut}, weight}, {"norm.bias", {kOut}, bias}}));
  std::vector<double> wanted = layer_norm(dense([](double x) { return x; }), weight, bias);
  expect_vector(wanted, "LayerNorm");

  write_modules({"Dense", "LayerNorm", "Normalize"});
  double square = 0;
  for (const double value : wanted) square += value * value;
  for (double& value : wanted) value /= std::sqrt(square);
  expect_vector(wanted, "Normalize");
}

}  // namespace
}  // namespace whitney::infer
