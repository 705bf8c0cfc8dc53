#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "whitney/core/value.h"

namespace whitney::bench {

/// A peer in Python: a script of bench/ that answers each line of JSON on its input by one line of JSON. It
/// runs in the Python of WHITNEY_BENCH_PYTHON (default bench/peers/.venv/bin/python, which bench/fetch_peers
/// makes).
class PythonPeer {
 public:
  /// Starts it. Where it does not answer {"question": "hello"}, says so on stderr and is not there.
  /// environment: "NAME=value" is set for the peer, whatever it is here, and "NAME" alone is unset.
  PythonPeer(const std::string& script, const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment = {});
  ~PythonPeer();
  PythonPeer(const PythonPeer&) = delete;
  PythonPeer& operator=(const PythonPeer&) = delete;

  bool is_there() const { return answers_ != nullptr; }
  /// What it says of itself: names and versions.
  const std::string& versions() const { return versions_; }
  /// Writes a line of JSON and reads one. Throws Error when the peer ended.
  Value ask(const Value& question);

 private:
  std::string versions_;
  int process_ = -1;
  std::FILE* questions_ = nullptr;
  std::FILE* answers_ = nullptr;
};

}  // namespace whitney::bench
