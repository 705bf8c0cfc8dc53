#include "whitney/eval/reconstruction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/eval/line_plot.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

/// A ring of n nodes.
Graph ring(int64_t n) {
  std::vector<uint32_t> sources, targets;
  for (uint32_t u = 0; u < n; ++u) sources.push_back(u), targets.push_back((u + 1) % uint32_t(n));
  return build_graph(Ids::row_numbers(n), {sources, targets, {}}, false, Context());
}

/// Its nodes on a circle: near in the graph is near on the plane.
Embeddings circle(int64_t n) {
  Embeddings result;
  result.ids = Ids::row_numbers(n);
  result.vectors = Matrix(n, 2);
  float* out = result.vectors.mutable_data<float>();
  for (int64_t v = 0; v < n; ++v) {
    const double angle = 6.283185307179586 * double(v) / double(n);
    out[2 * v] = static_cast<float>(std::cos(angle));
    out[2 * v + 1] = static_cast<float>(std::sin(angle));
  }
  return result;
}

const Report::Row* row_of(const Report& report, const std::string& measure, const std::string& neighborhood,
                          const std::string& method) {
  for (const Report::Row& row : report.rows) {
    if (row.labels.at("measure").as_string() == measure &&
        row.labels.at("neighborhood").as_string() == neighborhood &&
        row.labels.at("method").as_string() == method)
      return &row;
  }
  return nullptr;
}

TEST(ReconstructionReport, HoldsMethodsAgainstDummiesAndChance) {
  ReconstructionOptions options;
  options.decoders = {eval::DecoderChoice::kEuclid};
  const Report report = reconstruction({{"circle", circle(50)}}, ring(50), options, Context());
  const Report::Row* map = row_of(report, "map", "exact", "circle");
  ASSERT_NE(map, nullptr);
  ASSERT_EQ(map->figures.size(), 3U);
  EXPECT_DOUBLE_EQ(map->figures[0].value, 1);  // both neighbours are the nearest
  // Ranks 3 and 4 of the two that are two hops away: (1/3 + 2/4) / 2.
  EXPECT_DOUBLE_EQ(map->figures[1].value, (1.0 / 3 + 2.0 / 4) / 2);
  EXPECT_DOUBLE_EQ(row_of(report, "map", "cumulative", "circle")->figures[2].value, 1);
  EXPECT_DOUBLE_EQ(row_of(report, "map_corrected", "exact", "circle")->figures[0].value, 1);
  EXPECT_DOUBLE_EQ(row_of(report, "neighbors", "exact", "graph")->figures[2].value, 2);
  // H_49 = 4.47920534: (2 - 1)/48 (1 - H/49) + H/49.
  EXPECT_NEAR(row_of(report, "map", "exact", "chance")->figures[0].value, 0.110341, 1e-5);
  EXPECT_DOUBLE_EQ(row_of(report, "precision", "exact", "chance")->figures[1].value, 2.0 / 49);
  EXPECT_LT(row_of(report, "map", "exact", "random")->figures[0].value, 0.3);
  EXPECT_NE(row_of(report, "map", "exact", "degree"), nullptr);
  EXPECT_DOUBLE_EQ(row_of(report, "precision@100", "exact", "circle")->figures[0].value, 1);
  EXPECT_EQ(row_of(report, "precision@10000", "exact", "circle"), nullptr);  // 50 x 49 pairs
  EXPECT_EQ(row_of(report, "map_gem", "exact", "circle"), nullptr);
}

// All nodes of a ring have one degree: all candidates are tied.
TEST(ReconstructionReport, BoundsFiguresWhereManyScoresAreEqual) {
  const Report report = reconstruction({{"circle", circle(20)}}, ring(20), {}, Context());
  EXPECT_DOUBLE_EQ(row_of(report, "map_optimistic", "exact", "degree")->figures[0].value, 1);
  EXPECT_DOUBLE_EQ(row_of(report, "map_pessimistic", "exact", "degree")->figures[0].value,
                   (1.0 / 18 + 2.0 / 19) / 2);
  EXPECT_EQ(row_of(report, "map_optimistic", "exact", "random"), nullptr);
}

