#include "whitney/data/file_format.h"

#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::data {

namespace {

constexpr std::array<std::pair<std::string_view, FileFormat>, 22> kEndings = {{
    {".safetensors", FileFormat::kSafetensors},
    {".jsonl", FileFormat::kJsonLines},
    {".ndjson", FileFormat::kJsonLines},
    {".csv", FileFormat::kCsv},
    {".tsv", FileFormat::kTsv},
    {".item", FileFormat::kRecbole},
    {".user", FileFormat::kRecbole},
    {".npy", FileFormat::kNpy},
    {".fvecs", FileFormat::kFvecs},
    {".ivecs", FileFormat::kIvecs},
    {".bvecs", FileFormat::kBvecs},
    {".fbin", FileFormat::kFbin},
    {".u8bin", FileFormat::kU8bin},
    {".i8bin", FileFormat::kI8bin},
    {".ibin", FileFormat::kIbin},
    {".idx", FileFormat::kIdx},
    {"-ubyte", FileFormat::kIdx},
    {".vec", FileFormat::kWord2vecText},
    {".w2v", FileFormat::kWord2vecText},
    {".bin", FileFormat::kWord2vecBinary},
    {".txt", FileFormat::kText},
    {".text", FileFormat::kText},
}};

}  // namespace

FileName file_format(std::string_view path, TxtMeaning txt) {
  std::string lower(path);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string_view name = lower;
  FileName result;
  for (const std::string_view packing : {".gz", ".xz", ".zst"}) {
    if (!name.ends_with(packing)) continue;
    name.remove_suffix(packing.size());
    result.is_packed = true;
    break;
  }
  for (const auto& [ending, format] : kEndings) {
    if (name.ends_with(ending)) result.format = format;
  }
  if (result.format == FileFormat::kText && txt == TxtMeaning::kWord2vec)
    result.format = FileFormat::kWord2vecText;
  return result;
}

bool begins_as_safetensors(const std::string& path) {
  static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
  constexpr uint64_t kMostHeaderBytes = 100'000'000;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // what a pipe gives, it gives once
  std::array<char, 11> bytes{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), bytes.size())) return false;
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  // Integers that happen to hold the brace have other bytes behind it.
  const auto is_json = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
  return length >= 2 && length <= kMostHeaderBytes && bytes[8] == '{' && is_json(bytes[9]) &&
         is_json(bytes[10]);
}

void check_not_packed(const std::string& path, const FileName& name) {
  if (name.is_packed)
    fail(path, ": Whitney reads packed files but does not write them; leave out .gz, .xz or .zst");
}

}  // namespace whitney::data
