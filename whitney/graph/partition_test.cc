#include "whitney/graph/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/bfs.h"
#include "whitney/graph/bfs_seeds.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/fennel.h"
#include "whitney/graph/least_loaded.h"
#include "whitney/graph/metis.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Lt;

struct Partitioner {
  const char* name;
  std::function<std::vector<uint32_t>(const Graph&, int parts, const Context&)> parts;
  std::function<Table(const Graph&, int parts, const Context&)> table;
};

const std::vector<Partitioner>& partitioners() {
  static const std::vector<Partitioner> all = {
      {"bfs", [](const Graph& g, int parts, const Context& c) { return bfs_parts(g, {.parts = parts}, c); },
       [](const Graph& g, int parts, const Context& c) { return bfs(g, {.parts = parts}, c); }},
      {"fennel",
       [](const Graph& g, int parts, const Context& c) { return fennel_parts(g, {.parts = parts}, c); },
       [](const Graph& g, int parts, const Context& c) { return fennel(g, {.parts = parts}, c); }},
      {"metis",
       [](const Graph& g, int parts, const Context& c) { return metis_parts(g, {.parts = parts}, c); },
       [](const Graph& g, int parts, const Context& c) { return metis(g, {.parts = parts}, c); }}};
  return all;
}

// A torus of rows x columns, some edges of which are missing, and isolated nodes behind it.
Graph torus(uint32_t rows, uint32_t columns, int isolated, uint64_t seed, bool directed = false) {
  RandomStream random(seed, "torus", 0);
  Edges edges;
  for (uint32_t i = 0; i < rows * columns; ++i) {
    const uint32_t row = i / columns, column = i % columns;
    if (random.below(10) > 0) edges.emplace_back(i, row * columns + (column + 1) % columns);
    if (random.below(10) > 0) edges.emplace_back(i, (row + 1) % rows * columns + column);
  }
  return graph_of(rows * columns + isolated, edges, {}, directed);
}

TEST(Partitioners, GiveEveryNodeAPartWithinTheCap) {
  for (const Partitioner& partitioner : partitioners()) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      for (const int parts : {1, 2, 3, 7}) {
        const Graph graph = torus(9, 11, 5, seed, seed % 2 == 1);
        Context context;
        context.seed = seed;
        const auto part_of = partitioner.parts(graph, parts, context);
        ASSERT_EQ(std::ssize(part_of), graph.num_nodes());
        std::vector<int64_t> sizes(static_cast<size_t>(parts));
        for (const uint32_t part : part_of) ++sizes.at(part);
        EXPECT_LE(std::ranges::max(sizes), (PartSizes{parts, 0.05}.cap(graph.num_nodes())))
            << partitioner.name;
        EXPECT_GT(std::ranges::min(sizes), 0) << partitioner.name << ", " << parts;
      }
    }
  }
}

TEST(Partitioners, CutFarLessThanChance) {
  for (const Partitioner& partitioner : partitioners()) {
    const Graph graph = torus(30, 30, 0, 1);
    const auto part_of = partitioner.parts(graph, 4, {});
    // By chance 3 edges of 4 are cut; straight lines cut about a tenth.
    EXPECT_LT(measure_partition(graph, part_of, 4).cut_ratio(), 0.25) << partitioner.name;
  }
}

TEST(Partitioners, CutABarbellAtItsBar) {
  // Two cliques of 10 and one edge between them.
  Edges edges = {{0, 10}};
  for (uint32_t u = 0; u < 10; ++u) {
    for (uint32_t v = u + 1; v < 10; ++v) edges.emplace_back(u, v), edges.emplace_back(10 + u, 10 + v);
  }
  const Graph graph = graph_of(20, edges);
  for (const Partitioner& partitioner : partitioners()) {
    const auto part_of = partitioner.parts(graph, 2, {});
    const PartitionQuality quality = measure_partition(graph, part_of, 2);
    EXPECT_EQ(quality.cut_edges, 1) << partitioner.name;
    EXPECT_EQ(quality.border_nodes, 2) << partitioner.name;
    const auto border = border_of(graph, part_of);
    EXPECT_TRUE(border[0] == 1 && border[10] == 1) << partitioner.name;
    EXPECT_EQ(quality.balance, 1) << partitioner.name;
  }
}

TEST(Metis, CutsNothingBetweenTwoComponentsOfOneSize) {
  Edges edges;
  for (uint32_t i = 0; i < 20; ++i) {
    edges.emplace_back(i, (i + 1) % 20), edges.emplace_back(20 + i, 20 + (i + 1) % 20);
    edges.emplace_back(i, (i + 7) % 20), edges.emplace_back(20 + i, 20 + (i + 7) % 20);
  }
  const Graph graph = graph_of(40, edges);
  EXPECT_EQ(measure_partition(graph, metis_parts(graph, {.parts = 2}, {}), 2).cut_edges, 0);
}

