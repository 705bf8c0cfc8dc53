#pragma once

// What the tests of the graphs' files share.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {

inline std::string graph_file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::string graph_file_bytes(const Index& index, const TemporaryFolder& folder,
                                    const std::string& name) {
  index.save(folder.file(name), true, {});
  return graph_file_bytes(folder.file(name));
}

/// What an action throws as an Error, or "no error".
inline std::string graph_file_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline Artifact graph_file_artifact(std::string_view bytes) {
  return Artifact::from_bytes(Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), bytes.size()))),
                              "index.safetensors");
}

/// Vectors with a repeat and a zero, so that rows and nodes differ.
inline Matrix graph_file_vectors() {
  Matrix vectors = normal_vectors(60, 5, 1);
  auto* values = vectors.mutable_data<float>();
  std::copy_n(values, 5, values + 10 * 5);
  std::fill_n(values + 20 * 5, 5, 0.0F);
  return vectors;
}

/// Opens bytes of a file, walks the graph whatever the plan of a search would be, and changes it.
using OpenAndWalk = std::function<void(std::string_view bytes)>;

/// Expects the same hits and bytes of an index that was saved and opened.
inline void expect_opens_the_same(const Index& index, const Matrix& queries) {
  const TemporaryFolder folder;
  const std::string bytes = graph_file_bytes(index, folder, "first");
  const auto opened = open_index(folder.file("first"));
  EXPECT_EQ(opened->method(), index.method());
  EXPECT_TRUE(graph_file_bytes(*opened, folder, "second") == bytes);
  const SearchResult before = index.search(queries, search_params(8, 16), {});
  const SearchResult after = opened->search(queries, search_params(8, 16), {});
  EXPECT_EQ(after.neighbors.rows, before.neighbors.rows);
  EXPECT_EQ(after.neighbors.values, before.neighbors.values);
}

/// Expects that an index over graph_file_vectors, saved and opened, changes as the one that was not.
inline void expect_changes_the_same(Index& index) {
  const TemporaryFolder folder;
  index.save(folder.file("saved"), false, {});
  const auto opened = open_index(folder.file("saved"));
  Embeddings more = embeddings_of(normal_vectors(9, 5, 4), index.metric());
  more.ids = Ids::integers({100, 101, 102, 103, 104, 105, 106, 107, 108});
  for (Index* one : {&index, opened.get()}) {
    one->remove(Ids::integers({3, 10, 59}), {});
    one->add(more, {});
  }
  EXPECT_TRUE(graph_file_bytes(*opened, folder, "b") == graph_file_bytes(index, folder, "a"));
}

inline void expect_opens_empty(const Index& empty) {
  const TemporaryFolder folder;
  empty.save(folder.file("empty"), false, {});
  const SearchResult result =
      open_index(folder.file("empty"))->search(normal_vectors(2, 5, 4), search_params(3, 8), {});
  EXPECT_EQ(result.counts, (std::vector<int64_t>{0, 0}));
}

/// Expects an Error that names the file wherever it is cut off: everywhere in its first 64 bytes, then each
/// `step` bytes.
inline void expect_refuses_parts(const Index& index, size_t step, const OpenAndWalk& open_and_walk) {
  const TemporaryFolder folder;
  const std::string bytes = graph_file_bytes(index, folder, "whole");
  for (size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : step) {
    const std::string error =
        graph_file_error([&] { open_and_walk(std::string_view(bytes).substr(0, size)); });
    EXPECT_NE(error.find("index.safetensors"), std::string::npos) << size;
  }
}

/// Expects a file that is read or refused, nothing else, with any bit flipped; at least `least` are refused.
inline void expect_survives_flips(const Index& index, size_t step, int least,
                                  const OpenAndWalk& open_and_walk) {
  const TemporaryFolder folder;
  std::string bytes = graph_file_bytes(index, folder, "whole");
  int num_refused = 0;
  for (size_t at = 0; at < bytes.size(); at += at < 64 ? 1 : step) {
    const char flipped = static_cast<char>(1 << (at % 8));
    bytes[at] = static_cast<char>(bytes[at] ^ flipped);
    num_refused += graph_file_error([&] { open_and_walk(bytes); }) != "no error";
    bytes[at] = static_cast<char>(bytes[at] ^ flipped);
  }
  EXPECT_GT(num_refused, least);
}

}  // namespace whitney::search
