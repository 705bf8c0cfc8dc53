#include "whitney/codec/rvq.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/k_means.h"
#include "whitney/codec/polar_factor.h"
#include "whitney/codec/principal_components.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/top_k.h"

namespace whitney::codec {
namespace {

constexpr int64_t kBookSize = 256, kBeamsPerTask = 64;

// 256 centroids of d values, packed for the products by which a stage finds the nearest.
class Book {
 public:
  explicit Book(Matrix centroids) : centroids_(std::move(centroids)) {
    packed_.pack(centroids_);
    biases_.resize(kBookSize);
    squared_norms(centroids_, biases_.data());
    for (float& bias : biases_) bias *= -0.5F;
  }
  const Matrix& centroids() const { return centroids_; }

  // Writes r.c - |c|^2 / 2 for each row r of `rows` and each centroid c.
  void multiply(const MatrixView& rows, float* out) const {
    multiply_panels(rows, packed_, 0, packed_.num_panels(), biases_, Epilogue::kNone, out, kBookSize);
  }

 private:
  Matrix centroids_;
  PackedRows packed_;
  std::vector<float> biases_;
};

// What is left of one vector after some stages, by each of the ways to encode it that are followed up, best
// first.
struct Beam {
  // size x d, and their squared norms.
  std::vector<float> residuals, squares;
  // size x (stages so far).
  std::vector<uint8_t> codes;
  int64_t size() const { return std::ssize(squares); }
};

Beam beam_of(std::span<const float> row) {
  Beam beam{{row.begin(), row.end()}, {0}, {}};
  squared_norms({row.data(), 1, std::ssize(row), std::ssize(row), DType::kF32}, beam.squares.data());
  return beam;
}

// Follows each of the beam's ways by each centroid and keeps the `most` ways that leave least; equal ones:
// those of the better way before, then of the smaller code.
Beam advance(const Beam& beam, const Book& book, int64_t most) {
  const int64_t d = book.centroids().cols(), num_before = std::ssize(beam.codes) / beam.size();
  std::vector<float> left(static_cast<size_t>(beam.size() * kBookSize));
  const MatrixView residuals{beam.residuals.data(), beam.size(), d, d, DType::kF32};
  book.multiply(residuals, left.data());
  for (int64_t b = 0; b < beam.size(); ++b) {  // |r - c|^2 = |r|^2 - 2 (r.c - |c|^2 / 2)
    for (int64_t c = 0; c < kBookSize; ++c) {
      float& value = left[static_cast<size_t>(b * kBookSize + c)];
      value = beam.squares[static_cast<size_t>(b)] - 2 * value;
    }
  }
  TopK top(std::min(most, std::ssize(left)));
  top.push_run(left, 0);
  Beam next;
  for (const TopK::Entry& entry : top.take()) {
    const int64_t b = entry.row / kBookSize, code = entry.row % kBookSize;
    const auto residual = residuals.row<float>(b), centroid = book.centroids().row<float>(code);
    for (size_t j = 0; j < residual.size(); ++j) next.residuals.push_back(residual[j] - centroid[j]);
    const auto codes = beam.codes.begin() + b * num_before;
    next.codes.insert(next.codes.end(), codes, codes + num_before);
    next.codes.push_back(static_cast<uint8_t>(code));
  }
  next.squares.resize(static_cast<size_t>(std::ssize(next.residuals) / d));
  squared_norms({next.residuals.data(), next.size(), d, d, DType::kF32}, next.squares.data());
  return next;
}

// Inner products are sums over stages; distances are not, for centroids of stages are not orthogonal: those
// are of decoded vectors.
class InnerProductScorer : public CodeScorer {
 public:
  InnerProductScorer(const std::vector<Book>& books, const float* query) {
    for (const Book& book : books) {
      tables_.resize(tables_.size() + kBookSize);
      distance_one_to_many(Kernel::kInnerProduct, query, book.centroids(), 0, kBookSize,
                           tables_.data() + std::ssize(tables_) - kBookSize);
    }
  }
  void score(const uint8_t* codes, int64_t count, float* out) const override {
    for (int64_t j = 0; j < count; ++j) {
      float sum = 0;
      for (const float* table = tables_.data(); table < tables_.data() + tables_.size(); table += kBookSize)
        sum += table[*codes++];
      out[j] = sum;
    }
  }

 private:
  std::vector<float> tables_;
};

class RvqCodec : public Codec {
 public:
  RvqCodec(std::vector<Book> books, int64_t beam_size) : books_(std::move(books)), beam_size_(beam_size) {}
  int64_t dim() const override { return books_.front().centroids().cols(); }
  int64_t code_bytes() const override { return std::ssize(books_); }

