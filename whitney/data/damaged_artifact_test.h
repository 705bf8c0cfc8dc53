#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/data/artifact.h"
#include "whitney/data/mapped_file.h"

namespace whitney {

/// Calls read(Artifact) for a file's bytes with a bit flipped here or there, and with their end missing: it
/// may succeed, or throw an Error that names the file.
template <class Read>
void read_damaged(const std::string& path, const Read& read) {
  const Array<std::byte> mapped = map_file(path);
  const std::vector<std::byte> whole(mapped.begin(), mapped.end());
  const auto try_bytes = [&](const std::vector<std::byte>& bytes) {
    try {
      read(Artifact::from_bytes(Array<std::byte>::copy_of(bytes), "model.st"));
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("model.st"), std::string::npos) << error.what();
    }
  };
  for (size_t at = 0; at < whole.size(); at += 3 * one_in()) {
    std::vector<std::byte> flipped = whole;
    flipped[at] ^= std::byte{1} << (at % 8);
    try_bytes(flipped);
  }
  for (size_t size = 0; size < whole.size(); size += 61)
    try_bytes({whole.begin(), whole.begin() + static_cast<int64_t>(size)});
}

}  // namespace whitney
