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

TEST(TextTable, CountsCharactersNotBytes) {
  EXPECT_EQ(text_table({{"id", "n"}, {"é", "1"}, {"abc", "22"}}), "id    n\né     1\nabc  22\n");
}

}  // namespace
}  // namespace whitney
