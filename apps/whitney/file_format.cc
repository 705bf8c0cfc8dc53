#include "apps/whitney/file_format.h"

#include "whitney/data/file_format.h"

namespace whitney::app {

FileFormat format_of(const std::string& path) {
  switch (data::file_format(path, data::TxtMeaning::kText).format) {
    case data::FileFormat::kSafetensors:
      return FileFormat::kArtifact;
    case data::FileFormat::kJsonLines:
    case data::FileFormat::kCsv:
    case data::FileFormat::kTsv:
    case data::FileFormat::kRecbole:
      return FileFormat::kTable;
    case data::FileFormat::kText:
    case data::FileFormat::kUnknown:
      return FileFormat::kText;
    default:
      return FileFormat::kVectors;
  }
}

}  // namespace whitney::app
