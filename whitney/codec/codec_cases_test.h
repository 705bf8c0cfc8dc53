#pragma once

// What the tests of codecs share: vectors, fitted codecs, and what every codec must hold to.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/random.h"
#include "whitney/core/registry.h"
#include "whitney/linalg/distance.h"

namespace whitney::codec {

/// n x dim normal values around a mean that differs by dimension.
inline Matrix normal_vectors(int64_t n, int64_t dim, uint64_t item = 0) {
  Matrix matrix(n, dim);
  auto* values = matrix.mutable_data<float>();
  RandomStream random(42, "codec test", item);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < dim; ++j) {
      const double mean = 0.3 * static_cast<double>(j % 5);
      values[i * dim + j] = static_cast<float>(mean + random.normal());
    }
  }
  return matrix;
}

inline Matrix matrix_of(const std::vector<std::vector<float>>& rows) {
  Matrix matrix(std::ssize(rows), std::ssize(rows.front()));
  auto* values = matrix.mutable_data<float>();
  for (const std::vector<float>& row : rows) values = std::copy(row.begin(), row.end(), values);
  return matrix;
}

inline Embeddings embeddings_of(const Matrix& vectors, std::string_view metric) {
  Embeddings embeddings;
  embeddings.vectors = vectors;
  embeddings.ids = Ids::row_numbers(vectors.rows());
  embeddings.record.set("metric", metric);
  return embeddings;
}

/// Fits a method of `compress` as the verb does.
inline std::unique_ptr<Codec> fitted(std::string_view method, const MatrixView& rows,
                                     const Value& options = Value::object()) {
  const Value resolved = resolve_options(Registry::instance().get(Verb::kCompress, method), options);
  return codec_method(method).fit(Rows(rows), resolved, Context());
}

/// Row i encoded and decoded, by both levels where there are two.
inline std::vector<float> round_trip(const Codec& codec, const MatrixView& rows, int64_t i,
                                     bool both = true) {
  std::vector<float> row(static_cast<size_t>(rows.cols)), back(row);
  copy_row_as_float(rows, i, row.data());
  std::vector<uint8_t> code(static_cast<size_t>(codec.code_bytes())),
      fine(static_cast<size_t>(codec.fine_bytes()));
  codec.encode(row.data(), code.data(), fine.empty() ? nullptr : fine.data());
  codec.decode(code.data(), fine.empty() || !both ? nullptr : fine.data(), back.data());
  return back;
}

/// The scorer's values are the kernel's values of the query and the decoded vectors, up to `tolerance` of the
/// norms.
inline void expect_scores_of_decoded(const Codec& codec, const Matrix& vectors, const Matrix& queries,
                                     double tolerance = 1e-5) {
  const int64_t dim = vectors.cols(), n = vectors.rows();
  const Codes codes = encode_rows(codec, Rows(vectors), Context());
  const Matrix decoded = decode_rows(codec, codes.codes.data(), nullptr, n, Context());
  for (const Kernel kernel : {Kernel::kInnerProduct, Kernel::kSquaredL2}) {
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const float* query = queries.row<float>(q).data();
      std::vector<float> scores(static_cast<size_t>(n));
      codec.scorer(kernel, query)->score(codes.codes.data(), n, scores.data());
      for (int64_t i = 0; i < n; ++i) {
        double value = 0, size = 0;
        for (int64_t j = 0; j < dim; ++j) {
          const double a = query[j], b = decoded.row<float>(i)[static_cast<size_t>(j)];
          value += kernel == Kernel::kInnerProduct ? a * b : (a - b) * (a - b);
          size += a * a + b * b;
        }
        EXPECT_NEAR(scores[static_cast<size_t>(i)], value, tolerance * size)
            << "row " << i << ", width " << dim;
      }
    }
  }
}

}  // namespace whitney::codec
