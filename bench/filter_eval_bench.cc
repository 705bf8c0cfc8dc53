// Claim: a condition over attributes is a look-up. Evaluates filters on the Debian packages' attributes and
// on a million made-up rows, ours against masks of numpy and compute functions of pyarrow on the same columns
// in memory.
//   filter_eval_bench [ROWS]     (default 1000000)
// The peers run in the Python of WHITNEY_BENCH_PYTHON (default bench/peers/.venv/bin/python), one thread,
// asked in turns with ours through a pipe; the time is taken on their side. Numbers of rows and two sums over
// them are compared first. Ours includes parsing the filter's text.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/bench_main.h"
#include "bench/filter_eval_bench_peer.h"
#include "bench/graph_data.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/data/input_stream.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/filter.h"

namespace whitney::bench {
namespace {

constexpr int kPairs = 9;
// Evaluations a run: enough that the clock's steps do not count.
constexpr int kRepeats = 5;

// ---- data ----

// The columns that both data sets have. The packages' dependencies are lists of lists, which no attribute can
// hold.
struct Builders {
  ColumnBuilder section{"section", ColumnType::kString}, priority{"priority", ColumnType::kString};
  ColumnBuilder size{"installed_size_kb", ColumnType::kInt}, tags{"tags", ColumnType::kSet};
  ColumnBuilder synopsis{"synopsis", ColumnType::kString};

