#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "whitney/search/ivf_cases_test.h"
#include "whitney/search/ivf_search.h"

namespace whitney::search {
namespace {

IvfParts parts_of(const Value& options) {
  const Matrix vectors = grouped_vectors(1000, 6, 3);
  return build_ivf(embeddings_of(vectors, Metric::kL2), ivf_options(options, 20), {});
}

/// Bits of the rows that a rule lets pass.
template <class Rule>
std::vector<uint64_t> bits_where(int64_t num_rows, const Rule& passes) {
  std::vector<uint64_t> bits(static_cast<size_t>((num_rows + 63) / 64));
  for (int64_t row = 0; row < num_rows; ++row) {
    if (passes(row)) bits[static_cast<size_t>(row / 64)] |= uint64_t{1} << (row % 64);
  }
  return bits;
}

TEST(IvfChoice, KnowsWhichRowsOfAListPassKeptOrNot) {
  for (const char* codes : {"flat", "rabitq"}) {
    const IvfParts parts = parts_of(Value::object({{"codes", codes}}));
    const auto bits = bits_where(1000, [](int64_t row) { return row % 7 == 0 || row < 200; });
    const KeptPlaces kept(parts, bits, 200 + (999 / 7 - 199 / 7));
    PassingPlaces found(parts, true, bits), given(parts, true, {}, &kept);
    int64_t total = 0;
    for (uint32_t number = 0; number < parts.lists.size(); ++number) {
      std::vector<uint32_t> want;
      std::vector<uint32_t> blocks;
      const auto rows = parts.lists[number].rows.span();
      for (uint32_t at = 0; at < rows.size(); ++at) {
        if ((bits[rows[at] / 64] >> (rows[at] % 64) & 1) == 0) continue;
        want.push_back(at);
        if (blocks.empty() || blocks.back() != at / 32) blocks.push_back(at / 32);
      }
      for (PassingPlaces* passing : {&found, &given}) {
        const PassingOfList of_list = passing->of(number);
        EXPECT_EQ(of_list.count, std::ssize(want));
        EXPECT_EQ(of_list.all, want.size() == rows.size());
        if (of_list.all) continue;
        EXPECT_TRUE(std::ranges::equal(of_list.places, want));
        EXPECT_EQ(of_list.compared, parts.has_codes() ? 32 * std::ssize(blocks) : std::ssize(want));
      }
      total += std::ssize(want);
    }
    EXPECT_EQ(total, 200 + (999 / 7 - 199 / 7));
    EXPECT_EQ(kept.size_bytes(), KeptPlaces::size_bytes_of(parts, total));
  }
}

TEST(IvfChoice, TakesTheNearestListsUntilEnoughPass) {
  const IvfParts parts = parts_of(Value::object({{"codes", "flat"}}));
  std::vector<float> measured(20);
  for (size_t j = 0; j < 20; ++j) measured[j] = static_cast<float>(j * 7 % 20);  // list 0, 3, 6, ...
  const auto lists_for = [&](const std::vector<uint64_t>& bits, int64_t nprobe, int64_t least) {
    PassingPlaces passing(parts, !bits.empty(), bits);
    IvfPlan plan;
    plan.nprobe = nprobe, plan.least_passing = least;
    IvfWork work;
    ChosenLists chosen = nearest_lists(plan, measured, plan.expected.lists, passing, work);
    EXPECT_FALSE(chosen.scans);
    return chosen.lists;
  };
  EXPECT_EQ(lists_for({}, 3, 1), (std::vector<uint32_t>{0, 3, 6}));
  const auto last_only =
      bits_where(1000, [&](int64_t row) { return parts.places[static_cast<size_t>(row)].list == 9; });
  EXPECT_EQ(lists_for(last_only, 2, 1), (std::vector<uint32_t>{0, 3, 6, 9}));
  EXPECT_EQ(lists_for(last_only, 2, 1000).size(), 20);
}

TEST(IvfChoice, PutsAllListsInOrderWhereNoneHoldsWhatPasses) {
  // Few lists are taken by a heap at first, many by parting: equal numbers keep the order of their lists.
  IvfParts parts;
  parts.lists.resize(300);
  std::vector<float> measured(300);
  for (size_t j = 0; j < 300; ++j) measured[j] = static_cast<float>(j * 77 % 50) - 25;
  std::vector<uint32_t> order(300);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](uint32_t list) { return measured[list]; });
  const std::vector<uint64_t> none(1);
  for (const int64_t nprobe : {1, 5, 100, 300}) {
    PassingPlaces passing(parts, true, none);
    IvfPlan plan;
    plan.nprobe = nprobe, plan.least_passing = 1;
    IvfWork work;
    EXPECT_EQ(nearest_lists(plan, measured, plan.expected.lists, passing, work).lists, order) << nprobe;
  }
}

TEST(IvfChoice, GivesUpWhereLookingTakesAsLongAsAScan) {
  const IvfParts parts = parts_of(Value::object({{"codes", "flat"}}));
  std::vector<float> measured(20);
  std::iota(measured.begin(), measured.end(), 0.0F);
  const auto bits =
      bits_where(1000, [&](int64_t row) { return parts.places[static_cast<size_t>(row)].list == 19; });
  PassingPlaces passing(parts, !bits.empty(), bits);
  IvfPlan plan;
  plan.nprobe = 1, plan.least_passing = 5;
  // A scan takes 1 + 50 x 2; a test of a row 1.
  plan.planner.emplace(IvfCosts{1, 2, 1, 1, 1, 1}, 50, 0);
  IvfWork work;
  EXPECT_TRUE(nearest_lists(plan, measured, plan.expected.lists, passing, work).scans);
  EXPECT_EQ(work.switched, 1);
  EXPECT_GT(work.tested, 101);
  EXPECT_LT(work.tested, 101 + 200);  // the list at which it was given up
}

}  // namespace
}  // namespace whitney::search
