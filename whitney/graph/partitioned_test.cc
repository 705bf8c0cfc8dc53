#include "whitney/graph/partitioned.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/metis.h"
#include "whitney/graph/partition.h"
#include "whitney/graph/partitioned_align.h"
#include "whitney/graph/partitioned_base.h"
#include "whitney/graph/undirected.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MethodChoice fastrp_base(int dim) {
  const Method& method = Registry::instance().get(Verb::kLearn, "fastrp");
  return {"fastrp", resolve_options(method, Value::object({{"dim", dim}}))};
}

PartitionedOptions with(int parts, PartCombination combine = PartCombination::kAlign, int dim = 32) {
  PartitionedOptions options;
  options.base = fastrp_base(dim);
  options.parts = parts;
  options.combine = combine;
  return options;
}

// Blocks of 40 nodes with 5 edges inside and 0.5 outside a node, and an isolated node.
Graph blocks(uint32_t num_blocks, bool directed = false) {
  RandomStream random(8, "blocks", 0);
  Edges edges;
  const uint32_t n = 40 * num_blocks;
  for (uint32_t u = 0; u < n; ++u) {
    for (int i = 0; i < 5; ++i) edges.emplace_back(u, u / 40 * 40 + random.below(40));
    if (u % 2 == 0) edges.emplace_back(u, random.below(n));
  }
  return graph_of(n + 1, edges, {}, directed);
}

double dot(const Matrix& x, int64_t i, int64_t j) {
  const auto a = x.row<float>(i), b = x.row<float>(j);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Matrix random_matrix(int64_t rows, int64_t cols, uint64_t seed) {
  RandomStream random(seed, "matrix", 0);
  Matrix result(rows, cols);
  for (int64_t i = 0; i < rows * cols; ++i)
    result.mutable_data<float>()[i] = static_cast<float>(random.normal());
  return result;
}

TEST(Partitioned, GivesWhatTheBaseGivesWhereThereIsOnePart) {
  const Graph graph = blocks(3);
  const Matrix whole = learn("fastrp", graph, Value::object({{"dim", 32}}), {}).vectors;
  EXPECT_TRUE(same_bytes(partitioned(graph, with(1), {}).vectors, whole));
  PartitionedOptions options = with(4, PartCombination::kConcatenate);
  options.leaf_nodes = graph.num_nodes();
  EXPECT_TRUE(same_bytes(partitioned(graph, options, {}).vectors, whole));
}

TEST(Partitioned, GivesTheSameBytesForAnyThreadsAndPartsAtATime) {
  const Graph graph = blocks(6);
  for (const PartCombination combine : {PartCombination::kAlign, PartCombination::kConcatenate}) {
    for (const PartitionMethod partitioner :
         {PartitionMethod::kAuto, PartitionMethod::kMetis, PartitionMethod::kFennel, PartitionMethod::kBFS}) {
      PartitionedOptions options = with(5, combine);
      options.partitioner = partitioner;
      std::vector<Matrix> vectors;
      for (const int threads : {1, 2, 5}) {
        Context context;
        context.threads = threads;
        options.parallel_parts = threads == 2 ? 3 : 1;
        vectors.push_back(partitioned(graph, options, context).vectors);
      }
      EXPECT_TRUE(same_bytes(vectors[0], vectors[1]));
      EXPECT_TRUE(same_bytes(vectors[0], vectors[2]));
    }
  }
}

TEST(Partitioned, TakesEdgesInBothDirections) {
  const Graph directed = blocks(3, true);
  EXPECT_TRUE(same_bytes(partitioned(directed, with(4), {}).vectors,
                         partitioned(without_directions(directed, {}), with(4), {}).vectors));
}

TEST(Partitioned, PassesOverPartsThatGotNoNode) {
  const Graph graph = graph_of(10, {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}});
  for (const PartCombination combine : {PartCombination::kAlign, PartCombination::kConcatenate}) {
    PartitionedOptions options = with(7, combine);
    options.partitioner = PartitionMethod::kFennel;
    EXPECT_EQ(partitioned(graph, options, {}).vectors.rows(), 10);
  }
}

