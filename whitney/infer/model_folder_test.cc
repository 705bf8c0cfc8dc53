#include "whitney/infer/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<ModuleKind> kinds_of(const ModelFolder& folder) {
  std::vector<ModuleKind> kinds;
  for (const ModelModule& module : folder.modules) kinds.push_back(module.kind);
  return kinds;
}

// A folder as sentence-transformers saves it; tests overwrite single files.
class SavedModel : public testing::Test {
 protected:
  void SetUp() override {
    write("modules.json",
          R"([{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
      {"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
      {"idx":2,"name":"2","path":"2_Dense","type":"sentence_transformers.models.Dense"},
      {"idx":3,"name":"3","path":"3_Normalize","type":"sentence_transformers.models.Normalize"}])");
    write("config.json", R"({"model_type":"bert","hidden_size":16,"max_position_embeddings":512})");
    write("1_Pooling/config.json", R"({"word_embedding_dimension":16,"pooling_mode_cls_token":true,
      "pooling_mode_mean_tokens":true,"pooling_mode_max_tokens":false})");
    write("2_Dense/config.json", R"({"in_features":32,"out_features":8,"bias":false,
      "activation_function":"torch.nn.modules.linear.Identity"})");
    write("sentence_bert_config.json", R"({"max_seq_length":256,"do_lower_case":true})");
    write("config_sentence_transformers.json", R"({"prompts":{"query":"query: ","document":""},
      "default_prompt_name":"query","similarity_fn_name":"dot"})");
  }
  void write(const std::string& name, const std::string& text) { write_file(folder_.file(name), text); }
  void remove(const std::string& name) { std::filesystem::remove(folder_.file(name)); }
  ModelFolder open() const { return ModelFolder::open(folder_.path()); }
  std::string error() const {
    return error_of([&] { open(); });
  }
  TemporaryFolder folder_;
};

TEST_F(SavedModel, RunsItsModulesInTheOrderOfTheirNumbers) {
  const ModelFolder model = open();
  EXPECT_THAT(kinds_of(model), ElementsAre(ModuleKind::kTransformer, ModuleKind::kPooling, ModuleKind::kDense,
                                           ModuleKind::kNormalize));
  EXPECT_EQ(model.config->integer("hidden_size"), 16);
  EXPECT_EQ(model.modules[2].folder, folder_.file("2_Dense"));
  EXPECT_EQ(model.modules[2].dense.in, 32);
  EXPECT_EQ(model.modules[2].dense.out, 8);
  EXPECT_FALSE(model.modules[2].dense.bias);
  EXPECT_EQ(model.modules[2].dense.activation, Activation::kIdentity);
  EXPECT_TRUE(model.do_lower_case);
  EXPECT_EQ(model.similarity, "dot");
}

TEST_F(SavedModel, PoolsInEveryModeThatIsTrue) {
  EXPECT_THAT(open().modules[1].pooling.modes, ElementsAre(PoolingMode::kCls, PoolingMode::kMean));
  EXPECT_TRUE(open().modules[1].pooling.include_prompt);
  write("1_Pooling/config.json", R"({"word_embedding_dimension":16,"pooling_mode_cls_token":false,
    "pooling_mode_mean_tokens":false,"pooling_mode_max_tokens":true,"pooling_mode_mean_sqrt_len_tokens":true,
    "pooling_mode_weightedmean_tokens":true,"pooling_mode_lasttoken":true,"include_prompt":false})");
  const PoolingSettings pooling = open().modules[1].pooling;
  EXPECT_THAT(pooling.modes, ElementsAre(PoolingMode::kMax, PoolingMode::kMeanSqrt,
                                         PoolingMode::kWeightedMean, PoolingMode::kLastToken));
  EXPECT_EQ(pooling.dim, 16);
  EXPECT_FALSE(pooling.include_prompt);
}

TEST_F(SavedModel, ReadsThePoolingOfNewerFiles) {
  write("1_Pooling/config.json", R"({"embedding_dimension":16,"pooling_mode":"lasttoken"})");
  EXPECT_THAT(open().modules[1].pooling.modes, ElementsAre(PoolingMode::kLastToken));
  write("1_Pooling/config.json", R"({"embedding_dimension":16,"pooling_mode":["mean","cls"]})");
  EXPECT_THAT(open().modules[1].pooling.modes, ElementsAre(PoolingMode::kMean, PoolingMode::kCls));
  write("1_Pooling/config.json", R"({"pooling_mode":"median"})");
  EXPECT_THAT(error(), HasSubstr("\"pooling_mode\" is \"median\""));
}

TEST_F(SavedModel, RefusesToPoolByNothing) {
  write("1_Pooling/config.json", R"({"pooling_mode_mean_tokens":false})");
  EXPECT_THAT(error(), HasSubstr("1_Pooling/config.json: asks for no pooling"));
}

