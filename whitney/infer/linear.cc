#include "whitney/infer/linear.h"

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/infer/activation.h"

namespace whitney::infer {
namespace {

// What the product's last pass can do itself.
Epilogue epilogue_of(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return Epilogue::kRelu;
    case Activation::kGelu:
      return Epilogue::kGelu;
    case Activation::kGeluTanh:
      return Epilogue::kGeluTanh;
    case Activation::kSilu:
      return Epilogue::kSilu;
    default:
      return Epilogue::kNone;
  }
}

}  // namespace

void Linear::multiply(const Context& context, const MatrixView& x, float* out, Epilogue epilogue,
                      const Linear* next) const {
  if (const auto* dense = std::get_if<DenseWeights>(&weights_)) {
    const auto* ahead = next == nullptr ? nullptr : std::get_if<DenseWeights>(&next->weights_);
    dense->multiply(context, x, out, dense->rows(), epilogue, ahead);
  } else {
    const Int8Weights& weights = std::get<Int8Weights>(weights_);
    weights.multiply(context, x, out, weights.rows(), epilogue);
  }
}

void Linear::apply(const Context& context, const MatrixView& x, float* out, const Linear* next) const {
  const Epilogue epilogue = epilogue_of(activation_);
  multiply(context, x, out, epilogue, next);
  if (activation_ == Activation::kIdentity || epilogue != Epilogue::kNone) return;
  const int64_t width = this->out();
  parallel_blocks(context, x.rows, 16, [&](int64_t begin, int64_t end) {
    activate(activation_, out + begin * width, (end - begin) * width);
  });
}

void Linear::apply_and_add(const Context& context, const MatrixView& x, float* out,
                           const Linear* next) const {
  WHITNEY_CHECK(activation_ == Activation::kIdentity, "a residual layer has an activation");
  multiply(context, x, out, Epilogue::kAdd, next);
}

}  // namespace whitney::infer
