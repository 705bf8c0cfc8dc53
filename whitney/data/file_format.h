#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney::data {

/// The file formats that readers and writers pick by a file's name.
enum class FileFormat : uint8_t {
  kUnknown,
  kSafetensors,
  kJsonLines,
  kCsv,
  kTsv,
  kRecbole,
  kNpy,
  kFvecs,
  kIvecs,
  kBvecs,
  kFbin,
  kU8bin,
  kI8bin,
  kIbin,
  kIdx,
  kWord2vecText,
  kWord2vecBinary,
  kText,
};

/// Which of two meanings ".txt" has: one text a line, or word2vec's text form.
enum class TxtMeaning : uint8_t { kText, kWord2vec };

struct FileName {
  FileFormat format = FileFormat::kUnknown;
  /// The name ends in .gz, .xz or .zst.
  bool is_packed = false;
};

/// Finds the format by the name's end; one of .gz, .xz, .zst may follow it. Any case.
WHITNEY_API FileName file_format(std::string_view path, TxtMeaning txt);

/// Whether a file begins as a safetensors file, whatever its name: the length of a header that the format
/// allows, and a JSON object. False where it cannot be read, or
/// is a pipe, which stays unread.
WHITNEY_API bool begins_as_safetensors(const std::string& path);

/// Throws Error that refuses to write a packed file.
void check_not_packed(const std::string& path, const FileName& name);

}  // namespace whitney::data
