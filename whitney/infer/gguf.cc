#include "whitney/infer/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/mapped_file.h"

namespace whitney::infer {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are little-endian");

// Bounds of ggml itself: four sizes to a tensor; names have 64 bytes there, but converters write longer ones.
constexpr uint32_t kMostSizes = 4;
constexpr uint64_t kMostNameBytes = 65'535;
// Lists in lists: the format allows them, no key has them.
constexpr int kMostNesting = 4;
constexpr int64_t kDefaultAlignment = 32;

enum class Kind : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kList,
  kU64,
  kI64,
  kF64
};

// Reads forward and never past the end.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  template <class T>
  T read(std::string_view what) {
    T value;
    if (left() < sizeof value) fail_short(what);
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  std::string_view read_text(std::string_view what) {
    const auto length = read<uint64_t>(what);
    return read_bytes(length, what);
  }

  std::string_view read_bytes(uint64_t length, std::string_view what) {
    if (length > left()) {
      fail(what, " claims ", length, " bytes, the file has ", left(), " left: it is cut short or damaged");
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_,
                                static_cast<size_t>(length));
    position_ += text.size();
    return text;
  }

  [[noreturn]] void fail_short(std::string_view what) const {
    fail(what, " is not there whole: the file is cut short or damaged");
  }

 private:
  std::span<const std::byte> bytes_;
  size_t position_ = 0;
};

// The least bytes that a value of a kind takes: bounds how many a list can hold.
uint64_t least_bytes(Kind kind) {
  switch (kind) {
    case Kind::kU8:
    case Kind::kI8:
    case Kind::kBool:
      return 1;
    case Kind::kU16:
    case Kind::kI16:
      return 2;
    case Kind::kU32:
    case Kind::kI32:
    case Kind::kF32:
      return 4;
    case Kind::kList:
      return 12;
    default:
      return 8;
  }
}

Value read_value(Cursor& cursor, Kind kind, const std::string& what, int depth);

Value read_list(Cursor& cursor, const std::string& what, int depth) {
  const auto kind = static_cast<Kind>(cursor.read<uint32_t>(what));
  const auto count = cursor.read<uint64_t>(what);
  if (depth == kMostNesting) fail(what, " nests lists deeper than ", kMostNesting);
  // A list would take 40 times the memory.
  if (kind == Kind::kU8 || kind == Kind::kI8) return cursor.read_bytes(count, what);
  if (count > cursor.left() / least_bytes(kind)) {
    fail(what, " claims ", count, " elements, more than the file has bytes for: it is cut short or damaged");
  }
  Value::List list;
  list.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) list.push_back(read_value(cursor, kind, what, depth + 1));
  return list;
}

Value read_value(Cursor& cursor, Kind kind, const std::string& what, int depth) {
  switch (kind) {
    case Kind::kU8:
      return int64_t{cursor.read<uint8_t>(what)};
    case Kind::kI8:
      return int64_t{cursor.read<int8_t>(what)};
    case Kind::kU16:
      return int64_t{cursor.read<uint16_t>(what)};
    case Kind::kI16:
      return int64_t{cursor.read<int16_t>(what)};
    case Kind::kU32:
      return int64_t{cursor.read<uint32_t>(what)};
    case Kind::kI32:
      return int64_t{cursor.read<int32_t>(what)};
    case Kind::kF32:
      return static_cast<double>(cursor.read<float>(what));
    case Kind::kBool:
      return cursor.read<uint8_t>(what) != 0;
    case Kind::kString:
      return cursor.read_text(what);
    case Kind::kList:
      return read_list(cursor, what, depth);
    case Kind::kU64: {
      const auto value = cursor.read<uint64_t>(what);
      // As JSON does it: a number beyond 2^63 is a real.
      return value >> 63 == 0 ? Value(static_cast<int64_t>(value)) : Value(static_cast<double>(value));
    }
    case Kind::kI64:
      return cursor.read<int64_t>(what);
    case Kind::kF64:
      return cursor.read<double>(what);
  }
  fail(what, " is of the unknown type ", static_cast<uint32_t>(kind));
}

