#include "whitney/data/file_format.h"

#include <array>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::data {

namespace {

constexpr std::array<std::pair<std::string_view, FileFormat>, 20> kEndings = {{
    {".safetensors", FileFormat::kSafetensors},
    {".jsonl", FileFormat::kJsonLines},
    {".ndjson", FileFormat::kJsonLines},
    {".csv", FileFormat::kCsv},
    {".tsv", FileFormat::kTsv},
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

void check_not_packed(const std::string& path, const FileName& name) {
  if (name.is_packed)
    fail(path, ": Whitney reads packed files but does not write them; leave out .gz, .xz or .zst");
}

}  // namespace whitney::data
