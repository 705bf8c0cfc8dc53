#include "whitney/data/safetensors_header.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "whitney/core/error.h"

namespace whitney {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

// The bound of the format's own reader.
constexpr uint64_t kMostHeaderBytes = 100'000'000;
constexpr size_t kHeaderMultiple = 4096;
constexpr size_t kLengthBytes = 8;

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

// The JSON text between the length and the tensors.
std::string_view header_text(std::span<const std::byte> file, std::string_view where) {
  if (file.empty()) fail(where, ": is empty");
  if (file.size() < kLengthBytes) fail(where, ": is no safetensors file (it has ", file.size(), " bytes)");
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  const std::string_view rest(reinterpret_cast<const char*>(file.data()) + kLengthBytes,
                              file.size() - kLengthBytes);
  // The brace tells a file of another kind from a damaged one.
  if (rest.empty() || rest.front() != '{' || length < 2)
    fail(where, ": is no safetensors file (its header is no JSON object)");
  if (length > kMostHeaderBytes)
    fail(where, ": the header claims ", length, " bytes, more than the format's 100,000,000");
  if (length > rest.size()) {
    fail(where, ": the header claims ", length, " bytes, the file has ", rest.size(),
         ": it is cut short or damaged");
  }
  return rest.substr(0, length);
}

const Value& member(const Value& entry, std::string_view key, std::string_view what) {
  const Value* value = entry.find(key);
  if (value == nullptr) fail(what, " has no \"", key, "\"");
  return *value;
}

std::vector<int64_t> integers(const Value& list, std::string_view what) {
  std::vector<int64_t> result;
  if (!list.is_list()) fail(what, " is no list of integers");
  for (const Value& element : list.as_list()) {
    if (!element.is_int() || element.as_int() < 0)
      fail(what, " holds ", element.to_json(), ", which is no size");
    result.push_back(element.as_int());
  }
  return result;
}

void read_type(const Value& dtype, std::span<const std::string_view> own_types, std::string_view what,
               TensorEntry& tensor) {
  const std::string name = dtype.is_string() ? dtype.as_string() : "";
  if (const auto known = dtype_of(name)) {
    tensor.dtype = *known;
  } else if (std::ranges::find(own_types, name) != own_types.end()) {
    tensor.own_type = name;
  } else {
    fail(what, " is of type ", dtype.to_json(),
         ", which Whitney does not read (expected: BOOL, U8 to U64, I8 to I64, F16, BF16, F32, F64",
         own_types.empty() ? ")" : ", F8_E4M3, F8_E5M2)");
  }
}

TensorEntry parse_entry(const std::string& name, const Value& entry, std::string_view where,
                        std::span<const std::string_view> own_types) {
  const std::string what = concat(where, ": tensor \"", name, "\"");
  if (!entry.is_object()) fail(what, " is described by ", entry.to_json(), ", which is no object");
  TensorEntry tensor;
  tensor.name = name;
  read_type(member(entry, "dtype", what), own_types, what, tensor);
  tensor.shape = integers(member(entry, "shape", what), what + ": its shape");
  const auto offsets = integers(member(entry, "data_offsets", what), what + ": its data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1])
    fail(what, ": its data_offsets are ", shape_text(offsets));
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  const auto bytes = tensor_bytes(tensor.shape, tensor.dtype);
  if (!bytes || *bytes != tensor.end - tensor.begin) {
    fail(what, ": shape ", shape_text(tensor.shape), " of ", name_of(tensor.dtype), " does not fit its ",
         tensor.end - tensor.begin, " bytes");
  }
  return tensor;
}

// The tensors, in order, must cover the data exactly.
void check_cover(const std::vector<TensorEntry>& tensors, int64_t data_bytes, std::string_view where) {
  int64_t place = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != place) {
      fail(where, ": tensor \"", tensor.name, "\" begins at byte ", tensor.begin, " of the data, ",
           tensor.begin < place ? "inside the one before, which ends at " : "behind a hole that begins at ",
           place);
    }
    if (tensor.end > data_bytes) {
      fail(where, ": tensor \"", tensor.name, "\" ends at byte ", tensor.end, " of the data, the file at ",
           data_bytes, ": it is cut short or damaged");
    }
    place = tensor.end;
  }
  if (place != data_bytes)
    fail(where, ": ", data_bytes - place, " bytes behind the last tensor belong to none");
}

}  // namespace

std::optional<int64_t> tensor_bytes(std::span<const int64_t> shape, DType dtype) {
  int64_t bytes = size_of(dtype);
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
  }
  if (empty) return 0;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return bytes;
}

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file, std::string_view where,
                                           std::span<const std::string_view> own_types) {
  const std::string_view text = header_text(file, where);
  const Value root = Value::parse_json(text, concat(where, ": the header"));
  if (!root.is_object()) fail(where, ": the header is no JSON object");
  SafetensorsHeader header;
  header.data_start = static_cast<int64_t>(kLengthBytes + text.size());
  for (const auto& [name, entry] : root.as_object()) {
    if (name != "__metadata__") {
      header.tensors.push_back(parse_entry(name, entry, where, own_types));
      continue;
    }
    if (!entry.is_object()) fail(where, ": __metadata__ is no object");
    for (const auto& [key, value] : entry.as_object()) {
      if (!value.is_string()) fail(where, ": the metadata \"", key, "\" is no string");
    }
    header.metadata = entry;
  }
  // Empty tensors may share a place with the one behind them.
  std::ranges::stable_sort(header.tensors, [](const TensorEntry& a, const TensorEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  check_cover(header.tensors, static_cast<int64_t>(file.size()) - header.data_start, where);
  return header;
}

std::string make_safetensors_header(const SafetensorsHeader& header) {
  Value root = Value::object();
  root.set("__metadata__", header.metadata);
  Value::Object members = root.as_object();
  for (const TensorEntry& tensor : header.tensors) {
    Value::List shape(tensor.shape.begin(), tensor.shape.end());
    members.emplace_back(tensor.name,
                         Value::object({{"dtype", name_of(tensor.dtype)},
                                        {"shape", std::move(shape)},
                                        {"data_offsets", Value::List{tensor.begin, tensor.end}}}));
  }
  const std::string json = Value::object(std::move(members)).to_json();
  if (!simdjson::validate_utf8(json))
    fail("a name or a text of the record is not UTF-8, so that no JSON can hold it");
  const size_t total = (kLengthBytes + json.size() + kHeaderMultiple - 1) / kHeaderMultiple * kHeaderMultiple;
  const uint64_t length = total - kLengthBytes;
  if (length > kMostHeaderBytes)
    fail("the header of ", length, " bytes is longer than the format's 100,000,000");
  std::string result(kLengthBytes, '\0');
  std::memcpy(result.data(), &length, kLengthBytes);
  result += json;
  result.resize(total, ' ');
  return result;
}

}  // namespace whitney
