// The indexes of format version 1 that are kept in tests/data/format-v1: every later program must open and
// search them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "whitney/core/kept_file_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/hnsw_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;

std::string kept_folder() { return kept_file("format-v1"); }

// Row i points at the angle whose tangent is i * i / 7; row 20 repeats row 10, and row 23 is zero. Cosine.
Embeddings sample() {
  constexpr int64_t kRows = 24;
  Embeddings result;
  result.vectors = Matrix(kRows, 2);
  auto* values = result.vectors.mutable_data<float>();
  std::vector<std::string> ids;
  ColumnBuilder side("side"), size("size");
  for (int64_t row = 0; row < kRows; ++row) {
    const int64_t angle = row == 20 ? 10 : row;
    values[2 * row] = row == 23 ? 0.0F : 1.0F;
    values[2 * row + 1] = row == 23 ? 0.0F : static_cast<float>(angle * angle) / 7.0F;
    ids.push_back("p" + std::to_string(row));
    side.add_string(row % 2 == 0 ? "even" : "odd", "sample");
    size.add_int(10 * row, "sample");
  }
  result.ids = Ids::strings(ids);
  result.attributes.num_rows = kRows;
  result.attributes.columns = {side.finish(), size.finish()};
  result.record = Value::object({{"program_version", "0.1.0"}, {"metric", "cosine"}});
  return result;
}

std::unique_ptr<Index> build(const std::string& method) {
  const Value options =
      method == "hnsw" ? Value::object({{"m", 2}, {"ef_construction", 10}}) : Value::object();
  std::unique_ptr<Index> index = build_index(method, sample(), options, {});
  index->remove(Ids::strings({"p8"}), {});
  return index;
}

class FormatV1Index : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (kept_folder().empty())
      GTEST_SKIP() << "no tests/data/format-v1 above this folder and no WHITNEY_ROOT";
  }
  static std::string kept() { return kept_folder() + "/" + GetParam() + ".safetensors"; }
};

std::vector<std::string> hits(const Searcher& searcher, const std::string& filter) {
  const Index& index = searcher.index();
  SearchRequest request;
  request.k = 3;
  request.filter = filter;
  request.excluded = {*index.ids().find("p5")};
  Matrix query(1, 2);
  query.mutable_data<float>()[0] = 7;
  query.mutable_data<float>()[1] = 25;
  const SearchResult found = searcher.search(query, request, {});
  std::vector<std::string> ids;
  for (int64_t i = 0; i < found.counts[0]; ++i)
    ids.push_back(index.ids().text(found.neighbors.rows[static_cast<size_t>(i)]));
  return ids;
}

TEST_P(FormatV1Index, IsOpenedVerifiedAndSearched) {
  Artifact::open(kept()).verify({});
  const Searcher searcher = Searcher::open(kept());
  const Index& index = searcher.index();
  EXPECT_EQ(index.method(), GetParam());
  EXPECT_EQ(index.metric(), Metric::kCosine);
  EXPECT_EQ(index.live().size(), 23);
  // From 74.4 degrees: 79.0 (p6), 81.9 (p7), 66.4 (p4), 85.1 (p9), 52.1 (p3); p8 was removed.
  EXPECT_THAT(hits(searcher, ""), ElementsAre("p6", "p7", "p4"));
  EXPECT_THAT(hits(searcher, "side = \"odd\""), ElementsAre("p7", "p9", "p11"));
  EXPECT_THAT(hits(searcher, "size in [100, 200, 230]"), ElementsAre("p10", "p20", "p23"));
}

TEST(FormatV1Hnsw, TheKeptGraphIsWalked) {
  if (kept_folder().empty()) GTEST_SKIP() << "no tests/data/format-v1 above this folder and no WHITNEY_ROOT";
  const auto parts = search::open_hnsw(Artifact::open(kept_folder() + "/hnsw.safetensors"));
  search::expect_sound(parts);
  const std::vector<uint32_t> nodes = search::walk_nodes(parts, std::vector<float>{7, 25}, 24);
  EXPECT_EQ(std::ssize(nodes), parts.graph.num_nodes);
  EXPECT_EQ(parts.nodes.node_of(static_cast<uint32_t>(*parts.rows.ids.find("p5"))), nodes[0]);
}

// Opened and saved again; built again at the level that was used. A build's own record names its program.
TEST_P(FormatV1Index, IsStillWrittenByteForByte) {
  if (kFormatVersion != 1) GTEST_SKIP() << "this program writes format version " << kFormatVersion;
  const TemporaryFolder folder;
  open_index(kept())->save(folder.file("opened"), false, {});
  EXPECT_TRUE(read_file(folder.file("opened")) == read_file(kept()));
  set_simd_level("scalar");
  build(GetParam())->save(folder.file("built"), false, {});
  set_simd_level("");
  const Artifact old = Artifact::open(kept()), built = Artifact::open(folder.file("built"));
  ASSERT_EQ(built.tensors().size(), old.tensors().size());
  for (size_t i = 0; i < old.tensors().size(); ++i) {
    const TensorView &a = built.tensors()[i], &b = old.tensors()[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.shape, b.shape) << a.name;
    EXPECT_TRUE(std::ranges::equal(a.bytes.span(), b.bytes.span())) << a.name;
  }
}

// Run by hand when a kind of file is new: the files that are kept are never written again.
TEST_P(FormatV1Index, DISABLED_WritesTheKeptFiles) {
  set_simd_level("scalar");
  build(GetParam())->save(kept(), false, {});
  set_simd_level("");
}

INSTANTIATE_TEST_SUITE_P(, FormatV1Index, testing::Values("flat", "hnsw"),
                         [](const testing::TestParamInfo<const char*>& method) { return method.param; });

}  // namespace
}  // namespace whitney
