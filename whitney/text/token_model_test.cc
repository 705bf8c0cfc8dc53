#include "whitney/text/token_model.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/value.h"
#include "whitney/data/json_file.h"

namespace whitney::text {
namespace {

std::unique_ptr<const TokenModel> model_of(const std::string& json) {
  return make_model(read_model(data::parse_json_with_big_integers(json, "model")));
}

std::vector<int32_t> ids_of(const TokenModel& model, std::string_view word) {
  ModelScratch scratch;
  std::vector<int32_t> ids;
  model.append_ids(word, scratch, ids);
  return ids;
}

TEST(TokenModel, LooksUpWholeWordsOfAWordLevel) {
  const auto model =
      model_of(R"({"type": "WordLevel", "vocab": {"<unk>": 0, "play": 1}, "unk_token": "<unk>"})");
  EXPECT_EQ(ids_of(*model, "play"), (std::vector<int32_t>{1}));
  EXPECT_EQ(ids_of(*model, "plays"), (std::vector<int32_t>{0}));
  EXPECT_EQ(ids_of(*model, ""), std::vector<int32_t>{});
}

TEST(TokenModel, CannotSpellAnUnknownWordWithoutAnUnknownToken) {
  const auto model = model_of(R"({"type": "WordLevel", "vocab": {"play": 1}, "unk_token": "<unk>"})");
  EXPECT_NE(error_of([&] { ids_of(*model, "music"); }).find("music"), std::string::npos);
}

// The model of a file without "type" is told by its members, as old files have it.
TEST(TokenModel, IsToldByItsMembersWithoutAType) {
  EXPECT_EQ(ids_of(*model_of(R"({"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})"), "ab"),
            (std::vector<int32_t>{2}));
}

TEST(TokenModel, RefusesKindsThatItDoesNotKnow) {
  const std::string error = error_of([] { model_of(R"({"type": "CharLevel", "vocab": {}})"); });
  EXPECT_NE(error.find("CharLevel"), std::string::npos) << error;
}

TEST(TokenModel, GivesAWordFromItsCacheAsItCutIt) {
  const auto model = model_of(R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})");
  ModelScratch scratch;
  std::vector<int32_t> ids;
  for (int i = 0; i < 3; ++i) model->append_ids("abab", scratch, ids);
  EXPECT_EQ(ids, (std::vector<int32_t>{2, 2, 2, 2, 2, 2}));
}

TEST(TokenModel, NamesTheRankOfAMergeWithoutATokenOfItsOwn) {
  BytePairDeclaration model;
  model.vocabulary.add("a", 0);
  model.vocabulary.add("b", 1);
  model.vocabulary.add("ab", 2);
  append_merge("a", "b", model);
  EXPECT_EQ(model.merges.back().merged, 2);
  EXPECT_NE(error_of([&] { append_merge("b", "a", model); }).find("1"), std::string::npos);
}

}  // namespace
}  // namespace whitney::text
