#include "whitney/eval/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/eval/compare_table.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

class CompareTest : public ::testing::Test {
 protected:
  CompareTest() {
    std::ofstream edges(folder_.file("edges.tsv")), labels(folder_.file("labels.tsv"));
    for (int v = 0; v < 60; ++v) {
      for (const int step : {1, 2, 3}) edges << v << "\t" << v / 20 * 20 + (v + step) % 20 << "\n";
      labels << v << "\tring" << v / 20 << "\n";
    }
  }
  std::string write(const std::string& text) const {
    std::ofstream(folder_.file("comparison.toml")) << text;
    return folder_.file("comparison.toml");
  }
  Report report_of(const std::string& text, const Context& context = {}) const {
    return evaluate(Verb::kEvaluate, "compare", {write(text)}, {}, context);
  }
  std::string error_in(const std::string& text) const {
    return error_of([&] { report_of(text); });
  }
  static const Report::Row* row_of(const Report& report, const std::string& task, const std::string& figure) {
    const auto found = std::ranges::find_if(report.rows, [&](const Report::Row& row) {
      return row.labels.at("task").as_string() == task && row.labels.at("figure").as_string() == figure;
    });
    return found == report.rows.end() ? nullptr : &*found;
  }
  static std::string columns_of(const Report::Row* row) {
    std::string names;
    for (const Report::Figure& figure : row->figures) names += figure.name + ";";
    return names;
  }
  static std::string notes_of(const Report& report) {
    std::string notes;
    for (const std::string& note : report.notes) notes += note + "\n";
    return notes;
  }

  const std::string graph_ = "[graphs.rings]\ngraph = \"edges.tsv\"\nlabels = \"labels.tsv\"\n";
  const TemporaryFolder folder_;
};

TEST_F(CompareTest, GivesAColumnToEachMethodAndBaseline) {
  Embeddings zeros;
  zeros.ids = Ids::row_numbers(60);
  zeros.vectors = Matrix::zeros(60, 3);
  write_vectors(zeros, folder_.file("zeros-rings.safetensors"), false, Context());
  const Report report =
      report_of(graph_ +
                "[methods.wide]\nmethod = \"fastrp\"\ndim = 32\nweights = [1, 1]\n"
                "[methods.kept]\nfile = \"zeros-{graph}.safetensors\"\n"
                "[tasks.labels]\ntask = \"node-classification\"\ntrain-ratios = [0.5]\nnum_shuffles = 2\n"
                "show = \"micro_f1\"\n[tasks.link-prediction]\nhits = [1]\n");
  const Report::Row* labels = row_of(report, "labels", "micro_f1");
  ASSERT_NE(labels, nullptr);
  EXPECT_EQ(columns_of(labels), "wide;kept;");
  EXPECT_EQ(labels->labels.at("setting").as_string(), "train_ratio 0.5");
  EXPECT_GT(labels->figures[0].value, labels->figures[1].value);
  EXPECT_EQ(row_of(report, "labels", "macro_f1"), nullptr) << "only micro_f1 is shown";
  const Report::Row* links = row_of(report, "link-prediction", "auc");
  ASSERT_NE(links, nullptr);
  EXPECT_EQ(columns_of(links), "wide;common_neighbors (baseline);preferential_attachment (baseline);");
  EXPECT_NE(notes_of(report).find("link-prediction of kept on rings failed: the task learns anew"),
            std::string::npos);
}

TEST_F(CompareTest, TellsWhatWasRun) {
  const std::string notes = notes_of(
      report_of("seeds = [3, 9]\n" + graph_ + "[methods.fastrp]\ndim = 32\n[tasks.node-clustering]\n"));
  EXPECT_NE(notes.find("method fastrp: fastrp {\"dim\":32,"), std::string::npos) << notes;
  EXPECT_NE(notes.find("task node-clustering: node-clustering {"), std::string::npos) << notes;
  EXPECT_NE(notes.find("seeds: 3, 9\n"), std::string::npos) << notes;
  EXPECT_EQ(notes.find(folder_.path()), std::string::npos) << "what was run does not depend on where";
}

