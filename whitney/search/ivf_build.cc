#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "whitney/codec/k_means.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/ivf_index.h"

namespace whitney::search {
namespace {

/// Points of a centroid that k-means looks at, of a sample where there are more, as in faiss.
constexpr int64_t kMostPerCentroid = 256, kLeastPerCentroid = 39;
constexpr uint32_t kGone = ~uint32_t{0};

/// float32, of norm 1 under cosine.
Matrix prepared_vectors(const Embeddings& embeddings, Metric metric, const Context& context) {
  if (metric != Metric::kCosine) return embeddings.vectors.to_float32();
  Matrix normalized;
  const int64_t num_zero = normalize_rows(context, embeddings.vectors, normalized);
  if (num_zero > 0) {
    context.note(
        concat(num_zero, " of ", embeddings.size(), " vectors are zero: they score 0 with every query"));
  }
  return normalized;
}

codec::KMeans find_centroids(const Matrix& vectors, int64_t nlist, const IvfOptions& options,
                             const Context& context) {
  codec::KMeansOptions means;
  means.max_iterations = options.max_iterations;
  const codec::Rows all(vectors);
  Matrix first =
      all.sample(nlist, context);  // random points, which are as good as k-means++ where k is large
  const int64_t most = nlist * kMostPerCentroid;
  if (vectors.rows() <= most) return k_means_from(vectors, std::move(first), means, context);
  codec::KMeans found = k_means_from(all.sample(most, context), std::move(first), means, context);
  found.assignment.clear();  // of the sample
  return found;
}

/// The list of each vector: of the nearest centroid, of equally near ones the first.
std::vector<uint32_t> lists_of(const Matrix& vectors, const Matrix& centroids, const Context& context) {
  constexpr int64_t kFew = 256;  // for whose sake centroids are not packed
  if (vectors.rows() >= kFew) return codec::nearest_centroids(vectors, centroids, context).assignment;
  std::vector<uint32_t> lists(static_cast<size_t>(vectors.rows()));
  parallel_for(context, vectors.rows(), [&](int64_t row) {
    std::vector<float> squares(static_cast<size_t>(centroids.rows()));
    distance_one_to_many(Kernel::kSquaredL2, vectors.row<float>(row).data(), centroids, 0, centroids.rows(),
                         squares.data());
    const auto nearest = std::ranges::min_element(squares);
    lists[static_cast<size_t>(row)] = static_cast<uint32_t>(nearest - squares.begin());
  });
  return lists;
}

Matrix residuals_of(const Matrix& vectors, std::span<const uint32_t> assignment, const Matrix& centroids,
                    const Context& context) {
  Matrix result(vectors.rows(), vectors.cols());
  auto* const all = result.mutable_data<float>();
  parallel_blocks(context, vectors.rows(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto vector = vectors.row<float>(row);
      const auto centroid = centroids.row<float>(assignment[static_cast<size_t>(row)]);
      std::ranges::transform(vector, centroid, all + row * vectors.cols(), std::minus<>());
    }
  });
  return result;
}

std::shared_ptr<const codec::Codec> fit_codec(const CodecChoice& choice, const Matrix& vectors,
                                              const Context& context) {
  return codec::codec_method(choice.method).fit(codec::Rows(vectors), choice.options, context);
}

/// The codec of residuals. assignment: of all vectors.
std::shared_ptr<const codec::Codec> fit_residual_codec(const IvfParts& parts, const Matrix& vectors,
                                                       std::span<const uint32_t> assignment,
                                                       const Context& context) {
  const CodecChoice choice = residual_codec(parts.options, vectors.cols());
  // It learns nothing but what it takes residuals around, and that is their centroid: 0.
  if (parts.options.codes == IvfCodes::kRabitq)
    return fit_codec(choice, Matrix::zeros(1, vectors.cols()), context);
  const Matrix& centroids = parts.centroids.matrix();
  const int64_t most = (int64_t{1} << bits_of(parts.options)) * kMostPerCentroid;
  if (vectors.rows() <= most)
    return fit_codec(choice, residuals_of(vectors, assignment, centroids, context), context);
  const Matrix sample = codec::Rows(vectors).sample(most, context);
  return fit_codec(choice, residuals_of(sample, lists_of(sample, centroids, context), centroids, context),
                   context);
}

/// Learns centroids and codecs, and gives the list of each vector.
std::vector<uint32_t> fit_ivf(IvfParts& parts, const Matrix& vectors, const Context& context) {
  const int64_t n = vectors.rows(), nlist = parts.options.nlist.value_or(default_nlist(n));
  if (nlist > n) {
    throw UsageError(concat("option \"nlist\" is ", nlist, ", and there are ", n,
                            " vectors (expected: at most as many; absent: ", default_nlist(n), ")"));
  }
  if (parts.options.nlist && n < nlist * kLeastPerCentroid) {
    context.note(concat(nlist, " lists of ", n, " vectors; with fewer lists (at most ",
                        std::max<int64_t>(1, n / kLeastPerCentroid), ") their centroids are better"));
  }
  codec::KMeans found = find_centroids(vectors, nlist, parts.options, context);
  if (found.assignment.empty()) found.assignment = lists_of(vectors, found.centroids, context);
  parts.centroids = ListCentroids(std::move(found.centroids), parts.metric);
  parts.lists.resize(static_cast<size_t>(nlist));
  if (parts.has_codes()) {
    parts.codes = ListCodec(fit_residual_codec(parts, vectors, found.assignment, context),
                            parts.options.codes, parts.options.epsilon, parts.metric);
  }
  if (parts.has_bytes()) parts.byte_codec = fit_codec(byte_codec(), vectors, context);
  return std::move(found.assignment);
}

/// What lists are given of some vectors, a row each.
struct EncodedRows {
  std::vector<uint8_t> codes, fine, bytes;
  std::vector<RowTerms> terms;
};

EncodedRows encode_rows_of(const IvfParts& parts, const Matrix& vectors, std::span<const uint32_t> assignment,
                           const Context& context) {
  EncodedRows result;
  const auto n = static_cast<size_t>(vectors.rows());
  const bool has_codes = parts.has_codes();
  const size_t code_bytes = has_codes ? static_cast<size_t>(parts.codes.codec().code_bytes()) : 0;
  const size_t fine_bytes = has_codes ? static_cast<size_t>(parts.codes.fine_bytes()) : 0;
  const size_t byte_bytes = parts.has_bytes() ? static_cast<size_t>(parts.byte_codec->code_bytes()) : 0;
  result.codes.resize(n * code_bytes);
  result.fine.resize(n * fine_bytes);
  result.bytes.resize(n * byte_bytes);
  result.terms.resize(has_codes ? n : 0);
  if (!has_codes) return result;
  parallel_blocks(context, vectors.rows(), 256, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const auto vector = vectors.row<float>(static_cast<int64_t>(i));
      try {
        result.terms[i] = parts.codes.encode(vector, parts.centroids.centroid(assignment[i]),
                                             parts.centroids.centre(), result.codes.data() + i * code_bytes,
                                             fine_bytes == 0 ? nullptr : result.fine.data() + i * fine_bytes);
        if (byte_bytes > 0)
          parts.byte_codec->encode(vector.data(), result.bytes.data() + i * byte_bytes, nullptr);
      } catch (const Error& error) {
        fail("the vector of row ", i, " (counted from 0) ", error.what());
      }
    }
  });
  return result;
}

