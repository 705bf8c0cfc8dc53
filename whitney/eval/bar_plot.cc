#include "whitney/eval/bar_plot.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "whitney/eval/svg.h"

namespace whitney::eval {
namespace {

// Pixels: from where to where bars lie, and how high each line of the picture is.
constexpr double kWidth = 720, kLeft = 220, kRight = 640, kTitle = 34, kGroup = 20, kBar = 16;

std::string text_at(double x, double y, std::string_view anchor, std::string_view weight,
                    const std::string& text) {
  return "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" text-anchor=\"" +
         std::string(anchor) + "\" font-weight=\"" + std::string(weight) + "\">" + svg_escaped(text) +
         "</text>\n";
}

std::string value_text(double value) { return std::isfinite(value) ? svg_number(value) : "-"; }

/// The axis of a plot: the least and the greatest value, and 0.
class Axis {
 public:
  explicit Axis(const BarPlot& plot) {
    for (const BarPlot::Group& group : plot.groups) {
      for (const BarPlot::Bar& bar : group.bars) {
        for (const double value : {bar.value, bar.low.value_or(bar.value), bar.high.value_or(bar.value)}) {
          if (std::isfinite(value)) low_ = std::min(low_, value), high_ = std::max(high_, value);
        }
      }
    }
    if (high_ <= low_) high_ = low_ + 1;
  }
  double x(double value) const { return kLeft + (value - low_) / (high_ - low_) * (kRight - kLeft); }

 private:
  double low_ = 0, high_ = 0;
};

std::string draw(const BarPlot::Bar& bar, const Axis& axis, double top, std::string_view colour) {
  const double middle = top + kBar / 2;
  std::string text = text_at(kLeft - 6, middle + 4, "end", "normal", bar.name);
  double end = axis.x(0);
  if (std::isfinite(bar.value)) {
    const double from = std::min(axis.x(0), axis.x(bar.value)), to = std::max(axis.x(0), axis.x(bar.value));
    text += "<rect x=\"" + svg_number(from) + "\" y=\"" + svg_number(top + 2) + "\" width=\"" +
            svg_number(to - from) + "\" height=\"" + svg_number(kBar - 4) + "\" fill=\"" +
            std::string(colour) + "\"/>\n";
    end = to;
  }
  if (bar.low && bar.high && std::isfinite(*bar.low) && std::isfinite(*bar.high)) {
    text += "<path d=\"M" + svg_number(axis.x(*bar.low)) + " " + svg_number(middle) + "H" +
            svg_number(axis.x(*bar.high)) + "\" stroke=\"#444\"/>\n";
    end = std::max(end, axis.x(*bar.high));
  }
  return text + text_at(end + 4, middle + 4, "start", "normal", value_text(bar.value));
}

double height_of(const BarPlot& plot) {
  double height = kTitle;
  for (const BarPlot::Group& group : plot.groups)
    height += kGroup + kBar * static_cast<double>(group.bars.size());
  return height;
}

}  // namespace

std::string bar_plots_svg(const std::vector<BarPlot>& plots) {
  std::vector<std::string> names;
  const auto colour_of = [&](const std::string& name) {
    const auto place = std::ranges::find(names, name) - names.begin();
    if (place == std::ssize(names)) names.push_back(name);
    return kCurveColours[static_cast<size_t>(place) % kCurveColours.size()];
  };
  double top = 0;
  std::string drawn;
  for (const BarPlot& plot : plots) {
    const Axis axis(plot);
    double y = top + kTitle;
    drawn += text_at(8, y - 10, "start", "bold", plot.title);
    for (const BarPlot::Group& group : plot.groups) {
      drawn += text_at(16, y + 14, "start", "normal", group.name);
      y += kGroup;
      for (const BarPlot::Bar& bar : group.bars) {
        drawn += draw(bar, axis, y, colour_of(bar.name));
        y += kBar;
      }
    }
    top += height_of(plot);
  }
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg_number(kWidth) + " " +
         svg_number(top + 10) + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
         "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" + drawn + "</svg>\n";
}

}  // namespace whitney::eval