// More nodes than two blocks of threads.
TEST(Partitioners, GiveTheSamePartsForTheSameSeedAtAnyNumberOfThreads) {
  const Graph graph = torus(97, 89, 2, 4);
  for (const Partitioner& partitioner : partitioners()) {
    std::vector<std::vector<uint32_t>> parts;
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      parts.push_back(partitioner.parts(graph, 5, context));
    }
    EXPECT_EQ(parts[0], parts[1]) << partitioner.name;
    EXPECT_EQ(parts[0], parts[2]) << partitioner.name;
  }
}

TEST(PartSizes, LeaveRoomForAllNodesAndNoMore) {
  EXPECT_EQ((PartSizes{3, 0}.cap(100)), 34);
  EXPECT_EQ((PartSizes{4, 0.05}.cap(400)), 105);
  EXPECT_EQ((PartSizes{2, 1e9}.cap(100)), 100);
  const int64_t many = 4'000'000'001;  // half of it has a share of 1e-9 that is more than a node
  EXPECT_EQ((PartSizes{2, 0}.cap(many)), 2'000'000'001);
}

TEST(Fennel, KeepsNoCostsOfSizesThatNoPartCanHave) {
  const Graph graph = torus(9, 9, 0, 2);
  const auto part_of = fennel_parts(graph, {.parts = 2, .max_imbalance = 1e15}, {});
  EXPECT_LE(std::ranges::max(part_of), 1U);
}

// The greedy choice by its definition: a search over the whole graph from each seed.
std::vector<uint32_t> plain_seeds(const SymmetricRows& rows, uint32_t first, size_t count) {
  const auto n = static_cast<size_t>(rows.offsets.size() - 1);
  std::vector<uint32_t> seeds = {first};
  std::vector<int64_t> nearest(n, std::numeric_limits<int64_t>::max());
  while (true) {
    std::vector<int64_t> distance(n, -1);
    std::vector<uint32_t> queue = {seeds.back()};
    distance[seeds.back()] = 0;
    for (size_t next = 0; next < queue.size(); ++next) {
      for (int64_t e = rows.offsets[queue[next]]; e < rows.offsets[int64_t{queue[next]} + 1]; ++e) {
        if (distance[rows.neighbors[e]] >= 0) continue;
        distance[rows.neighbors[e]] = distance[queue[next]] + 1;
        queue.push_back(rows.neighbors[e]);
      }
    }
    for (size_t v = 0; v < n; ++v) nearest[v] = std::min(nearest[v], distance[v]);
    if (seeds.size() == count) return seeds;
    const auto key = [&](uint32_t v) {
      return std::tuple(-nearest[v], rows.offsets[v] - rows.offsets[int64_t{v} + 1], v);
    };
    std::vector<uint32_t> nodes(n);
    std::iota(nodes.begin(), nodes.end(), 0U);
    seeds.push_back(std::ranges::min(nodes, {}, key));
  }
}

TEST(BFSSeeds, AreTheFarthestNodesOneAfterAnother) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const SymmetricRows rows = symmetric_rows(torus(13, 7, 2, 4 + seed), {});
    const auto found = seeds_far_apart(rows, 30, seed, {});
    ASSERT_EQ(found.size(), 30U);
    EXPECT_EQ(found, plain_seeds(rows, found[0], 30));
  }
}

TEST(BFSSeeds, CanBeStopped) {
  CancellationToken stop;
  stop.request();
  Context context;
  context.cancellation = &stop;
  EXPECT_THROW(seeds_far_apart(symmetric_rows(torus(5, 5, 0, 2), {}), 3, 1, context), Cancelled);
}

TEST(Partitioners, CutLightEdgesRatherThanHeavyOnes) {
  // A ring of 12 whose edges weigh 9 inside quarters and 1 between them.
  Edges edges;
  std::vector<float> weights;
  for (uint32_t i = 0; i < 12; ++i) {
    edges.emplace_back(i, (i + 1) % 12);
    weights.push_back(i % 3 == 2 ? 1 : 9);
  }
  const Graph graph = graph_of(12, edges, weights);
  const auto part_of = metis_parts(graph, {.parts = 4}, {});
  for (uint32_t i = 0; i < 12; ++i) EXPECT_EQ(part_of[i], part_of[i / 3 * 3]) << i;
}