template <class T>
void append_rows_of(GrowingArray<T>& to, const T* all, int64_t width, std::span<const uint32_t> rows) {
  if (width == 0) return;
  std::vector<T> some(rows.size() * static_cast<size_t>(width));
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(all + rows[i] * width, width, some.data() + i * static_cast<size_t>(width));
  to.append(some);
}

/// Appends vectors, which become the rows from `first_row` on, to their lists.
void append_to_lists(IvfParts& parts, const Matrix& vectors, const EncodedRows& encoded,
                     std::span<const uint32_t> assignment, uint32_t first_row, const Context& context) {
  std::vector<std::vector<uint32_t>> members(parts.lists.size());
  for (uint32_t i = 0; i < assignment.size(); ++i) members[assignment[i]].push_back(i);
  parts.places.resize(first_row + assignment.size());
  parallel_for(context, std::ssize(parts.lists), [&](int64_t j) {
    IvfList& list = parts.lists[static_cast<size_t>(j)];
    const std::vector<uint32_t>& some = members[static_cast<size_t>(j)];
    if (some.empty()) return;
    const float* centroid = parts.centroids.centroid(j).data();
    for (const uint32_t i : some) {
      const float square = distance(Kernel::kSquaredL2, vectors.row<float>(i).data(), centroid, parts.dim);
      list.radius = std::max(list.radius, std::sqrt(square));
    }
    if (parts.has_vectors()) append_rows_of(list.vectors, vectors.row<float>(0).data(), parts.dim, some);
    if (parts.has_bytes())
      append_rows_of(list.bytes, encoded.bytes.data(), parts.byte_codec->code_bytes(), some);
    if (parts.has_codes()) {
      GrowingArray<uint8_t> codes;
      append_rows_of(codes, encoded.codes.data(), parts.codes.codec().code_bytes(), some);
      std::vector<RowTerms> terms;
      for (const uint32_t i : some) terms.push_back(encoded.terms[i]);
      parts.codes.append(list, codes.span(), terms);
      append_rows_of(list.fine, encoded.fine.data(), parts.codes.fine_bytes(), some);
    }
    std::vector<uint32_t> rows;
    for (const uint32_t i : some) {
      rows.push_back(first_row + i);
      parts.places[first_row + i] = {static_cast<uint32_t>(j),
                                     static_cast<uint32_t>(list.size() + std::ssize(rows) - 1)};
    }
    list.rows.append(rows);
  });
}

