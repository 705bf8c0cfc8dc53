#include "whitney/search/fusion.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(hits[0].first_rank, 2);
  EXPECT_EQ(hits[0].second_rank, 1);
  EXPECT_FALSE(hits[1].second_rank.has_value());
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

TEST(Fusion, SaysWhichOptionHasNoEffect) {
  FusionOptions options;
  options.fusion = Fusion::kWeighted;
  EXPECT_TRUE(options.ineffective().empty());
  options.rrf_k = 10;
  EXPECT_EQ(options.ineffective().size(), 1u);
}

}  // namespace
}  // namespace whitney
