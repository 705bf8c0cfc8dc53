// Files with a bit wrong anywhere, of every kind of index: an error, or an index that answers and changes.

#include <map>

#include "whitney/core/error.h"
#include "whitney/core/kept_file_test.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/index_kinds_test.h"
#include "whitney/search/searcher.h"

#include <fstream>

namespace whitney::search {
namespace {

class DamagedIndex : public testing::TestWithParam<IndexKind> {
 protected:
  const IndexKind& kind() const { return GetParam(); }

  /// The file of an index that has all that files hold: texts as ids and attributes, rows that were removed.
  std::string whole_file() const {
    constexpr int64_t kRows = 150;
    KindRows rows = kind_rows(kind(), kRows, 0, 1);
    std::vector<std::string> ids;
    ColumnBuilder size("size"), name("name"), tags("tags");
    for (int64_t row = 0; row < kRows; ++row) {
      ids.push_back("row " + std::to_string(row));
      size.add_int(row % 7, "");
      name.add(Value("a text of " + std::to_string(row % 20)), "");
      tags.add(Value(Value::List{Value("t" + std::to_string(row % 3)), Value("all")}), "");
    }
    const Attributes attributes = {kRows, {size.finish(), name.finish(), tags.finish()}};
    (kind().is_ragged() ? rows.ragged.ids : rows.dense.ids) = Ids::strings(ids);
    (kind().is_ragged() ? rows.ragged.attributes : rows.dense.attributes) = attributes;
    const auto index = build_kind(kind(), rows);
    index->remove(Ids::strings({"row 3", "row 77"}), {});
    index->save(folder_.file("whole"), true, {});
    return read_file(folder_.file("whole"));
  }