  Attributes finish() {
    Attributes attributes{.num_rows = section.size(), .columns = {}};
    for (ColumnBuilder* builder : {&section, &priority, &size, &tags, &synopsis}) {
      attributes.columns.push_back(builder->finish());
    }
    return attributes;
  }
};

std::optional<Attributes> packages() {
  const auto folder = find_data("debian-packages");
  if (!folder) return std::nullopt;
  const std::string path = *folder + "/packages.jsonl.gz";
  Builders builders;
  data::InputStream input = data::InputStream::open(path);
  for (std::string_view lines = input.next_lines(1 << 20); !lines.empty();
       lines = input.next_lines(1 << 20)) {
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      const Value package = Value::parse_json(lines.substr(0, end), path);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      const auto add = [&](ColumnBuilder& builder, std::string_view field) {
        const Value* value = package.find(field);
        builder.add(value != nullptr ? *value : Value(), path);
      };
      add(builders.section, "section");
      add(builders.priority, "priority");
      add(builders.size, "installed_size_kb");
      add(builders.tags, "tags");
      add(builders.synopsis, "synopsis");
    }
  }
  return builders.finish();
}

std::string word(uint64_t number) { return concat("w", number); }

// Sections and words fall off as in language, one value in twenty is missing.
Attributes made_up(int64_t num_rows) {
  RandomStream random(42, "filter bench", 0);
  const auto skewed = [&](uint64_t bound) {
    return static_cast<uint64_t>(static_cast<double>(bound) * random.uniform() * random.uniform() *
                                 random.uniform());
  };
  Builders builders;
  auto& [section, priority, size, tags, synopsis] = builders;
  static const std::vector<std::string> kPriorities = {"optional", "optional", "optional", "required",
                                                       "important"};
  for (int64_t row = 0; row < num_rows; ++row) {
    section.add_string(skewed(20) == 0 ? "sound" : concat("section", skewed(60)), "");
    priority.add_string(kPriorities[random.below(kPriorities.size())], "");
    if (random.below(20) == 0) {
      size.add_missing();
    } else {
      size.add_int(static_cast<int64_t>(skewed(2'000'000)), "");
    }
    std::vector<std::string> elements;
    for (uint64_t left = random.below(6); left > 0; --left) elements.push_back(concat("tag", skewed(300)));
    std::sort(elements.begin(), elements.end());
    elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
    tags.add_set(std::vector<std::string_view>(elements.begin(), elements.end()), "");
    std::string text = word(skewed(5000));
    for (uint64_t left = 3 + random.below(4); left > 0; --left) text += " " + word(skewed(5000));
    synopsis.add_string(text, "");
  }
  return builders.finish();
}

// ---- one data set ----

std::vector<std::string> filters(const std::string& tag, const std::string& words) {
  const std::string has_tag = "tags contains \"" + tag + "\"";
  return {"section = \"sound\"",
          "section in [\"sound\", \"games\", \"section1\", \"section7\"]",
          "priority != \"optional\"",
          "installed_size_kb < 100",
          "installed_size_kb between 1000 and 50000",
          has_tag,
          "synopsis contains \"" + words + "\"",
          "section = \"sound\" and installed_size_kb < 1000",
          has_tag + " and installed_size_kb > 500 and not priority = \"required\"",
          "not (section = \"sound\" or installed_size_kb <= 200) and " + has_tag};
}

void compare(const std::string& name, const Attributes& attributes, const std::vector<std::string>& asked) {
  const AttributeIndex index(Ids::row_numbers(attributes.num_rows), attributes);
  FilterPeer peer(attributes);
  std::printf("\n%s: %lld rows%s\n", name.c_str(), static_cast<long long>(attributes.num_rows),
              peer.is_there() ? concat("; peers: ", peer.versions()).c_str() : "");
  std::printf("%-76s %9s %9s %9s %10s %10s  %s\n", "filter", "matches", "first ms", "ours us", "numpy us",
              "arrow us", "best peer / ours (lowest to highest)");
  double least_ratio = 0, log_sum = 0;
  for (const std::string& text : asked) {
    RowSet rows;
    const double first = seconds_of([&] { rows = index.matches(parse_filter(text), one_thread()); });
    const auto ours = [&] {
      return seconds_of([&] {
               for (int i = 0; i < kRepeats; ++i) rows = index.matches(parse_filter(text), one_thread());
             }) /
             kRepeats;
    };
    if (!peer.is_there()) {
      double best = ours();
      for (int i = 0; i < kPairs; ++i) best = std::min(best, ours());
      std::printf("%-76s %9lld %9.2f %9.1f\n", text.c_str(), static_cast<long long>(rows.size()), first * 1e3,
                  best * 1e6);
      continue;
    }
    const auto [by_numpy, by_arrow] = peer.check(parse_filter(text), rows);
    Pairs with_numpy, with_arrow;
    if (by_numpy) with_numpy = run_pairs(kPairs, ours, [&] { return peer.seconds("numpy", kRepeats); });
    with_arrow = run_pairs(kPairs, ours, [&] { return peer.seconds("arrow", kRepeats); });
    const Pairs& best = by_numpy && with_numpy.peer < with_arrow.peer ? with_numpy : with_arrow;
    std::printf("%-76s %9lld %9.2f %9.1f %10s %10.1f  %.1f (%.1f to %.1f)\n", text.c_str(),
                static_cast<long long>(rows.size()), first * 1e3, best.ours * 1e6,
                by_numpy ? concat(static_cast<int64_t>(with_numpy.peer * 1e6)).c_str() : "-",
                with_arrow.peer * 1e6, best.ratio, best.lowest_ratio, best.highest_ratio);
    least_ratio = least_ratio == 0 ? best.ratio : std::min(least_ratio, best.ratio);
    log_sum += std::log(best.ratio);
    WHITNEY_CHECK(by_arrow, "pyarrow answers every filter");
  }
  if (peer.is_there()) {
    std::printf("best peer / ours: geometric mean %.1f, least %.2f\n",
                std::exp(log_sum / static_cast<double>(asked.size())), least_ratio);
  }
  const double bytes = static_cast<double>(attributes.num_rows) * 8, bandwidth = read_bandwidth(1);
  std::printf(
      "limit of a scan: reading 8 bytes a row once takes %.1f us at this machine's %.1f GB/s a thread\n",
      bytes / bandwidth * 1e6, bandwidth / 1e9);
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("filter_eval_bench", [&] {
    const int64_t num_rows = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
    if (const auto attributes = bench::packages())
      bench::compare("Debian packages", *attributes, bench::filters("interface::x11", "library for the"));
    bench::compare("made-up rows", bench::made_up(num_rows), bench::filters("tag1", "w1 w7"));
    return true;
  });
}
