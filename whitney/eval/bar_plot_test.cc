#include "whitney/eval/bar_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace whitney::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(BarPlot, DrawsABarForEachFiniteValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const BarPlot two{"F1", {{"g", {{"prone", 41.5}, {"fastrp", 38}}}}},
      one{"F1", {{"g", {{"prone", 41.5}, {"fastrp", nan}}}}};
  const std::string both = bar_plots_svg({two}), single = bar_plots_svg({one});
  EXPECT_EQ(count_of(both, "<rect"), count_of(single, "<rect") + 1);
  for (const char* part : {"F1", "prone", "fastrp", "41.5"}) EXPECT_THAT(both, HasSubstr(part));
  EXPECT_THAT(single, Not(HasSubstr("nan")));
}

TEST(BarPlot, KeepsNamesOutOfTheMarkup) {
  const std::string svg = bar_plots_svg({{"a < b & c", {{"<g>", {{"x\"y", 1}}}}}});
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_THAT(svg, Not(HasSubstr("<g>")));
}

TEST(BarPlot, DrawsNothingWithoutPlots) { EXPECT_THAT(bar_plots_svg({}), HasSubstr("</svg>")); }

}  // namespace
}  // namespace whitney::eval
