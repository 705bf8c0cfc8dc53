#include "bench/filter_bench_card.h"

#include <algorithm>
#include <cmath>

namespace whitney::bench {

const std::vector<FilterCase>& measured_rules() {
  static const std::vector<FilterCase> cases = {
      {"random 1 %", {{"scan", {{1.0, 590}}}}},
      {"random 5 %",
       {{"traverse-all", {{0.998, 2227}, {1.0, 4274}}},
        {"blind two-hop", {{0.944, 227}, {0.982, 352}, {0.992, 525}, {0.995, 827}}},
        {"one-hop or blind", {{0.942, 225}, {0.982, 349}, {0.992, 521}, {0.996, 821}}}}},
      {"random 10 %",
       {{"traverse-all", {{0.996, 1366}, {1.0, 2617}}},
        {"blind two-hop", {{0.981, 328}, {0.994, 519}, {0.998, 771}, {1.0, 1188}}},
        {"one-hop or blind", {{0.980, 322}, {0.994, 511}, {0.998, 760}, {1.0, 1172}}}}},
      {"random 30 %",
       {{"traverse-all", {{0.990, 679}, {0.998, 1250}}},
        {"blind two-hop", {{0.986, 581}, {0.999, 1002}}},
        {"one-hop or blind", {{0.981, 514}, {0.998, 892}, {0.999, 1356}}}}},
      {"random 60 %",
       {{"traverse-all", {{0.988, 441}, {0.996, 785}, {0.998, 1242}}},
        {"one-hop", {{0.916, 249}, {0.977, 403}, {0.991, 622}, {0.996, 986}}},
        {"blind two-hop", {{0.983, 689}, {0.997, 1312}}},
        {"one-hop or blind", {{0.930, 275}, {0.983, 462}, {0.994, 722}, {0.998, 1160}}}}},
      {"class of the query",
       {{"traverse-all", {{0.989, 368}, {0.999, 693}}},
        {"one-hop", {{0.987, 296}, {0.998, 477}}},
        {"blind two-hop", {{0.996, 639}, {0.999, 1117}}},
        {"one-hop or blind", {{0.987, 297}, {0.998, 480}, {1.0, 718}}}}},
      {"another class",
       {{"scan", {{1.0, 5991}}},
        {"traverse-all", {{0.967, 6431}, {0.986, 8595}, {0.993, 11019}}},
        {"blind two-hop", {{0.892, 614}, {0.950, 1078}, {0.974, 1585}}},
        {"one-hop or blind", {{0.824, 298}, {0.910, 482}, {0.953, 728}, {0.973, 1116}}}}}};
  return cases;
}

std::optional<double> distances_at(const std::vector<WalkPoint>& points, double recall) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].recall < recall) continue;
    if (i == 0 || points[i].recall == points[i - 1].recall) return points[i].distances;
    const double share = (recall - points[i - 1].recall) / (points[i].recall - points[i - 1].recall);
    return std::exp(std::log(points[i - 1].distances) * (1 - share) + std::log(points[i].distances) * share);
  }
  return std::nullopt;
}

BestRule best_rule(const FilterCase& filter) {
  constexpr double kRecall = 0.95;
  BestRule best;
  for (const WalkRule& rule : filter.rules) {
    const auto distances = distances_at(rule.points, kRecall);
    if (!distances || (!best.name.empty() && *distances >= best.point.distances)) continue;
    best = {rule.name, {std::max(kRecall, rule.points[0].recall), *distances}};
  }
  return best;
}

}  // namespace whitney::bench