TEST(Partitioned, CutsEachLevelBySeedsOfItsOwn) {
  EXPECT_NE(piece_context({}, 0, kWholeLevel).seed, piece_context({}, 1, kWholeLevel).seed);
  EXPECT_NE(piece_context({}, 0, kWholeLevel).seed, piece_context({}, 0, 0).seed);
}

TEST(Partitioned, EmbedsComponentsByThemselvesWhereNothingIsCut) {
  Edges edges;
  for (uint32_t i = 0; i < 30; ++i) {
    edges.emplace_back(i, (i + 1) % 30), edges.emplace_back(30 + i, 30 + (i + 1) % 30);
    edges.emplace_back(i, (i + 7) % 30), edges.emplace_back(30 + i, 30 + (i + 7) % 30);
  }
  const Graph graph = graph_of(60, edges);
  PartitionedOptions options = with(2);
  options.smoothing = 0;
  const Embeddings found = partitioned(graph, options, {});
  PartitionedOptions concatenated = with(2, PartCombination::kConcatenate);
  concatenated.normalize_blocks = false;
  EXPECT_TRUE(same_bytes(partitioned(graph, concatenated, {}).vectors, found.vectors));
  EXPECT_EQ(found.record.at("quality").at("levels").as_list()[0].at("cut_ratio"), Value(0.0));
  // Which component is part 0 is METIS's choice.
  int num_equal = 0;
  for (int64_t part = 0; part < 2; ++part) {
    for (uint32_t first : {0U, 30U}) {
      std::vector<uint32_t> rows(30);
      std::iota(rows.begin(), rows.end(), first);
      FastRPOptions base;
      base.dim = 32;
      const Matrix want =
          fastrp(induced_graph(graph, rows, {}).graph, base, piece_context({}, 0, part)).vectors;
      num_equal += std::equal(want.row<float>(0).begin(), want.row<float>(0).begin() + 30L * 32,
                              found.vectors.row<float>(first).begin())
                       ? 1
                       : 0;
    }
  }
  EXPECT_EQ(num_equal, 2);
}

TEST(Partitioned, SplitsColumnsAndLeavesZerosWhereNodesAreAtNoBorder) {
  const Graph graph = blocks(8);
  PartitionedOptions options = with(4, PartCombination::kConcatenate, 64);
  options.leaf_nodes = 10;
  options.min_dim = 4;
  options.partitioner = PartitionMethod::kMetis;
  const Embeddings found = partitioned(graph, options, {});
  const auto& levels = found.record.at("quality").at("levels").as_list();
  ASSERT_GE(levels.size(), 2U);
  int64_t budget = 64, column = 0;
  Graph level_graph = graph;
  std::vector<uint32_t> rows(static_cast<size_t>(graph.num_nodes()));
  std::iota(rows.begin(), rows.end(), 0U);
  for (size_t l = 0; l < levels.size(); ++l) {
    const int64_t inner = levels[l].at("columns").as_int();
    const int64_t outer =
        levels[l].find("border_columns") == nullptr ? 0 : levels[l].at("border_columns").as_int();
    EXPECT_EQ(inner + outer, budget);
    EXPECT_EQ(levels[l].at("nodes").as_int(), std::ssize(rows));
    // The block is zero for the nodes that are not of this level, and for no other but those without edges.
    std::vector<int> is_here(static_cast<size_t>(graph.num_nodes()), 0);
    for (size_t i = 0; i < rows.size(); ++i)
      is_here[rows[i]] = level_graph.neighbors(static_cast<int64_t>(i)).empty() ? 2 : 1;
    int64_t num_vectors = 0;
    for (int64_t v = 0; v < graph.num_nodes(); ++v) {
      const auto block =
          found.vectors.row<float>(v).subspan(static_cast<size_t>(column), static_cast<size_t>(inner));
      const double squares = std::inner_product(block.begin(), block.end(), block.begin(), 0.0);
      if (is_here[static_cast<size_t>(v)] == 0) {
        EXPECT_EQ(squares, 0) << "level " << l << ", node " << v;
      } else if (squares > 0) {
        EXPECT_NEAR(squares, 1, 1e-5);
        ++num_vectors;
      }
    }
    // A node whose edges all lead to other parts has none; most have.
    EXPECT_GT(num_vectors * 4, std::ranges::count(is_here, 1) * 3) << "level " << l;
    if (outer == 0) break;
    const auto part_of =
        metis_parts(level_graph, {.parts = 4}, piece_context({}, static_cast<int>(l), kWholeLevel));
    PartGraph border = border_graph(level_graph, part_of, BorderEdges::kInduced, {});
    std::vector<uint32_t> next;
    for (const uint32_t row : border.rows) next.push_back(rows[row]);
    EXPECT_EQ(outer, budget * std::ssize(next) / (std::ssize(rows) + std::ssize(next)));
    rows = std::move(next);
    level_graph = border.graph;
    column += inner;
    budget = outer;
  }
  EXPECT_EQ(column + levels.back().at("columns").as_int(), 64);
}

