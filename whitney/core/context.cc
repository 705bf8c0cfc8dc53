#include "whitney/core/context.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "whitney/core/error.h"

namespace whitney {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The folder of this process in a cgroup hierarchy: "0::/path" (v2) or "3:cpu,cpuacct:/path" (v1).
std::string cgroup_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool wanted =
        controller.empty() ? names == ",," : names.find("," + controller + ",") != std::string::npos;
    if (wanted) return line.substr(second + 1);
  }
  return "/";
}

// Calls `read(folder)` for the process's cgroup and its parents: each may set a limit, and the smallest
// holds.
template <class Read>
void for_each_cgroup(const std::string& root, const std::string& controller, const Read& read) {
  std::string path = cgroup_path(controller);
  while (true) {
    read(root + (path == "/" ? "" : path));
    if (path.size() <= 1) return;
    path = path.substr(0, path.rfind('/'));
    if (path.empty()) path = "/";
  }
}

double cpu_quota() {
  double quota = INFINITY;
  for_each_cgroup("/sys/fs/cgroup", "", [&](const std::string& folder) {
    std::istringstream line(first_line(folder + "/cpu.max"));  // "max 100000" or "150000 100000"
    double limit = 0, period = 0;
    if (line >> limit >> period && period > 0) quota = std::min(quota, limit / period);
  });
  for_each_cgroup("/sys/fs/cgroup/cpu", "cpu", [&](const std::string& folder) {
    std::istringstream limit_line(first_line(folder + "/cpu.cfs_quota_us"));
    std::istringstream period_line(first_line(folder + "/cpu.cfs_period_us"));
    double limit = 0, period = 0;
    if (limit_line >> limit && period_line >> period && limit > 0 && period > 0)
      quota = std::min(quota, limit / period);
  });
  return quota;
}

int64_t read_bytes(const std::string& path) {
  std::istringstream line(first_line(path));
  int64_t bytes = 0;
  return line >> bytes && bytes > 0 ? bytes : INT64_MAX;
}

}  // namespace

int allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) count = std::max(1, CPU_COUNT(&set));
  const double quota = cpu_quota();
  if (quota < count) count = std::max(1, static_cast<int>(std::ceil(quota)));
  return count;
}

int64_t allowed_memory_bytes() {
  int64_t bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for_each_cgroup("/sys/fs/cgroup", "", [&](const std::string& folder) {
    bytes = std::min(bytes, read_bytes(folder + "/memory.max"));
  });
  for_each_cgroup("/sys/fs/cgroup/memory", "memory", [&](const std::string& folder) {
    bytes = std::min(bytes, read_bytes(folder + "/memory.limit_in_bytes"));
  });
  return bytes;
}

int Context::num_threads() const { return threads > 0 ? threads : allowed_cpus(); }

int64_t Context::memory_limit_bytes() const {
  return max_memory_bytes ? *max_memory_bytes : allowed_memory_bytes();
}

void Context::check_cancelled() const {
  if (cancellation != nullptr && cancellation->requested()) throw Cancelled();
}

void Context::advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) const {
  if (progress != nullptr) progress->advance(stage, done, total, unit);
}

void Context::note(std::string_view sentence) const {
  if (progress != nullptr) progress->note(sentence);
}

}  // namespace whitney
