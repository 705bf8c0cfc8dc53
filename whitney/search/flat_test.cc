#include "whitney/search/flat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Small integers, which every type holds exactly.
Matrix integers(int64_t rows, int64_t cols, DType dtype, const std::vector<int>& values) {
  Matrix result(rows, cols, dtype);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<float>(values[i]);
    switch (dtype) {
      case DType::kF16:
        result.mutable_data<Float16>()[i] = to_float16(value);
        break;
      case DType::kBF16:
        result.mutable_data<uint16_t>()[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
        break;
      case DType::kI8:
        result.mutable_data<int8_t>()[i] = static_cast<int8_t>(values[i]);
        break;
      case DType::kU8:
        result.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(values[i]);
        break;
      default:
        result.mutable_data<float>()[i] = value;
    }
  }
  return result;
}

Matrix random_integers(int64_t rows, int64_t cols, DType dtype, uint64_t seed) {
  RandomStream random(seed, "flat test", 0);
  std::vector<int> values(static_cast<size_t>(rows * cols));
  for (int& value : values) value = static_cast<int>(random.below(8)) - (dtype == DType::kU8 ? 0 : 3);
  return integers(rows, cols, dtype, values);
}

Embeddings embeddings_of(Matrix vectors, Metric metric) {
  Embeddings result;
  result.ids = Ids::row_numbers(vectors.rows());
  result.vectors = std::move(vectors);
  result.record = Value::object({{"method", "by-hand"}, {"metric", name_of_enum(metric)}});
  return result;
}

Embeddings two_columns(const std::vector<std::string>& ids, const std::vector<int>& values) {
  Embeddings result = embeddings_of(integers(std::ssize(ids), 2, DType::kF32, values), Metric::kL2);
  result.ids = Ids::strings(ids);
  return result;
}

double value_of(const std::vector<float>& a, const std::vector<float>& b, Metric metric) {
  double dot = 0, aa = 0, bb = 0, l2 = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
    l2 += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  }
  if (metric == Metric::kL2) return std::sqrt(l2);
  if (metric == Metric::kInnerProduct) return dot;
  return aa * bb == 0 ? 0 : dot / std::sqrt(aa * bb);
}

std::vector<float> row_of(const Matrix& matrix, int64_t row) {
  std::vector<float> values(static_cast<size_t>(matrix.cols()));
  copy_row_as_float(matrix, row, values.data());
  return values;
}

// Sorts all values: what a search must come to.
std::vector<double> best_values(const Matrix& queries, int64_t q, const Matrix& base,
                                const SearchParams& params, Metric metric) {
  std::vector<double> values;
  for (int64_t row = 0; row < base.rows(); ++row) {
    if (params.allowed != nullptr && !params.allowed->contains(static_cast<uint32_t>(row))) continue;
    if (!params.excluded.empty() && params.excluded[static_cast<size_t>(q)] == row) continue;
    values.push_back(value_of(row_of(queries, q), row_of(base, row), metric));
  }
  std::ranges::sort(values);
  if (higher_is_better(metric)) std::ranges::reverse(values);
  if (std::ssize(values) > params.k) values.resize(static_cast<size_t>(params.k));
  return values;
}

