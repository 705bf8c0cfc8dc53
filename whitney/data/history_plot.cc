#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/training_history.h"

// A plot for a training, without a library: one panel a figure, a line from epoch to epoch.

namespace whitney {
namespace {

struct Point {
  double x, y;
};
struct Series {
  std::string name;
  std::vector<Point> points;
};

constexpr double kWidth = 720, kPanel = 180, kLeft = 72, kRight = 16, kTop = 28, kBottom = 28;

std::vector<Series> series_of(const Report& report) {
  std::vector<Series> all;
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const Report::Row& row = report.rows[i];
    const Value::Object& labels = row.labels.as_object();
    const bool has_number = !labels.empty() && labels.front().second.is_number();
    const double x = has_number ? labels.front().second.as_real() : static_cast<double>(i + 1);
    for (const Report::Figure& figure : row.figures) {
      if (!std::isfinite(figure.value)) continue;
      auto found =
          std::find_if(all.begin(), all.end(), [&](const Series& s) { return s.name == figure.name; });
      if (found == all.end()) found = all.insert(all.end(), {figure.name, {}});
      found->points.push_back({x, figure.value});
    }
  }
  return all;
}

// Four significant digits.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
  return concat("<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"", anchor, "\">", escaped(text),
                "</text>\n");
}

// Where a series lies between its smallest and largest values, as places in the panel that begins at `top`.
std::string panel(const Series& series, double top) {
  const auto [low, high] = std::minmax_element(series.points.begin(), series.points.end(),
                                               [](const Point& a, const Point& b) { return a.y < b.y; });
  const double first = series.points.front().x, last = series.points.back().x;
  const double left = kLeft, right = kWidth - kRight, upper = top + kTop, lower = top + kPanel - kBottom;
  const auto across = [&](double x) {
    return last > first ? left + (x - first) / (last - first) * (right - left) : left;
  };
  const auto up = [&](double y) {
    return high->y > low->y ? lower - (y - low->y) / (high->y - low->y) * (lower - upper)
                            : (lower + upper) / 2;
  };
  std::string line;
  for (const Point& point : series.points)
    line += concat(number(across(point.x)), ",", number(up(point.y)), " ");
  std::string text = concat("<rect x=\"", left, "\" y=\"", upper, "\" width=\"", right - left, "\" height=\"",
                            lower - upper, "\" fill=\"none\" stroke=\"#ccc\"/>\n");
  text += concat("<polyline fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.5\" points=\"", line, "\"/>\n");
  text += label(left, top + kTop - 8, "start", series.name);
  text += label(left - 6, upper + 10, "end", number(high->y)) + label(left - 6, lower, "end", number(low->y));
  text += label(left, lower + 16, "middle", number(first)) + label(right, lower + 16, "end", number(last));
  return text;
}

}  // namespace

std::string plot_svg(const Report& report) {
  const std::vector<Series> all = series_of(report);
  const double height = kPanel * static_cast<double>(std::max<size_t>(all.size(), 1));
  std::string text = concat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", kWidth, " ", height,
                            "\" font-family=\"sans-serif\" font-size=\"12\">\n<title>", escaped(report.title),
                            "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  for (size_t i = 0; i < all.size(); ++i) text += panel(all[i], kPanel * static_cast<double>(i));
  return text + "</svg>\n";
}

}  // namespace whitney