TEST_F(SavedModel, BoundsTheLengthOfATextByTheFirstThatSays) {
  EXPECT_EQ(open().max_length, 256);
  write("sentence_bert_config.json", R"({"max_seq_length":null})");
  EXPECT_EQ(open().max_length, 512) << "positions";
  write("tokenizer_config.json", R"({"model_max_length":128})");
  EXPECT_EQ(open().max_length, 128) << "tokenizer";
  write("tokenizer_config.json", R"({"model_max_length":1000000000000000019884624838656})");
  EXPECT_EQ(open().max_length, 512) << "a tokenizer without limit";
  write("config.json", R"({"model_type":"xlm-roberta","max_position_embeddings":514,"pad_token_id":1})");
  EXPECT_EQ(open().max_length, 512) << "positions from 2";
  write("config.json", R"({"model_type":"t5","n_positions":512})");
  EXPECT_EQ(open().max_length, std::nullopt) << "relative positions";
}

TEST_F(SavedModel, ReadsTheSettingsUnderTheirOldNames) {
  remove("sentence_bert_config.json");
  write("sentence_roberta_config.json", R"({"max_seq_length":75})");
  EXPECT_EQ(open().max_length, 75);
}

TEST_F(SavedModel, GivesPromptsByName) {
  const ModelFolder model = open();
  EXPECT_EQ(model.prompt(std::nullopt), "query: ");
  EXPECT_EQ(model.prompt("document"), "");
  EXPECT_THAT(error_of([&] { model.prompt("passage"); }),
              HasSubstr("has no prompt \"passage\"; it has query, document"));
  write("config_sentence_transformers.json", R"({"prompts":{},"default_prompt_name":"q"})");
  EXPECT_THAT(error(), HasSubstr("\"default_prompt_name\" is \"q\""));
  write("config_sentence_transformers.json", R"({"similarity_fn_name":null})");
  EXPECT_EQ(open().similarity, "cosine");
  EXPECT_EQ(open().prompt(std::nullopt), "");
  write("config_sentence_transformers.json", R"({"similarity_fn_name":"hamming"})");
  EXPECT_THAT(error(), HasSubstr("must be cosine, dot, euclidean or manhattan"));
}

TEST_F(SavedModel, NamesAModuleThatIsNotRun) {
  write("modules.json", R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},
                            {"idx":1,"path":"1","type":"sentence_transformers.models.LSTM"}])");
  EXPECT_THAT(error(), HasSubstr("\"sentence_transformers.models.LSTM\", which Whitney does not run"));
}

TEST_F(SavedModel, NamesEveryModuleThatIsNotRun) {
  for (const char* name : {"Router", "Asym", "CNN", "LSTM", "BoW", "WordEmbeddings", "CLIPModel",
                           "SparseAutoEncoder", "SparseStaticEmbedding", "LogitScore"}) {
    const std::string type = std::string("sentence_transformers.models.") + name;
    write(
        "modules.json",
        R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"path":"1","type":")" +
            type + "\"}]");
    EXPECT_THAT(error(),
                HasSubstr("\"" + type + "\", which Whitney does not run; it runs Transformer, Pooling"));
  }
}

TEST_F(SavedModel, RunsNoCodeOfTheModelsOwn) {
  write("modules.json", R"([{"idx":0,"path":"","type":"custom_st.Transformer"}])");
  EXPECT_THAT(error(), HasSubstr("\"custom_st.Transformer\", which is code of the model's own"));
}

TEST_F(SavedModel, RefusesAPoolingBehindAnotherStepOrTwice) {
  const std::string first = R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},)";
  const std::string pooling = R"({"path":"1_Pooling","type":"sentence_transformers.models.Pooling"})";
  const std::string normalize = R"({"path":"2","type":"sentence_transformers.models.Normalize"})";
  write("modules.json", first + normalize + "," + pooling + "]");
  EXPECT_THAT(error(), HasSubstr("behind another step"));
  write("modules.json", first + pooling + "," + pooling + "]");
  EXPECT_THAT(error(), HasSubstr("stands twice"));
}

