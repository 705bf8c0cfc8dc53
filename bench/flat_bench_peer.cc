#include "bench/flat_bench_peer.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "whitney/core/error.h"
#include "whitney/linalg/simd.h"

extern char** environ;

namespace whitney::bench {
namespace {

void write_floats(const std::string& path, const MatrixView& rows) {
  std::ofstream file(path, std::ios::binary);
  for (int64_t i = 0; i < rows.rows; ++i) {
    file.write(reinterpret_cast<const char*>(rows.row_bytes(i)),
               static_cast<std::streamsize>(rows.cols) * static_cast<std::streamsize>(sizeof(float)));
  }
  if (!file.flush()) fail(path, ": cannot be written");
}

std::string python() {
  const char* given = std::getenv("WHITNEY_BENCH_PYTHON");
  const auto folder = std::filesystem::path(__FILE__).parent_path();
  return given != nullptr ? given : (folder / "peers/.venv/bin/python").string();
}

// One thread for the peer, and the kernel that suits this processor for its BLAS: the OpenBLAS in faiss's
// package takes its oldest kernel, five times slower, on processors that came after it.
std::vector<std::string> peer_environment() {
  std::vector<std::string> result{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"};
  const std::string level = simd_levels().back();
  if (level.starts_with("avx3")) result.emplace_back("OPENBLAS_CORETYPE=SkylakeX");
  if (level == "avx2") result.emplace_back("OPENBLAS_CORETYPE=Haswell");
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!text.starts_with("OPENBLAS_") && !text.starts_with("OMP_")) result.push_back(text);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

FlatPeer::FlatPeer(const MatrixView& base, const MatrixView& queries, int64_t k) {
  folder_ = (std::filesystem::temp_directory_path() / "whitney-flat-bench-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) fail(folder_, ": the folder cannot be made");
  write_floats(folder_ + "/base", base);
  write_floats(folder_ + "/queries", queries);
  const auto script = std::filesystem::path(__FILE__).parent_path() / "flat_bench_peer.py";
  std::vector<std::string> words{python(), script.string(), folder_, std::to_string(base.cols),
                                 std::to_string(k)};
  std::vector<std::string> environment = peer_environment();
  int down[2], up[2];
  if (pipe(down) != 0 || pipe(up) != 0) fail("no pipe can be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], 0);
  posix_spawn_file_actions_adddup2(&actions, up[1], 1);
  for (const int end : {down[0], down[1], up[0], up[1]}) posix_spawn_file_actions_addclose(&actions, end);
  const int error = posix_spawnp(&process_, words[0].c_str(), &actions, nullptr, pointers(words).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(down[0]);
  close(up[1]);
  questions_ = fdopen(down[1], "w");
  answers_ = fdopen(up[0], "r");
  if (error != 0) {
    process_ = -1;
    fail(words[0], " cannot be started; bench/fetch_peers brings the peers, or set WHITNEY_BENCH_PYTHON");
  }
  version_ = ask("version");
}

FlatPeer::~FlatPeer() {
  std::fclose(questions_);  // the peer ends with its input
  std::fclose(answers_);
  if (process_ > 0) waitpid(process_, nullptr, 0);
  std::error_code ignored;  // a destructor has nobody to tell
  std::filesystem::remove_all(folder_, ignored);
}

void FlatPeer::use(Metric metric) { ask(metric == Metric::kL2 ? "l2" : "inner_product"); }

double FlatPeer::search(int64_t num_queries, bool one_by_one) {
  return std::stod(ask(concat(one_by_one ? "one_by_one " : "at_once ", num_queries)));
}

std::vector<int64_t> FlatPeer::rows() const {
  std::ifstream file(folder_ + "/rows", std::ios::binary | std::ios::ate);
  std::vector<int64_t> rows(static_cast<size_t>(file.tellg()) / sizeof(int64_t));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(rows.data()),
            static_cast<std::streamsize>(rows.size() * sizeof(int64_t)));
  return rows;
}

std::string FlatPeer::ask(const std::string& question) {
  std::fprintf(questions_, "%s\n", question.c_str());
  std::fflush(questions_);
  char line[4096];
  if (std::fgets(line, sizeof(line), answers_) == nullptr) {
    fail("the peer ended at \"", question, "\"; is faiss installed for ", python(), "?");
  }
  std::string answer(line);
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  return answer;
}

}  // namespace whitney::bench
