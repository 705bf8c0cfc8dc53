#include "whitney/search/ivf_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "whitney/codec/part_tables.h"
#include "whitney/core/error.h"
#include "whitney/linalg/select.h"

namespace whitney::search {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

ListCodec::ListCodec(std::shared_ptr<const codec::Codec> codec, IvfCodes codes, double epsilon, Metric metric)
    : codec_(std::move(codec)), codes_(codes), epsilon_(epsilon), metric_(metric) {
  const auto layout = codec_->block_layout();
  WHITNEY_CHECK(layout.has_value(), "lists hold codes in blocks");
  layout_ = *layout;
}

// T of one level. cosine: where it is not null, <o_bar, o> of the code is written.
float ListCodec::term_of(std::span<const float> vector, std::span<const float> centre,
                         std::span<const float> residual, const uint8_t* code, const uint8_t* fine,
                         float* cosine) const {
  const bool is_product = metric_ == Metric::kInnerProduct;
  std::vector<float> decoded(residual.size()), from_centre(residual.size());
  codec_->decode(code, fine, decoded.data());
  for (size_t i = 0; i < vector.size(); ++i) from_centre[i] = vector[i] - centre[i];
  const double square = dot(residual, residual), decoded_square = dot(decoded, decoded);
  const double along = dot(from_centre, decoded);
  // A zero vector under cosine is to score 0: the squared distance of cosine 0 to a query of norm 1 is 2.
  const bool is_zero =
      metric_ == Metric::kCosine && std::ranges::all_of(vector, [](float v) { return v == 0; });
  const double zero = is_zero ? 1 : 0;
  if (!has_errors()) {
    const double term = 2 * along - 2 * dot(residual, decoded) + decoded_square + zero;
    return is_product ? 0.0F : static_cast<float>(term);
  }
  // rabitq decodes to the nearest point of the code's ray, |r| <o_bar, o> o_bar, and estimates by
  // |r| / <o_bar, o> o_bar.
  const double estimate = decoded_square > 0 ? along * square / decoded_square : 0;
  if (cosine != nullptr) *cosine = square > 0 ? static_cast<float>(std::sqrt(decoded_square / square)) : 1.0F;
  return static_cast<float>(is_product ? estimate - dot(vector, residual) : 2 * estimate - square + zero);
}

RowTerms ListCodec::encode(std::span<const float> vector, std::span<const float> centroid,
                           std::span<const float> centre, uint8_t* code, uint8_t* fine) const {
  std::vector<float> residual(vector.size());
  for (size_t i = 0; i < residual.size(); ++i) residual[i] = vector[i] - centroid[i];
  codec_->encode(residual.data(), code, fine);
  RowTerms terms;
  float cosine = 1;
  terms.term = term_of(vector, centre, residual, code, nullptr, &cosine);
  if (fine != nullptr) {
    terms.fine_term = term_of(vector, centre, residual, code, fine, nullptr);
    std::memcpy(fine + codec_->fine_bytes(), &terms.fine_term, 4);
  }
  if (has_errors()) {
    // The bound of the paper: |r| sqrt(1 - a^2) / a e0 / sqrt(D - 1), a = <o_bar, o>.
    const double a = std::max(cosine, 1e-6F),
                 dims = static_cast<double>(std::max<size_t>(2, vector.size()) - 1);
    const double spread = std::sqrt(std::max(0.0, 1 - a * a) / dims) / a;
    terms.error = static_cast<float>(epsilon_ * std::sqrt(dot(residual, residual)) * spread);
  }
  return terms;
}

void ListCodec::append(IvfList& list, std::span<const uint8_t> codes, std::span<const RowTerms> terms) const {
  const int64_t before = list.size(), count = std::ssize(terms), code_bytes = codec_->code_bytes();
  const int64_t num_blocks = (before + count + kFastScanLanes - 1) / kFastScanLanes;
  list.blocks.append(num_blocks * block_bytes() - list.blocks.size(), 0);
  list.terms.append(num_blocks * terms_per_block() - list.terms.size(), 0);
  uint8_t* blocks = list.blocks.mutable_data();
  float* all_terms = list.terms.mutable_data();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t block = (before + i) / kFastScanLanes, lane = (before + i) % kFastScanLanes;
    layout_.write(codes.data() + i * code_bytes, lane, blocks + block * block_bytes());
    float* of_block = all_terms + block * terms_per_block();
    of_block[lane] = terms[static_cast<size_t>(i)].term;
    if (has_errors()) of_block[kFastScanLanes + lane] = terms[static_cast<size_t>(i)].error;
  }
}

