#pragma once

// Where the tests of this room find their files, and how they write small ones.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/kept_file_test.h"
#include "whitney/core/value.h"

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

/// Sets values [first, first + count) of a float32 tensor in a safetensors file.
inline void fill_tensor(const std::string& path, std::string_view name, int64_t first, int64_t count,
                        float value) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  uint64_t length = 0;
  file.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::streamsize>(length));
  const Value tensors = Value::parse_json(header, path);
  const int64_t begin = tensors.at(name).at("data_offsets").as_list()[0].as_int();
  file.seekp(static_cast<std::streamoff>(sizeof length + length) + begin + 4 * first);
  for (int64_t i = 0; i < count; ++i) file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A tensor of float32 and its name.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};
using NamedTensors = std::vector<NamedTensor>;

inline std::string safetensors(const NamedTensors& tensors) {
  std::string header, data;
  for (const NamedTensor& tensor : tensors) {
    std::string shape;
    for (const int64_t size : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
    header += (header.empty() ? "{\"" : ",\"") + tensor.name + R"(":{"dtype":"F32","shape":[)" + shape +
              R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  return safetensors(header + "}", data);
}

/// Writes a small random model, of 48 words, with words of its own into a new folder.
inline void write_small_model(const std::string& folder, const std::string& name = "bert-mlm-tiny") {
  std::filesystem::copy(kept_file("checkpoints/" + name), folder);
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\nmusic\ngame\n";
  for (int i = 0; i < 40; ++i) words += std::to_string(i) + "\n";
  write_file(folder + "/vocab.txt", words);
  write_file(folder + "/tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
}

/// Makes the small model give a NaN for texts that hold the word "music", and for no others.
inline void spoil_word_music(const std::string& folder) {
  constexpr int64_t kWord = 6, kWidth = 16;
  fill_tensor(folder + "/model.safetensors", "bert.embeddings.word_embeddings.weight", kWord * kWidth, 1,
              std::numeric_limits<float>::quiet_NaN());
}

}  // namespace whitney::infer
