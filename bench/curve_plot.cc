#include "bench/curve_plot.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>

#include "bench/pairs.h"
#include "whitney/core/error.h"
#include "whitney/core/value.h"
#include "whitney/eval/svg.h"

namespace whitney::bench {
namespace {

// Pixels: the picture, and the frame of the curves in it. The names stand on the right.
constexpr double kWidth = 760, kHeight = 440, kLeft = 80, kTop = 40, kRight = 560, kBottom = 390;
// What is below tells little, and what is above 1 - kClosest is all.
constexpr double kLeastRecall = 0.8, kClosest = 5e-4;

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) fail(path, ": cannot be written");
}

// Recall by what is missing, so that 0.9, 0.99 and 0.999 are as far apart: the last parts are the dear ones.
double x_of(double recall) {
  const double missing = std::log(std::max(1 - recall, kClosest)), least = std::log(1 - kLeastRecall);
  return kLeft + (kRight - kLeft) * (least - missing) / (least - std::log(kClosest));
}

class Picture {
 public:
  explicit Picture(const NamedCurves& curves) {
    for (const auto& [name, curve] : curves) {
      for (const CurvePoint& point : curve) {
        if (point.recall < kLeastRecall) continue;
        lowest_ = std::min(lowest_, median(point.rates));
        highest_ = std::max(highest_, median(point.rates));
      }
    }
    lowest_ /= 1.2, highest_ *= 1.2;
  }

  std::string draw(const std::string& title, const NamedCurves& curves) {
    text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + eval::svg_number(kWidth) + " " +
            eval::svg_number(kHeight) + "\" font-family=\"sans-serif\" font-size=\"12\">\n";
    text_ += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    write(kLeft, kTop - 16, "start", title);
    write((kLeft + kRight) / 2, kHeight - 10, "middle", "recall@10");
    write(kLeft, kTop - 2, "end", "queries/s ");
    for (const double recall : {0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999}) {
      line(x_of(recall), kTop, x_of(recall), kBottom);
      write(x_of(recall), kBottom + 16, "middle", eval::svg_number(recall));
    }
    for (double decade = std::pow(10, std::floor(std::log10(lowest_))); decade < highest_; decade *= 10) {
      for (const double rate : {decade, 2 * decade, 5 * decade}) {
        if (rate < lowest_ || rate > highest_) continue;
        line(kLeft, y_of(rate), kRight, y_of(rate));
        write(kLeft - 6, y_of(rate) + 4, "end", eval::svg_number(rate));
      }
    }
    for (size_t i = 0; i < curves.size(); ++i) draw_curve(curves[i].first, curves[i].second, i);
    return text_ + "</svg>\n";
  }

 private:
  double y_of(double rate) const {
    return kBottom - (kBottom - kTop) * std::log(rate / lowest_) / std::log(highest_ / lowest_);
  }
  void line(double x1, double y1, double x2, double y2) {
    text_ += "<path d=\"M" + eval::svg_number(x1) + " " + eval::svg_number(y1) + "L" + eval::svg_number(x2) +
             " " + eval::svg_number(y2) + "\" stroke=\"#ddd\"/>\n";
  }
  void write(double x, double y, std::string_view anchor, const std::string& text) {
    text_ += "<text x=\"" + eval::svg_number(x) + "\" y=\"" + eval::svg_number(y) + "\" text-anchor=\"" +
             std::string(anchor) + "\">" + eval::svg_escaped(text) + "</text>\n";
  }
  void draw_curve(const std::string& name, const Curve& curve, size_t place) {
    const std::string colour(eval::kCurveColours[place % eval::kCurveColours.size()]);
    // What comes after the tenth is dashed.
    const std::string dashes = place < eval::kCurveColours.size() ? "" : " stroke-dasharray=\"5 3\"";
    const std::string stroke = "\" fill=\"none\" stroke-width=\"2\" stroke=\"" + colour + "\"" + dashes;
    std::string path;
    for (const CurvePoint& point : curve) {
      if (point.recall < kLeastRecall) continue;
      path += (path.empty() ? "M" : "L") + eval::svg_number(x_of(point.recall)) + " " +
              eval::svg_number(y_of(median(point.rates)));
    }
    text_ += "<path d=\"" + path + stroke + "/>\n";
    const double y = kTop + 18 * static_cast<double>(place) + 8;
    text_ +=
        "<path d=\"M" + eval::svg_number(kRight + 16) + " " + eval::svg_number(y) + "h22" + stroke + "/>\n";
    write(kRight + 44, y + 4, "start", name);
  }

  double lowest_ = std::numeric_limits<double>::max(), highest_ = 0;
  std::string text_;
};

Value value_of(const NamedCurves& curves) {
  Value::List all;
  for (const auto& [name, curve] : curves) {
    Value::List points;
    for (const CurvePoint& point : curve) {
      const Value::List rates(point.rates.begin(), point.rates.end());
      points.push_back(
          Value::object({{"ef", point.ef}, {"recall", point.recall}, {"queries_per_second", rates}}));
    }
    all.push_back(Value::object({{"name", name}, {"points", points}}));
  }
  return all;
}

}  // namespace

void write_curves(const std::string& folder, const std::string& name, const std::string& title,
                  const NamedCurves& curves) {
  std::filesystem::create_directories(folder);
  const Value data = Value::object({{"title", title}, {"curves", value_of(curves)}});
  write_file(folder + "/" + name + ".json", data.to_json() + "\n");
  write_file(folder + "/" + name + ".svg", Picture(curves).draw(title, curves));
}

}  // namespace whitney::bench