TEST_F(SavedModel, WorksOnStatesBeforeItPoolsThem) {
  const auto modules = [&](std::initializer_list<const char*> names) {
    Value::List list;
    for (const char* name : names) {
      const std::string kind = name;
      list.push_back(Value::object({{"path", kind == "Transformer" ? ""
                                             : kind == "Pooling"   ? "1_Pooling"
                                                                   : "2"},
                                    {"type", "sentence_transformers.models." + kind}}));
    }
    write("modules.json", Value(std::move(list)).to_json());
  };
  write("2/config.json", R"({"word_embedding_dimension":16,"layer_start":1,"num_hidden_layers":2})");
  modules({"Transformer", "WeightedLayerPooling", "WordWeights", "Pooling"});
  EXPECT_THAT(kinds_of(open()), ElementsAre(ModuleKind::kTransformer, ModuleKind::kWeightedLayerPooling,
                                            ModuleKind::kWordWeights, ModuleKind::kPooling));
  EXPECT_EQ(open().modules[1].layer_start, 1);
  modules({"Transformer", "Pooling", "WordWeights"});
  EXPECT_THAT(error(), HasSubstr("between the Transformer and its Pooling"));
  modules({"Transformer", "WordWeights", "WeightedLayerPooling", "Pooling"});
  EXPECT_THAT(error(), HasSubstr("in this order"));
  modules({"Transformer", "WordWeights", "WordWeights", "Pooling"});
  EXPECT_THAT(error(), HasSubstr("stand once"));
}

// The names of version 5.0, and those of 5.4, where the settings tell what the Transformer hands out.
TEST_F(SavedModel, WeighsWordsByASpladePooling) {
  write("modules.json",
        R"([{"idx":0,"path":"","type":"sentence_transformers.sparse_encoder.models.MLMTransformer"},
      {"idx":1,"path":"1","type":"sentence_transformers.sparse_encoder.models.SpladePooling"}])");
  write("1/config.json", R"({"pooling_strategy":"max","activation_function":"relu","chunk_size":null,
      "word_embedding_dimension":48})");
  write("config_sentence_transformers.json", R"({"similarity_fn_name":null})");
  EXPECT_EQ(open().splade->strategy, SpladeStrategy::kMax);
  EXPECT_EQ(open().splade->num_logs, 1);
  EXPECT_EQ(open().splade->max_words, std::nullopt);
  EXPECT_EQ(open().similarity, "dot") << "the library's default for weights of words";
  write("modules.json",
        R"([{"idx":0,"path":"","type":"sentence_transformers.base.modules.transformer.Transformer"},
      {"idx":1,"path":"1",
       "type":"sentence_transformers.sparse_encoder.modules.splade_pooling.SpladePooling"}])");
  write("sentence_bert_config.json", R"({"transformer_task":"fill-mask"})");
  write("1/config.json", R"({"pooling_strategy":"sum","activation_function":"log1p_relu"})");
  write("config_sentence_transformers.json", R"({"max_active_dims":256})");
  EXPECT_EQ(open().splade->strategy, SpladeStrategy::kSum);
  EXPECT_EQ(open().splade->num_logs, 2);
  EXPECT_EQ(open().splade->max_words, 256);
}

TEST_F(SavedModel, RefusesASpladePoolingThatItCannotRun) {
  const auto splade = R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},
      {"idx":1,"path":"1","type":"sentence_transformers.models.SpladePooling"}])";
  write("1/config.json", "{}");
  write("modules.json", splade);
  EXPECT_THAT(error(),
              HasSubstr("SpladePooling, and nothing else, must follow a Transformer that fills masks"))
      << "of states";
  write("sentence_bert_config.json", R"({"transformer_task":"text-generation"})");
  EXPECT_THAT(error(), HasSubstr("\"transformer_task\" is \"text-generation\""));
  write("sentence_bert_config.json", R"({"transformer_task":"fill-mask"})");
  write("1/config.json", R"({"pooling_strategy":"mean"})");
  EXPECT_THAT(error(), HasSubstr("\"pooling_strategy\" is \"mean\", but must be max or sum"));
  write("1/config.json", R"({"activation_function":"gelu"})");
  EXPECT_THAT(error(), HasSubstr("\"activation_function\" is \"gelu\""));
  write("modules.json", R"([{"idx":0,"path":"","type":"sentence_transformers.models.Transformer"},
      {"idx":1,"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}])");
  EXPECT_THAT(error(), HasSubstr("SpladePooling, and nothing else")) << "a Pooling of logits";
}

TEST_F(SavedModel, MayNotLeaveItsFolder) {
  for (const char* path : {"../other", "a/../../b", "/etc", "..\\other"}) {
    write("modules.json",
          Value(Value::List{Value::object({{"idx", 0}, {"path", path}, {"type", "Transformer"}})}).to_json());
    EXPECT_THAT(error(), HasSubstr("leads out of the model's folder")) << path;
  }
}

