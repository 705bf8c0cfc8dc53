#include <gtest/gtest.h>

#include <fstream>

#include "whitney/core/error.h"
#include "whitney/core/kept_file_test.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/searcher.h"
#include "whitney/search/sparse_cases_test.h"

namespace whitney::search {
namespace {

std::string saved_sparse(const Index& index) {
  const TemporaryFolder folder;
  index.save(folder.file("index.safetensors"), true, {});
  return read_file(folder.file("index.safetensors"));
}

SparseHits hits_in(const Index& index, const RaggedEmbeddings& queries, int64_t query = 0) {
  return sparse_hits_of(index.search_ragged(queries, {}, {}), query);
}

RaggedEmbeddings named(RaggedEmbeddings rows, int64_t first) {
  std::vector<std::string> ids;
  for (int64_t row = 0; row < rows.size(); ++row) ids.push_back("r" + std::to_string(first + row));
  rows.ids = Ids::strings(ids);
  return rows;
}

TEST(SparseFile, OpensAsItWasSaved) {
  const RaggedEmbeddings rows = made_up_sparse(1, 700, 20, 200), queries = made_up_sparse(2, 4, 9, 200);
  for (const std::string bits : {"32", "8"}) {
    const TemporaryFolder folder;
    const auto built = index_sparse(rows, bits);
    built->save(folder.file("a.safetensors"), false, {});
    const auto opened = open_index(folder.file("a.safetensors"));
    EXPECT_EQ(opened->method(), "sparse");
    EXPECT_EQ(opened->dim(), 200);
    for (int64_t q = 0; q < queries.size(); ++q)
      EXPECT_EQ(hits_in(*opened, queries, q), hits_in(*built, queries, q));
    opened->save(folder.file("b.safetensors"), false, {});
    EXPECT_EQ(read_file(folder.file("a.safetensors")), read_file(folder.file("b.safetensors")));
  }
}

TEST(SparseFile, IsTheSameForAnyNumberOfThreads) {
  const RaggedEmbeddings rows = made_up_sparse(3, 900, 40, 1000), queries = made_up_sparse(4, 30, 9, 1000);
  Context context;
  context.threads = 1;
  const auto one = index_sparse(rows, "8", context);
  const SearchResult expected = one->search_ragged(queries, {}, context);
  for (const int threads : {2, 5}) {
    context.threads = threads;
    const auto index = index_sparse(rows, "8", context);
    EXPECT_EQ(saved_sparse(*index), saved_sparse(*one)) << threads;
    EXPECT_EQ(index->search_ragged(queries, {}, context).neighbors.rows, expected.neighbors.rows);
  }
}

TEST(SparseFile, FiltersAndChanges) {
  RaggedEmbeddings rows = named(made_up_sparse(5, 300, 20, 80), 0);
  ColumnBuilder part("part");
  for (int64_t row = 0; row < 300; ++row) part.add_int(row % 3, "");
  rows.attributes = {300, {part.finish()}};
  Searcher searcher(index_sparse(rows));
  const RaggedEmbeddings queries = made_up_sparse(6, 3, 9, 80);
  SearchRequest request;
  request.k = 20;
  request.filter = "part = 1";
  std::vector<uint32_t> allowed;
  for (uint32_t row = 1; row < 300; row += 3) allowed.push_back(row);
  const RowSet those = RowSet::of(allowed);
  for (int64_t q = 0; q < queries.size(); ++q) {
    EXPECT_EQ(sparse_hits_of(searcher.search_ragged(queries, request, {}), q),
              brute_force(rows, queries, q, 20, &those));
  }
  // A row that goes, and a hundred, after which the lists are packed anew; then some come.
  searcher.remove(Ids::strings({"r5"}), {});
  std::vector<std::string> gone;
  std::vector<int64_t> kept;
  for (int64_t row = 0; row < 300; ++row) {
    if (row % 3 == 0) gone.push_back("r" + std::to_string(row));
    if (row % 3 != 0 && row != 5) kept.push_back(row);
  }
  searcher.remove(Ids::strings(gone), {});
  EXPECT_EQ(searcher.index().num_rows(), std::ssize(kept));
  const RaggedEmbeddings more = made_up_sparse(7, 50, 20, 80);
  searcher.add_ragged(named(more, 1000), {});
  const RaggedEmbeddings expected = joined_entries(rows.entries_of(kept), more);
  for (int64_t q = 0; q < queries.size(); ++q)
    EXPECT_EQ(hits_in(searcher.index(), queries, q), brute_force(expected, queries, q, 10));
  EXPECT_THROW(searcher.add_ragged(named(more, 1049), {}), Error);
  EXPECT_THROW(searcher.remove(Ids::strings({"r0"}), {}), Error);
}

TEST(SparseFile, ChangesWorkOnAMappedFile) {
  const TemporaryFolder folder;
  index_sparse(named(made_up_sparse(8, 90, 9, 40), 0))->save(folder.file("a.safetensors"), false, {});
  const auto index = open_index(folder.file("a.safetensors"));
  index->remove(Ids::strings({"r3", "r4"}), {});
  index->save(folder.file("b.safetensors"), false, {});
  EXPECT_EQ(open_index(folder.file("b.safetensors"))->live().size(), 88);
  index->add_ragged(named(made_up_sparse(9, 2, 9, 40), 3), {});
  EXPECT_EQ(index->live().size(), 90);
}

// Damage may change what is found; it may not crash, hang or ask for much memory.
void use_damaged(const std::string& bytes, const RaggedEmbeddings& queries) {
  try {
    const TemporaryFolder folder;
    std::ofstream(folder.file("x.safetensors"), std::ios::binary) << bytes;
    const auto index = open_index(folder.file("x.safetensors"));
    for (const bool exact : {false, true}) {
      SearchParams params;
      params.exact = exact;
      index->search_ragged(queries, params, {});
    }
    index->ragged(0);
    index->add_ragged(named(made_up_sparse(9, 2, 9, 30), 9000), {});
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

TEST(SparseFile, DamagedAnywhereIsAnErrorOrAnotherAnswer) {
  const RaggedEmbeddings queries = made_up_sparse(2, 3, 9, 30);
  for (const std::string bits : {"32", "8"}) {
    const std::string bytes = saved_sparse(*index_sparse(named(made_up_sparse(1, 5000, 5, 30), 0), bits));
    RandomStream stream(1, "damage", 0);
    for (uint32_t round = 0; round < 200 / one_in(); ++round) {
      std::string damaged = bytes;
      const size_t at = 4096 + stream.below(bytes.size() - 4096);
      damaged[at] =
          round % 3 == 0 ? static_cast<char>(0xFF) : static_cast<char>(damaged[at] ^ (1 << stream.below(8)));
      use_damaged(damaged, queries);
    }
  }
}

TEST(SparseFile, TruncatedIsAnError) {
  const std::string bytes = saved_sparse(*index_sparse(made_up_sparse(1, 40, 5, 30)));
  for (size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_THROW(
        Artifact::from_bytes(Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), size))), "x"),
        Error);
  }
}

TEST(SparseFile, RefusesWhatDoesNotFitTheMemory) {
  Context context;
  context.max_memory_bytes = 1000;
  EXPECT_THROW(index_sparse(made_up_sparse(1, 100, 5, 30), "32", context), Error);
}

}  // namespace
}  // namespace whitney::search