/// Lays the vectors of all lists one behind the other: large arrays have pages of 2 MiB, and to rank again
/// reads vectors here and there. No memory is held twice.
void lay_together(std::vector<IvfList>& lists) {
  int64_t size = 0;
  std::vector<int64_t> begins = {0};
  for (const IvfList& list : lists) begins.push_back(size += list.vectors.size());
  Array<float> all(size);
  float* out = all.mutable_data();
  for (IvfList& list : lists) {
    out = std::ranges::copy(list.vectors.span(), out).out;
    list.vectors = {};
  }
  for (size_t j = 0; j < lists.size(); ++j)
    lists[j].vectors = GrowingArray(all, begins[j], begins[j + 1] - begins[j]);
}

/// Some places of a list, ascending, whose rows get new numbers.
IvfList kept_of(const IvfParts& parts, const IvfList& list, std::span<const uint32_t> places,
                std::span<const uint32_t> rows) {
  IvfList kept;
  kept.radius = list.radius;
  if (parts.has_vectors()) append_rows_of(kept.vectors, list.vectors.data(), parts.dim, places);
  if (parts.has_bytes())
    append_rows_of(kept.bytes, list.bytes.data(), parts.byte_codec->code_bytes(), places);
  if (parts.has_codes()) {
    parts.codes.keep(list, places, kept);
    append_rows_of(kept.fine, list.fine.data(), parts.codes.fine_bytes(), places);
  }
  kept.rows.append(rows);
  return kept;
}

}  // namespace

int bits_of(const IvfOptions& options) {
  if (options.codes == IvfCodes::kRabitq) return static_cast<int>(options.bits.value_or(1));
  const int64_t bits = options.bits.value_or(4);
  if (options.codes == IvfCodes::kPq && bits != 4 && bits != 8)
    throw UsageError(concat("option \"bits\" is ", bits, ", and pq has codes of 4 or 8 bits"));
  return static_cast<int>(bits);
}

int64_t default_nlist(int64_t num_rows) {
  const auto wanted = static_cast<int64_t>(4 * std::sqrt(static_cast<double>(num_rows)));
  return std::max<int64_t>(1, std::min(wanted, num_rows / kLeastPerCentroid));
}

CodecChoice residual_codec(const IvfOptions& options, int64_t dim) {
  CodecChoice choice;
  Value given = Value::object();
  if (options.codes == IvfCodes::kRabitq) {
    choice.method = "rabitq";
    given.set("bits", bits_of(options)).set("num_centroids", 1).set("epsilon", options.epsilon);
  } else {
    choice.method = "pq";
    const int64_t of_part = bits_of(options) == 4 ? 4 : 8;
    given.set("bits", std::to_string(bits_of(options)));
    given.set("num_subspaces", options.num_subspaces.value_or(std::max<int64_t>(1, dim / of_part)));
  }
  choice.options = resolve_options(Registry::instance().get(Verb::kCompress, choice.method), given);
  return choice;
}

CodecChoice byte_codec() {
  return {"sq8", resolve_options(Registry::instance().get(Verb::kCompress, "sq8"), Value::object())};
}

