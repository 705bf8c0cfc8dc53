#include "whitney/infer/convolve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/linalg/random_matrix_test.h"
#include "whitney/linalg/sparse_matrix.h"

namespace whitney::infer {
namespace {

using Vector = std::vector<double>;

/// The weights of a layer, and the layer made of them.
struct Layer {
  Layer(int64_t inputs, int64_t hidden, int64_t outputs, uint64_t item)
      : q_weights(random_matrix(hidden, inputs, item)),
        q_bias(random_floats(hidden, item + 1, 1)),
        weights(random_matrix(outputs, inputs + hidden, item + 2)),
        bias(random_floats(outputs, item + 3, 1)),
        convolve(q_weights, q_bias, weights, bias) {}

  Matrix q_weights;
  std::vector<float> q_bias;
  Matrix weights;
  std::vector<float> bias;
  Convolve convolve;
};

SparseMatrix rows_of(int64_t nodes, const std::vector<std::vector<uint32_t>>& neighbors,
                     const std::vector<float>& weights) {
  SparseMatrix rows{.cols = nodes, .offsets = {0}, .columns = {}, .weights = weights};
  for (const auto& of_row : neighbors) {
    rows.columns.insert(rows.columns.end(), of_row.begin(), of_row.end());
    rows.offsets.push_back(std::ssize(rows.columns));
  }
  return rows;
}

/// Seven nodes: one without neighbours, one with itself, unequal weights.
SparseMatrix seven() {
  return rows_of(7, {{1, 2, 4}, {0}, {6, 3}, {}, {4, 1}, {2, 3, 0, 6}, {5}},
                 {0.5F, 0.3F, 0.2F, 1, 0.75F, 0.25F, 0.4F, 0.6F, 0.1F, 0.2F, 0.3F, 0.4F, 1});
}

std::vector<float> values_of(const Matrix& matrix) {
  const auto* values = reinterpret_cast<const float*>(matrix.bytes().data());
  return {values, values + matrix.rows() * matrix.cols()};
}

double product(const Matrix& matrix, int64_t row, const Vector& vector) {
  double sum = 0;
  for (size_t j = 0; j < vector.size(); ++j) sum += at(matrix, row, static_cast<int64_t>(j)) * vector[j];
  return sum;
}

Vector rectified(const Matrix& weights, const std::vector<float>& bias, const Vector& vector) {
  Vector out;
  for (int64_t i = 0; i < weights.rows(); ++i) {
    out.push_back(std::max(0.0, product(weights, i, vector) + bias[static_cast<size_t>(i)]));
  }
  return out;
}

/// Algorithm 2 for one node: goes down the layers and up again, in double.
Vector per_node(const std::vector<const Layer*>& layers, size_t depth, const SparseMatrix& neighborhoods,
                const Matrix& features, uint32_t node) {
  if (depth == 0) {
    const auto row = features.row<float>(node);
    return {row.begin(), row.end()};
  }
  const Layer& layer = *layers[depth - 1];
  Vector joined = per_node(layers, depth - 1, neighborhoods, features, node);
  Vector pooled(static_cast<size_t>(layer.convolve.hidden()));
  for (auto e = static_cast<size_t>(neighborhoods.offsets[node]);
       e < static_cast<size_t>(neighborhoods.offsets[node + 1]); ++e) {
    const Vector h = per_node(layers, depth - 1, neighborhoods, features, neighborhoods.columns[e]);
    const Vector projected = rectified(layer.q_weights, layer.q_bias, h);
    for (size_t j = 0; j < pooled.size(); ++j) pooled[j] += neighborhoods.weights[e] * projected[j];
  }
  joined.insert(joined.end(), pooled.begin(), pooled.end());
  Vector z = rectified(layer.weights, layer.bias, joined);
  double squares = 0;
  for (const double value : z) squares += value * value;
  for (double& value : z) value /= squares > 0 ? std::sqrt(squares) : 1;
  return z;
}

/// Counts the rows that are reported, which is done where they are multiplied.
struct RowsSeen : Progress {
  void advance(std::string_view, int64_t done, int64_t total, std::string_view) override {
    seen = done;
    all = total;
  }
  void note(std::string_view) override {}
  int64_t seen = 0, all = 0;
};

TEST(Convolve, OneNeighbourOfWeightOneIsItsProjection) {
  const Layer layer(5, 4, 3, 1);
  const Matrix h = random_matrix(3, 5, 20);
  const SparseMatrix next = rows_of(3, {{1}, {2}, {0}}, {1, 1, 1});
  const Matrix pooled = layer.convolve.pool_neighbors({}, next.view(), h);
  for (int64_t u = 0; u < 3; ++u) {
    const auto row = h.row<float>((u + 1) % 3);
    const Vector expected = rectified(layer.q_weights, layer.q_bias, {row.begin(), row.end()});
    for (int64_t j = 0; j < 4; ++j) EXPECT_NEAR(at(pooled, u, j), expected[static_cast<size_t>(j)], 1e-6);
  }
}

TEST(Convolve, EqualWeightsPoolTheMean) {
  const Layer layer(5, 4, 3, 1);
  const Matrix h = random_matrix(4, 5, 21);
  // Row 0 pools 1, 2, 3; rows 1 to 3 show the projections themselves, through a node that has one neighbour.
  const SparseMatrix rows = rows_of(4, {{1, 2, 3}, {1}, {2}, {3}}, {1 / 3.0F, 1 / 3.0F, 1 / 3.0F, 1, 1, 1});
  const Matrix pooled = layer.convolve.pool_neighbors({}, rows.view(), h);
  for (int64_t j = 0; j < 4; ++j) {
    EXPECT_NEAR(at(pooled, 0, j), (at(pooled, 1, j) + at(pooled, 2, j) + at(pooled, 3, j)) / 3, 1e-6);
  }
}

TEST(Convolve, MaxPoolsTheLargestOfEachValueAndZeroOfNoNeighbour) {
  const Layer layer(5, 9, 3, 1);
  const Convolve largest(layer.q_weights, layer.q_bias, layer.weights, layer.bias, NeighborPooling::kMax);
  const Matrix h = random_matrix(7, 5, 21);
  const Matrix pooled = largest.pool_neighbors({}, seven().view(), h);
  const std::vector<std::vector<int64_t>> neighbors = {{1, 2, 4}, {0}, {6, 3}, {}, {4, 1}, {2, 3, 0, 6}, {5}};
  for (int64_t u = 0; u < 7; ++u) {
    Vector expected(9);
    for (const int64_t v : neighbors[static_cast<size_t>(u)]) {
      const auto row = h.row<float>(v);
      const Vector one = rectified(layer.q_weights, layer.q_bias, {row.begin(), row.end()});
      for (size_t j = 0; j < 9; ++j) expected[j] = std::max(expected[j], one[j]);
    }
    for (int64_t j = 0; j < 9; ++j) EXPECT_NEAR(at(pooled, u, j), expected[static_cast<size_t>(j)], 1e-6);
  }
}

TEST(Convolve, LayerByLayerIsAlgorithm2OfEveryNodeAndSeesEachNodeOnceALayer) {
  const Layer first(5, 9, 6, 1);
  const Layer second(6, 7, 50, 10);
  const Matrix features = random_matrix(7, 5, 22);
  const SparseMatrix neighborhoods = seven();
  RowsSeen rows;
  Context context;
  context.progress = &rows;
  const std::vector<Convolve> layers{first.convolve, second.convolve};
  const Matrix found = convolve_all(context, layers, nullptr, neighborhoods.view(), features);
  for (uint32_t u = 0; u < 7; ++u) {
    const Vector expected = per_node({&first, &second}, 2, neighborhoods, features, u);
    for (int64_t j = 0; j < 50; ++j) EXPECT_NEAR(at(found, u, j), expected[static_cast<size_t>(j)], 1e-5);
  }
  // Three products a layer: 17 edges lead to each of the 7 nodes, one by one they would be many more.
  EXPECT_EQ(rows.seen, 2 * 3 * 7);
  EXPECT_EQ(rows.all, rows.seen);
}

TEST(Convolve, TellsEveryRowThatIsMultiplied) {
  const Layer layer(5, 9, 6, 1);
  const Matrix h = random_matrix(7, 5, 22);
  std::vector<int64_t> told;
  const RowsMultiplied tell = [&](int64_t rows) { told.push_back(rows); };
  const Matrix projected = layer.convolve.project({}, h, tell);
  const Matrix own = layer.convolve.own_part({}, h.view().slice(4, 6), tell);
  SparseMatrix two = seven();
  two.offsets = {0, 3, 4};
  two.columns.resize(4);
  two.weights.resize(4);
  layer.convolve.combine({}, two.view(), projected, own, tell);
  EXPECT_EQ(told, (std::vector<int64_t>{7, 2, 2}));
  const ConvolveHead head{.first = DenseWeights(random_matrix(3, 6, 30)),
                          .second = DenseWeights(random_matrix(2, 3, 32))};
  RowsSeen rows;
  Context context;
  context.progress = &rows;
  convolve_all(context, {&layer.convolve, 1}, &head, seven().view(), h);
  EXPECT_EQ(rows.seen, (3 + 2) * 7);
  EXPECT_EQ(rows.all, rows.seen);
}

TEST(Convolve, HeadRestoresSigns) {
  const Layer layer(5, 4, 3, 1);
  const Matrix g1 = random_matrix(3, 3, 30);
  const std::vector<float> g = random_floats(3, 31, 1);
  const Matrix g2 = random_matrix(2, 3, 32);
  const ConvolveHead head{.first = DenseWeights(g1, g), .second = DenseWeights(g2)};
  const Matrix features = random_matrix(7, 5, 23);
  const SparseMatrix neighborhoods = seven();
  const Matrix found = convolve_all({}, {&layer.convolve, 1}, &head, neighborhoods.view(), features);
  bool negative = false;
  for (uint32_t u = 0; u < 7; ++u) {
    const Vector hidden = rectified(g1, g, per_node({&layer}, 1, neighborhoods, features, u));
    for (int64_t j = 0; j < 2; ++j) {
      EXPECT_NEAR(at(found, u, j), product(g2, j, hidden), 1e-5);
      negative = negative || at(found, u, j) < 0;
    }
  }
  EXPECT_TRUE(negative);
}

TEST(Convolve, OrderOfNeighboursDoesNotChangeVectorsAndNormsAreOne) {
  const Layer layer(5, 9, 6, 1);
  const Matrix h = random_matrix(7, 5, 24);
  SparseMatrix turned = seven();
  for (size_t row = 0; row < 7; ++row) {
    std::reverse(turned.columns.begin() + turned.offsets[row],
                 turned.columns.begin() + turned.offsets[row + 1]);
    std::reverse(turned.weights.begin() + turned.offsets[row],
                 turned.weights.begin() + turned.offsets[row + 1]);
  }
  const Matrix one = layer.convolve.run({}, seven().view(), h);
  const Matrix other = layer.convolve.run({}, turned.view(), h);
  for (int64_t u = 0; u < 7; ++u) {
    double squares = 0;
    for (int64_t j = 0; j < 6; ++j) {
      EXPECT_NEAR(at(one, u, j), at(other, u, j), 1e-6);
      EXPECT_GE(at(one, u, j), 0);
      squares += at(one, u, j) * at(one, u, j);
    }
    EXPECT_NEAR(squares, 1, 1e-6);
  }
}

TEST(Convolve, VectorsThatAreZeroStayZero) {
  const Matrix q = random_matrix(4, 5, 1);
  const Matrix w = Matrix::zeros(3, 9);
  const std::vector<float> below(3, -1.0F);
  const Convolve layer(q, {}, w, below);
  const Matrix out = layer.run({}, seven().view(), random_matrix(7, 5, 25));
  EXPECT_EQ(values_of(out), std::vector<float>(21, 0.0F));
}

TEST(Convolve, RowsAreTheSameBytesWithMoreNodesAndAnyThreads) {
  const Layer layer(70, 65, 50, 1);
  const Matrix alone = random_matrix(7, 70, 26);
  const std::vector<float> expected = values_of(layer.convolve.run({}, seven().view(), alone));
  // The seven nodes again and again, 700 in all.
  const SparseMatrix once = seven();
  SparseMatrix often{.cols = 700, .offsets = {0}, .columns = {}, .weights = {}};
  Matrix h(700, 70);
  for (uint32_t copy = 0; copy < 100; ++copy) {
    std::memcpy(h.mutable_data<float>() + copy * 490, alone.bytes().data(), 490 * sizeof(float));
    for (size_t row = 0; row < 7; ++row)
      often.offsets.push_back(copy * once.offsets[7] + once.offsets[row + 1]);
    for (const uint32_t column : once.columns) often.columns.push_back(7 * copy + column);
    often.weights.insert(often.weights.end(), once.weights.begin(), once.weights.end());
  }
  Context context;
  for (const int threads : {1, 2, 5}) {
    context.threads = threads;
    const std::vector<float> found = values_of(layer.convolve.run(context, often.view(), h));
    for (auto copy = found.begin(); copy != found.end(); copy += 350) {
      ASSERT_EQ(std::vector<float>(copy, copy + 350), expected) << threads << " threads";
    }
  }
}

TEST(Convolve, PiecesOfSomeNodesAreBitForBitTheWhole) {
  const Layer layer(5, 9, 6, 1);
  const Matrix h = random_matrix(7, 5, 23);
  const Matrix whole = layer.convolve.run({}, seven().view(), h);
  // Nodes 4 and 5, whose neighbours 4, 1 and 2, 3, 0, 6 are taken in another order: 6, 0, 4, 1, 3, 2.
  const std::vector<int64_t> order = {6, 0, 4, 1, 3, 2};
  Matrix projected(6, 9);
  float* out = projected.mutable_data<float>();
  for (const int64_t node : order) {
    const Matrix alone = layer.convolve.project({}, h.view().slice(node, node + 1));
    out = std::ranges::copy(alone.row<float>(0), out).out;
  }
  const SparseMatrix rows =
      rows_of(6, {{2, 3}, {5, 4, 1, 0}}, {0.4F, 0.6F, 0.1F, 0.2F, 0.3F, 0.4F});  // weights of rows 4, 5
  const SparseMatrix all = seven();
  ASSERT_EQ(std::vector<float>(all.weights.begin() + 6, all.weights.begin() + 8),
            std::vector<float>(rows.weights.begin(), rows.weights.begin() + 2));
  const Matrix found =
      layer.convolve.combine({}, rows.view(), projected, layer.convolve.own_part({}, h.view().slice(4, 6)));
  for (int64_t i = 0; i < 2; ++i)
    EXPECT_TRUE(std::ranges::equal(found.row<float>(i), whole.row<float>(4 + i))) << i;
}

TEST(Convolve, NamesSizesThatDoNotFit) {
  const Layer layer(5, 4, 3, 1);
  const auto run = [&](const SparseMatrix& rows, int64_t nodes, int64_t cols) {
    return error_of([&] { layer.convolve.run({}, rows.view(), random_matrix(nodes, cols, 27)); });
  };
  EXPECT_NE(run(seven(), 7, 6).find("vectors have 6 values"), std::string::npos);
  EXPECT_NE(run(seven(), 8, 5).find("must be 8 x 8"), std::string::npos);
  const Matrix q = random_matrix(4, 5, 1);
  const Matrix w = random_matrix(3, 8, 2);
  EXPECT_NE(error_of([&] { Convolve(q, {}, w, {}); }).find("W needs 9"), std::string::npos);
  EXPECT_NE(error_of([&] { convolve_all({}, {}, nullptr, seven().view(), q); }).find("no layers"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::infer