int read_version(Cursor& cursor, const std::string& path) {
  if (cursor.left() < 8) fail(path, ": is no GGUF file (it has ", cursor.left(), " bytes)");
  constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
  if (cursor.read<uint32_t>(path + ": the magic") != kMagic)
    fail(path, ": is no GGUF file (it does not begin with GGUF)");
  const auto version = cursor.read<uint32_t>(path + ": the version");
  if ((version & 0xffff) == 0) fail(path, ": is big-endian; Whitney reads little-endian GGUF files only");
  if (version != 2 && version != 3)
    fail(path, ": is of GGUF version ", version, "; Whitney reads versions 2 and 3");
  return static_cast<int>(version);
}

// Throws when two of the names are equal.
void refuse_repeated(std::vector<std::string_view> names, std::string_view what, const std::string& path) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) fail(path, ": the ", what, " \"", *twice, "\" stands twice");
}

Value read_metadata(Cursor& cursor, uint64_t count, const std::string& path) {
  constexpr uint64_t kLeastBytes = 8 + 4 + 1;
  if (count > cursor.left() / kLeastBytes)
    fail(path, ": claims ", count, " metadata, more than the file has bytes for: it is damaged");
  Value::Object members;
  members.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) {
    const auto key = cursor.read_text(concat(path, ": the key of metadata ", i));
    if (key.size() > kMostNameBytes) fail(path, ": a key of metadata has ", key.size(), " bytes");
    const std::string what = concat(path, ": the metadata \"", key, "\"");
    const auto kind = static_cast<Kind>(cursor.read<uint32_t>(what));
    members.emplace_back(std::string(key), read_value(cursor, kind, what, 0));
  }
  std::vector<std::string_view> keys;
  for (const auto& member : members) keys.push_back(member.first);
  refuse_repeated(std::move(keys), "metadata", path);
  return Value::object(std::move(members));
}

int64_t alignment_of(const Value& metadata, const std::string& path) {
  const Value* value = metadata.find("general.alignment");
  if (value == nullptr) return kDefaultAlignment;
  const int64_t alignment = value->is_int() ? value->as_int() : 0;
  if (alignment <= 0 || (alignment & (alignment - 1)) != 0 || alignment > int64_t{1} << 30)
    fail(path, ": general.alignment is ", value->to_json(), ", which is no power of two");
  return alignment;
}

std::vector<int64_t> read_shape(Cursor& cursor, const std::string& what) {
  const auto num_sizes = cursor.read<uint32_t>(what);
  if (num_sizes > kMostSizes)
    fail(what, " has ", num_sizes, " sizes, more than the ", kMostSizes, " of the format");
  std::vector<int64_t> shape(num_sizes);
  for (int64_t& size : shape) {
    const auto stored = cursor.read<uint64_t>(what);
    if (stored >> 62 != 0) fail(what, " has a size of ", stored);
    size = static_cast<int64_t>(stored);
  }
  std::reverse(shape.begin(), shape.end());
  return shape;
}

WeightType read_type(Cursor& cursor, const std::string& what) {
  const auto number = cursor.read<uint32_t>(what);
  const auto type = ggml_type(number);
  if (type) return *type;
  const std::string_view name = ggml_name(number);
  if (name.empty()) fail(what, " is of the unknown type ", number);
  fail(what, " is of ggml's type ", name,
       ", which Whitney does not read; it reads F32, F16, BF16, Q4_0 to Q8_0 ", "and Q2_K to Q8_K");
}

// The bytes of a tensor whose rows are whole blocks.
int64_t stored_bytes(const GgufTensor& tensor, const std::string& what) {
  const BlockLayout layout = layout_of(tensor.type);
  const int64_t cols = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (cols % layout.block_values != 0) {
    fail(what, " has rows of ", cols, " values, which are no whole blocks of ", layout.block_values, " of ",
         name_of(tensor.type));
  }
  if (std::ranges::find(tensor.shape, 0) != tensor.shape.end()) return 0;
  int64_t bytes = 0;
  bool fits = !__builtin_mul_overflow(cols / layout.block_values, layout.block_bytes, &bytes);
  for (size_t i = 0; fits && i + 1 < tensor.shape.size(); ++i)
    fits = !__builtin_mul_overflow(bytes, tensor.shape[i], &bytes);
  if (!fits) fail(what, " claims more values than memory can hold");
  return bytes;
}

