#include "whitney/search/searcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/search/flat.h"

namespace whitney {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Matrix matrix_of(int64_t cols, const std::vector<float>& values) {
  Matrix matrix(std::ssize(values) / cols, cols, DType::kF32);
  std::copy(values.begin(), values.end(), matrix.mutable_data<float>());
  return matrix;
}

Column column(std::string name, ColumnType type, const std::vector<Value>& values) {
  ColumnBuilder builder(std::move(name), type);
  for (const Value& value : values) builder.add(value, "test");
  return builder.finish();
}

Value inner_product() { return Value::object({{"metric", "inner_product"}}); }

// Points on a line, x = 0..5; the query (1, 0) finds the largest x first.
Embeddings line() {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"a", "b", "c", "d", "e", "f"});
  embeddings.vectors = matrix_of(2, {0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1});
  embeddings.attributes.num_rows = 6;
  embeddings.attributes.columns = {
      column("section", ColumnType::kString, {"sound", "games", "sound", Value(), "games", "sound"}),
      column("size", ColumnType::kInt, {1, 2, 3, 4, 5, 6})};
  embeddings.record = inner_product();
  return embeddings;
}

Searcher line_searcher() { return Searcher(flat_index(line())); }

SearchRequest request(int64_t k, std::string filter = "") {
  SearchRequest request;
  request.k = k;
  request.filter = std::move(filter);
  return request;
}

const Matrix& to_the_right() {
  static const Matrix query = matrix_of(2, {1, 0});
  return query;
}

// Ids of the hits of the first query.
std::vector<std::string> found(const Searcher& searcher, const SearchRequest& asked) {
  const SearchResult result = searcher.search(to_the_right().view(), asked, Context());
  std::vector<std::string> ids;
  for (int64_t i = 0; i < result.counts[0]; ++i) {
    ids.push_back(searcher.index().ids().text(result.neighbors.rows[static_cast<size_t>(i)]));
  }
  return ids;
}

