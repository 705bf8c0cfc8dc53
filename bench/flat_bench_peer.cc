#include "bench/flat_bench_peer.h"

#include <fstream>

#include "whitney/core/error.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

void write_floats(const std::string& path, const MatrixView& rows) {
  std::ofstream file(path, std::ios::binary);
  for (int64_t i = 0; i < rows.rows; ++i) {
    file.write(reinterpret_cast<const char*>(rows.row_bytes(i)),
               static_cast<std::streamsize>(rows.cols) * static_cast<std::streamsize>(sizeof(float)));
  }
  if (!file.flush()) fail(path, ": cannot be written");
}

// One thread for the peer, and the kernel that suits this processor for its BLAS: the OpenBLAS in faiss's
// package takes its oldest kernel, five times slower, on processors that came after it.
std::vector<std::string> peer_environment() {
  std::vector<std::string> result{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "OPENBLAS_CORETYPE",
                                  "OPENBLAS_L2_SIZE"};
  const std::string level = simd_levels().back();
  if (level.starts_with("avx3")) result[2] += "=SkylakeX";
  if (level == "avx2") result[2] += "=Haswell";
  return result;
}

}  // namespace

FlatPeer::FlatPeer(const MatrixView& base, const MatrixView& queries, int64_t k) {
  write_floats(folder_.file("base"), base);
  write_floats(folder_.file("queries"), queries);
  python_ = std::make_unique<PythonPeer>(
      "flat_bench_peer.py",
      std::vector<std::string>{folder_.path(), std::to_string(base.cols), std::to_string(k)},
      peer_environment());
  if (!python_->is_there()) fail("there is nothing to compare with");
}

double FlatPeer::search(int64_t num_queries, bool one_by_one) {
  return python_
      ->ask(Value::object(
          {{"question", "search"}, {"metric", metric_}, {"count", num_queries}, {"one_by_one", one_by_one}}))
      .at("seconds")
      .as_real();
}

std::vector<int64_t> FlatPeer::rows() const {
  std::ifstream file(folder_.file("rows"), std::ios::binary | std::ios::ate);
  std::vector<int64_t> rows(static_cast<size_t>(file.tellg()) / sizeof(int64_t));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(rows.data()),
            static_cast<std::streamsize>(rows.size() * sizeof(int64_t)));
  return rows;
}

}  // namespace whitney::bench