TEST_F(SavedModel, NamesTheFileThatIsMissingOrBroken) {
  remove("1_Pooling/config.json");
  EXPECT_THAT(error(), HasSubstr("1_Pooling/config.json: is missing"));
  write("1_Pooling/config.json", "{");
  EXPECT_THAT(error(), HasSubstr("1_Pooling/config.json"));
  write("modules.json", "{}");
  EXPECT_THAT(error(), HasSubstr("modules.json: is no list of modules"));
  write("modules.json", "[]");
  EXPECT_THAT(error(), HasSubstr("modules.json: names no module"));
  write("modules.json", R"([{"idx":0,"path":"1_Pooling","type":"Normalize"}])");
  EXPECT_THAT(error(), HasSubstr("the first module, and no other, must be a Transformer"));
  write("modules.json", R"([{"idx":0,"path":""}])");
  EXPECT_THAT(error(), HasSubstr("module 0: has no \"type\""));
  remove("modules.json");
  remove("config.json");
  EXPECT_THAT(error(), HasSubstr("config.json: is missing"));
}

TEST_F(SavedModel, RefusesADenseThatItCannotRun) {
  write("2_Dense/config.json",
        R"({"in_features":32,"out_features":8,"activation_function":"torch.nn.Softplus"})");
  EXPECT_THAT(error(), HasSubstr("\"activation_function\" is \"torch.nn.Softplus\""));
  write("2_Dense/config.json",
        R"({"in_features":32,"out_features":8,"module_input_name":"token_embeddings"})");
  EXPECT_THAT(error(), HasSubstr("module_input_name"));
  write("2_Dense/config.json", R"({"in_features":32,"out_features":8})");
  EXPECT_EQ(open().modules[2].dense.activation, Activation::kTanh) << "the library's default";
}

TEST_F(SavedModel, IsATransformerWithMeanPoolingWhenItIsBare) {
  remove("modules.json");
  const ModelFolder model = open();
  EXPECT_THAT(kinds_of(model), ElementsAre(ModuleKind::kTransformer, ModuleKind::kPooling));
  EXPECT_THAT(model.modules[1].pooling.modes, ElementsAre(PoolingMode::kMean));
}

TEST_F(SavedModel, MayBeATableOfTokens) {
  write("modules.json", R"([{"idx":0,"path":"0_StaticEmbedding",
    "type":"sentence_transformers.models.StaticEmbedding.StaticEmbedding"}])");
  write("0_StaticEmbedding/model.safetensors",
        safetensors(R"({"embedding.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}})",
                    std::string(4, '\0')));
  const ModelFolder model = open();
  EXPECT_FALSE(model.config.has_value());
  EXPECT_EQ(model.transformer_folder, folder_.file("0_StaticEmbedding"));
  EXPECT_TRUE(model.weights().has("embedding.weight"));
}

TEST(ModelFolder, NamesAPathThatIsNoModel) {
  TemporaryFolder folder;
  write_file(folder.file("a.txt"), "x");
  EXPECT_THAT(error_of([&] { ModelFolder::open(folder.file("none")); }), HasSubstr("there is no such model"));
  EXPECT_THAT(error_of([&] { ModelFolder::open(folder.file("a.txt")); }),
              HasSubstr("name its folder, or a .gguf file"));
}

TEST(ModelFolder, OpensAGgufFile) {
  if (kept_file("gguf").empty()) GTEST_SKIP() << "no tests/data/gguf above this folder and no WHITNEY_ROOT";
  const ModelFolder model = ModelFolder::open(kept_file("gguf/qwen3.gguf"));
  EXPECT_THAT(kinds_of(model), ElementsAre(ModuleKind::kTransformer, ModuleKind::kPooling));
  EXPECT_THAT(model.modules[1].pooling.modes, ElementsAre(PoolingMode::kLastToken));
  EXPECT_EQ(model.config->model_type(), "qwen3");
  EXPECT_EQ(model.max_length, 64);
  EXPECT_TRUE(model.weights().has("layers.0.self_attn.q_norm.weight"));
  EXPECT_THAT(ModelFolder::open(kept_file("gguf/bert.gguf")).modules[1].pooling.modes,
              ElementsAre(PoolingMode::kCls));
}

TEST(ModelFolder, OpensTheFixtures) {
  const std::string folder = data_folder("hf-tiny-checkpoints");
  if (folder.empty()) GTEST_SKIP() << "no hf-tiny-checkpoints (set WHITNEY_DATA)";
  for (const char* name : {"bert-tiny", "modernbert-tiny", "qwen2-tiny", "qwen3-tiny"}) {
    const ModelFolder model = ModelFolder::open(folder + "/" + name);
    EXPECT_THAT(kinds_of(model),
                ElementsAre(ModuleKind::kTransformer, ModuleKind::kPooling, ModuleKind::kNormalize))
        << name;
    EXPECT_EQ(model.modules[1].pooling.dim, 16) << name;
  }
  EXPECT_THAT(ModelFolder::open(folder + "/modernbert-tiny").modules[1].pooling.modes,
              ElementsAre(PoolingMode::kCls));
}

}  // namespace
}  // namespace whitney::infer