std::string error_of(const Searcher& searcher, const SearchRequest& asked,
                     const Matrix& queries = to_the_right()) {
  try {
    searcher.search(queries.view(), asked, Context());
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Searcher, FindsTheBestAmongTheRowsThatSatisfyTheFilter) {
  EXPECT_THAT(found(line_searcher(), request(2)), ElementsAre("f", "e"));
  EXPECT_THAT(found(line_searcher(), request(2, "section = 'sound'")), ElementsAre("f", "c"));
  EXPECT_THAT(found(line_searcher(), request(10, "section = 'sound' and size < 5")), ElementsAre("c", "a"));
  EXPECT_THAT(found(line_searcher(), request(10, "not section exists")), ElementsAre("d"));
  EXPECT_THAT(found(line_searcher(), request(10, "id in ['b', 'e', 'nobody']")), ElementsAre("e", "b"));
  EXPECT_THAT(found(line_searcher(), request(10, "size > 100")), ElementsAre());
}

TEST(Searcher, MatchesAreTheLiveRowsThatSatisfyAFilter) {
  Searcher searcher = line_searcher();
  searcher.remove(Ids::strings({"c"}), Context());
  EXPECT_EQ(searcher.matches("", Context()).size(), 5);
  EXPECT_EQ(searcher.matches("section = 'sound'", Context()).size(), 2);
  EXPECT_EQ(searcher.matches("id = 'c'", Context()).size(), 0);
  EXPECT_THROW(searcher.matches("section =", Context()), UsageError);
}

TEST(Searcher, FiltersSeeWhatWasAddedAndNotWhatWasRemoved) {
  Searcher searcher = line_searcher();
  searcher.remove(Ids::strings({"f"}), Context());
  EXPECT_THAT(found(searcher, request(10, "section = 'sound'")), ElementsAre("c", "a"));
  Embeddings more;
  more.ids = Ids::strings({"g", "f"});
  more.vectors = matrix_of(2, {9, 1, 8, 1});
  more.attributes.num_rows = 2;
  more.attributes.columns = {column("section", ColumnType::kString, {"sound", "web"})};
  searcher.add(more, Context());
  EXPECT_THAT(found(searcher, request(10, "section = 'sound'")), ElementsAre("g", "c", "a"));
  EXPECT_THAT(found(searcher, request(10, "id in ['f', 'a']")), ElementsAre("f", "a"))
      << "an id may come back";
  EXPECT_THAT(found(searcher, request(10, "section = 'web' and not size exists")), ElementsAre("f"));
}

TEST(Searcher, ExplainsTheFilter) {
  SearchRequest asked = request(2, "(section='sound') AND size<5");
  asked.explain = true;
  const Value explain = line_searcher().search(to_the_right().view(), asked, Context()).explain;
  EXPECT_EQ(explain.at("index"), Value("flat"));
  EXPECT_EQ(explain.at("filter").at("text"), Value("section = \"sound\" and size < 5"));
  EXPECT_EQ(explain.at("filter").at("matches"), Value(2));
  EXPECT_GE(explain.at("filter").at("microseconds").as_real(), 0.0);
}

TEST(Searcher, ExplainsNoFilterWhereThereIsNone) {
  SearchRequest asked = request(2);
  EXPECT_TRUE(line_searcher().search(to_the_right().view(), asked, Context()).explain.is_null());
  asked.explain = true;
  EXPECT_EQ(line_searcher().search(to_the_right().view(), asked, Context()).explain.find("filter"), nullptr);
}

TEST(Searcher, ReturnsFewerOnlyWhenTheTimeIsUp) {
  SearchRequest asked = request(2, "section = 'sound'");
  asked.timeout_ms = 1e6;
  EXPECT_FALSE(line_searcher().search(to_the_right().view(), asked, Context()).partial);
  asked.timeout_ms = 0;
  const SearchResult late = line_searcher().search(to_the_right().view(), asked, Context());
  EXPECT_TRUE(late.partial);
  EXPECT_THAT(late.counts, ElementsAre(0));
  asked.timeout_ms = -1;
  EXPECT_THAT(error_of(line_searcher(), asked), HasSubstr("timeout_ms"));
}

TEST(Searcher, LeavesARowOutPerQuery) {
  SearchRequest asked = request(10, "section = 'sound'");
  asked.excluded = {5};
  EXPECT_THAT(found(line_searcher(), asked), ElementsAre("c", "a"));
  asked.excluded = {4};  // does not match anyway
  EXPECT_THAT(found(line_searcher(), asked), ElementsAre("f", "c", "a"));
  asked.excluded = {-1};
  EXPECT_THAT(found(line_searcher(), asked), ElementsAre("f", "c", "a"));
}

TEST(Searcher, RefusesWrongRequests) {
  const Searcher searcher = line_searcher();
  EXPECT_THAT(error_of(searcher, request(0)), HasSubstr("k is 0"));
  EXPECT_THAT(error_of(searcher, request(1, "section sound")), HasSubstr("character 9"));
  EXPECT_THAT(error_of(searcher, request(1, "secton = 'sound'")), HasSubstr("did you mean \"section\"?"));
  SearchRequest asked = request(1);
  asked.options.set("ef", 64);
  EXPECT_THAT(error_of(searcher, asked), AllOf(HasSubstr("\"ef\""), HasSubstr("flat")));
}

TEST(Searcher, ChecksQueriesAlsoWhenNothingSatisfiesTheFilter) {
  const Searcher searcher = line_searcher();
  const SearchRequest nothing = request(1, "size > 100");
  EXPECT_NE(error_of(searcher, nothing, matrix_of(3, {1, 2, 3})), "no error");
  EXPECT_NE(error_of(searcher, nothing, matrix_of(2, {1, std::nanf("")})), "no error");
}

TEST(Searcher, OpensEmbeddingsAsAFlatIndex) {
  const TemporaryFolder folder;
  const std::string path = folder.file("line.safetensors");
  save_embeddings(line(), path, false, Context());
  const Searcher searcher = Searcher::open(path);
  EXPECT_EQ(searcher.index().method(), "flat");
  EXPECT_THAT(found(searcher, request(1, "section = 'games'")), ElementsAre("e"));
}

TEST(Searcher, NamesTheFileThatIsMissing) {
  const TemporaryFolder folder;
  const std::string path = folder.file("missing.safetensors");
  try {
    Searcher::open(path);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path));
  }
}

