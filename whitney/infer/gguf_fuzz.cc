// Any bytes as a GGUF file: an Error, or tensors, settings and a vocabulary that can be read.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/infer/gguf.h"
#include "whitney/infer/gguf_model.h"
#include "whitney/infer/gguf_tokenizer.h"
#include "whitney/infer/weights.h"

namespace {

using whitney::infer::GgufFile;
using whitney::infer::WeightTensor;

template <class Body>
void tolerate(const Body& body) {
  try {
    body();
  } catch (const whitney::Error&) {
    return;  // the answer to a bad file
  }
}

// First and last row: what a forward pass may touch.
void read_ends(const WeightTensor& tensor) {
  if (tensor.rows() == 0) return;
  std::vector<float> row(static_cast<size_t>(tensor.cols()));
  tensor.copy_rows(0, 1, row.data());
  tensor.copy_rows(tensor.rows() - 1, tensor.rows(), row.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tolerate([&] {
    const auto bytes = std::as_bytes(std::span(data, size));
    const GgufFile file = whitney::infer::parse_gguf(whitney::Array<std::byte>::copy_of(bytes), "fuzz");
    tolerate([&] { static_cast<void>(whitney::infer::config_of(file)); });
    tolerate([&] { static_cast<void>(whitney::infer::vocabulary_of(file)); });
    tolerate([&] {
      const auto weights = whitney::infer::Weights::of(file);
      for (const WeightTensor& tensor : weights.tensors()) tolerate([&] { read_ends(tensor); });
    });
  });
  return 0;
}
