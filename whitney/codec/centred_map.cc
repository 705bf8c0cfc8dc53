#include "whitney/codec/centred_map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

double dot(const float* a, const float* b, int64_t dim) {
  double sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// r > 0 with |mean + r v| = 1: the mean of vectors of norm 1 lies within their sphere.
double length_to_sphere(const std::vector<float>& mean, const std::vector<float>& v) {
  const int64_t dim = std::ssize(v);
  const double square = dot(v.data(), v.data(), dim), along = dot(mean.data(), v.data(), dim);
  if (square == 0) return 0;
  const double inside = 1 - dot(mean.data(), mean.data(), dim);
  return (std::sqrt(std::max(along * along + square * inside, 0.0)) - along) / square;
}

bool read_flag(const SavedCodec& saved) {
  const TensorView& flag = saved.artifact.tensor(saved.prefix + "normalizes");
  if (flag.num_elements() != 1) fail(saved.artifact.path(), ": tensor \"", flag.name, "\" is not one value");
  return flag.as<uint8_t>()[0] != 0;
}

Centring read_centring(const SavedCodec& saved) {
  const auto vector = [&](const char* name) {
    const Array<float> values = saved.floats(name, saved.dim);
    return std::vector<float>(values.begin(), values.end());
  };
  Centring centring{vector("mean"), {}, {}};
  if (saved.artifact.find(saved.prefix + "deviations") != nullptr) centring.deviations = vector("deviations");
  const TensorView* removed = saved.artifact.find(saved.prefix + "removed");
  if (removed == nullptr) return centring;
  const std::vector<int64_t>& shape = removed->shape;
  if (shape.size() != 2 || shape[1] != saved.dim || shape[0] < 1 || shape[0] >= saved.dim) {
    fail(saved.artifact.path(), ": tensor \"", removed->name, "\" is not of fewer than ", saved.dim,
         " rows of as many values");
  }
  const int64_t rows = shape[0];
  saved.floats("removed", rows * saved.dim);  // the values are finite
  centring.removed = Matrix(removed->aligned_bytes(), rows, saved.dim, DType::kF32);
  return centring;
}

}  // namespace

CentredMap::CentredMap(Centring centring, bool normalizes)
    : centring_(std::move(centring)), normalizes_(normalizes) {}

void CentredMap::apply(const float* x, float* y) const {
  const std::vector<float>& mean = centring_.mean;
  for (int64_t i = 0; i < dim(); ++i) y[i] = x[i] - mean[static_cast<size_t>(i)];
  for (int64_t c = 0; c < centring_.removed.rows(); ++c) {
    const float* direction = centring_.removed.row<float>(c).data();
    const auto share = static_cast<float>(dot(direction, y, dim()));
    for (int64_t i = 0; i < dim(); ++i) y[i] -= share * direction[i];
  }
  for (size_t i = 0; i < centring_.deviations.size(); ++i) y[i] /= centring_.deviations[i];
  if (!normalizes_) return;
  const double norm = std::sqrt(dot(y, y, dim()));
  for (int64_t i = 0; i < dim() && norm > 0; ++i) y[i] = static_cast<float>(y[i] / norm);
}

void CentredMap::invert(const float* y, float* x) const { std::copy_n(y, dim(), x); }

void CentredMap::restore(const float* y, float* x) const {
  std::vector<float> around(y, y + dim());
  for (size_t i = 0; i < centring_.deviations.size(); ++i) around[i] *= centring_.deviations[i];
  const double length = normalizes_ ? length_to_sphere(centring_.mean, around) : 1;
  for (size_t i = 0; i < around.size(); ++i)
    x[i] = static_cast<float>(centring_.mean[i] + length * around[i]);
}

float CentredMap::map_query(Kernel /*kernel*/, const float* query, float* mapped) const {
  apply(query, mapped);
  return 0;
}

void CentredMap::save(ArtifactWriter& writer, const std::string& prefix) const {
  writer.add(prefix + "mean", {dim()}, Array<float>::copy_of(centring_.mean));
  if (!centring_.deviations.empty())
    writer.add(prefix + "deviations", {dim()}, Array<float>::copy_of(centring_.deviations));
  if (const int64_t rows = centring_.removed.rows(); rows > 0)
    writer.add(prefix + "removed", DType::kF32, {rows, dim()}, centring_.removed.bytes());
  writer.add(prefix + "normalizes", {1}, Array<uint8_t>{static_cast<uint8_t>(normalizes_ ? 1 : 0)});
}

std::shared_ptr<const LinearMap> open_centred(const SavedCodec& saved) {
  Centring centring = read_centring(saved);
  for (const float deviation : centring.deviations) {
    if (!(deviation > 0))
      fail(saved.artifact.path(), ": tensor \"", saved.prefix,
           "deviations\" holds a value that is not above 0");
  }
  return std::make_shared<CentredMap>(std::move(centring), read_flag(saved));
}

std::shared_ptr<const LinearMap> centred_like(const std::string& path, std::string_view method,
                                              const Rows& rows) {
  const Artifact artifact = Artifact::open(path);
  const Value* name = artifact.record().find("method");
  if (name == nullptr || *name != Value(method))
    fail(path, ": was not written by compress ", method, ", whose vectors option \"like\" names");
  const SavedCodec saved{artifact, "codec.", rows.dim(), Value::object()};
  if (const Value* dim = artifact.record().find("dim"); dim == nullptr || *dim != Value(rows.dim()))
    fail(path, ": is not of vectors of ", rows.dim(), " dimensions");
  if (read_flag(saved) != rows.normalized()) {
    fail(path, ": is ", rows.normalized() ? "not " : "", "of vectors compared by cosine (--metric ",
         rows.normalized() ? "cosine" : "l2 or inner_product", " is asked here)");
  }
  return open_centred(saved);
}

}  // namespace whitney::codec