TEST(Partitioned, EmbedsASmallBorderAsOneUnlessALimitIsGiven) {
  const Graph graph = blocks(8);  // a border of far more nodes than a part
  PartitionedOptions options = with(4, PartCombination::kConcatenate, 64);
  const auto parts_of_border = [&] {
    const Embeddings found = partitioned(graph, options, {});
    const auto& levels = found.record.at("quality").at("levels").as_list();
    EXPECT_GT(levels.at(1).at("nodes").as_int(), 84);
    return levels.at(1).at("parts");
  };
  EXPECT_EQ(parts_of_border(), Value(1));
  options.leaf_nodes = 84;
  EXPECT_EQ(parts_of_border(), Value(4));
}

TEST(Partitioned, BringsPartsIntoOneSpace) {
  // Edges across parts join near vectors when aligned, and vectors that have nothing to do with one another
  // without.
  const Graph graph = blocks(8);
  const auto gap = [&](const PartitionedOptions& options) {
    const Matrix x = partitioned(graph, options, {}).vectors;
    const auto part_of = metis_parts(graph, {.parts = 4}, piece_context({}, 0, kWholeLevel));
    double across = 0;
    int64_t count = 0;
    for (int64_t u = 0; u < graph.num_nodes(); ++u) {
      for (const uint32_t v : graph.neighbors(u)) {
        if (part_of[static_cast<size_t>(u)] == part_of[v]) continue;
        across += dot(x, u, v) / std::sqrt(dot(x, u, u) * dot(x, v, v));
        ++count;
      }
    }
    return across / static_cast<double>(count);
  };
  PartitionedOptions turned = with(4), apart = with(4, PartCombination::kConcatenate);
  turned.smoothing = 0;
  apart.border = BorderEdges::kNone;
  EXPECT_LT(gap(apart), 0.1);
  EXPECT_GT(gap(turned), gap(apart) + 0.1);
}

TEST(Alignment, TakesATurnedCopyBack) {
  const TemporaryFolder folder;
  const int64_t dim = 16;
  const Graph graph = blocks(1);
  std::vector<uint32_t> rows(41), part_of(41, 0);
  std::iota(rows.begin(), rows.end(), 0U);
  const PartGraph part = induced_graph(graph, rows, {});
  const Matrix want = random_matrix(41, dim, 1);
  // An orthogonal matrix: reflections I - 2 u u^T / u^T u, three of them.
  Matrix turned = Matrix::copy_of(want.view());
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const Matrix u = random_matrix(1, dim, 10 + seed);
    for (int64_t i = 0; i < 41; ++i) {
      float* row = turned.mutable_data<float>() + i * dim;
      const auto direction = u.row<float>(0);
      const double scale = 2 * std::inner_product(row, row + dim, direction.begin(), 0.0) / dot(u, 0, 0);
      for (int64_t j = 0; j < dim; ++j)
        row[j] -= static_cast<float>(scale * direction[static_cast<size_t>(j)]);
    }
  }
  RowFile file(folder.file("frame"), 41, dim);
  file.write(rows, want.row<float>(0).data(), dim, 0);
  const Matrix found = align_part(part, turned, {rows, reader_of(file), FrameMap::kProcrustes}, {});
  for (int64_t i = 0; i < 41; ++i) {
    for (size_t j = 0; j < static_cast<size_t>(dim); ++j)
      EXPECT_NEAR(found.row<float>(i)[j], want.row<float>(i)[j], 1e-5);
  }
}

