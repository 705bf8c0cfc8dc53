// Claim: all-MiniLM-L6-v2 opens in at most 50 ms, and a process that opens it and encodes texts by 32 needs
// at most the model's file and 64 MB of memory. Beside it, what sentence-transformers takes (its modules
// imported before the clock starts). Fails when a claim does not hold. WHITNEY_MINILM names the model's
// folder.
//
//   load_bench [RUNS]     (default 11; each is a process of its own, the file's pages in memory)

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/child_program.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/core/error.h"
#include "whitney/infer/encoder.h"

namespace whitney::bench {
namespace {

constexpr double kMostMilliseconds = 50, kMostBytesBesideFile = 64e6;
constexpr int kBatches = 2, kBatch = 32;

// The most memory that this process has held, in bytes: VmHWM, which counts the file's mapped pages too.
double most_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return 1024 * std::atof(line.c_str() + 6);
  }
  fail("/proc/self/status: has no line VmHWM");
}

// A text of some 125 tokens, each text another.
std::string text_of(int number) {
  std::string text;
  for (int word = 0; word < 100; ++word)
    text += concat("word", std::string_view(" of and in to").substr(0, 3 + word % 3 * 4), " ", number, " ");
  return text;
}

// Opens the model and encodes; prints the milliseconds of opening and the most bytes held, after each.
int measure(const std::string& model, std::string_view precision) {
  Context context;
  context.threads = 2;
  const auto kind = precision == "int8" ? infer::Precision::kInt8 : infer::Precision::kFloat32;
  std::optional<infer::Encoder> encoder;
  const double opening = seconds_of([&] { encoder = infer::Encoder::open(context, model, kind); });
  const double opened = most_memory();
  for (int batch = 0; batch < kBatches; ++batch) {
    std::vector<std::string> texts;
    for (int i = 0; i < kBatch; ++i) texts.push_back(text_of(batch * kBatch + i));
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    encoder->encode(context, views);
  }
  std::printf("%.9g %.9g %.9g\n", opening * 1e3, opened, most_memory());
  return 0;
}

struct Measured {
  std::vector<double> milliseconds, opened, most;
};

Measured measure_runs(const std::string& self, const std::string& model, const std::string& precision,
                      int runs) {
  Measured all;
  for (int run = -1; run < runs; ++run) {  // one to warm up
    const std::string answer = answer_of({self, "--measure", model, precision});
    double values[3];
    if (std::sscanf(answer.c_str(), "%lf %lf %lf", &values[0], &values[1], &values[2]) != 3)
      fail("a run answered '", answer, "'");
    if (run < 0) continue;
    all.milliseconds.push_back(values[0]);
    all.opened.push_back(values[1]);
    all.most.push_back(values[2]);
  }
  return all;
}

bool report(const std::string& precision, const Measured& all, double file_bytes) {
  const double most = std::ranges::max(all.most), milliseconds = median(all.milliseconds);
  std::printf(
      "whitney, %-8s opens in %5.1f ms (%.1f .. %.1f)   memory %5.1f MB opened, %5.1f MB at most: file "
      "%+.1f MB\n",
      precision.c_str(), milliseconds, std::ranges::min(all.milliseconds), std::ranges::max(all.milliseconds),
      median(all.opened) / 1e6, most / 1e6, (most - file_bytes) / 1e6);
  return milliseconds <= kMostMilliseconds && most <= file_bytes + kMostBytesBesideFile;
}

int run(const std::string& self, int runs) {
  const char* folder = std::getenv("WHITNEY_MINILM");
  if (folder == nullptr) {
    std::fprintf(stderr, "load_bench: needs WHITNEY_MINILM, the folder of all-MiniLM-L6-v2\n");
    return 1;
  }
  const std::string model = folder;
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(model + "/model.safetensors"));
  std::printf("%s: %.1f MB of weights; %d batches of %d texts, 2 threads, %d runs\n", model.c_str(),
              file_bytes / 1e6, kBatches, kBatch, runs);
  bool holds = true;
  for (const char* precision : {"float32", "int8"})
    holds = report(precision, measure_runs(self, model, precision, runs), file_bytes) && holds;
  PythonPeer peer("load_bench_peer.py", {model}, {"OPENBLAS_CORETYPE"});
  if (peer.is_there()) {
    const Value answer =
        peer.ask(Value::object({{"question", "load"}, {"batches", kBatches}, {"batch", kBatch}}));
    std::printf("%s opens in %.0f ms, holds %.0f MB at most (%.0f MB before it opened)\n",
                peer.versions().c_str(), answer.at("milliseconds").as_real(),
                answer.at("most").as_real() / 1e6, answer.at("before").as_real() / 1e6);
  }
  std::printf("%s: at most %.0f ms, and the file and %.0f MB\n", holds ? "holds" : "DOES NOT HOLD",
              kMostMilliseconds, kMostBytesBesideFile / 1e6);
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  try {
    if (argc == 4 && std::string_view(argv[1]) == "--measure")
      return whitney::bench::measure(argv[2], argv[3]);
    return whitney::bench::run(argv[0], argc > 1 ? std::max(1, std::atoi(argv[1])) : 11);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_bench: %s\n", error.what());
    return 1;
  }
}