// True when a query's hits have the best values there are, each that of its row, equal ones ordered by row.
bool is_right(const SearchResult& result, int64_t q, const Matrix& queries, const Matrix& base,
              const SearchParams& params, Metric metric) {
  const std::vector<double> due = best_values(queries, q, base, params, metric);
  if (result.counts[static_cast<size_t>(q)] != std::ssize(due)) return false;
  for (int64_t i = 0; i < params.k; ++i) {
    const auto at = static_cast<size_t>(q * params.k + i);
    const int64_t row = result.neighbors.rows[at];
    const float value = result.neighbors.values[at];
    if (i >= std::ssize(due)) {
      if (row != -1 || !std::isnan(value)) return false;
      continue;
    }
    const double own = value_of(row_of(queries, q), row_of(base, row), metric);
    const double tolerance = metric == Metric::kCosine ? 1e-6 : 1e-5 * std::abs(own);
    if (std::abs(value - own) > tolerance || std::abs(value - due[static_cast<size_t>(i)]) > tolerance)
      return false;
    if (params.allowed != nullptr && !params.allowed->contains(static_cast<uint32_t>(row))) return false;
    if (i > 0 && result.neighbors.values[at - 1] == value && result.neighbors.rows[at - 1] >= row)
      return false;
  }
  return true;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

RC_GTEST_PROP(Flat, AgreesWithSortingAllValuesUnderAnyFilter, ()) {
  const auto n = *rc::gen::inRange<int64_t>(0, 40), dim = *rc::gen::inRange<int64_t>(1, 20);
  const auto num_queries = *rc::gen::inRange<int64_t>(1, 12);
  const auto dtype = *rc::gen::element(DType::kF32, DType::kF16, DType::kBF16, DType::kI8, DType::kU8);
  const auto metric = *rc::gen::element(Metric::kCosine, Metric::kInnerProduct, Metric::kL2);
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const Matrix base = random_integers(n, dim, dtype, seed);
  const Matrix queries = random_integers(num_queries, dim, DType::kF32, seed + 1);
  SearchParams params;
  params.k = *rc::gen::inRange<int64_t>(1, 50);
  RowSet allowed;
  for (uint32_t row = 0; row < n; ++row) {
    if (*rc::gen::arbitrary<bool>()) allowed.add(row);
  }
  if (*rc::gen::arbitrary<bool>()) params.allowed = &allowed;
  if (*rc::gen::arbitrary<bool>()) {
    for (int64_t q = 0; q < num_queries; ++q)
      params.excluded.push_back(*rc::gen::inRange<int64_t>(-1, std::max<int64_t>(n, 1)));
  }
  const SearchResult result = flat_index(embeddings_of(base, metric))->search(queries, params, {});
  for (int64_t q = 0; q < num_queries; ++q) RC_ASSERT(is_right(result, q, queries, base, params, metric));
}

TEST(Flat, AgreesWithSortingAllValuesWhenRowsAreGatheredInSeveralBlocks) {
  const Matrix base = random_integers(2500, 2048, DType::kI8, 1);
  const Matrix queries = random_integers(1, 2048, DType::kF32, 2);
  RowSet allowed = RowSet::range(0, 2500);
  for (uint32_t row = 0; row < 2500; row += 3) allowed.remove(row);
  SearchParams params;
  params.k = 7;
  params.allowed = &allowed;
  const SearchResult result = flat_index(embeddings_of(base, Metric::kL2))->search(queries, params, {});
  EXPECT_TRUE(is_right(result, 0, queries, base, params, Metric::kL2));
}

TEST(Flat, GivesTheSameBitsForOneQueryAsForMany) {
  RandomStream random(5, "flat test", 0);
  Matrix base(300, 33), queries(12, 33);
  for (float& value : std::span(base.mutable_data<float>(), 300 * 33))
    value = static_cast<float>(random.normal());
  for (float& value : std::span(queries.mutable_data<float>(), 12 * 33))
    value = static_cast<float>(random.normal());
  for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2}) {
    const auto index = flat_index(embeddings_of(base, metric));
    RowSet allowed = RowSet::range(0, 300);
    for (uint32_t row = 1; row < 300; row += 2) allowed.remove(row);
    SearchParams params;
    params.allowed = &allowed;
    const SearchResult many = index->search(queries, params, {}),
                       one = index->search(queries.view().slice(3, 4), params, {});
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(one.neighbors.rows[i], many.neighbors.rows[30 + i]);
      EXPECT_EQ(one.neighbors.values[i], many.neighbors.values[30 + i]);
    }
  }
}

TEST(Flat, GivesTheSameHitsForAnyNumberOfThreads) {
  const Matrix base = random_integers(3000, 9, DType::kF32, 3),
               queries = random_integers(20, 9, DType::kF32, 4);
  const auto index = flat_index(embeddings_of(base, Metric::kCosine));
  RowSet allowed = RowSet::range(10, 2900);
  allowed.remove(77);
  for (const int64_t num_queries : {1, 20}) {
    std::vector<Neighbors> found;
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      SearchParams params;
      params.allowed = &allowed;
      found.push_back(index->search(queries.view().slice(0, num_queries), params, context).neighbors);
    }
    EXPECT_EQ(found[0].rows, found[1].rows);
    EXPECT_EQ(found[0].values, found[1].values);
    EXPECT_EQ(found[0].rows, found[2].rows);
    EXPECT_EQ(found[0].values, found[2].values);
  }
}

TEST(Flat, ComparesByCosineWhenTheRecordNamesNoMetric) {
  Embeddings embeddings = two_columns({"far", "near", "zero"}, {0, 5, 3, 1, 0, 0});
  embeddings.record = Value::object();
  const auto index = flat_index(embeddings);
  SearchParams params;
  params.k = 3;
  const SearchResult result = index->search(integers(1, 2, DType::kF32, {2, 0}), params, {});
  EXPECT_EQ(index->metric(), Metric::kCosine);
  EXPECT_THAT(result.neighbors.rows, ElementsAre(1, 0, 2));
  EXPECT_FLOAT_EQ(result.neighbors.values[0], 3 / std::sqrt(10.0F));
  EXPECT_EQ(result.neighbors.values[2], 0.0F);
  EXPECT_THAT(index->vector(0), ElementsAre(0.0F, 1.0F));
  EXPECT_THAT(index->vector(2), ElementsAre(0.0F, 0.0F));
}