TEST(Alignment, TakesAnyLinearImageBackByLeastSquares) {
  const TemporaryFolder folder;
  const int64_t dim = 8;
  const Graph graph = blocks(1);
  std::vector<uint32_t> rows(41);
  std::iota(rows.begin(), rows.end(), 0U);
  const PartGraph part = induced_graph(graph, rows, {});
  Matrix want = random_matrix(41, dim, 1), image = Matrix::copy_of(want.view());
  auto* values = image.mutable_data<float>();
  for (int64_t i = 0; i < 41; ++i) {
    values[i * dim] += values[i * dim + 1];  // sheared, and one axis is longer
    values[i * dim + 2] *= 3;
  }
  RowFile file(folder.file("frame"), 41, dim);
  file.write(rows, want.row<float>(0).data(), dim, 0);
  const auto mean_cosine = [&](FrameMap map) {
    const Matrix found = align_part(part, image, {rows, reader_of(file), map}, {});
    double sum = 0;
    for (int64_t i = 0; i < 41; ++i) {
      double product = 0;
      for (size_t j = 0; j < static_cast<size_t>(dim); ++j)
        product += double{found.row<float>(i)[j]} * want.row<float>(i)[j];
      sum += product / std::sqrt(dot(found, i, i) * dot(want, i, i));
      if (map == FrameMap::kLeastSquares) {
        EXPECT_NEAR(dot(found, i, i), 1, 1e-5);
      }
    }
    return sum / 41;
  };
  EXPECT_GT(mean_cosine(FrameMap::kLeastSquares), 0.97);
  EXPECT_LT(mean_cosine(FrameMap::kProcrustes), 0.93);
}

TEST(Alignment, ChangesNoProductWithinAPartByATurn) {
  const TemporaryFolder folder;
  const Graph graph = blocks(2);
  std::vector<uint32_t> part_of(81);
  for (uint32_t v = 0; v < 81; ++v) part_of[v] = v < 40 ? 0 : 1;
  const PartGraph part = part_with_halo(graph, part_of, 0, 1, {});
  const Matrix vectors = random_matrix(std::ssize(part.rows), 24, 2);
  const PartGraph border = frame_graph(graph, part_of, 30, {});
  const Matrix frame = random_matrix(std::ssize(border.rows), 24, 3);
  std::vector<uint32_t> places(border.rows.size());
  std::iota(places.begin(), places.end(), 0U);
  RowFile file(folder.file("frame"), frame.rows(), 24);
  file.write(places, frame.row<float>(0).data(), 24, 0);
  const Matrix found = align_part(part, vectors, {border.rows, reader_of(file), FrameMap::kProcrustes}, {});
  const std::vector<uint32_t> core = rows_of_core(part);
  ASSERT_EQ(core.size(), 40U);
  EXPECT_EQ(found.rows(), 40);
  std::vector<int64_t> place;
  for (size_t i = 0; i < part.rows.size(); ++i) {
    if (part.is_core[i] != 0) place.push_back(static_cast<int64_t>(i));
  }
  double moved = 0;
  for (int64_t i = 0; i < 40; ++i) {
    moved += std::abs(found.row<float>(i)[0] - vectors.row<float>(place[static_cast<size_t>(i)])[0]);
    for (int64_t j = 0; j < 40; ++j)
      EXPECT_NEAR(dot(found, i, j),
                  dot(vectors, place[static_cast<size_t>(i)], place[static_cast<size_t>(j)]), 1e-4);
  }
  EXPECT_GT(moved, 1);
  // Without an anchor rows stay as they are.
  EXPECT_EQ(align_part(part, vectors, {}, {}).row<float>(0)[0], vectors.row<float>(place[0])[0]);
}

