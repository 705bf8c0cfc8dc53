#include "whitney/search/lsh_tokens.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/dense.h"

namespace whitney::search {

LshTokens::LshTokens(int64_t dim, int64_t tables, int64_t bits, uint64_t seed)
    : planes_(tables * bits, dim), tables_(tables), bits_(bits) {
  auto* out = planes_.mutable_data<float>();
  for (int64_t plane = 0; plane < planes_.rows(); ++plane) {
    RandomStream random(seed, "lsh planes", static_cast<uint64_t>(plane));
    for (int64_t j = 0; j < dim; ++j) *out++ = static_cast<float>(random.normal());
  }
}

LshTokens::LshTokens(Matrix planes, int64_t tables, int64_t bits)
    : planes_(std::move(planes)), tables_(tables), bits_(bits) {
  WHITNEY_CHECK(planes_.rows() == tables * bits, planes_.rows(), " planes of ", tables, " tables");
}

RaggedEmbeddings LshTokens::of(const MatrixView& vectors, const Context& context) const {
  constexpr int64_t kRowsAtOnce = 4096;
  const int64_t n = vectors.rows;
  RaggedEmbeddings tokens;
  tokens.is_sparse = true;
  tokens.num_dims = num_tokens();
  tokens.starts = Array<int64_t>(n + 1);
  tokens.indices = Array<int32_t>(n * tables_);
  tokens.values = Array<float>(n * tables_);
  int64_t* starts = tokens.starts.mutable_data();
  for (int64_t row = 0; row <= n; ++row) starts[row] = row * tables_;
  std::fill_n(tokens.values.mutable_data(), n * tables_, 1.0F);
  int32_t* out = tokens.indices.mutable_data();
  std::vector<float> sides(static_cast<size_t>(std::min(n, kRowsAtOnce) * planes_.rows()));
  for (int64_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const int64_t end = std::min(n, begin + kRowsAtOnce);
    multiply_transposed(context, vectors.slice(begin, end), planes_, sides.data());
    parallel_for(context, end - begin, [&](int64_t i) {
      const float* side = sides.data() + i * planes_.rows();
      for (int64_t table = 0; table < tables_; ++table) {
        int32_t code = 0;
        for (int64_t bit = 0; bit < bits_; ++bit) code = 2 * code + (*side++ > 0 ? 1 : 0);
        out[(begin + i) * tables_ + table] = static_cast<int32_t>(table << bits_) + code;
      }
    });
  }
  return tokens;
}

}  // namespace whitney::search
