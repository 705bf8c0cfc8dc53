#include "whitney/codec/pq.h"

#include <algorithm>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/k_means.h"
#include "whitney/codec/part_tables.h"
#include "whitney/codec/subspaces.h"
#include "whitney/core/error.h"
#include "whitney/linalg/byte_scan.h"
#include "whitney/linalg/codebook_tables.h"

namespace whitney::codec {
namespace {

struct Codebooks {
  Subspaces split;
  int bits;
  // Of subspace m: 2^bits rows of width(m), behind those of the subspaces before.
  std::vector<float> values;
  // The same column by column, for the tables of queries: value i of all centroids of a subspace together.
  std::vector<float> columns = {};

  int64_t size() const { return int64_t{1} << bits; }
  MatrixView of(int64_t m) const {
    return {values.data() + size() * split.begin(m), size(), split.width(m), split.width(m), DType::kF32};
  }
  const float* columns_of(int64_t m) const { return columns.data() + size() * split.begin(m); }
  void set_columns() {
    columns.resize(values.size());
    for (int64_t m = 0; m < split.num_subspaces; ++m) {
      const MatrixView rows = of(m);
      float* out = columns.data() + size() * split.begin(m);
      for (int64_t i = 0; i < rows.cols; ++i) {
        for (int64_t j = 0; j < size(); ++j) *out++ = rows.row<float>(j)[static_cast<size_t>(i)];
      }
    }
  }
  int64_t code_bytes() const { return bits == 8 ? split.num_subspaces : (split.num_subspaces + 1) / 2; }
  // Of 4 bits, byte j holds the codes of subspaces 2j (lower half) and 2j + 1.
  int64_t code(const uint8_t* codes, int64_t m) const {
    return bits == 8 ? codes[m] : (m % 2 == 0 ? codes[m / 2] & 15 : codes[m / 2] >> 4);
  }
};

// What the kernel makes of each centroid of each subspace: numbers of subspace m from size() * m on.
std::vector<float> tables_of(const Codebooks& books, Kernel kernel, const float* query) {
  std::vector<float> tables(static_cast<size_t>(books.split.num_subspaces * books.size()));
  for (int64_t m = 0; m < books.split.num_subspaces; ++m) {
    codebook_table(kernel, query + books.split.begin(m), books.columns_of(m), books.split.width(m),
                   books.size(), tables.data() + m * books.size());
  }
  return tables;
}

// Keys: kernel values, of inner products negated.
std::vector<float> numbers_of_keys(const Codebooks& books, Kernel kernel, const float* query) {
  std::vector<float> tables = tables_of(books, kernel, query);
  if (kernel == Kernel::kInnerProduct) {
    for (float& value : tables) value = -value;
  }
  return tables;
}

// Of 8 bits: tables of 256.
class PqScorer : public CodeScorer {
 public:
  PqScorer(const Codebooks& books, Kernel kernel, const float* query)
      : num_bytes_(books.code_bytes()),
        sign_(kernel == Kernel::kInnerProduct ? -1.0F : 1.0F),
        keys_(numbers_of_keys(books, kernel, query)),
        quantized_(quantize_tables(keys_, TableRange::kEach, 256)) {}

  // Two loads a byte: what limits it.
  void score(const uint8_t* codes, int64_t count, float* out) const override {
    for (int64_t j = 0; j < count; ++j, codes += num_bytes_) {
      // Four sums at a time: the loads of the next do not wait for the additions before.
      float sums[4] = {};
      const float* table = keys_.data();
      int64_t i = 0;
      for (; i + 4 <= num_bytes_; i += 4, table += 4 * 256) {
        for (int64_t lane = 0; lane < 4; ++lane) sums[lane] += table[lane * 256 + codes[i + lane]];
      }
      for (; i < num_bytes_; ++i, table += 256) sums[0] += table[codes[i]];
      out[j] = sign_ * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
  }
  void key_ranges(const uint8_t* blocks, int64_t count, bool /*with_bounds*/, float* least,
                  float* greatest) const override {
    byte_scan_ranges(blocks, num_bytes_ * kFastScanLanes, count, quantized_, rounding_of_sums(quantized_),
                     least, greatest);
  }

 private:
  int64_t num_bytes_;
  float sign_;
  std::vector<float> keys_;
  FastScanTables quantized_;
};

// Of 4 bits: tables of 16.
class SmallPqScorer : public CodeScorer {
 public:
  SmallPqScorer(const Codebooks& books, Kernel kernel, const float* query)
      : code_bytes_(books.code_bytes()),
        sign_(kernel == Kernel::kInnerProduct ? -1.0F : 1.0F),
        keys_(numbers_of_keys(books, kernel, query)) {}

  void score(const uint8_t* codes, int64_t count, float* out) const override {
    for (int64_t j = 0; j < count; ++j) out[j] = sign_ * keys_.sum(codes + j * code_bytes_);
  }
  void key_ranges(const uint8_t* blocks, int64_t count, bool /*with_bounds*/, float* least,
                  float* greatest) const override {
    fast_scan_ranges(blocks, code_bytes_ * kFastScanLanes, count, keys_.quantized(), keys_.rounding(), least,
                     greatest);
  }
  const FastScanTables* key_tables() const override { return &keys_.quantized(); }
  int64_t select_keys(const uint8_t* blocks, int64_t count, bool /*with_bounds*/, float limit,
                      FoundKey* found) const override {
    const FastScanTables& tables = keys_.quantized();
    const auto most = tables.most_entries(limit, keys_.rounding());
    if (!most) return 0;
    uint32_t places[kBlocksOfRanges * kFastScanLanes], sums[kBlocksOfRanges * kFastScanLanes];
    WHITNEY_CHECK(count <= kBlocksOfRanges, count, " blocks at once (the most is ", kBlocksOfRanges, ")");
    const int64_t num_found =
        fast_scan_select(blocks, code_bytes_ * kFastScanLanes, count, tables, *most, places, sums);
    const float margin = tables.error + keys_.rounding();
    for (int64_t i = 0; i < num_found; ++i) {
      const float middle = tables.sum_of(sums[i]);
      found[i] = {places[i], middle - margin, middle + margin};
    }
    return num_found;
  }

