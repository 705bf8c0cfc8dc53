#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/ivf_cases_test.h"

namespace whitney::search {
namespace {

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string saved_file(const Index& index, const TemporaryFolder& folder, const std::string& name) {
  index.save(folder.file(name), true, {});
  return file_bytes(folder.file(name));
}

// Opens, searches by lists and by rows, changes, and searches again.
void open_and_use(std::string_view bytes) {
  const Artifact artifact = Artifact::from_bytes(
      Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), bytes.size()))), "index.safetensors");
  IvfParts parts = open_ivf(artifact);
  const Matrix queries = normal_vectors(2, parts.dim, 9);
  const auto search = [&] {
    search_ivf(parts, queries, probing(5, 3), {});
    const RowSet few = RowSet::range(3, 40);
    SearchParams params = probing(5, 3);
    params.allowed = &few;
    search_ivf(parts, queries, params, {});
  };
  search();
  std::vector<float> vector(static_cast<size_t>(parts.dim));
  if (parts.rows.live.contains(2)) read_vector(parts, 2, vector.data());
  remove_from_ivf(parts, std::vector<uint32_t>{0, 3}, {});
  Embeddings more = embeddings_of(normal_vectors(3, parts.dim, 8), parts.metric);
  more.ids = ids_beginning_at(90'000, 3);
  add_to_ivf(parts, more, {});
  search();
}

TEST(IvfFile, OpensToTheSameHitsAndSavesTheSameBytes) {
  const TemporaryFolder folder;
  const Matrix vectors = grouped_vectors(fewer(1300), 6, 50), queries = grouped_vectors(5, 6, 51);
  for (const Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2}) {
    for (const IvfCase& one : ivf_cases()) {
      const auto index = ivf_of(vectors, metric, one.options, fewer(25));
      const std::string bytes = saved_file(*index, folder, "first");
      const auto opened = open_index(folder.file("first"));
      EXPECT_EQ(opened->method(), "ivf");
      EXPECT_EQ(opened->size_bytes(), index->size_bytes());
      EXPECT_TRUE(saved_file(*opened, folder, "second") == bytes) << one.name;
      const SearchResult before = index->search(queries, probing(8, 3), {});
      const SearchResult after = opened->search(queries, probing(8, 3), {});
      EXPECT_EQ(after.neighbors.rows, before.neighbors.rows) << one.name;
      EXPECT_EQ(after.neighbors.values, before.neighbors.values) << one.name;
    }
  }
}

TEST(IvfFile, ChangesAfterOpeningAsWithoutIt) {
  const TemporaryFolder folder;
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(grouped_vectors(200, 6, 52), Metric::kCosine, one.options, 5);
    index->save(folder.file("saved"), true, {});
    const auto opened = open_index(folder.file("saved"));
    Embeddings more = embeddings_of(normal_vectors(90, 6, 53), Metric::kCosine);
    more.ids = ids_beginning_at(1000, 90);
    for (Index* changed : {index.get(), opened.get()}) {
      changed->remove(ids_beginning_at(3, 20), {});
      changed->add(more, {});
    }
    EXPECT_TRUE(saved_file(*opened, folder, "b") == saved_file(*index, folder, "a")) << one.name;
  }
}

TEST(IvfFile, HoldsAnEmptyIndexThatLearnsFromTheFirstRows) {
  const TemporaryFolder folder;
  const auto built = build_index("ivf", embeddings_of(normal_vectors(150, 5, 54), Metric::kL2),
                                 Value::object({{"codes", "pq"}}), {});
  const auto empty =
      build_index("ivf", embeddings_of(Matrix(0, 5), Metric::kL2), Value::object({{"codes", "pq"}}), {});
  empty->save(folder.file("empty"), false, {});
  const auto opened = open_index(folder.file("empty"));
  EXPECT_EQ(opened->search(normal_vectors(2, 5, 4), probing(3, 1), {}).counts, (std::vector<int64_t>{0, 0}));
  opened->add(embeddings_of(normal_vectors(150, 5, 54), Metric::kL2), {});
  const Matrix queries = normal_vectors(4, 5, 55);
  EXPECT_EQ(opened->search(queries, probing(6, 2), {}).neighbors.rows,
            built->search(queries, probing(6, 2), {}).neighbors.rows);
}

TEST(IvfFile, IsAnErrorWhereverItIsCutOff) {
  const TemporaryFolder folder;
  for (const IvfCase& one : ivf_cases()) {
    const std::string bytes =
        saved_file(*ivf_of(grouped_vectors(150, 4, 56), Metric::kCosine, one.options, 4), folder, "whole");
    for (size_t size = 0; size < bytes.size(); size += size < 64 ? 7 : 509 * one_in()) {
      const std::string error = error_of([&] { open_and_use(std::string_view(bytes).substr(0, size)); });
      ASSERT_NE(error.find("index.safetensors"), std::string::npos) << one.name << " " << size << error;
    }
  }
}

TEST(IvfFile, IsReadOrRefusedWithAnyBitFlipped) {
  const TemporaryFolder folder;
  for (const IvfCase& one : ivf_cases()) {
    std::string bytes = saved_file(
        *ivf_of(grouped_vectors(150, 4, 57), Metric::kInnerProduct, one.options, 4), folder, "whole");
    int num_refused = 0;
    for (size_t at = 0; at < bytes.size(); at += at < 4096 ? 17 : 83 * one_in()) {
      const char flipped = static_cast<char>(1 << (at % 8));
      bytes[at] = static_cast<char>(bytes[at] ^ flipped);
      num_refused += error_of([&] { open_and_use(bytes); }) != "no error";
      bytes[at] = static_cast<char>(bytes[at] ^ flipped);
    }
    EXPECT_GT(num_refused, 20) << one.name;
  }
}

TEST(IvfFile, NamesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const std::string whole =
      saved_file(*ivf_of(grouped_vectors(150, 4, 58), Metric::kL2, Value::object({{"codes", "flat"}}), 4),
                 folder, "whole");
  const auto error_with = [&](const std::string& from, const std::string& to) {
    std::string bytes = whole;
    const size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    bytes.replace(at, from.size(), to);
    return error_of([&] { open_and_use(bytes); });
  };
  EXPECT_NE(error_with("\"ivf.starts\"", "\"ivf.starst\"").find("ivf.starts"), std::string::npos);
  EXPECT_NE(error_with("\\\"nlist\\\":4,\\\"seed", "\\\"nlist\\\":5,\\\"seed").find("ivf."),
            std::string::npos);
  EXPECT_NE(error_with("\\\"codes\\\":\\\"flat\\\",\\\"ep", "\\\"codes\\\":\\\"flax\\\",\\\"ep").find("flax"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::search
