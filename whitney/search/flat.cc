#include "whitney/search/flat.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/linalg/distance.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/row_scan.h"

namespace whitney {
namespace {

using search::IndexRows;

// Rows of a fixed width that may grow: the memory is a mapped file's or a builder's until the first change.
class GrowingMatrix {
 public:
  explicit GrowingMatrix(const Matrix& matrix)
      : bytes_(matrix.bytes()), rows_(matrix.rows()), cols_(matrix.cols()), dtype_(matrix.dtype()) {}

  MatrixView view() const { return {bytes_.data(), rows_, cols_, cols_, dtype_}; }
  int64_t size_bytes() const { return rows_ * row_bytes(); }

  // Adds rows, converted to the type here. Room for twice as many is made, so that rows can come one by one.
  void append(const Matrix& more) {
    reserve(rows_ + more.rows());
    std::byte* out = bytes_.mutable_data() + rows_ * row_bytes();
    if (more.rows() * row_bytes() > 0) {
      std::memcpy(out, more.bytes().data(), static_cast<size_t>(more.rows() * row_bytes()));
    }
    rows_ += more.rows();
  }
  Matrix select(std::span<const int64_t> rows) const {
    Matrix result(std::ssize(rows), cols_, dtype_);
    auto* out = result.mutable_data<std::byte>();
    for (size_t i = 0; i < rows.size() && row_bytes() > 0; ++i) {
      std::memcpy(out + static_cast<int64_t>(i) * row_bytes(), view().row_bytes(rows[i]),
                  static_cast<size_t>(row_bytes()));
    }
    return result;
  }
  // What is in use, as a matrix over the same memory.
  Matrix used() const {
    return {Array<std::byte>::view(bytes_.owner(), bytes_.data(), size_bytes()), rows_, cols_, dtype_};
  }

 private:
  int64_t row_bytes() const { return cols_ * size_of(dtype_); }
  void reserve(int64_t rows) {
    if (rows * row_bytes() <= bytes_.size()) return;
    Array<std::byte> larger(std::max(rows, 2 * rows_) * row_bytes());
    if (size_bytes() > 0)
      std::memcpy(larger.mutable_data(), bytes_.data(), static_cast<size_t>(size_bytes()));
    bytes_ = std::move(larger);
  }

  Array<std::byte> bytes_;
  int64_t rows_, cols_;
  DType dtype_;
};

// Takes the row to leave out, or else the last one, from k + 1 hits a query.
Neighbors without_excluded(const Neighbors& found, std::span<const int64_t> excluded, int64_t k) {
  Neighbors result;
  result.num_queries = found.num_queries;
  result.k = k;
  for (int64_t q = 0; q < found.num_queries; ++q) {
    int64_t kept = 0;
    for (int64_t i = 0; i < found.k && kept < k; ++i) {
      const auto at = static_cast<size_t>(q * found.k + i);
      if (found.rows[at] >= 0 && found.rows[at] == excluded[static_cast<size_t>(q)]) continue;
      result.rows.push_back(found.rows[at]);
      result.values.push_back(found.values[at]);
      ++kept;
    }
  }
  return result;
}

// Embeddings that are searched as they are become the parent of what they are searched by.
Value record_of(const Embeddings& embeddings) {
  const Value* method = embeddings.record.find("method");
  if (method != nullptr && *method == Value("flat")) return embeddings.record;
  Value record =
      Value::object({{"program_version", kVersion}, {"method", "flat"}, {"options", Value::object()}});
  record.set("metric", name_of_enum(embeddings.metric()));
  if (method != nullptr) record.set("parents", Value::List{provenance_of(embeddings.record)});
  return record;
}

class FlatIndex : public Index {
 public:
  explicit FlatIndex(const Embeddings& embeddings)
      : metric_(embeddings.metric()),
        rows_(search::index_rows_of(embeddings)),
        vectors_(embeddings.vectors),
        path_(embeddings.path) {
    rows_.record = record_of(embeddings);
  }
  FlatIndex(IndexRows rows, const Embeddings& embeddings)
      : metric_(embeddings.metric()),
        rows_(std::move(rows)),
        vectors_(embeddings.vectors),
        path_(embeddings.path) {}

  std::string_view method() const override { return "flat"; }
  Metric metric() const override { return metric_; }
  int64_t dim() const override { return vectors_.view().cols; }
  int64_t num_rows() const override { return rows_.size(); }
  const RowSet& live() const override { return rows_.live; }
  const Ids& ids() const override { return rows_.ids; }
  const Attributes& attributes() const override { return rows_.attributes; }
  const Value& record() const override { return rows_.record; }
  int64_t size_bytes() const override { return vectors_.size_bytes(); }
  std::vector<OptionSpec> search_options() const override { return {}; }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    Context one_thread;
    one_thread.threads = 1;
    Matrix values = Matrix::copy_of(vectors_.view().slice(row, row + 1)).to_float32();
    if (metric_ == Metric::kCosine) {
      Matrix normalized;
      normalize_rows(one_thread, values, normalized);
      values = normalized;
    }
    const auto span = values.row<float>(0);
    return {span.begin(), span.end()};
  }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    const bool excludes = !params.excluded.empty();
    const Matrix checked = search::checked_queries(queries, dim(), params.k, context);
    const RowSet allowed = params.allowed != nullptr ? *params.allowed & rows_.live : rows_.live;
    const std::vector<uint32_t> rows = allowed.rows();
    const int64_t wanted = params.k + (excludes ? 1 : 0);
    SearchResult result;
    result.neighbors = params.deadline.at
                           ? search::scan_rows_until(params.deadline, result.partial, checked,
                                                     vectors_.view(), rows, wanted, metric_, context)
                           : search::scan_rows(checked, vectors_.view(), rows, wanted, metric_, context);
    if (!result.partial) check_found(result.neighbors, rows);
    if (excludes) result.neighbors = without_excluded(result.neighbors, params.excluded, params.k);
    for (int64_t q = 0; q < queries.rows; ++q) {
      const auto begin = result.neighbors.rows.begin() + q * params.k;
      result.counts.push_back(params.k - std::count(begin, begin + params.k, int64_t{-1}));
    }
    if (params.explain) result.explain = explanation(queries.rows, std::ssize(rows));
    return result;
  }