// Leaves the offset within the data in `begin`.
GgufTensor read_tensor(Cursor& cursor, uint64_t number, int64_t alignment, const std::string& path) {
  const auto name = cursor.read_text(concat(path, ": the name of tensor ", number));
  if (name.size() > kMostNameBytes)
    fail(path, ": the name of tensor ", number, " has ", name.size(), " bytes");
  const std::string what = concat(path, ": tensor \"", name, "\"");
  GgufTensor tensor;
  tensor.name = name;
  tensor.shape = read_shape(cursor, what);
  tensor.type = read_type(cursor, what);
  const auto offset = cursor.read<uint64_t>(what);
  if (offset >> 62 != 0 || offset % static_cast<uint64_t>(alignment) != 0)
    fail(what, " begins at byte ", offset, " of the data, which is no multiple of ", alignment);
  tensor.begin = static_cast<int64_t>(offset);
  return tensor;
}

// From offsets within the data to places in the file, all of them inside it and none in two tensors.
void place_tensors(std::vector<GgufTensor>& tensors, int64_t data_start, int64_t file_bytes,
                   const std::string& path) {
  for (GgufTensor& tensor : tensors) {
    const std::string what = concat(path, ": tensor \"", tensor.name, "\"");
    const int64_t bytes = stored_bytes(tensor, what);
    if (data_start > file_bytes || tensor.begin > file_bytes - data_start ||
        bytes > file_bytes - data_start - tensor.begin) {
      fail(what, " ends behind the end of the file, which has ", file_bytes,
           " bytes: it is cut short or damaged");
    }
    tensor.begin += data_start;
    tensor.end = tensor.begin + bytes;
  }
  std::vector<const GgufTensor*> ordered;
  for (const GgufTensor& tensor : tensors) ordered.push_back(&tensor);
  std::ranges::sort(ordered, {},
                    [](const GgufTensor* tensor) { return std::pair(tensor->begin, tensor->end); });
  for (size_t i = 1; i < ordered.size(); ++i) {
    if (ordered[i]->begin < ordered[i - 1]->end)
      fail(path, ": tensor \"", ordered[i]->name, "\" begins inside \"", ordered[i - 1]->name, "\"");
  }
}

}  // namespace

const std::string& GgufFile::architecture() const {
  const Value* value = metadata.find("general.architecture");
  if (value == nullptr || !value->is_string())
    fail(path, ": has no metadata \"general.architecture\", so that nobody knows what its tensors mean");
  return value->as_string();
}

GgufFile parse_gguf(Array<std::byte> bytes, const std::string& path) {
  GgufFile file;
  file.path = path;
  Cursor cursor(bytes.span());
  file.version = read_version(cursor, path);
  const auto num_tensors = cursor.read<uint64_t>(path + ": the number of tensors");
  const auto num_metadata = cursor.read<uint64_t>(path + ": the number of metadata");
  file.metadata = read_metadata(cursor, num_metadata, path);
  const int64_t alignment = alignment_of(file.metadata, path);
  constexpr uint64_t kLeastBytes = 8 + 4 + 4 + 8;
  if (num_tensors > cursor.left() / kLeastBytes)
    fail(path, ": claims ", num_tensors, " tensors, more than the file has bytes for: it is damaged");
  file.tensors.reserve(static_cast<size_t>(num_tensors));
  for (uint64_t i = 0; i < num_tensors; ++i) file.tensors.push_back(read_tensor(cursor, i, alignment, path));
  std::vector<std::string_view> names;
  for (const GgufTensor& tensor : file.tensors) names.push_back(tensor.name);
  refuse_repeated(std::move(names), "tensor", path);
  const auto header_bytes = static_cast<int64_t>(cursor.position());
  place_tensors(file.tensors, (header_bytes + alignment - 1) / alignment * alignment, bytes.size(), path);
  file.bytes = std::move(bytes);
  return file;
}

GgufFile open_gguf(const std::string& path) { return parse_gguf(map_file(path), path); }

}  // namespace whitney::infer