TEST(Partitioners, MakeTablesThatTellTheirQuality) {
  for (const Partitioner& partitioner : partitioners()) {
    const Graph graph = torus(9, 9, 0, 2);
    const Table table = partitioner.table(graph, 3, {});
    const auto parts = table.attributes.find("part")->ints.span();
    EXPECT_THAT((std::set<int64_t>(parts.begin(), parts.end())), ElementsAre(0, 1, 2));
    const Value& quality = table.record.at("quality");
    EXPECT_EQ(quality.at("cut_edges").as_real() / static_cast<double>(graph.num_edges()),
              quality.at("cut_ratio").as_real());
    EXPECT_LE(quality.at("balance").as_real(), 29.0 / 27);  // ceil(1.05 27) nodes
  }
}

TEST(Partitioners, RefuseMorePartsThanNodes) {
  for (const Partitioner& partitioner : partitioners()) {
    EXPECT_THAT(error_of([&] { partitioner.parts(graph_of(2, {{0, 1}}), 3, {}); }),
                HasSubstr("\"parts\" is 3, and the graph has 2 nodes"));
  }
}

TEST(Partitioners, SayThatDirectionsDoNotCount) {
  for (const Partitioner& partitioner : partitioners()) {
    Notes notes;
    Context context;
    context.progress = &notes;
    partitioner.parts(torus(4, 4, 0, 2, true), 2, context);
    ASSERT_EQ(notes.sentences.size(), 1U);
    EXPECT_THAT(notes.sentences[0], HasSubstr("directions"));
  }
}

TEST(BFS, SaysThatWeightsDoNotCount) {
  Notes notes;
  Context context;
  context.progress = &notes;
  bfs(graph_of(4, {{0, 1}, {1, 2}, {2, 3}}, {1, 2, 3}), {.parts = 2}, context);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_THAT(notes.sentences[0], HasSubstr("weights of edges have no effect"));
}

TEST(Partitioners, TakeGraphsWithoutEdges) {
  for (const Partitioner& partitioner : partitioners()) {
    const auto part_of = partitioner.parts(graph_of(6, {}), 3, {});
    for (const uint32_t part : {0U, 1U, 2U})
      EXPECT_EQ(std::ranges::count(part_of, part), 2) << partitioner.name;
  }
}

TEST(Partition, IsTheUnionOfInnerAndCutEdges) {
  const Graph graph = torus(8, 8, 0, 3, true);
  const auto part_of = bfs_parts(graph, {.parts = 3}, {});
  int64_t cut = 0;
  std::set<uint32_t> ends;
  for (uint32_t u = 0; u < 64; ++u) {
    for (const uint32_t v : graph.neighbors(u)) {
      if (part_of[u] != part_of[v]) ++cut, ends.insert(u), ends.insert(v);
    }
  }
  const PartitionQuality quality = measure_partition(graph, part_of, 3);
  EXPECT_EQ(quality.cut_edges, cut);
  EXPECT_EQ(quality.border_nodes, std::ssize(ends));
  EXPECT_EQ(quality.num_edges, graph.nnz());
}

TEST(Fennel, PlacesByItsScore) {
  // Stream 0, 1, 2, 3 of the path 0 - 1 - 2 - 3, two parts: m = 3, alpha = 3 sqrt(2) / 8 = 0.53. A part of s
  // nodes costs 1.5 alpha sqrt(s) = 0.795 sqrt(s). Node 0: both empty, part 0. Node 1: 1 - 0.795 against 0:
  // part 0. Node 2: part 0 is full (2 of 2).
  const FennelOptions options{
      .parts = 2, .max_imbalance = 0, .gamma = 1.5, .order = StreamOrder::kRows, .passes = 1};
  EXPECT_THAT(fennel_parts(graph_of(4, {{0, 1}, {1, 2}, {2, 3}}), options, {}), ElementsAre(0, 0, 1, 1));
  // With 3 nodes of room: node 2 has 1 - 0.795 sqrt(2) < 0 in part 0, and 0 in the empty one.
  FennelOptions roomy = options;
  roomy.max_imbalance = 0.5;
  EXPECT_THAT(fennel_parts(graph_of(4, {{0, 1}, {1, 2}, {2, 3}}), roomy, {}), ElementsAre(0, 0, 1, 1));
  // gamma 1: sizes cost the same, so that neighbours alone decide until the cap.
  roomy.gamma = 1;
  EXPECT_THAT(fennel_parts(graph_of(4, {{0, 1}, {1, 2}, {2, 3}}), roomy, {}), ElementsAre(0, 0, 0, 1));
}