// A node of these rings has six neighbours: hope's beta must be below 1/6.
TEST_F(CompareTest, GoesOnWhereACellFails) {
  const Report report = report_of(
      graph_ +
      "[graphs.bare]\ngraph = \"edges.tsv\"\n[methods.hope]\nbeta = 0.5\n[methods.fastrp]\ndim = 8\n"
      "[tasks.node-clustering]\n");
  ASSERT_NE(row_of(report, "node-clustering", "nmi"), nullptr);
  EXPECT_EQ(columns_of(row_of(report, "node-clustering", "nmi")), "fastrp;");
  const std::string notes = notes_of(report);
  EXPECT_NE(notes.find("hope on rings failed: "), std::string::npos) << notes;
  EXPECT_NE(notes.find("node-clustering of fastrp on bare failed: the graph has no labels"),
            std::string::npos)
      << notes;
}

TEST_F(CompareTest, GivesTheSameBytesAgainAndFiguresOfEachSeed) {
  const std::string rest = graph_ + "[methods.fastrp]\ndim = 4\n[tasks.link-prediction]\n";
  Context context;
  context.seed = 5;
  context.threads = 2;
  const Report one = report_of(rest, context), first = report_of("seeds = [5]\n" + rest),
               other = report_of("seeds = 6\n" + rest), both = report_of("seeds = [5, 6]\n" + rest);
  EXPECT_EQ(one.to_value().to_json(), first.to_value().to_json());
  const auto figure = [](const Report& report) {
    return row_of(report, "link-prediction", "auc")->figures[0];
  };
  ASSERT_NE(figure(one).value, figure(other).value);
  EXPECT_DOUBLE_EQ(figure(both).value, (figure(one).value + figure(other).value) / 2);
  EXPECT_EQ(figure(both).low, std::min(figure(one).value, figure(other).value));
  EXPECT_EQ(figure(both).high, std::max(figure(one).value, figure(other).value));
}

TEST_F(CompareTest, NamesWhatIsWrongBeforeItLearns) {
  const std::string method = "[methods.fastrp]\ndim = 8\n", task = "[tasks.node-clustering]\n";
  const auto expect = [&](const std::string& text, const std::string& part) {
    EXPECT_NE(error_in(text).find(part), std::string::npos) << error_in(text);
  };
  expect("[graphs.bare]\ngraph = \"edges.tsv\"\n" + method + task,
         ":5: the task node-clustering needs labels");
  expect(graph_ + method, "no [tasks.NAME]");
  expect("graphs = 3\n", "comparison.toml:1: \"graphs\" is no table");
  expect("graph = \"edges.tsv\"\n", "comparison.toml:1: \"graph\" is unknown");
  expect(graph_ + method + "[tasks.link-prediction]\nhit = 3\n", "comparison.toml:6: unknown option \"hit\"");
  expect(graph_ + "[methods.louvain]\n" + task, "louvain makes no embeddings");
  expect(graph_ + "[methods.fastpr]\n" + task, "did you mean \"fastrp\"?");
  expect(graph_ + method + "[tasks.ann-recall]\n", "takes embeddings or index");
  expect("seeds = [1, 1]\n", "the seed 1 stands twice");
  expect(graph_ + "[methods.a]\nfile = \"a\"\ndim = 3\n" + task, "takes no method and no options");
}

// Figures by hand: two seeds of `own`, a baseline that only the first of them fixes.
TEST(ComparisonTable, JoinsDecodersAndKeepsTheFirstBaselineOfASeed) {
  const auto report = [](double own, double base, const char* decoder) {
    Report result;
    result.rows.push_back(
        {Value::object({{"method", "own"}, {"decoder", decoder}, {"k", 1}}), {{"f", "%", own}}});
    result.rows.push_back(
        {Value::object({{"method", "base"}, {"decoder", ""}, {"k", 1}}), {{"f", "%", base}}});
    return result;
  };
  eval::ComparisonTable table({"a", "b"});
  const eval::ComparisonTable::Place place{"g", "t", {}};
  table.add(place, "a", 1, report(2, 10, "dot"));
  table.add(place, "a", 2, report(5, 20, "dot"));
  table.add(place, "b", 1, report(7, 99, "cosine"));
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].labels.to_json(), R"({"graph":"g","task":"t","setting":"k 1","figure":"f","unit":"%"})");
  ASSERT_EQ(rows[0].figures.size(), 3U);
  EXPECT_EQ(rows[0].figures[0].value, 3.5);
  EXPECT_EQ(rows[0].figures[0].high, 5);
  EXPECT_EQ(rows[0].figures[1].value, 7);
  EXPECT_EQ(rows[0].figures[2].name, "base (baseline)");
  EXPECT_EQ(rows[0].figures[2].value, 15);
  EXPECT_NE(table.plot().find("g, t: f (%)"), std::string::npos);
}

}  // namespace
}  // namespace whitney