TEST(ReconstructionReport, CountsAsGemWhereAsked) {
  ReconstructionOptions options;
  options.gem_compatible = true;
  // GEM scores a distance by exp(-d^2): none of these scores is one that it drops.
  for (const auto decoder : {eval::DecoderChoice::kDot, eval::DecoderChoice::kEuclid}) {
    options.decoders = {decoder};
    const Report report = reconstruction({{"circle", circle(50)}}, ring(50), options, Context());
    // The last node has no candidate above it, and its average counts as 0.
    EXPECT_DOUBLE_EQ(row_of(report, "map_gem", "exact", "circle")->figures[0].value, 49.0 / 50);
  }
}

TEST(ReconstructionReport, NamesANodeWithoutAVector) {
  Embeddings some = circle(9);
  const std::string error = error_of([&] { reconstruction({{"some", some}}, ring(10), {}, Context()); });
  EXPECT_NE(error.find("the node \"9\" of the graph has no vector"), std::string::npos) << error;
}

TEST(ReconstructionReport, TellsOfVectorsThatBelongToNoNode) {
  Notes notes;
  Context context;
  context.progress = &notes;
  reconstruction({{"more", circle(12)}}, ring(10), {}, context);
  EXPECT_NE(notes.text().find("2 of 12 vectors belong to no node"), std::string::npos) << notes.text();
}

TEST(ReconstructionTask, ComparesFilesAndDrawsThem) {
  const TemporaryFolder folder;
  const std::string edges = folder.path() + "/edges.tsv", picture = folder.path() + "/picture.svg";
  std::ofstream out(edges);
  for (int u = 0; u < 30; ++u) out << u << "\t" << (u + 1) % 30 << "\t" << 1 + u % 3 << "\n";
  out.close();
  write_vectors(circle(30), folder.path() + "/one.safetensors", false, Context());
  write_vectors(circle(30), folder.path() + "/two.safetensors", false, Context());
  Notes notes;
  Context context;
  context.progress = &notes;
  const std::vector<std::string> paths = {folder.path() + "/one.safetensors",
                                          folder.path() + "/two.safetensors", edges};
  const Value options = Value::object({{"plot", picture}, {"decoders", Value::List{"dot"}}});
  const Report report = evaluate(Verb::kEvaluate, "reconstruction", paths, options, context);
  EXPECT_EQ(row_of(report, "map", "exact", "one")->figures[0].value, 1);
  EXPECT_EQ(row_of(report, "map", "exact", "two")->figures[0].value, 1);
  EXPECT_NE(notes.text().find("weights of the edges have no effect"), std::string::npos);
  std::stringstream svg;
  svg << std::ifstream(picture).rdbuf();
  EXPECT_NE(svg.str().find("two (dot)"), std::string::npos);
  const std::string error =
      error_of([&] { evaluate(Verb::kEvaluate, "reconstruction", paths, options, context); });
  EXPECT_NE(error.find("picture.svg"), std::string::npos) << error;
  const std::string few =
      error_of([&] { evaluate(Verb::kEvaluate, "reconstruction", {edges}, {}, context); });
  EXPECT_NE(few.find("at least 2 inputs (embeddings ..., graph)"), std::string::npos) << few;
}

TEST(LinePlot, DrawsCurvesOfOneNameInOneColour) {
  const eval::LinePlot::Curve curve{"a < b", {{1, 0.5}, {10, NAN}, {100, 0.25}}};
  const std::string svg =
      eval::line_plots_svg({{"first", "x", "y", false, {curve}}, {"second", "x", "y", true, {curve}}});
  EXPECT_NE(svg.find("a &lt; b"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  size_t coloured = 0;
  for (size_t at = 0; (at = svg.find("#0072b2", at)) != svg.npos; ++at) ++coloured;
  EXPECT_EQ(coloured, 3U);  // two curves and the line beside their name
  EXPECT_EQ(svg.find("#d55e00"), std::string::npos);
}

}  // namespace
}  // namespace whitney
