#pragma once

#include <string>

#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// The device that a text names: "cpu", "cuda" or "cuda:1". libtorch's library for graphics cards is loaded
/// when it is asked for and lies where the others do. Throws Error when the text names none, or there is
/// none.
torch::Device device_named(const std::string& name);

}  // namespace whitney::nn