  void add(const Embeddings& more, const Context& context) override {
    search::check_new_rows(rows_, dim(), more, context);
    const Matrix added = as_stored(more);
    if (search::revives_removed(rows_, more.ids)) compact();
    search::append_rows(rows_, more);
    vectors_.append(added);
  }

  void remove(const Ids& ids, const Context& /*context*/) override {
    for (const uint32_t row : search::live_rows_of(rows_, ids)) rows_.live.remove(row);
    // Scanning around holes is dear when there are many: a quarter of the rows pays for moving the rest.
    if (num_rows() - rows_.live.size() > num_rows() / 4) compact();
  }

  void save(const std::string& path, bool force, const Context& context) const override {
    if (rows_.live.size() < num_rows()) {
      FlatIndex kept(*this);
      kept.compact();
      kept.save(path, force, context);
      return;
    }
    ArtifactWriter writer("index", rows_.record);
    const Matrix vectors = vectors_.used();
    writer.add("vectors", vectors.dtype(), {vectors.rows(), vectors.cols()}, vectors.bytes());
    search::add_index_rows(writer, rows_);
    writer.write(path, force, context);
  }

 private:
  void compact() {
    const std::vector<int64_t> kept = search::keep_live(rows_);
    vectors_ = GrowingMatrix(vectors_.select(kept));
  }

  // A mapped file is not validated when it is opened; a NaN in it shows here, as a row that no query finds.
  void check_found(const Neighbors& found, std::span<const uint32_t> rows) const {
    const int64_t due = std::min(found.k, std::ssize(rows));
    if (due == 0 || found.num_queries == 0) return;
    bool complete = true;
    for (int64_t q = 0; q < found.num_queries; ++q) {
      complete = complete && found.rows[static_cast<size_t>(q * found.k + due - 1)] >= 0;
    }
    if (complete) return;
    Embeddings stored{rows_.ids, vectors_.used(), rows_.attributes, rows_.record, path_};
    stored.validate();
    fail("a comparison with the vectors gave no number: their values are too large for float32");
  }

  // New vectors in the type of the stored ones. Throws Error where that would lose something.
  Matrix as_stored(const Embeddings& more) const {
    const DType wanted = vectors_.view().dtype, given = more.vectors.dtype();
    if (wanted == given || more.size() == 0) return more.vectors;
    if (wanted == DType::kF32) return more.vectors.to_float32();
    fail("the new vectors are of type ", name_of(given), ", those of the index of type ", name_of(wanted),
         " (expected: the same, or an index of F32)");
  }

  Value explanation(int64_t num_queries, int64_t num_allowed) const {
    Value explained = Value::object({{"index", "flat"}, {"plan", "scan"}});
    const auto distances =
        Value::object({{"allowed", num_allowed}, {"distances", num_queries * num_allowed}});
    return explained.set("estimates", distances).set("actuals", distances);
  }

  Metric metric_;
  IndexRows rows_;
  GrowingMatrix vectors_;
  std::string path_;  // of the file they were read from, for errors
};

class FlatBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& /*options*/,
                               const Context& context) const override {
    if (embeddings.metric() == Metric::kCosine) note_zero_vectors(embeddings, context);
    return flat_index(embeddings);
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    const Embeddings embeddings = load_embeddings(artifact);
    return std::make_unique<FlatIndex>(search::read_index_rows(artifact, embeddings.size()), embeddings);
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& /*options*/,
                        const Context& /*context*/) const override {
    // The vectors are shared with the embeddings; 16 bytes a row for its id.
    return {num_rows * (dim * static_cast<int64_t>(sizeof(float)) + 16), 0};
  }

 private:
  static void note_zero_vectors(const Embeddings& embeddings, const Context& context) {
    const Matrix floats =
        has_kernels(embeddings.vectors.dtype()) ? embeddings.vectors : embeddings.vectors.to_float32();
    std::vector<float> norms(static_cast<size_t>(floats.rows()));
    row_norms(context, floats, norms.data());
    const int64_t num_zero = std::ranges::count(norms, 0.0F);
    if (num_zero > 0)
      context.note(
          concat(num_zero, " of ", floats.rows(), " vectors are zero: they score 0 with every query"));
  }
};

const bool registered = register_method(declare_method<FlatOptions>(
    Verb::kIndex,
    {.name = "flat",
     .class_name = "Flat",
     .summary = "Exact search: every allowed vector is compared",
     .description =
         "Compares a query with every vector that the filter allows: always right, nothing to build, and the "
         "fastest "
         "way where few vectors are allowed. Vectors keep the type that they have. Pick it up to some ten "
         "thousand "
         "vectors, for the truth that other indexes are measured against, or where every hit must be right; "
         "hnsw "
         "answers sooner where there are more. Searching embeddings without an index does the same.",
     .source = "none: brute force",
     .example = "whitney index flat nodes.safetensors -o nodes.flat.safetensors"},
    std::make_shared<FlatBuilder>()));

}  // namespace

std::unique_ptr<Index> flat_index(const Embeddings& embeddings) {
  return std::make_unique<FlatIndex>(embeddings);
}

}  // namespace whitney