  void encode(const float* row, uint8_t* code, uint8_t* /*fine*/) const override {
    Beam beam = beam_of({row, static_cast<size_t>(dim())});
    for (const Book& book : books_) beam = advance(beam, book, beam_size_);
    std::copy_n(beam.codes.begin(), books_.size(), code);
  }
  void decode(const uint8_t* code, const uint8_t* /*fine*/, float* row) const override {
    std::fill_n(row, dim(), 0.0F);
    for (size_t m = 0; m < books_.size(); ++m) {
      const auto centroid = books_[m].centroids().row<float>(code[m]);
      for (size_t j = 0; j < centroid.size(); ++j) row[j] += centroid[j];
    }
  }
  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    if (kernel == Kernel::kInnerProduct) return std::make_unique<InnerProductScorer>(books_, query);
    return Codec::scorer(kernel, query);
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    Array<float> all(std::ssize(books_) * kBookSize * dim());
    float* out = all.mutable_data();
    for (const Book& book : books_)
      out = std::copy_n(book.centroids().row<float>(0).data(), kBookSize * dim(), out);
    writer.add(prefix + "codebooks", {std::ssize(books_), kBookSize, dim()}, all);
  }

 private:
  std::vector<Book> books_;
  int64_t beam_size_;
};

int64_t num_stages_of(const RvqOptions& options, int64_t dim) {
  return options.num_stages.value_or(std::max<int64_t>(1, dim / 8));
}

// Of fewer vectors than centroids the last one stands for the missing; the smaller code is taken.
Matrix filled_up(const Matrix& centroids) {
  Matrix result(kBookSize, centroids.cols());
  auto* out = result.mutable_data<float>();
  for (int64_t c = 0; c < kBookSize; ++c)
    out = std::ranges::copy(centroids.row<float>(std::min(c, centroids.rows() - 1)), out).out;
  return result;
}

// The residuals of all ways of all beams.
Matrix residuals_of(const std::vector<Beam>& beams, int64_t dim) {
  int64_t count = 0;
  for (const Beam& beam : beams) count += beam.size();
  Matrix result(count, dim);
  auto* out = result.mutable_data<float>();
  for (const Beam& beam : beams) out = std::ranges::copy(beam.residuals, out).out;
  return result;
}

// Centroids of the first dimensions as first ones of more; zeros in those that are new.
Matrix widened(const Matrix& centroids, int64_t width) {
  Matrix result = Matrix::zeros(centroids.rows(), width);
  auto* out = result.mutable_data<float>();
  for (int64_t c = 0; c < centroids.rows(); ++c) std::ranges::copy(centroids.row<float>(c), out + c * width);
  return result;
}

// Clusters points by their first principal components, then by more and more of them from the centroids so
// far: faiss's way (ProgressiveDimClustering), which leaves a sixth less than k-means of all dimensions at
// once (DEEP, 12 stages).
Matrix progressive_centroids(const Matrix& points, const KMeansOptions& means, const Context& context) {
  constexpr int kSteps = 10;
  const int64_t n = points.rows(), d = points.cols();
  const Matrix axes = principal_components(points, d, context).components;
  Matrix turned(n, d), centroids;
  multiply_transposed(context, points, axes, turned.mutable_data<float>());
  for (int step = 1; step <= kSteps; ++step) {
    const auto grown = static_cast<int64_t>(std::pow(static_cast<double>(d), step / double{kSteps}));
    const int64_t width = step == kSteps ? d : std::max<int64_t>(1, grown);
    if (width == centroids.cols()) continue;
    const Matrix part = Matrix::copy_of({turned.view().data, n, width, d, DType::kF32});
    centroids = (centroids.rows() == 0 ? k_means(part, means, context)
                                       : k_means_from(part, widened(centroids, width), means, context))
                    .centroids;
  }
  Matrix back(centroids.rows(), d);
  multiply_transposed(context, centroids, transposed(axes), back.mutable_data<float>());
  return back;
}

// What is left of each vector of the sample by the best of its ways.
Matrix best_residuals(const std::vector<Beam>& beams, int64_t dim) {
  Matrix result(std::ssize(beams), dim);
  auto* out = result.mutable_data<float>();
  for (const Beam& beam : beams) out = std::copy_n(beam.residuals.begin(), dim, out);
  return result;
}

// Moves the centroids of stage m by the means of what is left of their vectors, which is then less.
void refine_stage(Book& book, const std::vector<Beam>& beams, size_t m, Matrix& residuals,
                  const Context& context) {
  const int64_t dim = residuals.cols();
  std::vector<std::vector<int64_t>> members(kBookSize);
  for (size_t i = 0; i < beams.size(); ++i) members[beams[i].codes[m]].push_back(static_cast<int64_t>(i));
  Matrix centroids = Matrix::copy_of(book.centroids());
  auto* const moved = centroids.mutable_data<float>();
  auto* const left = residuals.mutable_data<float>();
  parallel_for(context, kBookSize, [&](int64_t c) {
    const auto& rows = members[static_cast<size_t>(c)];
    if (rows.empty()) return;
    std::vector<double> sums(static_cast<size_t>(dim), 0);
    for (const int64_t row : rows) {
      for (int64_t j = 0; j < dim; ++j) sums[static_cast<size_t>(j)] += left[row * dim + j];
    }
    for (int64_t j = 0; j < dim; ++j) {
      const auto mean = static_cast<float>(sums[static_cast<size_t>(j)] / static_cast<double>(rows.size()));
      moved[c * dim + j] += mean;
      for (const int64_t row : rows) left[row * dim + j] -= mean;
    }
  });
  book = Book(std::move(centroids));
}

// Fits all codebooks together: sweeps over the stages come near the least squares for the codes there, which
// the vectors are then encoded by anew.
void refine(std::vector<Book>& books, const Matrix& sample, std::vector<Beam>& beams,
            const RvqOptions& options, const Context& context) {
  constexpr int kSweeps = 4;
  for (int round = 0; round < options.refinements; ++round) {
    Matrix residuals = best_residuals(beams, sample.cols());
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (size_t m = 0; m < books.size(); ++m) refine_stage(books[m], beams, m, residuals, context);
    }
    parallel_blocks(context, std::ssize(beams), kBeamsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Beam beam = beam_of(sample.row<float>(i));
        for (const Book& book : books) beam = advance(beam, book, options.beam_size);
        beams[static_cast<size_t>(i)] = std::move(beam);
      }
    });
    context.advance("refinements", round + 1, options.refinements, "rounds");
  }
}

