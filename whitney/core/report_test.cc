#include "whitney/core/report.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

Report example() {
  Report report;
  report.title = "node-classification";
  report.rows = {{Value::object({{"train_ratio", 0.1}}), {{"micro_f1", "%", 37.25}, {"macro_f1", "%", 22.5}}},
                 {Value::object({{"train_ratio", 0.5}}), {{"micro_f1", "%", 41.0}}}};
  report.notes = {"3 nodes were left out"};
  return report;
}

TEST(Report, AlignsFiguresUnderTheirNames) {
  EXPECT_EQ(example().to_text(),
            "node-classification\n"
            "train_ratio  micro_f1 (%)  macro_f1 (%)\n"
            "        0.1         37.25          22.5\n"
            "        0.5            41\n"
            "note: 3 nodes were left out\n");
}

TEST(Report, FindsAFigureByName) {
  EXPECT_EQ(example().at("macro_f1"), 22.5);
  EXPECT_THROW(example().at("recall"), Error);
}

TEST(Report, IsReadableByMachines) {
  const Value value = Value::parse_json(example().to_value().to_json(), "t");
  EXPECT_EQ(value.at("rows").as_list()[1].at("figures").at("micro_f1").at("value"), Value(41.0));
  EXPECT_EQ(value.at("rows").as_list()[0].at("train_ratio"), Value(0.1));
}

TEST(Report, ShowsConfidenceIntervalsBesideTheirFigures) {
  Report report;
  report.rows = {{Value::object({{"k", 10}}), {{"ndcg", "", 0.4, 0.375, 0.425}, {"recall", "", 0.5}}}};
  EXPECT_EQ(report.to_text(),
            " k  ndcg                recall\n"
            "10  0.4 [0.375, 0.425]     0.5\n");
  const Value figures = report.to_value().at("rows").as_list()[0].at("figures");
  EXPECT_EQ(figures.at("ndcg").at("low"), Value(0.375));
  EXPECT_EQ(figures.at("ndcg").at("high"), Value(0.425));
  EXPECT_EQ(figures.at("recall").find("low"), nullptr);
}

TEST(TextTable, CountsCharactersNotBytes) {
  EXPECT_EQ(text_table({{"id", "n"}, {"é", "1"}, {"abc", "22"}}), "id    n\né     1\nabc  22\n");
}

}  // namespace
}  // namespace whitney
