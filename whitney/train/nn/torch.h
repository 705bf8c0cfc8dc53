#pragma once

// The one door to libtorch's headers. They are compiled ahead (cmake/whitney_train.cmake), so that a file
// which begins with them costs a second instead of eighteen.
#include <torch/torch.h>  // IWYU pragma: export