std::unique_ptr<Codec> fit(const Rows& rows, const RvqOptions& options, const Context& context) {
  constexpr int64_t kLeastPerCentroid = 39, kMostPerCentroid = 64;
  const Matrix sample = rows.sample(kBookSize * kMostPerCentroid, context);
  if (sample.rows() < kBookSize * kLeastPerCentroid) {
    context.note(concat("codebooks of ", kBookSize, " centroids are fitted to ", sample.rows(),
                        " vectors; from ", kBookSize * kLeastPerCentroid, " on they are better"));
  }
  std::vector<Beam> beams;
  for (int64_t i = 0; i < sample.rows(); ++i) beams.push_back(beam_of(sample.row<float>(i)));
  KMeansOptions means;
  means.max_iterations = options.max_iterations;
  const int64_t num_stages = num_stages_of(options, rows.dim());
  std::vector<Book> books;
  for (int64_t m = 0; m < num_stages; ++m) {
    const Matrix residuals = residuals_of(beams, rows.dim());
    means.k = std::min(kBookSize, residuals.rows());
    books.emplace_back(filled_up(progressive_centroids(residuals, means, context)));
    parallel_blocks(context, std::ssize(beams), kBeamsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Beam& beam = beams[static_cast<size_t>(i)];
        beam = advance(beam, books.back(), options.beam_size);
      }
    });
    context.advance("codebooks", m + 1, num_stages, "stages");
  }
  refine(books, sample, beams, options, context);
  return std::make_unique<RvqCodec>(std::move(books), options.beam_size);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const RvqOptions& options) {
  const int64_t num_stages = num_stages_of(options, saved.dim);
  const Array<float> values = saved.floats("codebooks", num_stages * kBookSize * saved.dim);
  std::vector<Book> books;
  for (int64_t m = 0; m < num_stages; ++m) {
    books.emplace_back(Matrix::copy_of(
        {values.data() + m * kBookSize * saved.dim, kBookSize, saved.dim, saved.dim, DType::kF32}));
  }
  return std::make_unique<RvqCodec>(std::move(books), options.beam_size);
}

const bool registered = register_codec<RvqOptions>(
    {.name = "rvq",
     .class_name = "RVQ",
     .summary =
         "Residual vector quantisation: codebooks of whole vectors, each of what those before left over",
     .description =
         "Replaces a vector by the sum of a centroid from each of some codebooks of 256. Each codebook is "
         "fitted to what the ones before left of a sample of 16,384 vectors, by k-means in ever more of its "
         "principal components; a vector is encoded by following up several choices at a time (beam search), "
         "as faiss's ResidualQuantizer does. Then all codebooks are fitted together to the choices made, and "
         "the sample is encoded anew, some times. It finds more than pq and opq in the same bytes, and takes "
         "far longer to fit and to encode. Inner products and cosines are added up from tables; by l2, codes "
         "are decoded. For 8 "
         "to 32 bytes a vector; search with --vectors.",
     .source = "Chen, Guan, Wang: Approximate nearest neighbor search by residual vector quantization, "
               "Sensors 2010; "
               "beam search as in Liu, Lu, Qu 2015 (arXiv 1509.05195)",
     .example = "whitney compress rvq nodes.safetensors -o small.safetensors --num-stages 16"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
