#include "whitney/infer/encode_record.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "whitney/core/hash.h"
#include "whitney/core/options.h"
#include "whitney/data/artifact.h"
#include "whitney/data/mapped_file.h"

namespace whitney::infer {
namespace {

bool is_of_model(const std::filesystem::path& path) {
  static const std::set<std::string> kExtensions = {".json", ".txt", ".model", ".safetensors"};
  return kExtensions.contains(path.extension().string());
}

}  // namespace

Value encode_record(const Encoder& encoder, const std::string& model_path, const EncodeOptions& options) {
  Value record = Value::object(
      {{"program_version", kVersion}, {"method", "encode"}, {"options", option_values(options)}});
  record.set("precision", name_of_enum(encoder.precision()));
  record.set("metric", name_of_enum(metric_of(encoder)));
  if (options.output == EncodeOutput::kSparse) record.set("num_words", encoder.dim(options));
  const auto input = [](const char* kind, const std::string& path) {
    return Value::object({{"kind", kind}, {"fingerprint", fingerprint_of_model(path)}});
  };
  Value::List inputs{input("model", model_path)};
  if (options.token_weights) inputs.push_back(input("token_weights", options.token_weights->value));
  record.set("inputs", std::move(inputs));
  return record;
}

Metric metric_of(const Encoder& encoder) {
  if (encoder.similarity() == "dot") return Metric::kInnerProduct;
  return encoder.similarity() == "euclidean" ? Metric::kL2 : Metric::kCosine;
}

std::string fingerprint_of_model(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::pair<std::string, std::string>> files;  // name in the model, path
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && is_of_model(entry.path()))
        files.emplace_back(fs::relative(entry.path(), path).string(), entry.path().string());
    }
  } else {
    files.emplace_back("", path);
  }
  std::ranges::sort(files);
  Hasher128 hasher;
  for (const auto& [name, place] : files) {
    const Array<std::byte> bytes = map_file(place);
    const int64_t sizes[] = {std::ssize(name), bytes.size()};
    hasher.update(sizes, sizeof sizes);
    hasher.update(name.data(), std::ssize(name));
    hasher.update(bytes.data(), bytes.size());
  }
  return hasher.digest();
}

}  // namespace whitney::infer
