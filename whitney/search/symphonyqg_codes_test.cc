#include "whitney/search/symphonyqg_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/symphonyqg_walk.h"

namespace whitney::search {
namespace {

std::vector<float> normal_values(int64_t count, uint64_t item, double scale = 1) {
  RandomStream random(42, "symphonyqg test", item);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(scale * random.normal());
  return values;
}

double squared_l2(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

// A node and its neighbours, in a row of codes; queries are estimated as a visit of the node does.
struct Neighbourhood {
  NeighbourCodes codes;
  std::vector<float> centre;
  std::vector<std::vector<float>> neighbours;

  Neighbourhood(int64_t dim, uint64_t seed, std::vector<float> centre_,
                std::vector<std::vector<float>> around)
      : codes(dim, kLanes, codec::RotationTransform(dim, seed)),
        centre(std::move(centre_)),
        neighbours(std::move(around)) {
    codes.arrange(std::vector<uint32_t>{kNoNode});
    for (size_t lane = 0; lane < neighbours.size(); ++lane) set(lane);
  }
  std::vector<float> turned(std::span<const float> values) const {
    std::vector<float> result(static_cast<size_t>(codes.padded_dim()));
    codes.turn(values.data(), result.data());
    return result;
  }
  void set(size_t lane) {
    codes.set_lane(0, static_cast<int64_t>(lane), turned(centre).data(), turned(neighbours[lane]).data());
  }
  std::vector<float> estimates(std::span<const float> query) const {
    std::vector<float> result(kLanes);
    estimate_neighbours(LaneView(codes), LaneQuery(turned(query)), 0,
                        static_cast<float>(squared_l2(query, centre)), result.data());
    return result;
  }
  // By the formula of the card, in double, from the bits and factors of a lane.
  double estimate_by_hand(std::span<const float> query, int64_t lane) const {
    std::vector<uint8_t> bits(static_cast<size_t>(codes.padded_dim() / 8));
    const LaneFactors factors = codes.read_lane(0, lane, bits.data());
    const std::vector<float> q = turned(query);
    double dot = 0;
    for (size_t i = 0; i < q.size(); ++i) dot += ((bits[i / 8] >> (i % 8) & 1) != 0 ? 0.5 : -0.5) * q[i];
    return factors.add + squared_l2(query, centre) + factors.rescale * dot;
  }
};

std::vector<std::vector<float>> around(std::span<const float> centre, int64_t count, uint64_t item) {
  std::vector<std::vector<float>> result;
  for (int64_t i = 0; i < count; ++i) {
    result.push_back(normal_values(std::ssize(centre), item * 100 + static_cast<uint64_t>(i), 0.3));
    for (size_t j = 0; j < centre.size(); ++j) result.back()[j] += centre[j];
  }
  return result;
}

TEST(NeighbourCodes, TakeAsManyBytesAsTheFormulaTells) {
  for (const auto& [dim, degree, padded] :
       {std::tuple(384, 32, 384), std::tuple(784, 32, 784), std::tuple(96, 64, 96), std::tuple(5, 32, 16)}) {
    const NeighbourCodes codes(dim, degree, codec::RotationTransform(dim, 1));
    EXPECT_EQ(codes.padded_dim(), padded);
    EXPECT_EQ(codes.stride(), degree * (padded / 8 + 8));
    EXPECT_EQ(codes.stride() % 64, 0);
  }
}

TEST(NeighbourCodes, KeepSignsAndFactorsThatWereWorkedOutByHand) {
  // c = (1, 2, 0, ...), x = c + (3, -4, 0, ...): |r|^2 = 25, <r, xb> = 7 / 2, <c, xb> = (1 - 2) / 2 over the
  // first two; zeros count as bits 0 and c is 0 there.
  std::vector<float> centre(16, 0.0F), neighbour(16, 0.0F);
  centre[0] = 1, centre[1] = 2, neighbour[0] = 4, neighbour[1] = -2;
  uint8_t bits[2] = {0xFF, 0xFF};
  const LaneFactors factors = encode_neighbour(centre.data(), neighbour.data(), 16, bits);
  EXPECT_EQ(bits[0], 1);
  EXPECT_EQ(bits[1], 0);
  EXPECT_FLOAT_EQ(factors.rescale, -2 * 25 / 3.5F);
  EXPECT_FLOAT_EQ(factors.add, 25 + 2 * 25 * -0.5F / 3.5F);
}

TEST(NeighbourCodes, AreExactForAMultipleOfASignVector) {
  constexpr int64_t kDim = 48;
  const codec::RotationTransform rotation(kDim, 7);
  const std::vector<float> centre = normal_values(kDim, 1), query = normal_values(kDim, 2);
  std::vector<float> signs = normal_values(kDim, 3), difference(kDim);
  for (float& sign : signs) sign = sign > 0 ? 0.25F : -0.25F;
  rotation.invert(signs.data(), difference.data());
  std::vector<float> neighbour = centre;
  for (size_t i = 0; i < neighbour.size(); ++i) neighbour[i] += difference[i];
  const Neighbourhood place(kDim, 7, centre, {neighbour});
  const double distance = squared_l2(query, neighbour);
  EXPECT_NEAR(place.estimate_by_hand(query, 0), distance, 1e-4 * distance);
}

TEST(NeighbourCodes, AreFiniteWhereVectorsAreEqual) {
  const std::vector<float> centre = normal_values(20, 4), query = normal_values(20, 5);
  const Neighbourhood place(20, 1, centre, {centre, normal_values(20, 6)});
  EXPECT_FLOAT_EQ(place.estimates(query)[0], static_cast<float>(squared_l2(query, centre)));
  const std::vector<float> of_centre = place.estimates(centre);
  EXPECT_FLOAT_EQ(of_centre[0], 0);
  EXPECT_TRUE(std::isfinite(of_centre[1]));
}

TEST(NeighbourCodes, LeaveUnusedLanesInfinitelyFar) {
  const std::vector<float> centre = normal_values(20, 7);
  const Neighbourhood place(20, 1, centre, around(centre, 3, 1));
  const std::vector<float> estimates = place.estimates(normal_values(20, 8));
  EXPECT_TRUE(std::isfinite(estimates[2]));
  EXPECT_EQ(estimates[3], std::numeric_limits<float>::infinity());
}

TEST(NeighbourCodes, AreOffByNoMoreThanTheTablesRound) {
  for (const int64_t dim : {5, 31, 96, 100, 800, 1056}) {
    const std::vector<float> centre = normal_values(dim, 9), query = normal_values(dim, 10);
    const Neighbourhood place(dim, 3, centre, around(centre, kLanes, 2));
    const std::vector<float> estimates = place.estimates(query);
    const LaneQuery lane_query(place.turned(query));
    std::vector<uint8_t> bits(static_cast<size_t>(place.codes.padded_dim() / 8));
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const LaneFactors factors = place.codes.read_lane(0, lane, bits.data());
      const double exact = place.estimate_by_hand(query, lane);
      const double allowed = std::abs(factors.rescale) * lane_query.tables.step *
                             static_cast<double>(place.codes.padded_dim()) / 8;
      EXPECT_NEAR(estimates[static_cast<size_t>(lane)], exact, allowed + 1e-4 * std::abs(exact)) << dim;
    }
  }
}

TEST(NeighbourCodes, EstimateWithoutBiasAndNearly) {
  // Over rotations: the mean error is within 5 of its standard errors of nothing.
  constexpr int64_t kDim = 64, kRotations = 400;
  const std::vector<float> centre = normal_values(kDim, 11), query = normal_values(kDim, 12);
  const std::vector<std::vector<float>> neighbours = around(centre, 1, 3);
  const double distance = squared_l2(query, neighbours[0]);
  double sum = 0, squares = 0;
  for (uint64_t seed = 0; seed < kRotations; ++seed) {
    const double error = Neighbourhood(kDim, seed, centre, neighbours).estimate_by_hand(query, 0) - distance;
    sum += error;
    squares += error * error;
  }
  const double mean = sum / kRotations, deviation = std::sqrt(squares / kRotations - mean * mean);
  EXPECT_LE(std::abs(mean), 5 * deviation / std::sqrt(double{kRotations}));
  // |r| |q - c| sqrt(pi / 2 - 1) / sqrt(D) times 2, in the mean over rotations.
  const double expected = 2 * std::sqrt(squared_l2(neighbours[0], centre) * squared_l2(query, centre)) *
                          std::sqrt((3.14159 / 2 - 1) / kDim);
  EXPECT_NEAR(deviation, expected, 0.25 * expected);
}

TEST(NeighbourCodes, ChangeOneLaneAsIfTheRowWereWrittenAnew) {
  const std::vector<float> centre = normal_values(37, 13);
  std::vector<std::vector<float>> neighbours = around(centre, kLanes, 4);
  Neighbourhood edited(37, 5, centre, neighbours);
  const std::vector<std::vector<float>> others = around(centre, kLanes, 5);
  for (const size_t lane : {size_t{0}, size_t{9}, size_t{16}, size_t{31}}) {
    neighbours[lane] = edited.neighbours[lane] = others[lane];
    edited.set(lane);
  }
  edited.codes.clear_lane(0, 20);
  Neighbourhood whole(37, 5, centre, neighbours);
  whole.codes.clear_lane(0, 20);
  const auto bytes = [](const Neighbourhood& place) {
    return std::vector<uint8_t>(place.codes.row(0), place.codes.row(0) + place.codes.stride());
  };
  EXPECT_EQ(bytes(edited), bytes(whole));
}

TEST(NeighbourCodes, KeepTheSameSignsAtEverySimdLevel) {
  const std::vector<float> centre = normal_values(83, 14), query = normal_values(83, 15);
  const std::vector<std::vector<float>> neighbours = around(centre, kLanes, 6);
  std::vector<uint8_t> first, bits(12);
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    const Neighbourhood place(83, 9, centre, neighbours);
    std::vector<uint8_t> all;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      place.codes.read_lane(0, lane, bits.data());
      all.insert(all.end(), bits.begin(), bits.end());
      EXPECT_NEAR(place.estimates(query)[static_cast<size_t>(lane)], place.estimate_by_hand(query, lane),
                  0.5);
    }
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << level;
  }
  set_simd_level("");
}

TEST(NeighbourCodes, AreArrangedAnewAndGrow) {
  const std::vector<float> centre = normal_values(16, 16), neighbour = normal_values(16, 17);
  NeighbourCodes codes(16, kLanes, codec::RotationTransform(16, 1));
  codes.arrange(std::vector<uint32_t>{kNoNode, kNoNode, kNoNode});
  codes.set_lane(2, 5, centre.data(), neighbour.data());
  const std::vector<uint8_t> row(codes.row(2), codes.row(2) + codes.stride());
  const std::vector<uint8_t> empty(codes.row(0), codes.row(0) + codes.stride());
  const auto is = [&](uint32_t node, const std::vector<uint8_t>& expected) {
    return std::equal(expected.begin(), expected.end(), codes.row(node));
  };
  codes.arrange(std::vector<uint32_t>{2, 0});
  EXPECT_TRUE(is(0, row));
  EXPECT_TRUE(is(1, empty));
  codes.arrange(std::vector<uint32_t>{0, 1, kNoNode, kNoNode});
  EXPECT_TRUE(is(0, row));
  EXPECT_TRUE(is(3, empty));
}

}  // namespace
}  // namespace whitney::search
