#pragma once

// Where the tests of this room find their files, and how they write small ones.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "whitney/core/array.h"
#include "whitney/core/kept_file_test.h"

namespace whitney::infer {

/// A folder of the real data, empty when it is not there.
inline std::string data_folder(const std::string& name) {
  const char* data = std::getenv("WHITNEY_DATA");
  if (data == nullptr) return {};
  const std::string path = std::string(data) + "/" + name;
  return std::filesystem::exists(path) ? path : std::string();
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline Array<std::byte> bytes_of(std::string_view text) {
  return Array<std::byte>::copy_of(std::as_bytes(std::span(text)));
}

/// A safetensors file of a header and its data.
inline std::string safetensors(std::string_view header, std::string_view data) {
  const uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file.append(header).append(data);
}

/// Writes a small random model with words of its own into a new folder.
inline void write_small_model(const std::string& folder) {
  std::filesystem::copy(kept_file("checkpoints/bert-mlm-tiny"), folder);
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\nmusic\ngame\n";
  for (int i = 0; i < 40; ++i) words += std::to_string(i) + "\n";
  write_file(folder + "/vocab.txt", words);
}

}  // namespace whitney::infer
