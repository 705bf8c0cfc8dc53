#include "whitney/train/nn/device.h"

#include <dlfcn.h>

#include "whitney/core/error.h"

namespace whitney::nn {
namespace {

torch::Device parsed(const std::string& name) {
  try {
    return torch::Device(name);
  } catch (const c10::Error&) {
    fail("option \"device\" is \"", name, "\", which names no device (expected: cpu, cuda or cuda:1)");
  }
}

// Its registration lines make the device known.
bool load_cuda(std::string& why) {
  static void* const library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) why = "libtorch_cuda.so cannot be loaded";
  return library != nullptr;
}

}  // namespace

torch::Device device_named(const std::string& name) {
  const torch::Device device = parsed(name);
  if (device.is_cpu()) return device;
  if (!device.is_cuda()) fail("option \"device\" is \"", name, "\"; models are trained on cpu or cuda");
  std::string why = "there is no such card here";
  const bool can_use = torch::cuda::is_available() || (load_cuda(why) && torch::cuda::is_available());
  if (!can_use || device.index() >= static_cast<int>(torch::cuda::device_count())) {
    fail("option \"device\" is \"", name, "\", and ", why,
         ": give cpu, or a libtorch that has it (WHITNEY_TORCH_ROOT)");
  }
  return device;
}

}  // namespace whitney::nn
