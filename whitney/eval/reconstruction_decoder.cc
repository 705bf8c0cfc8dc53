#include "whitney/eval/reconstruction_decoder.h"

#include <algorithm>
#include <string>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/linalg/metric.h"

namespace whitney::eval {
namespace {

// The stride of a view of half a row is that of the row, which the kernels take.
MatrixView columns_of(const MatrixView& matrix, int64_t begin, int64_t end) {
  MatrixView view = matrix;
  view.data = matrix.row<float>(0).data() + begin;
  view.cols = end - begin;
  return view;
}

}  // namespace

Decoder decoder_of(const Value& record) {
  if (const Value* named = record.find("decoder"); named != nullptr && named->is_string()) {
    const auto names = enum_names(Decoder());
    const auto* const found = std::ranges::find(names, named->as_string());
    if (found == names.end()) {
      fail("the record of the embeddings names the decoder \"", named->as_string(),
           "\" (expected: dot, cosine, euclid or source_target)");
    }
    return static_cast<Decoder>(found - names.begin());
  }
  const Value* metric = record.find("metric");
  if (metric == nullptr || !metric->is_string()) return Decoder::kDot;
  if (metric->as_string() == name_of_enum(Metric::kCosine)) return Decoder::kCosine;
  return metric->as_string() == name_of_enum(Metric::kL2) ? Decoder::kEuclid : Decoder::kDot;
}

std::vector<Decoder> chosen_decoders(std::span<const DecoderChoice> choices, const Value& record) {
  std::vector<Decoder> result;
  for (const DecoderChoice choice : choices) {
    const Decoder decoder = choice == DecoderChoice::kOwn
                                ? decoder_of(record)
                                : static_cast<Decoder>(static_cast<int>(choice) - 1);
    if (std::ranges::find(result, decoder) == result.end()) result.push_back(decoder);
  }
  return result;
}

PairScores::PairScores(const MatrixView& vectors, Decoder decoder, const Context& context)
    : kernel_(decoder == Decoder::kEuclid ? Kernel::kSquaredL2 : Kernel::kInnerProduct) {
  if (decoder == Decoder::kCosine) {
    normalize_rows(context, vectors, vectors_);
  } else {
    vectors_ = Matrix::copy_of(vectors).to_float32();
  }
  sources_ = targets_ = vectors_;
  if (decoder == Decoder::kSourceTarget && vectors.rows > 0) {
    if (vectors.cols % 2 != 0) {
      fail("the decoder source_target takes vectors of two halves, and these have a width of ", vectors.cols,
           " (expected: an even width)");
    }
    sources_ = columns_of(vectors_, 0, vectors.cols / 2);
    targets_ = columns_of(vectors_, vectors.cols / 2, vectors.cols);
  }
  if (kernel_ == Kernel::kInnerProduct) packed_ = DenseWeights(targets_);
}

void PairScores::score(std::span<const int64_t> sources, std::span<float> out) const {
  WHITNEY_CHECK(std::ssize(out) == std::ssize(sources) * num_nodes(), "room for the scores of a block");
  Matrix queries(std::ssize(sources), sources_.cols);
  float* to = queries.mutable_data<float>();
  for (const int64_t source : sources) to = std::ranges::copy(sources_.row<float>(source), to).out;
  if (kernel_ == Kernel::kInnerProduct) {
    packed_.multiply_on_this_thread(queries, out.data(), num_nodes());
    return;
  }
  distance_many_to_many(kernel_, queries, targets_, out.data());
  std::ranges::transform(out, out.begin(), [](float x) { return -x; });
}

float PairScores::score(int64_t source, int64_t target) const {
  const float value = distance(kernel_, sources_.row<float>(source).data(),
                               targets_.row<float>(target).data(), sources_.cols);
  return kernel_ == Kernel::kSquaredL2 ? -value : value;
}

}  // namespace whitney::eval
