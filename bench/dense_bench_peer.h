#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace whitney::bench {

/// A linear layer of oneDNN's, weights in the order that it prefers for products with m rows: out (m x n) =
/// a (m x k) * w (n x k) transposed + bias, and GELU by the error function where asked. One thread.
class OnednnLayer {
 public:
  OnednnLayer(int64_t m, int64_t n, int64_t k, const float* weights, const float* bias, bool gelu);
  /// Int8 weights and uint8 rows of zero point 0: out = scales[j] * (a w^T) + bias.
  OnednnLayer(int64_t m, int64_t n, int64_t k, const int8_t* weights, const float* bias,
              std::span<const float> scales);
  ~OnednnLayer();
  OnednnLayer(const OnednnLayer&) = delete;
  OnednnLayer& operator=(const OnednnLayer&) = delete;

  void multiply(const void* a, float* out);
  /// What oneDNN calls the kernel that it chose.
  std::string kernel() const;

  /// False where the bench was built without oneDNN: nothing else of the class may then be used.
  static bool is_there();
  static std::string version();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace whitney::bench