 private:
  int64_t code_bytes_;
  float sign_;
  PartTables keys_;
};

class PqCodec : public Codec {
 public:
  explicit PqCodec(Codebooks books) : books_(std::move(books)) { books_.set_columns(); }
  int64_t dim() const override { return books_.split.dim; }
  int64_t code_bytes() const override { return books_.code_bytes(); }

  void encode(const float* row, uint8_t* code, uint8_t* /*fine*/) const override {
    std::fill(code, code + code_bytes(), uint8_t{0});
    std::vector<float> distances(static_cast<size_t>(books_.size()));
    for (int64_t m = 0; m < books_.split.num_subspaces; ++m) {
      distance_one_to_many(Kernel::kSquaredL2, row + books_.split.begin(m), books_.of(m), 0, books_.size(),
                           distances.data());
      const auto nearest = static_cast<unsigned>(std::ranges::min_element(distances) - distances.begin());
      if (books_.bits == 8)
        code[m] = static_cast<uint8_t>(nearest);
      else
        code[m / 2] = static_cast<uint8_t>(code[m / 2] | nearest << (m % 2 == 0 ? 0 : 4));
    }
  }
  void decode(const uint8_t* code, const uint8_t* /*fine*/, float* row) const override {
    for (int64_t m = 0; m < books_.split.num_subspaces; ++m) {
      const auto centroid = books_.of(m).row<float>(books_.code(code, m));
      std::ranges::copy(centroid, row + books_.split.begin(m));
    }
  }
  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    if (books_.bits == 4) return std::make_unique<SmallPqScorer>(books_, kernel, query);
    return std::make_unique<PqScorer>(books_, kernel, query);
  }
  std::optional<BlockLayout> block_layout() const override {
    if (books_.bits == 4) return BlockLayout{{}, books_.split.num_subspaces};
    return BlockLayout{std::vector<int64_t>(static_cast<size_t>(code_bytes()), 1), 0};
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "codebooks", {books_.size(), dim()}, Array<float>::copy_of(books_.values));
  }

 private:
  Codebooks books_;
};

Subspaces split_of(int64_t dim, const PqOptions& options) {
  const int64_t parts = options.num_subspaces.value_or(std::max<int64_t>(1, dim / 8));
  if (parts > dim) {
    fail("option \"num_subspaces\" is ", parts, ", and the vectors have ", dim,
         " dimensions (expected: at most as many)");
  }
  return {dim, parts};
}

int bits_of(const PqOptions& options) { return options.bits == PqBits::k8 ? 8 : 4; }

std::unique_ptr<Codec> fit(const Rows& rows, const PqOptions& options, const Context& context) {
  constexpr int64_t kLeastPerCentroid = 39, kMostPerCentroid = 256;
  Codebooks books{split_of(rows.dim(), options), bits_of(options), {}};
  const Matrix sample = rows.sample(books.size() * kMostPerCentroid, context);
  if (sample.rows() < books.size() * kLeastPerCentroid) {
    context.note(concat("codebooks of ", books.size(), " centroids are fitted to ", sample.rows(),
                        " vectors; from ", books.size() * kLeastPerCentroid, " on they are better"));
  }
  KMeansOptions means;
  means.k = std::min(books.size(), sample.rows());
  means.max_iterations = options.max_iterations;
  for (int64_t m = 0; m < books.split.num_subspaces; ++m) {
    const int64_t width = books.split.width(m);
    const KMeans clusters = k_means(Matrix::copy_of(books.split.part(sample, m)), means, context);
    const float* centroids = clusters.centroids.row<float>(0).data();
    books.values.insert(books.values.end(), centroids, centroids + means.k * width);
    // Of fewer vectors than centroids the last one stands for the missing; the smaller code is taken.
    for (int64_t missing = means.k; missing < books.size(); ++missing) {
      books.values.insert(books.values.end(), centroids + (means.k - 1) * width, centroids + means.k * width);
    }
    context.advance("codebooks", m + 1, books.split.num_subspaces, "subspaces");
  }
  return std::make_unique<PqCodec>(std::move(books));
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const PqOptions& options) {
  Codebooks books{split_of(saved.dim, options), bits_of(options), {}};
  const Array<float> values = saved.floats("codebooks", books.size() * saved.dim);
  books.values.assign(values.begin(), values.end());
  return std::make_unique<PqCodec>(std::move(books));
}

const bool registered = register_codec<PqOptions>(
    {.name = "pq",
     .class_name = "PQ",
     .summary = "Product quantisation: a codebook for each part of the dimensions, 4 or 8 bits a part",
     .description = "Cuts vectors into parts and replaces each part by the number of the nearest of 256 (16) "
                    "centroids, which "
                    "k-means finds. Queries stay float32: a table for each part holds their distances to its "
                    "centroids. For 8 to "
                    "32 bytes a vector where some ten thousand vectors are there to fit codebooks to; search "
                    "with --vectors. A "
                    "rotation before it (pca or rotation, --codec pq) helps where parts are correlated, and "
                    "harms pixels.",
     .source = "Jegou, Douze, Schmid: Product quantization for nearest neighbor search, TPAMI 2011",
     .example = "whitney compress pq nodes.safetensors -o small.safetensors --num-subspaces 16"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