TEST(Flat, SaysWhatItComparedWhenAsked) {
  const auto index = flat_index(two_columns({"a", "b", "c"}, {0, 0, 1, 1, 2, 2}));
  const RowSet allowed = RowSet::range(1, 3);
  SearchParams params;
  params.allowed = &allowed;
  params.explain = true;
  const Value explain = index->search(integers(2, 2, DType::kF32, {0, 0, 1, 0}), params, {}).explain;
  EXPECT_EQ(
      explain.to_json(),
      R"({"index":"flat","plan":"scan","estimates":{"allowed":2,"distances":4},"actuals":{"allowed":2,"distances":4}})");
}

TEST(Flat, ADeadlineEndsItAndOneFarAwayChangesNothing) {
  const Embeddings vectors = two_columns({"a", "b", "c"}, {0, 0, 1, 1, 2, 2});
  const auto index = flat_index(vectors);
  SearchParams params;
  params.k = 3;
  const Matrix queries = integers(2, 2, DType::kF32, {0, 0, 1, 0});
  const SearchResult whole = index->search(queries, params, {});
  params.deadline = Deadline::after(1e9);
  const SearchResult in_time = index->search(queries, params, {});
  EXPECT_FALSE(in_time.partial);
  EXPECT_EQ(in_time.neighbors.rows, whole.neighbors.rows);
  EXPECT_EQ(in_time.neighbors.values, whole.neighbors.values);
  params.deadline = Deadline::after(0);
  const SearchResult late = index->search(queries, params, {});
  EXPECT_TRUE(late.partial);
  EXPECT_THAT(late.counts, ElementsAre(0, 0));
}

TEST(Flat, RefusesQueriesThatHaveNoAnswer) {
  const auto index = flat_index(two_columns({"a"}, {1, 2}));
  Matrix query = integers(2, 2, DType::kF32, {1, 2, 3, 4});
  EXPECT_THAT(error_of([&] { index->search(integers(1, 3, DType::kF32, {1, 2, 3}), {}, {}); }),
              HasSubstr("3 dimensions"));
  query.mutable_data<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { index->search(query, {}, {}); }),
              HasSubstr("query 1 (counted from 0) holds NaN in dimension 1"));
  SearchParams params;
  params.k = 1'000'000'000;
  Context small;
  small.max_memory_bytes = 1'000'000;
  EXPECT_THAT(error_of([&] { index->search(integers(1, 2, DType::kF32, {1, 2}), params, small); }),
              HasSubstr("a smaller k"));
}

TEST(Flat, NamesTheVectorOfAnUncheckedFileThatHoldsNaN) {
  Embeddings embeddings = two_columns({"good", "bad"}, {1, 2, 3, 4});
  embeddings.vectors.mutable_data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  embeddings.path = "x.safetensors";
  const auto index = flat_index(embeddings);
  EXPECT_THAT(error_of([&] { index->search(integers(1, 2, DType::kF32, {1, 2}), {}, {}); }),
              HasSubstr("x.safetensors: the vector of \"bad\""));
}

TEST(Flat, FindsRowsAddedLaterWithTheirAttributes) {
  Embeddings first = two_columns({"a", "b"}, {0, 0, 4, 4});
  ColumnBuilder size("size");
  size.add_int(10, "");
  size.add_int(20, "");
  first.attributes = {2, {size.finish()}};
  const auto index = flat_index(first);
  Embeddings more = two_columns({"c"}, {1, 0});
  ColumnBuilder section("section");
  section.add_string("sound", "");
  more.attributes = {1, {section.finish()}};
  index->add(more, {});
  for (const std::string id : {"d", "e", "f"}) index->add(two_columns({id}, {9, 9}), {});
  SearchParams params;
  params.k = 2;
  const SearchResult result = index->search(integers(1, 2, DType::kF32, {1, 0}), params, {});
  EXPECT_THAT(result.neighbors.rows, ElementsAre(2, 0));
  EXPECT_EQ(index->ids().string(5), "f");
  EXPECT_EQ(index->attributes().find("size")->value(1), Value(20));
  EXPECT_TRUE(index->attributes().find("size")->value(2).is_null());
  EXPECT_EQ(index->attributes().find("section")->value(2), Value("sound"));
  EXPECT_EQ(first.size(), 2);  // the embeddings that it was made of stay as they are
}

