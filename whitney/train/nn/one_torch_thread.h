#pragma once

namespace whitney::nn {

/// Lets libtorch run on the calling thread alone for as long as this lives: its sums depend on how many
/// threads it has, and our own loops use the others.
class OneTorchThread {
 public:
  OneTorchThread();
  ~OneTorchThread();
  OneTorchThread(const OneTorchThread&) = delete;
  OneTorchThread& operator=(const OneTorchThread&) = delete;

 private:
  int before_;
};

}  // namespace whitney::nn
