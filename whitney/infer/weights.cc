#include "whitney/infer/weights.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/value.h"
#include "whitney/data/json_file.h"
#include "whitney/data/mapped_file.h"
#include "whitney/data/safetensors_header.h"
#include "whitney/infer/dequantize.h"
#include "whitney/infer/gguf.h"
#include "whitney/infer/gguf_model.h"

namespace whitney::infer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOneFile = "model.safetensors";
constexpr std::string_view kIndexEnding = ".safetensors.index.json";

// What a whole model puts before the names of its encoder; tried in this order.
constexpr std::array<std::string_view, 13> kPrefixes{
    "",       "bert.",    "roberta.", "xlm-roberta.", "camembert.",   "distilbert.",     "nomic_bert.",
    "mpnet.", "electra.", "model.",   "transformer.", "model.model.", "embedding_model."};

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

// The row in the file of row `row` in the halves' order: the file has the pairs (i of the first half, i of
// the second) of each head side by side.
int64_t stored_row(int64_t row, int64_t num_rows, int64_t num_heads) {
  const int64_t width = num_rows / num_heads, half = width / 2;
  const int64_t within = row % width;
  return row - within + 2 * (within % half) + within / half;
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == std::string::npos &&
         name.find('\0') == std::string::npos;
}

bool looks_like_pickle(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".bin" || ending == ".pt" || ending == ".pth" || ending == ".ckpt" || ending == ".pkl";
}

[[noreturn]] void refuse_pickle(const fs::path& path) {
  fail(path.string(),
       ": is a Python pickle, which can run any code when it is read, so that Whitney does not. ",
       "Save the model as safetensors once, where you trust it: ",
       "transformers.AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True)");
}

// The file to open for a folder.
std::string file_in(const fs::path& folder) {
  for (const std::string& name : {std::string(kOneFile), "model" + std::string(kIndexEnding)}) {
    if (fs::exists(folder / name)) return (folder / name).string();
  }
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (fs::exists(folder / name)) refuse_pickle(folder / name);
  }
  fail(folder.string(), ": holds no weights: neither model.safetensors nor model.safetensors.index.json");
}

// "x.LayerNorm.weight" was "x.LayerNorm.gamma" in old files.
std::optional<std::string> old_name(std::string_view name) {
  for (const auto& [now, then] :
       {std::pair<std::string_view, std::string_view>{"LayerNorm.weight", "LayerNorm.gamma"},
        std::pair<std::string_view, std::string_view>{"LayerNorm.bias", "LayerNorm.beta"}}) {
    if (name.ends_with(now)) return std::string(name.substr(0, name.size() - now.size())) + std::string(then);
  }
  return std::nullopt;
}

}  // namespace