TEST(Flat, RefusesRowsThatCannotBeAddedAndStaysAsItWas) {
  const auto index = flat_index(two_columns({"a", "b"}, {0, 0, 4, 4}));
  EXPECT_THAT(error_of([&] { index->add(two_columns({"c", "b"}, {1, 1, 2, 2}), {}); }),
              HasSubstr("\"b\" is in the index"));
  EXPECT_THAT(error_of([&] { index->add(two_columns({"c", "c"}, {1, 1, 2, 2}), {}); }),
              HasSubstr("\"c\" stands twice"));
  EXPECT_THAT(error_of([&] { index->add(embeddings_of(Matrix::zeros(1, 3), Metric::kL2), {}); }),
              HasSubstr("3 dimensions"));
  Embeddings nan = two_columns({"n"}, {1, 1});
  nan.vectors.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { index->add(nan, {}); }), HasSubstr("NaN"));
  EXPECT_EQ(index->num_rows(), 2);
}

TEST(Flat, FindsRemovedRowsNoMoreAndTakesTheirIdsAnew) {
  const auto index = flat_index(two_columns({"a", "b", "c", "d", "e"}, {0, 0, 1, 1, 2, 2, 3, 3, 4, 4}));
  index->remove(Ids::strings({"a"}), {});
  SearchParams params;
  params.k = 5;
  const Matrix query = integers(1, 2, DType::kF32, {0, 0});
  EXPECT_THAT(index->search(query, params, {}).counts, ElementsAre(4));
  EXPECT_EQ(index->num_rows(), 5);  // row numbers stay
  EXPECT_THAT(error_of([&] { index->remove(Ids::strings({"b", "a"}), {}); }),
              HasSubstr("no row has the id \"a\""));
  EXPECT_TRUE(index->live().contains(1));  // nothing was removed
  index->add(two_columns({"a"}, {9, 9}), {});
  const SearchResult result = index->search(query, params, {});
  EXPECT_THAT(result.counts, ElementsAre(5));
  EXPECT_EQ(index->ids().string(result.neighbors.rows[4]), "a");
  EXPECT_EQ(index->ids().find("a"), result.neighbors.rows[4]);
}

RC_GTEST_PROP(Flat, GivesTheSameHitsAfterChangesAsAnIndexOfWhatIsLeft, ()) {
  const auto n = *rc::gen::inRange<int64_t>(1, 30);
  const Matrix all = random_integers(n, 3, DType::kF32, *rc::gen::arbitrary<uint64_t>());
  const auto first = *rc::gen::inRange<int64_t>(0, n + 1);
  std::vector<int64_t> begin(static_cast<size_t>(first)), rest(static_cast<size_t>(n - first)), kept;
  std::iota(begin.begin(), begin.end(), 0);
  std::iota(rest.begin(), rest.end(), first);
  const auto part = [&](const std::vector<int64_t>& rows) {
    Matrix vectors(std::ssize(rows), 3);
    for (size_t i = 0; i < rows.size(); ++i)
      copy_row_as_float(all, rows[i], vectors.mutable_data<float>() + 3 * i);
    Embeddings result = embeddings_of(vectors, Metric::kL2);
    result.ids = Ids::row_numbers(n).select(rows);
    return result;
  };
  const auto index = flat_index(part(begin));
  index->add(part(rest), {});
  for (int64_t row = 0; row < n; ++row) {
    if (*rc::gen::arbitrary<bool>())
      kept.push_back(row);
    else
      index->remove(Ids::row_numbers(n).select(std::vector{row}), {});
  }
  const auto fresh = flat_index(part(kept));
  const SearchResult changed = index->search(all, {}, {}), built = fresh->search(all, {}, {});
  RC_ASSERT(changed.counts == built.counts);
  for (size_t i = 0; i < built.neighbors.rows.size(); ++i) {
    if (built.neighbors.rows[i] < 0) continue;
    RC_ASSERT(index->ids().integer(changed.neighbors.rows[i]) ==
              fresh->ids().integer(built.neighbors.rows[i]));
  }
}

TEST(Flat, SavesWhatIsLiveAndOpensToTheSameHitsAndBytes) {
  const TemporaryFolder folder;
  const std::string once = folder.file("once.safetensors"), twice = folder.file("twice.safetensors");
  const auto built = build_index(
      "flat", two_columns({"a", "b", "c", "d", "e"}, {0, 0, 1, 1, 2, 2, 3, 3, 4, 4}), Value::object(), {});
  built->remove(Ids::strings({"b"}), {});
  built->save(once, false, {});
  const auto opened = open_index(once);
  opened->save(twice, false, {});
  EXPECT_EQ(bytes_of(once), bytes_of(twice));
  EXPECT_EQ(opened->num_rows(), 4);
  EXPECT_EQ(opened->method(), "flat");
  EXPECT_EQ(opened->metric(), Metric::kL2);
  const SearchResult result = opened->search(integers(1, 2, DType::kF32, {1, 1}), {}, {});
  EXPECT_EQ(opened->ids().string(result.neighbors.rows[0]), "a");
  EXPECT_THAT(error_of([&] { opened->save(once, false, {}); }), HasSubstr(once));
}

}  // namespace
}  // namespace whitney
