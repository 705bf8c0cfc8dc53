#include "whitney/train/nn/one_torch_thread.h"

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

OneTorchThread::OneTorchThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }

OneTorchThread::~OneTorchThread() { at::set_num_threads(before_); }

void use_one_torch_thread() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

}  // namespace whitney::nn
