#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/symphonyqg_cases_test.h"

namespace whitney::search {
namespace {

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

Artifact artifact_of(std::string_view bytes) {
  return Artifact::from_bytes(Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), bytes.size()))),
                              "index.safetensors");
}

// Vectors with a repeat and a zero, so that rows and nodes differ.
Matrix odd_vectors() {
  Matrix vectors = normal_vectors(60, 5, 1);
  auto* values = vectors.mutable_data<float>();
  std::copy_n(values, 5, values + 10 * 5);
  std::fill_n(values + 20 * 5, 5, 0.0F);
  return vectors;
}

std::string saved_bytes(const Index& index, const TemporaryFolder& folder, const std::string& name) {
  index.save(folder.file(name), true, {});
  return bytes_of(folder.file(name));
}

// Opens, walks the graph whatever the plan of a search would be, and changes it.
void open_and_walk(std::string_view bytes) {
  SymphonyqgParts parts = open_symphonyqg(artifact_of(bytes));
  if (parts.base.graph.num_nodes == 0) return;
  const Matrix queries = normal_vectors(3, parts.base.space.dim, 9);
  for (int64_t q = 0; q < queries.rows(); ++q) lane_walk_nodes(parts, queries.row<float>(q), 1000);
  ScratchPool pool;
  search_symphonyqg(parts, pool, queries, search_params(10, 8), {});
  remove_from_symphonyqg(parts, std::vector<uint32_t>{0, 3}, {});
  lane_walk_nodes(parts, queries.row<float>(0), 1000);
}

TEST(SymphonyQGFile, OpensToTheSameHitsAndSavesTheSameBytes) {
  const TemporaryFolder folder;
  for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2}) {
    const auto index = symphonyqg_of(normal_vectors(700, 5, 2), metric);
    const std::string bytes = saved_bytes(*index, folder, "first");
    const auto opened = open_index(folder.file("first"));
    EXPECT_EQ(opened->method(), "symphonyqg");
    EXPECT_TRUE(saved_bytes(*opened, folder, "second") == bytes);
    const Matrix queries = normal_vectors(7, 5, 3);
    const SearchResult before = index->search(queries, search_params(8, 16), {});
    const SearchResult after = opened->search(queries, search_params(8, 16), {});
    EXPECT_EQ(after.neighbors.rows, before.neighbors.rows);
    EXPECT_EQ(after.neighbors.values, before.neighbors.values);
  }
}

TEST(SymphonyQGFile, ChangesAfterOpeningAsWithoutIt) {
  const TemporaryFolder folder;
  const auto index = symphonyqg_of(odd_vectors(), Metric::kCosine);
  index->save(folder.file("saved"), false, {});
  const auto opened = open_index(folder.file("saved"));
  Embeddings more = embeddings_of(normal_vectors(9, 5, 4), Metric::kCosine);
  more.ids = Ids::integers({100, 101, 102, 103, 104, 105, 106, 107, 108});
  for (Index* one : {index.get(), opened.get()}) {
    one->remove(Ids::integers({3, 10, 59}), {});
    one->add(more, {});
  }
  EXPECT_TRUE(saved_bytes(*opened, folder, "b") == saved_bytes(*index, folder, "a"));
}

TEST(SymphonyQGFile, HoldsAnEmptyIndex) {
  const TemporaryFolder folder;
  symphonyqg_of(Matrix(0, 5), Metric::kL2)->save(folder.file("empty"), false, {});
  const SearchResult result =
      open_index(folder.file("empty"))->search(normal_vectors(2, 5, 4), search_params(3, 8), {});
  EXPECT_EQ(result.counts, (std::vector<int64_t>{0, 0}));
}

TEST(SymphonyQGFile, IsAnErrorWhereverItIsCutOff) {
  const TemporaryFolder folder;
  const std::string bytes = saved_bytes(*symphonyqg_of(odd_vectors(), Metric::kCosine), folder, "whole");
  for (size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : 197) {
    const std::string error = error_of([&] { open_and_walk(std::string_view(bytes).substr(0, size)); });
    EXPECT_NE(error.find("index.safetensors"), std::string::npos) << size;
  }
}

TEST(SymphonyQGFile, IsReadOrRefusedWithAnyBitFlipped) {
  const TemporaryFolder folder;
  std::string bytes = saved_bytes(*symphonyqg_of(odd_vectors(), Metric::kInnerProduct), folder, "whole");
  int num_refused = 0;
  for (size_t at = 0; at < bytes.size(); at += at < 64 ? 1 : 23 * one_in()) {
    const char flipped = static_cast<char>(1 << (at % 8));
    bytes[at] = static_cast<char>(bytes[at] ^ flipped);
    num_refused += error_of([&] { open_and_walk(bytes); }) != "no error";
    bytes[at] = static_cast<char>(bytes[at] ^ flipped);
  }
  EXPECT_GT(num_refused, 50);
}

TEST(SymphonyQGFile, NamesTheTensorThatIsMissing) {
  const TemporaryFolder folder;
  std::string bytes = saved_bytes(*symphonyqg_of(odd_vectors(), Metric::kL2), folder, "whole");
  const size_t at = bytes.find("\"symphonyqg.lanes\"");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 12] = 'L';
  EXPECT_NE(error_of([&] { open_and_walk(bytes); }).find("symphonyqg.lanes"), std::string::npos);
}

}  // namespace
}  // namespace whitney::search