void ListCodec::keep(const IvfList& from, std::span<const uint32_t> places, IvfList& to) const {
  std::vector<uint8_t> codes(places.size() * static_cast<size_t>(codec_->code_bytes()));
  std::vector<RowTerms> kept(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    read_code(from, places[i], codes.data() + i * static_cast<size_t>(codec_->code_bytes()));
    const float* of_block = terms(from, places[i] / kFastScanLanes);
    kept[i].term = of_block[places[i] % kFastScanLanes];
    if (has_errors()) kept[i].error = of_block[kFastScanLanes + places[i] % kFastScanLanes];
  }
  append(to, codes, kept);
}

void ListCodec::decode(const IvfList& list, int64_t at, std::span<const float> centroid, float* out) const {
  std::vector<uint8_t> code(static_cast<size_t>(codec_->code_bytes()));
  read_code(list, at, code.data());
  codec_->decode(code.data(), fine_bytes() == 0 ? nullptr : list.fine.data() + at * fine_bytes(), out);
  for (size_t i = 0; i < centroid.size(); ++i) out[i] += centroid[i];
}

ListQuery::ListQuery(const ListCodec& codec, const float* query)
    : codec_(codec),
      query_(query, query + codec.codec().dim()),
      code_(static_cast<size_t>(codec.codec().code_bytes())),
      scorer_(codec.codec().scorer(Kernel::kInnerProduct, query)),
      tables_(scorer_->key_tables()),
      least_(tables_ == nullptr ? kMostBlocks * kFastScanLanes : 0),
      greatest_(least_.size()),
      sums_(kMostBlocks * kFastScanLanes + 16) {}

int64_t ListQuery::select(const IvfList& list, int64_t first_block, int64_t num_blocks, ListKeyTerms of_list,
                          ListKeys keys, float limit, codec::FoundKey* found) {
  WHITNEY_CHECK(num_blocks <= kMostBlocks, num_blocks, " blocks at once (the most is ", kMostBlocks, ")");
  const uint8_t* blocks = list.blocks.data() + first_block * codec_.block_bytes();
  const float* terms = codec_.terms(list, first_block);
  if (tables_ != nullptr) {
    fast_scan_sums(blocks, codec_.block_bytes(), num_blocks, *tables_, sums_.data());
    const bool is_middle = keys == ListKeys::kMiddles;
    const float margin = is_middle ? 0 : tables_->error + codec::rounding_of_sums(*tables_);
    of_list.add += of_list.multiply * tables_->base;
    const float of_scores = of_list.multiply;
    of_list.multiply *= tables_->step;
    return select_list_keys(num_blocks, sums_.data(), terms, of_list, of_scores * margin, limit, found);
  }
  scorer_->key_ranges(blocks, num_blocks, false, least_.data(), greatest_.data());
  if (keys == ListKeys::kMiddles) {
    list_keys(num_blocks, terms, codec_.has_errors(), of_list, least_.data(), greatest_.data());
    std::ranges::copy(least_, greatest_.begin());
  } else {
    if (keys == ListKeys::kOfCodes) of_list.error_factor = 0;
    list_key_ranges(num_blocks, terms, codec_.has_errors(), of_list, least_.data(), greatest_.data());
  }
  const int64_t num_found = select_at_most(least_.data(), num_blocks * kFastScanLanes, limit, sums_.data());
  for (int64_t f = 0; f < num_found; ++f) {
    const uint32_t place = sums_[static_cast<size_t>(f)];
    found[f] = {place, least_[place], greatest_[place]};
  }
  return num_found;
}

float ListQuery::key(const IvfList& list, int64_t at, const ListKeyTerms& of_list) {
  codec_.read_code(list, at, code_.data());
  float score = 0;
  scorer_->score(code_.data(), 1, &score);
  const float term = codec_.terms(list, at / kFastScanLanes)[at % kFastScanLanes];
  return of_list.add + term - of_list.multiply * score;
}

float ListQuery::fine_key(const IvfList& list, int64_t at, const ListKeyTerms& of_list) {
  if (!fine_scorer_) fine_scorer_ = codec_.codec().fine_scorer(Kernel::kInnerProduct, query_.data());
  codec_.read_code(list, at, code_.data());
  const uint8_t* fine = list.fine.data() + at * codec_.fine_bytes();
  float term = 0;
  std::memcpy(&term, fine + codec_.codec().fine_bytes(), 4);
  return of_list.add + term - of_list.multiply * fine_scorer_->score(code_.data(), fine);
}

}  // namespace whitney::search
