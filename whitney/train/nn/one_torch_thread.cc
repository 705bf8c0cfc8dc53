#include "whitney/train/nn/one_torch_thread.h"

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

OneTorchThread::OneTorchThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }

OneTorchThread::~OneTorchThread() { at::set_num_threads(before_); }

}  // namespace whitney::nn
