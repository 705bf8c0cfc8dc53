#include "whitney/eval/line_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "whitney/eval/svg.h"

namespace whitney::eval {
namespace {

// Pixels: a plot with its margins, the frame in it, and what the names take on the right.
constexpr double kWidth = 420, kHeight = 360, kLeft = 60, kTop = 40, kRight = 400, kBottom = 310;
constexpr double kNames = 240, kNameHeight = 18;

std::string text_at(double x, double y, std::string_view anchor, const std::string& text) {
  return "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" text-anchor=\"" +
         std::string(anchor) + "\">" + svg_escaped(text) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2) {
  return "<path d=\"M" + svg_number(x1) + " " + svg_number(y1) + "L" + svg_number(x2) + " " + svg_number(y2) +
         "\" stroke=\"#ddd\"/>\n";
}

std::string stroke_of(size_t place) {
  return "\" fill=\"none\" stroke-width=\"2\" stroke=\"" +
         std::string(kCurveColours[place % kCurveColours.size()]) + "\"" +
         (place < kCurveColours.size() ? "" : " stroke-dasharray=\"5 3\"");
}

/// The axes of a plot: where a point of it stands in the picture.
class Frame {
 public:
  Frame(const LinePlot& plot, double shift) : plot_(plot), shift_(shift) {
    for (const LinePlot::Curve& curve : plot.curves) {
      for (const auto& [x, y] : curve.points) {
        if (!is_drawn(x, y)) continue;
        xs_.insert(x);
        low_ = std::min(low_, y), high_ = std::max(high_, y);
      }
    }
    if (high_ <= low_) high_ = low_ + 1;
  }

  bool is_drawn(double x, double y) const {
    return std::isfinite(x) && std::isfinite(y) && (!plot_.log_x || x > 0);
  }
  double left() const { return shift_ + kLeft; }
  double right() const { return shift_ + kRight; }
  double x(double value) const {
    const double first = scaled(*xs_.begin()), last = scaled(*xs_.rbegin());
    return left() + (last > first ? (scaled(value) - first) / (last - first) : 0.5) * (right() - left());
  }
  double y(double value) const { return kBottom - (value - low_) / (high_ - low_) * (kBottom - kTop); }

  std::string draw_axes() const {
    std::string text = text_at(left(), kTop - 16, "start", plot_.title);
    text += text_at((left() + right()) / 2, kHeight - 12, "middle", plot_.x_name);
    text += text_at(left(), kTop - 2, "end", plot_.y_name + " ");
    double place = -1e9;
    for (const double value : xs_) {
      if (x(value) < place + 30) continue;  // numbers would touch
      place = x(value);
      text += line(place, kTop, place, kBottom) + text_at(place, kBottom + 16, "middle", svg_number(value));
    }
    const double step = y_step();
    for (double value = std::ceil(low_ / step) * step; value <= high_ + step * 1e-9; value += step) {
      const double shown = std::abs(value) < step * 1e-9 ? 0 : value;
      text += line(left(), y(value), right(), y(value)) +
              text_at(left() - 6, y(value) + 4, "end", svg_number(shown));
    }
    return text;
  }

 private:
  double scaled(double value) const { return plot_.log_x ? std::log10(value) : value; }
  // 1, 2 or 5 times a power of ten, so that four to ten lines are drawn.
  double y_step() const {
    const double decade = std::pow(10, std::floor(std::log10(high_ - low_)));
    for (const double factor : {0.1, 0.2, 0.5}) {
      if ((high_ - low_) / (factor * decade) <= 10) return factor * decade;
    }
    return decade;
  }

  const LinePlot& plot_;
  double shift_;
  std::set<double> xs_;
  double low_ = 0, high_ = -std::numeric_limits<double>::infinity();  // 0 is always seen
};

std::string draw(const LinePlot& plot, double shift, const std::vector<std::string>& names) {
  const Frame frame(plot, shift);
  std::string text = frame.draw_axes();
  for (const LinePlot::Curve& curve : plot.curves) {
    const auto place = size_t(std::ranges::find(names, curve.name) - names.begin());
    std::string path;
    for (const auto& [x, y] : curve.points) {
      if (!frame.is_drawn(x, y)) continue;
      path += (path.empty() ? "M" : "L") + svg_number(frame.x(x)) + " " + svg_number(frame.y(y));
    }
    if (!path.empty()) text += "<path d=\"" + path + stroke_of(place) + "/>\n";
  }
  return text;
}

}  // namespace

std::string line_plots_svg(const std::vector<LinePlot>& plots) {
  std::vector<std::string> names;
  for (const LinePlot& plot : plots) {
    for (const LinePlot::Curve& curve : plot.curves) {
      if (std::ranges::find(names, curve.name) == names.end()) names.push_back(curve.name);
    }
  }
  const double right = kWidth * static_cast<double>(plots.size());
  const double height = std::max(kHeight, kTop + kNameHeight * static_cast<double>(names.size() + 1));
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg_number(right + kNames) +
                     " " + svg_number(height) + "\" font-family=\"sans-serif\" font-size=\"12\">\n";
  text += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  for (size_t i = 0; i < plots.size(); ++i) text += draw(plots[i], kWidth * static_cast<double>(i), names);
  for (size_t i = 0; i < names.size(); ++i) {
    const double y = kTop + kNameHeight * static_cast<double>(i) + 8;
    text += "<path d=\"M" + svg_number(right + 8) + " " + svg_number(y) + "h22" + stroke_of(i) + "/>\n";
    text += text_at(right + 36, y + 4, "start", names[i]);
  }
  return text + "</svg>\n";
}

}  // namespace whitney::eval
