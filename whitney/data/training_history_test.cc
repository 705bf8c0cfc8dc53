#include "whitney/data/training_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

TrainingHistory three_epochs() {
  TrainingHistory history;
  history.add(0, 0.75, {{"recall@20", 0.1}});
  history.add(1, 0.5, {});
  history.add(2, 0.25, {{"recall@20", 0.3}});
  return history;
}

TEST(TrainingHistory, HasARowAnEpoch) {
  const Report report = three_epochs().report();
  ASSERT_EQ(report.rows.size(), 3u);
  EXPECT_EQ(report.rows[2].labels.at("epoch").as_int(), 3);
  EXPECT_EQ(report.rows[2].figures[1].name, "recall@20");
  EXPECT_EQ(report.rows[1].figures.size(), 1u);
}

TEST(TrainingHistory, ComesBackFromItsState) {
  TrainingHistory copy;
  copy.load_state(Value::parse_json(three_epochs().state().to_json(), "history"));
  EXPECT_EQ(copy.state(), three_epochs().state());
}

TEST(TrainingHistory, IsDrawnAPanelAFigure) {
  const std::string svg = plot_svg(three_epochs().report());
  // The loss falls by equal steps: from the top left over the middle to the bottom right.
  EXPECT_THAT(svg, HasSubstr("points=\"72,28 388,90 704,152 \""));
  EXPECT_THAT(svg, HasSubstr(">recall@20</text>"));
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 720 360\""));
  EXPECT_THAT(plot_svg(Report{}), HasSubstr("</svg>"));
}

TEST(TrainingHistory, IsWrittenByTheEndingOfItsName) {
  const TemporaryFolder folder;
  write_history(three_epochs().report(), folder.file("h.json"));
  std::ifstream file(folder.file("h.json"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(Value::parse_json(text, "h.json"), three_epochs().report().to_value());
  write_history(three_epochs().report(), folder.file("h.svg"));
  EXPECT_TRUE(std::filesystem::exists(folder.file("h.svg")));
  EXPECT_THAT(error_of([&] { write_history({}, folder.file("h.png")); }), HasSubstr("must end in .svg"));
}

}  // namespace
}  // namespace whitney
