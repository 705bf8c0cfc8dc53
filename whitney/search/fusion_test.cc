#include "whitney/search/fusion.h"

#include <gtest/gtest.h>

#include "whitney/core/error.h"

namespace whitney {
namespace {

using IdList = std::vector<std::string>;

IdList ids_of(const std::vector<FusedHit>& hits) {
  IdList ids;
  for (const FusedHit& hit : hits) ids.push_back(hit.id);
  return ids;
}

TEST(Fusion, ByReciprocalRanksAddsWhatEachSearchGives) {
  const RankedHits words{{"a", "b", "c"}, {9, 5, 1}}, vectors{{"b", "d"}, {0.1F, 0.7F}};
  const std::vector<FusedHit> hits = fuse(words, vectors, {}, 10);
  EXPECT_EQ(ids_of(hits), (IdList{"b", "a", "d", "c"}));
  EXPECT_DOUBLE_EQ(hits[0].score, 1.0 / 62 + 1.0 / 61);
  EXPECT_DOUBLE_EQ(hits[1].score, 1.0 / 61);
  EXPECT_DOUBLE_EQ(hits[2].score, 1.0 / 62);
  EXPECT_EQ(hits[0].ranks[0], 2);
  EXPECT_EQ(hits[0].ranks[1], 1);
  EXPECT_FALSE(hits[1].ranks[1].has_value());
}

TEST(Fusion, ByWeightsBringsScoresAndDistancesToOneScale) {
  FusionOptions options;
  options.fusion = Fusion::kWeighted;
  options.weight = 0.25;
  // Scores 9, 5, 1 become 1, .5, 0; distances .1, .3, .5 become 1, .5, 0.
  const RankedHits words{{"a", "b", "c"}, {9, 5, 1}}, vectors{{"c", "b", "d"}, {0.125F, 0.25F, 0.375F}};
  const std::vector<FusedHit> hits = fuse(words, vectors, options, 10);
  EXPECT_EQ(ids_of(hits), (IdList{"c", "b", "a", "d"}));
  EXPECT_DOUBLE_EQ(hits[0].score, 0.75);
  EXPECT_DOUBLE_EQ(hits[1].score, 0.25 * 0.5 + 0.75 * 0.5);
  EXPECT_DOUBLE_EQ(hits[2].score, 0.25);
  EXPECT_DOUBLE_EQ(hits[3].score, 0);
}

TEST(Fusion, OfEqualValuesGivesEachHitAll) {
  FusionOptions options;
  options.fusion = Fusion::kWeighted;
  const std::vector<FusedHit> hits = fuse({{"b", "a"}, {2, 2}}, {{}, {}}, options, 10);
  EXPECT_EQ(ids_of(hits), (IdList{"a", "b"}));
  EXPECT_DOUBLE_EQ(hits[0].score, 0.5);
}

TEST(Fusion, EqualScoresAreOrderedByIdNumbersByValue) {
  EXPECT_EQ(ids_of(fuse({{"10", "x"}, {2, 1}}, {{"9", "a"}, {2, 1}}, {}, 10)), (IdList{"9", "10", "a", "x"}));
}

TEST(Fusion, WeightsCountUnderReciprocalRanksToo) {
  FusionOptions options;
  options.weight = 0.75;
  const std::vector<FusedHit> hits = fuse({{"a"}, {1}}, {{"b"}, {1}}, options, 10);
  EXPECT_DOUBLE_EQ(hits[0].score, 1.5 / 61);
  EXPECT_DOUBLE_EQ(hits[1].score, 0.5 / 61);
}

TEST(Fusion, KeepsTheBestKAndNothingOfNothing) {
  EXPECT_EQ(ids_of(fuse({{"a", "b"}, {2, 1}}, {{"b"}, {2}}, {}, 1)), (IdList{"b"}));
  EXPECT_TRUE(fuse({}, {}, {}, 5).empty());
}

TEST(Fusion, OfThreeSearchesAddsUpWhatEachGives) {
  const std::vector<RankedHits> searches = {
      {{"a", "b"}, {9, 5}}, {{"b", "c"}, {0.1F, 0.7F}}, {{"c", "b"}, {4, 2}}};
  const std::vector<FusedHit> hits = fuse(searches, {}, 10);
  EXPECT_EQ(ids_of(hits), (IdList{"b", "c", "a"}));
  EXPECT_DOUBLE_EQ(hits[0].score, 1.0 / 62 + 1.0 / 61 + 1.0 / 62);
  EXPECT_DOUBLE_EQ(hits[1].score, 1.0 / 62 + 1.0 / 61);
  EXPECT_EQ(hits[2].ranks, (std::vector<std::optional<int64_t>>{1, {}, {}}));
  EXPECT_EQ(fuse(std::span(searches).first(1), {}, 1)[0].score, 1.0 / 61);
  EXPECT_TRUE(fuse(std::span<const RankedHits>(), {}, 10).empty());
}

TEST(Fusion, WeighsEachSearchByItsShareOfTheWeights) {
  FusionOptions options;
  options.weights = {1, 6, 3};
  // Shares of .1, .6 and .3; three searches of equal ones would give 1 / 61 each.
  const std::vector<RankedHits> searches = {{{"a"}, {9}}, {{"b"}, {1}}, {{"c"}, {4}}};
  std::vector<FusedHit> hits = fuse(searches, options, 10);
  EXPECT_EQ(ids_of(hits), (IdList{"b", "c", "a"}));
  EXPECT_DOUBLE_EQ(hits[0].score, 3 * 0.6 / 61);
  EXPECT_DOUBLE_EQ(hits[2].score, 3 * 0.1 / 61);
  options.fusion = Fusion::kWeighted;
  hits = fuse(searches, options, 1);
  EXPECT_DOUBLE_EQ(hits[0].score, 0.6);
}

TEST(Fusion, RefusesWeightsThatDoNotFitTheSearches) {
  const std::vector<RankedHits> searches(3);
  const auto sentence_of = [&](const FusionOptions& options) {
    try {
      fuse(searches, options, 1);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  FusionOptions options;
  options.weights = {1, 2};
  EXPECT_NE(sentence_of(options).find("2 weights for 3 searches"), std::string::npos);
  options.weights = {0, 0, 0};
  EXPECT_NE(sentence_of(options).find("all 0"), std::string::npos);
  options.weights.clear();
  options.weight = 0.75;
  EXPECT_NE(sentence_of(options).find("3 searches"), std::string::npos);
}

TEST(Fusion, SaysWhichOptionHasNoEffect) {
  FusionOptions options;
  options.fusion = Fusion::kWeighted;
  EXPECT_TRUE(options.ineffective().empty());
  options.rrf_k = 10;
  EXPECT_EQ(options.ineffective().size(), 1u);
  options.weights = {1, 2};
  options.weight = 0.25;
  EXPECT_EQ(options.ineffective().size(), 2u);
}

}  // namespace
}  // namespace whitney
