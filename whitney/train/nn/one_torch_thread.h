#pragma once

namespace whitney::nn {

/// Lets libtorch run on one thread for as long as this lives: its sums depend on how many threads it has, and
/// our own loops use the others. Threads of a loop inside call `use_one_torch_thread`.
class OneTorchThread {
 public:
  OneTorchThread();
  ~OneTorchThread();
  OneTorchThread(const OneTorchThread&) = delete;
  OneTorchThread& operator=(const OneTorchThread&) = delete;

 private:
  int before_;
};

/// The same for the calling thread, for good: part of the setting belongs to the thread, part to the process,
/// so that a thread which put back what it had would change it under the others.
void use_one_torch_thread();

}  // namespace whitney::nn
