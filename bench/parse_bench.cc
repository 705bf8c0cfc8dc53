// Claim: an edge list of integer ids is read with at least 200 MB/s on one core, one of string ids with at
// least 80 MB/s, ids numbered by first appearance included. Beside it: pandas and pyarrow, which read the
// same file and number its ids (bench/parse_bench_peer.py), and counting the lines, which any reader must do.
// Fails when the peers find other edges, or a figure is below the claim.
//
//   parse_bench [--megabytes 200] [--pairs 5]     (the files are written to the temporary folder and removed)

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "bench/pairs.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/data/edge_list.h"

namespace whitney::bench {
namespace {

struct Case {
  const char* name;
  bool string_ids;
  double claim;  // MB/s of one core
};

// A graph of a million nodes, a tenth of them in half of the edges, its lines in no order.
void write_edges(const std::string& path, bool string_ids, int64_t megabytes) {
  std::ofstream file(path, std::ios::binary);
  std::string text;
  uint64_t state = 42;
  const auto next = [&] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const uint64_t top = state >> 33;
    return top % 2 == 0 ? (top >> 1) % 1'000'000 : (top >> 1) % 100'000;
  };
  const auto append = [&](uint64_t node) {
    text +=
        string_ids ? "user-" + std::to_string(node * 7919 % 1'000'000) + "@mail" : std::to_string(node * 7);
  };
  for (int64_t written = 0; written < megabytes * 1'000'000; written += std::ssize(text)) {
    text.clear();
    for (int i = 0; i < 10'000; ++i) {
      append(next());
      text += '\t';
      append(next());
      text += '\n';
    }
    file << text;
  }
  if (!file.flush()) fail(path, ": cannot be written");
}

struct Answer {
  double seconds = 0;
  int64_t num_edges = 0;
  int64_t num_nodes = 0;
  int64_t sum = 0;  // of all row numbers of ends

  bool agrees(const Answer& other) const {
    return num_edges == other.num_edges && num_nodes == other.num_nodes && sum == other.sum;
  }
};

Answer ours(const std::string& path, int threads) {
  Context context;
  context.threads = threads;
  data::EdgeList list;
  Answer answer;
  answer.seconds = seconds_of([&] {
    auto input = data::InputStream::open(path);
    list = data::parse_edge_list(input, {}, context);
  });
  answer.num_edges = list.sources.size();
  answer.num_nodes = list.ids.size();
  for (int64_t e = 0; e < list.sources.size(); ++e) answer.sum += list.sources[e] + int64_t{list.targets[e]};
  return answer;
}

// Runs the peer in a process of its own; nothing where it cannot.
std::optional<Answer> peer(const std::string& path, const std::string& by, int threads) {
  const char* given = std::getenv("WHITNEY_BENCH_PYTHON");
  const std::string python = given != nullptr ? given : "bench/peers/.venv/bin/python";
  const std::string script = (std::filesystem::path(__FILE__).parent_path() / "parse_bench_peer.py").string();
  const std::string command =
      concat("'", python, "' '", script, "' ", by, " ", threads, " '", path, "' 2>/dev/null");
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::array<char, 256> line{};
  const bool any = std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
  pclose(pipe);
  if (!any) return std::nullopt;
  const Value answer = Value::parse_json(line.data(), "the peer's answer");
  return Answer{answer.at("seconds").as_real(), answer.at("edges").as_int(), answer.at("nodes").as_int(),
                answer.at("sum").as_int()};
}

double count_lines_seconds(const std::string& path) {
  return seconds_of([&] {
    auto input = data::InputStream::open(path);
    while (!input.next_lines(1 << 20).empty()) continue;
  });
}

double median_seconds(int count, const std::string& path, int threads) {
  std::vector<double> seconds;
  for (int i = 0; i < count; ++i) seconds.push_back(ours(path, threads).seconds);
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

bool run_case(const Case& c, int64_t megabytes, int num_pairs) {
  const TemporaryFolder folder;
  const std::string path = folder.file("edges.tsv");
  write_edges(path, c.string_ids, megabytes);
  const double size = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  const Answer expected = ours(path, 1);
  std::printf("%s: %.0f MB, %lld edges, %lld nodes; counting lines alone %.0f MB/s\n", c.name, size,
              static_cast<long long>(expected.num_edges), static_cast<long long>(expected.num_nodes),
              size / count_lines_seconds(path));
  bool holds = true;
  for (const int threads : {1, 2}) {
    const double speed = size / median_seconds(num_pairs, path, threads);
    const bool is_claim = threads == 1;
    holds = holds && (!is_claim || speed >= c.claim);
    std::printf("  %d thread%s: %5.0f MB/s%s\n", threads, threads == 1 ? " " : "s", speed,
                is_claim
                    ? concat(" (claim: ", c.claim, speed >= c.claim ? ", holds)" : ", DOES NOT HOLD)").c_str()
                    : "");
    for (const std::string by : {"pandas", "pyarrow"}) {
      const auto first = peer(path, by, threads);
      if (!first) {
        std::printf("  no %s (WHITNEY_BENCH_PYTHON names a Python that has it)\n", by.c_str());
        continue;
      }
      if (!first->agrees(expected))
        fail(by, " finds ", first->num_edges, " edges, ", first->num_nodes, " nodes: not ours");
      const Pairs pairs = run_pairs(
          num_pairs, [&] { return ours(path, threads).seconds; },
          [&] { return peer(path, by, threads).value_or(Answer{}).seconds; });
      std::printf("    %-8s %5.0f MB/s, ours %.1f times as fast (%.1f to %.1f)\n", by.c_str(),
                  size / pairs.peer, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
    }
  }
  return holds;
}

int run(int64_t megabytes, int num_pairs) {
  bool holds = true;
  for (const Case& c : {Case{"integer ids", false, 200}, Case{"string ids", true, 80}}) {
    holds = run_case(c, megabytes, num_pairs) && holds;
  }
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  int64_t megabytes = 200;
  int num_pairs = 5;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--megabytes") == 0) megabytes = std::max(1, std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--pairs") == 0) num_pairs = std::max(1, std::atoi(argv[i + 1]));
  }
  try {
    return whitney::bench::run(megabytes, num_pairs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