int64_t WeightTensor::rows() const {
  // Sizes beside a zero may be anything: their product need not fit.
  if (shape.size() > 1 && std::ranges::find(shape, 0) != shape.end()) return 0;
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

int64_t WeightTensor::cols() const { return shape.empty() ? 1 : shape.back(); }

void WeightTensor::copy_rows(int64_t begin, int64_t end, float* out) const {
  WHITNEY_CHECK(0 <= begin && begin <= end && end <= rows(), "rows [", begin, ", ", end, ") of ", name);
  if (!is_readable(type)) {
    fail(file, ": tensor \"", name, "\" is of type ", name_of(type),
         ", which Whitney does not read as weights");
  }
  const int64_t width = cols();
  const BlockLayout layout = layout_of(type);
  const int64_t row_bytes = width / layout.block_values * layout.block_bytes;
  if (interleaved_heads == 0) {
    dequantize(type, bytes.data() + begin * row_bytes, (end - begin) * width, out);
    return;
  }
  if (shape.size() > 1) {
    for (int64_t row = begin; row < end; ++row, out += width)
      dequantize(type, bytes.data() + stored_row(row, rows(), interleaved_heads) * row_bytes, width, out);
  } else if (begin < end) {  // a bias: the one row is the heads
    std::vector<float> stored(static_cast<size_t>(width));
    dequantize(type, bytes.data(), width, stored.data());
    for (int64_t i = 0; i < width; ++i)
      out[i] = stored[static_cast<size_t>(stored_row(i, width, interleaved_heads))];
  }
}

Array<float> WeightTensor::to_float32(const Context& context) const {
  const int64_t num_rows = rows(), width = cols();
  if (type == WeightType::kF32 && interleaved_heads == 0 &&
      reinterpret_cast<uintptr_t>(bytes.data()) % alignof(float) == 0) {
    return Array<float>::view(bytes.owner(), reinterpret_cast<const float*>(bytes.data()), num_rows * width);
  }
  Array<float> values(num_rows * width);
  float* out = values.mutable_data();
  const int64_t block = std::max<int64_t>(1, (int64_t{1} << 18) / std::max<int64_t>(1, width));
  parallel_blocks(context, num_rows, block,
                  [&](int64_t begin, int64_t end) { copy_rows(begin, end, out + begin * width); });
  return values;
}

Weights Weights::open(const std::string& path) {
  if (fs::is_directory(path)) return open(file_in(path));
  if (looks_like_pickle(path)) refuse_pickle(path);
  if (path.ends_with(".gguf")) return of(open_gguf(path));
  if (path.ends_with(kIndexEnding)) return of_index(path);
  return of(map_file(path), path);
}

Weights Weights::of(const Array<std::byte>& safetensors, const std::string& path) {
  const SafetensorsHeader header = parse_safetensors_header(safetensors.span(), path, kFloat8Names);
  Weights weights(path);
  for (const TensorEntry& entry : header.tensors) {
    auto bytes = Array<std::byte>::view(
        safetensors.owner(), safetensors.data() + header.data_start + entry.begin, entry.end - entry.begin);
    const WeightType type = float8_type(entry.own_type).value_or(weight_type_of(entry.dtype));
    weights.tensors_.push_back({entry.name, path, type, entry.shape, std::move(bytes), 0});
  }
  weights.sort();
  weights.refuse_scaled_floats();
  return weights;
}

Weights Weights::of_index(const std::string& path) {
  const Value index = data::read_json_file(path);
  const Value* map = index.find("weight_map");
  if (map == nullptr || !map->is_object()) fail(path, ": has no object \"weight_map\"");
  Weights weights(path);
  std::map<std::string, Weights> shards;
  for (const auto& [tensor, file] : map->as_object()) {
    if (!file.is_string() || !is_plain_name(file.as_string())) {
      fail(path, ": weight_map: \"", tensor, "\" is in ", file.to_json(),
           ", which names no file beside the index");
    }
    const std::string shard_path = (fs::path(path).parent_path() / file.as_string()).string();
    if (looks_like_pickle(shard_path)) refuse_pickle(shard_path);
    auto shard = shards.find(shard_path);
    if (shard == shards.end()) {
      if (!fs::exists(shard_path)) fail(shard_path, ": is missing; ", path, " names it");
      shard = shards.emplace(shard_path, of(map_file(shard_path), shard_path)).first;
    }
    const WeightTensor* found = shard->second.find_exactly("", tensor);
    if (found == nullptr) fail(shard_path, ": has no tensor \"", tensor, "\", which ", path, " puts there");
    weights.tensors_.push_back(*found);
  }
  weights.sort();
  weights.refuse_scaled_floats();
  return weights;
}

Weights Weights::of(const GgufFile& gguf) {
  Weights weights(gguf.path);
  for (const GgufTensor& tensor : gguf.tensors) {
    const auto origin = origin_of(gguf, tensor.name);
    if (!origin) continue;
    if (origin->interleaved_heads > 0) {
      const int64_t outputs = tensor.shape.empty() ? 0 : tensor.shape.front();
      if (outputs == 0 || outputs % (2 * origin->interleaved_heads) != 0) {
        fail(gguf.path, ": tensor \"", tensor.name, "\" is ", shape_text(tensor.shape),
             ", which are no rotated heads, of which the metadata count ", origin->interleaved_heads);
      }
    }
    auto bytes = Array<std::byte>::view(gguf.bytes.owner(), gguf.bytes.data() + tensor.begin,
                                        tensor.end - tensor.begin);
    weights.tensors_.push_back(
        {origin->name, gguf.path, tensor.type, tensor.shape, std::move(bytes), origin->interleaved_heads});
  }
  weights.sort();
  return weights;
}

void Weights::refuse_scaled_floats() const {
  for (const WeightTensor& tensor : tensors_) {
    if (tensor.type != WeightType::kF8_E4M3 && tensor.type != WeightType::kF8_E5M2) continue;
    for (const char* ending : {"_scale_inv", "_scale"}) {
      const WeightTensor* scale = find_exactly(tensor.name, ending);
      if (scale == nullptr) continue;
      fail(
          tensor.file, ": tensor \"", tensor.name, "\" is of type ", name_of(tensor.type),
          " and is to be scaled by \"", scale->name,
          "\"; Whitney reads floats of 8 bits as they stand, without scales (expected: a checkpoint in BF16, "
          "or GGUF)");
    }
  }
}

void Weights::sort() { std::ranges::sort(tensors_, {}, &WeightTensor::name); }

const WeightTensor* Weights::find_exactly(std::string_view prefix, std::string_view name) const {
  const std::string wanted = std::string(prefix) + std::string(name);
  const auto at = std::ranges::lower_bound(tensors_, wanted, {}, &WeightTensor::name);
  return at != tensors_.end() && at->name == wanted ? &*at : nullptr;
}

const WeightTensor* Weights::find(std::string_view name) const {
  const auto before = old_name(name);
  for (const std::string_view prefix : kPrefixes) {
    if (const WeightTensor* tensor = find_exactly(prefix, name)) return tensor;
    if (!before) continue;
    if (const WeightTensor* tensor = find_exactly(prefix, *before)) return tensor;
  }
  return nullptr;
}

const WeightTensor& Weights::tensor(std::string_view name, std::span<const int64_t> shape) const {
  const WeightTensor* found = find(name);
  if (found == nullptr) fail(path_, ": has no tensor \"", name, "\", which the architecture needs");
  if (!std::ranges::equal(found->shape, shape)) {
    fail(found->file, ": tensor \"", found->name, "\" has the shape ", shape_text(found->shape),
         "; by the configuration it must be ", shape_text(shape));
  }
  return *found;
}

Array<float> Weights::vector(std::string_view name, int64_t size, const Context& context) const {
  return tensor(name, {size}).to_float32(context);
}

Matrix Weights::matrix(std::string_view name, int64_t rows, int64_t cols, const Context& context) const {
  const Array<float> values = tensor(name, {rows, cols}).to_float32(context);
  auto bytes = Array<std::byte>::view(values.owner(), reinterpret_cast<const std::byte*>(values.data()),
                                      values.size() * static_cast<int64_t>(sizeof(float)));
  return {std::move(bytes), rows, cols, DType::kF32};
}

int64_t Weights::size_bytes() const {
  int64_t bytes = 0;
  for (const WeightTensor& tensor : tensors_) bytes += tensor.bytes.size();
  return bytes;
}

}  // namespace whitney::infer