TEST(Smoothing, MovesHalfWayToTheMeanOfNeighboursByWeight) {
  // 0 - 1 of weight 1, 0 - 2 of weight 3; 3 is isolated, 4 too and zero.
  const TemporaryFolder folder;
  const Graph graph = graph_of(5, {{0, 1}, {0, 2}}, {1, 3});
  const std::vector<float> values = {1, 0, 0, 1, 0, -1, 0, 5, 0, 0};
  RowFile file(folder.file("rows"), 5, 2);
  file.write(std::vector<uint32_t>{0, 1, 2, 3, 4}, values.data(), 2, 0);
  const Matrix found = smooth_rows(graph, std::vector<uint32_t>{0, 3, 4}, reader_of(file), {});
  // Node 0: (1, 0) / 2 + ((0, 1) + 3 (0, -1)) / 4 / 2 = (0.5, -0.25).
  EXPECT_NEAR(found.row<float>(0)[0], 2 / std::sqrt(5.0), 1e-6);
  EXPECT_NEAR(found.row<float>(0)[1], -1 / std::sqrt(5.0), 1e-6);
  EXPECT_THAT(found.row<float>(1), ElementsAre(0, 1));
  EXPECT_THAT(found.row<float>(2), ElementsAre(0, 0));
}

TEST(Smoothing, GivesTheSameBytesHoweverManyNeighboursAreReadAtATime) {
  // A hub of all others, and more rows than a thread takes at a time.
  const TemporaryFolder folder;
  constexpr uint32_t kNodes = 700;
  Edges edges;
  for (uint32_t v = 1; v < kNodes; ++v) edges.emplace_back(0, v), edges.emplace_back(v, v * 7 % kNodes);
  const Graph graph = graph_of(kNodes, edges);
  std::vector<uint32_t> rows(kNodes);
  std::iota(rows.begin(), rows.end(), 0U);
  RowFile file(folder.file("rows"), kNodes, 3);
  file.write(rows, random_matrix(kNodes, 3, 4).row<float>(0).data(), 3, 0);
  const Matrix at_once = smooth_rows(graph, rows, reader_of(file), {});
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    for (const int64_t most : {1, 64, 10'000})
      EXPECT_TRUE(same_bytes(smooth_rows(graph, rows, reader_of(file), context, most), at_once));
  }
}

TEST(Partitioned, RefusesBasesThatMakeNoVectorsOfGraphs) {
  PartitionedOptions options = with(2);
  options.base = {"louvain", Value::object()};
  EXPECT_THAT(error_of([&] { partitioned(blocks(1), options, {}); }), HasSubstr("louvain makes a table"));
  options.base = {"partitioned", Value::object()};
  EXPECT_THAT(error_of([&] { partitioned(blocks(1), options, {}); }), HasSubstr("cannot be its own base"));
}

TEST(Partitioned, NamesThePartThatTheBaseCannotEmbed) {
  // Concatenated powers are wider than asked for.
  const Method& method = Registry::instance().get(Verb::kLearn, "fastrp");
  PartitionedOptions options = with(2);
  options.base.options = resolve_options(method, Value::object({{"dim", 8}, {"combine", "concatenate"}}));
  options.combine = PartCombination::kConcatenate;
  EXPECT_THAT(error_of([&] { partitioned(blocks(2), options, {}); }),
              HasSubstr("part 0 of level 0: fastrp gives"));
}

TEST(Partitioned, NamesAScratchFolderThatIsNotThere) {
  PartitionedOptions options = with(2);
  options.scratch = Path{"/nowhere"};
  EXPECT_THAT(error_of([&] { partitioned(blocks(2), options, {}); }), HasSubstr("/nowhere: no folder"));
}

TEST(Partitioned, LeavesNothingInItsScratchFolderAndNoPathInItsRecord) {
  const TemporaryFolder folder;
  const Embeddings found =
      learn("partitioned", blocks(4),
            Value::object({{"base", "fastrp"}, {"base.dim", 16}, {"scratch", folder.path()}}), {});
  EXPECT_EQ(folder.num_entries(), 0);
  EXPECT_EQ(found.record.to_json().find(folder.path()), std::string::npos);
  EXPECT_EQ(found.record.at("options").at("base.dim"), Value(16));
  EXPECT_EQ(found.dim(), 16);
  found.validate();
}

TEST(Partitioned, TellsWhatHasNoEffect) {
  Notes notes;
  Context context;
  context.progress = &notes;
  learn("partitioned", blocks(4),
        Value::object({{"base.dim", 16}, {"border", "cut"}, {"base.num_powers", 2}}), context);
  ASSERT_GE(notes.sentences.size(), 2U);
  EXPECT_THAT(notes.sentences[0], HasSubstr("\"border\" has no effect"));
  EXPECT_THAT(notes.sentences[1], HasSubstr("base: "));
}

TEST(Partitioned, TellsOnceWhatTheBaseAndThePartitionerIgnore) {
  Graph graph = blocks(4);
  graph.weights = Array<float>(graph.nnz(), 2.0F);
  for (const int parallel_parts : {1, 2}) {
    Notes notes;
    Context context;
    context.threads = 2;
    context.progress = &notes;
    learn("partitioned", graph,
          Value::object({{"base", "struc2vec"},
                         {"base.dim", 4},
                         {"base.num_walks", 1},
                         {"base.num_layers", 1},
                         {"partitioner", "bfs"},
                         {"parallel_parts", parallel_parts}}),
          context);
    EXPECT_EQ(std::ranges::count(notes.sentences,
                                 "base: struc2vec: the weights of edges have no effect: degrees are counts"),
              1);
    EXPECT_EQ(std::ranges::count_if(
                  notes.sentences,
                  [](const std::string& note) { return note.find("bfs: the weights") != std::string::npos; }),
              1);
  }
}

TEST(Partitioned, TellsThePeakOfRunsOnDblpWithinAFifth) {
  // Peaks that the system told of `whitney learn partitioned --threads 2`, 4 parts, in MB.
  const DataSize dblp{.num_rows = 51'264, .nnz = 255'936};
  struct Run {
    const char* base;
    int dim;
    PartitionMethod partitioner;
    PartCombination combine;
    int parallel_parts;
    double peak;
  };
  using enum PartitionMethod;
  using enum PartCombination;
  for (const Run& run :
       {Run{"prone", 128, kMetis, kAlign, 1, 66}, Run{"prone", 256, kMetis, kAlign, 1, 108},
        Run{"prone", 256, kMetis, kAlign, 2, 184}, Run{"prone", 256, kMetis, kConcatenate, 1, 97},
        Run{"prone", 256, kFennel, kAlign, 1, 135}, Run{"prone", 256, kBFS, kAlign, 1, 115},
        Run{"fastrp", 256, kMetis, kAlign, 1, 77}, Run{"fastrp", 256, kFennel, kAlign, 1, 78}}) {
    const Method& method = Registry::instance().get(Verb::kLearn, run.base);
    PartitionedOptions options;
    options.base = {run.base, resolve_options(method, Value::object({{"dim", run.dim}}))};
    options.partitioner = run.partitioner;
    options.combine = run.combine;
    options.parallel_parts = run.parallel_parts;
    Context context;
    context.threads = 2;
    const auto told = static_cast<double>(estimate_partitioned(dblp, options, context).peak_bytes) / 1e6;
    EXPECT_NEAR(told / run.peak, 1, 0.2) << run.base << " " << run.dim << " " << run.peak;
  }
}

TEST(Partitioned, NeedsLessThanTheBase) {
  const DataSize size{1'000'000, 20'000'000};
  const MethodChoice base = fastrp_base(256);
  PartitionedOptions options = with(8, PartCombination::kAlign, 256);
  EXPECT_LT(estimate_partitioned(size, options, {}).peak_bytes,
            BaseMethod(base).estimate(size, {}).peak_bytes * 6 / 10);
}

}  // namespace
}  // namespace whitney::graph