// ---- what the index is handed ----

struct StubOptions {
  int ef = 40;
  void fields(auto&& field) { field("ef", ef, Range{1, 1000}, "Candidates"); }
};

// Records what it is asked and answers the first allowed rows, `missing` fewer than are due.
class StubIndex : public Index {
 public:
  explicit StubIndex(int64_t missing) : missing_(missing) {}
  std::string_view method() const override { return "stub"; }
  Metric metric() const override { return Metric::kL2; }
  int64_t dim() const override { return 2; }
  int64_t num_rows() const override { return 6; }
  const RowSet& live() const override { return live_; }
  const Ids& ids() const override { return line_.ids; }
  const Attributes& attributes() const override { return line_.attributes; }
  const Value& record() const override { return line_.record; }
  int64_t size_bytes() const override { return 0; }
  std::vector<float> vector(int64_t /*row*/) const override { return {0, 0}; }
  std::vector<OptionSpec> search_options() const override { return option_specs<StubOptions>(); }
  SearchResult search(const MatrixView& queries, const SearchParams& params, const Context&) const override {
    asked = params;
    asked_rows = (params.allowed != nullptr ? *params.allowed : live_).rows();
    asked.allowed = nullptr;
    SearchResult result;
    result.neighbors.num_queries = queries.rows;
    result.neighbors.k = params.k;
    result.neighbors.rows.assign(static_cast<size_t>(queries.rows * params.k), -1);
    result.neighbors.values.assign(result.neighbors.rows.size(), std::nanf(""));
    const int64_t count = std::min(params.k, std::ssize(asked_rows)) - missing_;
    result.counts.assign(static_cast<size_t>(queries.rows), count);
    return result;
  }
  void add(const Embeddings&, const Context&) override {}
  void remove(const Ids&, const Context&) override {}
  void save(const std::string&, bool, const Context&) const override {}

  mutable SearchParams asked;
  mutable std::vector<uint32_t> asked_rows;

 private:
  int64_t missing_;
  Embeddings line_ = line();
  RowSet live_ = RowSet::range(0, 5);  // the last row is removed
};