  /// Where the tensors of a file lie, by their names.
  static std::map<std::string, std::pair<size_t, size_t>> places_of(const std::string& bytes) {
    const auto copy = Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), bytes.size())));
    const Artifact artifact = Artifact::from_bytes(copy, "whole");
    std::map<std::string, std::pair<size_t, size_t>> places;
    for (const TensorView& tensor : artifact.tensors()) {
      if (tensor.bytes.empty()) continue;
      const auto begin = static_cast<size_t>(tensor.bytes.data() - copy.data());
      places[tensor.name] = {begin, begin + static_cast<size_t>(tensor.bytes.size())};
    }
    return places;
  }

  /// Opens a file and does with it what can be done; what an Error says, or nothing.
  std::string use(const std::string& bytes) const {
    std::ofstream(folder_.file("damaged"), std::ios::binary) << bytes;
    try {
      Searcher searcher = Searcher::open(folder_.file("damaged"));
      search_hard(searcher.index());
      SearchRequest request;
      for (const char* filter :
           {"size < 3", "name contains \"text\"", "tags contains \"t1\"", "not id = \"row 5\""}) {
        request.filter = filter;
        search_kind(kind(), searcher, kind_rows(kind(), 2, 0, 9), request);
      }
      const Ids& all = searcher.index().ids();
      for (int64_t row = 0; row < all.size(); ++row) all.text(row);
      searcher.remove(Ids::strings({"row 5", "row 9"}), {});
      search_hard(searcher.index());
      searcher.index().save(folder_.file("saved"), true, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

 private:
  /// By every plan, to the last row, and row by row.
  void search_hard(const Index& index) const {
    const KindRows queries = kind_rows(kind(), 2, 0, 8);
    const RowSet odd = [&] {
      std::vector<uint32_t> rows;
      for (uint32_t row = 1; row < index.num_rows(); row += 2) rows.push_back(row);
      return RowSet::of(rows);
    }();
    for (const int64_t k : {int64_t{3}, std::max<int64_t>(1, index.num_rows())}) {
      SearchParams params;
      params.k = k;
      search_kind(kind(), index, queries, params);
      params.exact = true;
      search_kind(kind(), index, queries, params);
      params.exact = false;
      params.allowed = &odd;
      for (const FilterPlan plan :
           {FilterPlan::kScan, FilterPlan::kFilteredGraph, FilterPlan::kGraphThenFilter}) {
        params.plan = plan;
        search_kind(kind(), index, queries, params);
      }
    }
    for (int64_t row = 0; row < index.num_rows(); row += 7) {
      if (kind().is_ragged())
        index.ragged(row);
      else
        index.vector(row);
    }
  }

  TemporaryFolder folder_;
};

TEST_P(DamagedIndex, IsAnErrorOrAnswersWithBitsFlippedInAnyOfItsTensors) {
  std::string bytes = whole_file();
  ASSERT_EQ(use(bytes), "");
  RandomStream random(42, "damage", 1);
  const uint32_t num_flips = std::max(3U, 16 / one_in());
  for (const auto& [name, place] : places_of(bytes)) {
    for (uint32_t i = 0; i < num_flips; ++i) {
      const size_t at = place.first + random.below(place.second - place.first);
      const char before = bytes[at];
      bytes[at] = static_cast<char>(i % 4 == 0 ? ~before : before ^ (1 << random.below(8)));
      use(bytes);
      bytes[at] = before;
    }
  }
}

TEST_P(DamagedIndex, IsAnErrorWithABitFlippedInItsHeader) {
  std::string bytes = whole_file();
  const auto size =
      static_cast<size_t>(static_cast<unsigned char>(bytes[0]) + 256 * static_cast<unsigned char>(bytes[1]));
  // A file whose key of the record is another is a foreign one, which may hold vectors to search.
  const size_t key_begin = bytes.find("whitney"), key_end = key_begin + 7;
  const size_t step = 31 * one_in();
  for (size_t at = 0; at < size; at += at < 8 ? 1 : step) {
    const char before = bytes[at];
    bytes[at] = static_cast<char>(before ^ (1 << (at % 8)));
    const std::string error = use(bytes);
    if (at < key_begin || at >= key_end) {
      EXPECT_NE(error, "") << "bit " << at % 8 << " of byte " << at;
    }
    bytes[at] = before;
  }
}

TEST_P(DamagedIndex, IsAnErrorWhereverItIsCutOff) {
  const std::string bytes = whole_file();
  std::vector<size_t> sizes = {0, 7, 8, 100, bytes.size() - 1};
  for (const auto& [name, place] : places_of(bytes)) {
    sizes.push_back(place.first);
    sizes.push_back((place.first + place.second) / 2);
    sizes.push_back(place.second - 1);
  }
  for (const size_t size : sizes) EXPECT_NE(use(bytes.substr(0, size)), "") << size;
}

// Any bit of what tells where others' values lie.
TEST_P(DamagedIndex, NamesTheTensorOfStructureThatIsNotAsItWasWritten) {
  static const std::map<std::string, std::vector<std::string>> kStructure = {
      {"hnsw", {"hnsw.levels", "hnsw.upper_start", "hnsw.upper", "hnsw.centre"}},
      {"vamana", {"vamana.levels", "vamana.upper_start", "vamana.centre"}},
      {"symphonyqg", {"symphonyqg.levels", "symphonyqg.upper_start", "symphonyqg.centre"}},
      {"ivf", {"ivf.starts", "ivf.rows", "ivf.radii", "ivf.centroids"}},
      {"sparse",
       {"sparse.lists.dims", "sparse.lists.steps", "sparse.lists.first_groups",
        "sparse.lists.first_entries"}},
      {"lsh",
       {"lsh.planes", "sparse.lists.dims", "sparse.lists.steps", "sparse.lists.first_groups",
        "sparse.lists.first_entries"}},
      {"multi_vector",
       {"vectors.starts", "multi_vector.code_starts", "multi_vector.list_starts", "multi_vector.centroids"}}};
  const auto known = kStructure.find(kind().method);
  if (known == kStructure.end()) return;  // rows of vectors or codes, one behind the other
  std::string bytes = whole_file();
  const auto places = places_of(bytes);
  RandomStream random(42, "damage", 2);
  for (const std::string& name : known->second) {
    ASSERT_TRUE(places.contains(name)) << name;
    const auto [begin, end] = places.at(name);
    for (int i = 0; i < 4; ++i) {
      const size_t at = begin + random.below(end - begin);
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      EXPECT_NE(use(bytes).find("\"" + name + "\" is not as it was written"), std::string::npos) << name;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamagedIndex, testing::ValuesIn(index_kinds()), name_of_kind);

}  // namespace
}  // namespace whitney::search
