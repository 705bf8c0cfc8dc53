#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "whitney/infer/transformer.h"

namespace whitney::infer {

/// Workspaces between two calls. Memory that goes back to the system after each short text is faulted in
/// again, page by page, for the next. Any thread may take and give.
class WorkspaceStash {
 public:
  /// A larger workspace is not kept, for a model that waits should hold little; nor more of them than threads
  /// are likely to ask at a time.
  static constexpr int64_t kMostBytes = int64_t{4} << 20;
  static constexpr size_t kMostKept = 8;

  /// One that was given, or an empty one.
  Workspace take();
  void give(Workspace workspace);
  size_t num_kept() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Workspace> kept_;
};

}  // namespace whitney::infer
