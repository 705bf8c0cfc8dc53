#include "whitney/infer/workspace_stash.h"

#include <utility>

namespace whitney::infer {
namespace {

int64_t bytes_of(const Workspace& workspace) {
  int64_t values = workspace.hidden.size() + workspace.attended.size() + workspace.normed.size() +
                   workspace.wide.size() + workspace.bias.size() + workspace.mixed.size();
  for (const Array<float>& worker : workspace.attention.workers) values += worker.size();
  return values * static_cast<int64_t>(sizeof(float));
}

}  // namespace

Workspace WorkspaceStash::take() {
  const std::scoped_lock lock(mutex_);
  if (kept_.empty()) return {};
  Workspace workspace = std::move(kept_.back());
  kept_.pop_back();
  return workspace;
}

void WorkspaceStash::give(Workspace workspace) {
  if (bytes_of(workspace) > kMostBytes) return;
  const std::scoped_lock lock(mutex_);
  if (kept_.size() < kMostKept) kept_.push_back(std::move(workspace));
}

size_t WorkspaceStash::num_kept() const {
  const std::scoped_lock lock(mutex_);
  return kept_.size();
}

}  // namespace whitney::infer