// The definition, part by part. Nodes come by row.
std::vector<uint32_t> plain_fennel(const Graph& graph, const FennelOptions& options) {
  const auto n = static_cast<size_t>(graph.num_nodes()), k = static_cast<size_t>(options.parts);
  const Dense weights = dense_of(graph);
  double mass = 0;
  for (size_t v = 0; v < n; ++v)
    mass += (std::accumulate(weights[v].begin(), weights[v].end(), 0.0) - weights[v][v]) / 2;
  const double alpha = mass * std::pow(k, options.gamma - 1) / std::pow(n, options.gamma);
  const int64_t cap = PartSizes{options.parts, options.max_imbalance}.cap(graph.num_nodes());
  std::vector<int64_t> part_of(n, -1), sizes(k, 0);
  for (int pass = 0; pass < options.passes; ++pass) {
    for (size_t v = 0; v < n; ++v) {
      if (part_of[v] >= 0) --sizes[static_cast<size_t>(part_of[v])];
      size_t best = k;
      double best_score = 0;
      for (size_t part = 0; part < k; ++part) {
        if (sizes[part] >= cap) continue;
        double near = 0;
        for (size_t u = 0; u < n; ++u)
          near += u != v && part_of[u] == static_cast<int64_t>(part) ? weights[v][u] : 0;
        const double score = near - alpha * options.gamma * std::pow(sizes[part], options.gamma - 1);
        if (best == k || score > best_score || (score == best_score && sizes[part] < sizes[best]))
          best = part, best_score = score;
      }
      part_of[v] = static_cast<int64_t>(best);
      ++sizes[best];
    }
  }
  return {part_of.begin(), part_of.end()};
}

TEST(Fennel, LooksAtFewPartsAndFindsTheBestOfAll) {
  const Graph plain = random_graph(90, 200);
  Edges edges;
  std::vector<float> halves;  // sums of which are exact, so that scores can be equal
  for (uint32_t u = 0; u < 90; ++u) {
    for (const uint32_t v : plain.neighbors(u)) {
      if (u < v) edges.emplace_back(u, v), halves.push_back(0.5F * static_cast<float>(1 + (u + v) % 4));
    }
  }
  const Graph weighted = graph_of(90, edges, halves);
  for (const int parts : {1, 2, 7, 37, 90}) {
    for (const double gamma : {1.0, 1.5, 3.0}) {
      const FennelOptions options{
          .parts = parts, .max_imbalance = 0.1, .gamma = gamma, .order = StreamOrder::kRows, .passes = 3};
      EXPECT_EQ(fennel_parts(plain, options, {}), plain_fennel(plain, options)) << parts << " " << gamma;
      EXPECT_EQ(fennel_parts(weighted, options, {}), plain_fennel(weighted, options))
          << parts << " " << gamma;
    }
  }
}

TEST(LeastLoaded, KnowsTheLeastOfAnyNumberOfParts) {
  for (const uint32_t parts : {1U, 2U, 3U, 5U, 8U, 13U}) {
    LeastLoaded sizes(parts);
    std::vector<int64_t> plain(parts, 0);
    RandomStream random(1, "least loaded", parts);
    for (int change = 0; change < 100; ++change) {
      const auto part = static_cast<uint32_t>(random.below(parts));
      if (plain[part] > 0 && random.below(3) == 0) {
        sizes.remove_from(part), --plain[part];
      } else {
        sizes.add_to(part), ++plain[part];
      }
      ASSERT_EQ(sizes.least(), std::ranges::min_element(plain) - plain.begin());
      ASSERT_EQ(sizes.of(part), plain[part]);
    }
  }
}

TEST(BFSSeeds, StandFarApart) {
  // A path of 21, and a smaller component: seeds are the ends, then the middle.
  Edges edges;
  for (uint32_t i = 0; i < 20; ++i) edges.emplace_back(i, i + 1);
  edges.emplace_back(21, 22);
  const auto seeds = seeds_far_apart(symmetric_rows(graph_of(23, edges), {}), 3, 1, {});
  EXPECT_EQ((std::set<uint32_t>{seeds[0], seeds[1]}), (std::set<uint32_t>{0, 20}));
  EXPECT_EQ(seeds[2], 10U);
}

TEST(HoldCap, MovesWhatLosesLeast) {
  // 0, 1, 2 a triangle, 3 hangs on 4, 5: part 0 holds 4 nodes and may hold 3.
  const SymmetricRows rows =
      symmetric_rows(graph_of(6, {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {2, 3}}), {});
  std::vector<uint32_t> part_of = {0, 0, 0, 0, 1, 1};
  hold_cap(rows, part_of, 2, 3);
  EXPECT_THAT(part_of, ElementsAre(0, 0, 0, 1, 1, 1));
}

}  // namespace
}  // namespace whitney::graph
