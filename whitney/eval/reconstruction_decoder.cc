#include "whitney/eval/reconstruction_decoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/infer/activation.h"
#include "whitney/linalg/metric.h"
#include "whitney/linalg/selected_rows.h"

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
           "\" (expected: dot, cosine, euclid, source_target or auto_encoder)");
    }
    return static_cast<Decoder>(found - names.begin());
  }
  const Value* metric = record.find("metric");
  if (metric == nullptr || !metric->is_string()) return Decoder::kDot;
  if (metric->as_string() == name_of_enum(Metric::kCosine)) return Decoder::kCosine;
  return metric->as_string() == name_of_enum(Metric::kL2) ? Decoder::kEuclid : Decoder::kDot;
}

infer::Activation activation_of(const Value& record) {
  using infer::Activation;
  if (decoder_of(record) != Decoder::kAutoEncoder) return Activation::kIdentity;
  constexpr std::pair<std::string_view, Activation> kKnown[] = {{"linear", Activation::kIdentity},
                                                                {"tanh", Activation::kTanh},
                                                                {"relu", Activation::kRelu},
                                                                {"sigmoid", Activation::kSigmoid}};
  const Value* named = record.find("activation");
  const std::string name = named != nullptr && named->is_string() ? named->as_string() : "";
  const auto* const found = std::ranges::find(kKnown, name, &std::pair<std::string_view, Activation>::first);
  if (found == std::end(kKnown)) {
    fail("the record of the auto-encoder names the activation \"", name,
         "\" (expected: linear, tanh, relu or sigmoid)");
  }
  return found->second;
}

std::vector<Decoder> chosen_decoders(std::span<const DecoderChoice> choices, const Value& record) {
  if (decoder_of(record) == Decoder::kAutoEncoder) return {Decoder::kAutoEncoder};
  std::vector<Decoder> result;
  for (const DecoderChoice choice : choices) {
    const Decoder decoder = choice == DecoderChoice::kOwn
                                ? decoder_of(record)
                                : static_cast<Decoder>(static_cast<int>(choice) - 1);
    if (std::ranges::find(result, decoder) == result.end()) result.push_back(decoder);
  }
  return result;
}

PairScores::PairScores(const Matrix& vectors, Decoder decoder, const Context& context,
                       infer::Activation activation)
    : kernel_(decoder == Decoder::kEuclid ? Kernel::kSquaredL2 : Kernel::kInnerProduct),
      decoder_(decoder),
      activation_(activation) {
  if (decoder == Decoder::kCosine) {
    normalize_rows(context, vectors, vectors_);
  } else {
    vectors_ = vectors.to_float32();
  }
  sources_ = targets_ = vectors_;
  const bool halves = decoder == Decoder::kSourceTarget || decoder == Decoder::kAutoEncoder;
  if (halves && vectors.rows() > 0) {
    if (vectors.cols() % 2 != 0) {
      fail("the decoder ", name_of_enum(decoder), " takes vectors of two halves, and these have a width of ",
           vectors.cols(), " (expected: an even width)");
    }
    sources_ = columns_of(vectors_, 0, vectors.cols() / 2);
    targets_ = columns_of(vectors_, vectors.cols() / 2, vectors.cols());
  }
  if (kernel_ == Kernel::kInnerProduct) packed_ = DenseWeights(targets_);
  if (decoder == Decoder::kAutoEncoder) packed_sources_ = DenseWeights(sources_);
}

void PairScores::score(std::span<const int64_t> sources, std::span<float> out) const {
  WHITNEY_CHECK(std::ssize(out) == std::ssize(sources) * num_nodes(), "room for the scores of a block");
  if (kernel_ == Kernel::kSquaredL2) {
    distance_many_to_many(kernel_, selected_rows<int64_t>(sources_, sources), targets_, out.data());
    std::ranges::transform(out, out.begin(), [](float x) { return -x; });
    return;
  }
  packed_.multiply_on_this_thread(selected_rows<int64_t>(sources_, sources), out.data(), num_nodes());
  if (decoder_ != Decoder::kAutoEncoder) return;
  std::vector<float> backwards(out.size());
  packed_sources_.multiply_on_this_thread(selected_rows<int64_t>(targets_, sources), backwards.data(),
                                          num_nodes());
  infer::activate(activation_, out.data(), std::ssize(out));
  infer::activate(activation_, backwards.data(), std::ssize(out));
  for (size_t i = 0; i < out.size(); ++i) out[i] = 0.5F * (out[i] + backwards[i]);
}

float PairScores::score(int64_t source, int64_t target) const {
  const float value = distance(kernel_, sources_.row<float>(source).data(),
                               targets_.row<float>(target).data(), sources_.cols);
  if (kernel_ == Kernel::kSquaredL2) return -value;
  if (decoder_ != Decoder::kAutoEncoder) return value;
  float both[2] = {value, distance(kernel_, sources_.row<float>(target).data(),
                                   targets_.row<float>(source).data(), sources_.cols)};
  infer::activate(activation_, both, 2);
  return 0.5F * (both[0] + both[1]);
}

}  // namespace whitney::eval