TEST(Searcher, HandsTheIndexOptionsResolvedAndLiveRowsOnly) {
  auto owned = std::make_unique<StubIndex>(0);
  const StubIndex& stub = *owned;
  const Searcher searcher(std::move(owned));
  SearchRequest asked = request(3, "section = 'sound'");
  asked.exact = true;
  asked.options.set("ef", 64);
  searcher.search(to_the_right().view(), asked, Context());
  EXPECT_THAT(stub.asked_rows, ElementsAre(0, 2));
  EXPECT_EQ(stub.asked.options, Value::object({{"ef", 64}}));
  EXPECT_TRUE(stub.asked.exact);
  EXPECT_EQ(stub.asked.k, 3);
  searcher.search(to_the_right().view(), request(3), Context());
  EXPECT_EQ(stub.asked.options, Value::object({{"ef", 40}})) << "defaults are filled in";
  EXPECT_THAT(stub.asked_rows, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Searcher, RefusesAnOptionByTheNearestName) {
  const Searcher searcher(std::make_unique<StubIndex>(0));
  SearchRequest asked = request(3);
  asked.options.set("eff", 64);
  EXPECT_THAT(error_of(searcher, asked), HasSubstr("did you mean \"ef\"?"));
  asked.options = Value::object({{"ef", 0}});
  EXPECT_THAT(error_of(searcher, asked), HasSubstr("ef"));
}

TEST(Searcher, AnIndexThatReturnsFewerThanAreDueIsOurFault) {
  const Searcher searcher(std::make_unique<StubIndex>(1));
  EXPECT_THROW(searcher.search(to_the_right().view(), request(3), Context()), InternalError);
  EXPECT_THROW(searcher.search(to_the_right().view(), request(3, "section = 'sound'"), Context()),
               InternalError);
}

// ---- the promise, on random data ----

Embeddings any_embeddings(int64_t num_rows, int64_t first_id, RandomStream& random) {
  Embeddings embeddings;
  std::vector<uint64_t> ids;
  std::vector<float> values;
  ColumnBuilder section("section", ColumnType::kString), size("size", ColumnType::kInt);
  for (int64_t r = 0; r < num_rows; ++r) {
    ids.push_back(static_cast<uint64_t>(first_id + r));
    for (int c = 0; c < 3; ++c) values.push_back(static_cast<float>(random.normal()));
    if (random.below(5) == 0) {
      section.add_missing();
    } else {
      section.add_string(random.below(3) == 0 ? "sound" : "games", "");
    }
    size.add_int(static_cast<int64_t>(random.below(20)), "");
  }
  embeddings.ids = Ids::integers(Array<uint64_t>::copy_of(ids));
  embeddings.vectors = matrix_of(3, values);
  embeddings.attributes.num_rows = num_rows;
  embeddings.attributes.columns.push_back(section.finish());
  embeddings.attributes.columns.push_back(size.finish());
  embeddings.record = inner_product();
  return embeddings;
}

RC_GTEST_PROP(SearcherProperty, ReturnsMinOfKAndLiveMatchesAndOnlyMatches, ()) {
  RandomStream random(*rc::gen::arbitrary<uint64_t>(), "searcher", 0);
  const auto num_rows = *rc::gen::inRange<int64_t>(1, 60), k = *rc::gen::inRange<int64_t>(1, 70);
  Searcher searcher(flat_index(any_embeddings(num_rows, 0, random)));
  std::vector<uint64_t> removed;
  for (uint64_t id = 0; id < static_cast<uint64_t>(num_rows); ++id) {
    if (random.below(4) == 0) removed.push_back(id);
  }
  searcher.remove(Ids::integers(Array<uint64_t>::copy_of(removed)), Context());
  searcher.add(any_embeddings(7, 1000, random), Context());
  const auto size = static_cast<int64_t>(random.below(20));
  const std::string filter = concat("section = 'sound' or not size >= ", size);
  // Read from the columns row by row, removed rows left out.
  const Index& index = searcher.index();
  const Column &sections = *index.attributes().find("section"), &sizes = *index.attributes().find("size");
  std::vector<int64_t> due;
  for (int64_t row = 0; row < index.num_rows(); ++row) {
    const bool holds = sections.value(row) == Value("sound") || sizes.value(row).as_int() < size;
    if (holds && index.live().contains(static_cast<uint32_t>(row))) due.push_back(row);
  }
  const Matrix queries = matrix_of(3, {1, 0, 0, 0, -1, 2});
  const SearchResult result = searcher.search(queries.view(), request(k, filter), Context());
  for (int64_t q = 0; q < 2; ++q) {
    RC_ASSERT(result.counts[static_cast<size_t>(q)] == std::min(k, std::ssize(due)));
    for (int64_t i = 0; i < result.counts[static_cast<size_t>(q)]; ++i) {
      RC_ASSERT(std::ranges::binary_search(due, result.neighbors.rows[static_cast<size_t>(q * k + i)]));
    }
  }
}

}  // namespace
}  // namespace whitney
