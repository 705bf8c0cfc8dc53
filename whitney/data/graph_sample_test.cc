#include "whitney/data/graph_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::data {
namespace {

std::string write(const TemporaryFolder& folder, const std::string& text) {
  std::ofstream(folder.file("edges.tsv")) << text;
  return folder.file("edges.tsv");
}

TEST(ExpectedDistinct, IsWhatChaoTells) {
  // Q0 = 4/5 * 16/4 = 3.2; five more pieces show 1 - (1 - 4/20)^5 of it.
  EXPECT_NEAR(expected_distinct(10, 4, 2, 5, 2), 10 + 3.2 * (1 - std::pow(0.8, 5)), 1e-12);
  EXPECT_EQ(expected_distinct(10, 4, 2, 5, 1), 10);
  EXPECT_EQ(expected_distinct(10, 0, 3, 5, 9), 10);  // all came again: there are no others
  // Nothing comes again: as many in each further piece.
  EXPECT_NEAR(expected_distinct(100, 100, 0, 10, 3), 300, 6);
}

TEST(GraphSample, TellsWeightsDirectionAndTheLengthOfIds) {
  const TemporaryFolder folder;
  const DataSize plain = sample_graph(write(folder, "1\t2\n2\t3\n"), true);
  EXPECT_TRUE(plain.directed);
  EXPECT_FALSE(plain.weighted);
  EXPECT_EQ(plain.nnz, 2);
  EXPECT_EQ(plain.id_bytes, 0);
  const DataSize named =
      sample_graph(write(folder, "source\ttarget\tweight\nanna\tbert\t2\nbert\tcleo\t.5\n"), false);
  EXPECT_TRUE(named.weighted);
  EXPECT_NEAR(static_cast<double>(named.id_bytes), 4.0 * static_cast<double>(named.num_rows), 6);
}

// 10 MB of edges from users in order to items of which few are popular: users come anew at the same rate all
// the way, items do not.
TEST(GraphSample, CountsUsersAndItemsOfWhichItSeesAPart) {
  const TemporaryFolder folder;
  constexpr int64_t kItems = 200'000, kEdges = 800'000, kPerUser = 16;
  RandomStream random(1, "test", 0);
  std::string text;
  std::vector<uint8_t> is_there(kItems, 0);
  for (int64_t e = 0; e < kEdges; ++e) {
    const double u = random.uniform();
    const auto item = static_cast<int64_t>(u * u * u * kItems);
    is_there[static_cast<size_t>(item)] = 1;
    text += "u" + std::to_string(e / kPerUser) + "\ti" + std::to_string(item) + "\n";
  }
  const auto items = static_cast<double>(std::count(is_there.begin(), is_there.end(), 1));
  const double nodes = items + static_cast<double>(kEdges) / kPerUser;
  const DataSize size = sample_graph(write(folder, text), false);
  EXPECT_NEAR(static_cast<double>(size.num_rows), nodes, 0.05 * nodes);
  EXPECT_NEAR(static_cast<double>(size.nnz), 2.0 * kEdges, 0.02 * kEdges);
}

}  // namespace
}  // namespace whitney::data