IvfRefine IvfParts::refine() const {
  if (!has_codes()) return IvfRefine::kNone;
  const bool ranks_itself = options.codes == IvfCodes::kRabitq && options.bits.value_or(1) > 1;
  return options.refine.value_or(ranks_itself ? IvfRefine::kNone : IvfRefine::kFull);
}

IvfParts build_ivf(const Embeddings& embeddings, const IvfOptions& options, const Context& context) {
  bits_of(options);
  IvfParts parts;
  parts.metric = embeddings.metric();
  parts.options = options;
  parts.seed = context.seed;
  parts.dim = embeddings.dim();
  if (parts.dim == 0) fail("vectors without dimensions cannot be indexed by ivf");
  parts.rows = index_rows_of(embeddings);
  if (embeddings.size() == 0) return parts;
  const Matrix vectors = prepared_vectors(embeddings, parts.metric, context);
  const std::vector<uint32_t> assignment = fit_ivf(parts, vectors, context);
  append_to_lists(parts, vectors, encode_rows_of(parts, vectors, assignment, context), assignment, 0,
                  context);
  lay_together(parts.lists);
  return parts;
}

void add_to_ivf(IvfParts& parts, const Embeddings& more, const Context& context) {
  if (more.size() == 0) return;
  Context to_the_end = context;  // from there on where parts change
  to_the_end.cancellation = nullptr;
  const Matrix vectors = prepared_vectors(more, parts.metric, context);
  IvfParts changed = parts;  // shares the memory; what fails leaves the parts as they were
  std::vector<uint32_t> assignment;
  if (changed.lists.empty()) {
    Context as_built = context;
    as_built.seed = parts.seed;
    assignment = fit_ivf(changed, vectors, as_built);
  } else {
    assignment = lists_of(vectors, changed.centroids.matrix(), context);
  }
  const EncodedRows encoded = encode_rows_of(changed, vectors, assignment, context);
  if (revives_removed(changed.rows, more.ids)) clear_removed(changed, to_the_end);
  const auto first_row = static_cast<uint32_t>(changed.rows.size());
  append_rows(changed.rows, more);
  parts = {};  // whose memory the lists then need not copy
  append_to_lists(changed, vectors, encoded, assignment, first_row, to_the_end);
  parts = std::move(changed);
}

void remove_from_ivf(IvfParts& parts, std::span<const uint32_t> rows, const Context& context) {
  Context to_the_end = context;
  to_the_end.cancellation = nullptr;
  for (const uint32_t row : rows) parts.rows.live.remove(row);
  // A quarter of the rows pays for moving the rest.
  if (parts.rows.size() - parts.rows.live.size() > parts.rows.size() / 4) clear_removed(parts, to_the_end);
}

void clear_removed(IvfParts& parts, const Context& context) {
  if (parts.rows.live.size() == parts.rows.size()) return;
  std::vector<uint32_t> new_row(static_cast<size_t>(parts.rows.size()), kGone);
  const std::vector<int64_t> kept = keep_live(parts.rows);
  for (size_t i = 0; i < kept.size(); ++i) new_row[static_cast<size_t>(kept[i])] = static_cast<uint32_t>(i);
  parts.places.assign(kept.size(), {});
  parallel_for(context, std::ssize(parts.lists), [&](int64_t j) {
    IvfList& list = parts.lists[static_cast<size_t>(j)];
    std::vector<uint32_t> places, rows;
    for (uint32_t at = 0; at < list.size(); ++at) {
      const uint32_t row = new_row[list.rows.data()[at]];
      if (row == kGone) continue;
      parts.places[row] = {static_cast<uint32_t>(j), static_cast<uint32_t>(places.size())};
      places.push_back(at);
      rows.push_back(row);
    }
    list = kept_of(parts, list, places, rows);
  });
}

void read_vector(const IvfParts& parts, uint32_t row, float* out) {
  const ListPlace place = parts.places[row];
  const IvfList& list = parts.lists[place.list];
  if (parts.has_vectors())
    std::copy_n(list.vectors.data() + place.at * parts.dim, parts.dim, out);
  else if (parts.has_bytes())
    parts.byte_codec->decode(list.bytes.data() + place.at * parts.byte_codec->code_bytes(), nullptr, out);
  else
    parts.codes.decode(list, place.at, parts.centroids.centroid(place.list), out);
}

}  // namespace whitney::search
