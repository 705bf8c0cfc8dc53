#include "whitney/data/input_size.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/edge_list_format.h"
#include "whitney/data/file_format.h"
#include "whitney/data/graph_sample.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/interactions_file.h"
#include "whitney/data/mapped_file.h"
#include "whitney/data/text_scan.h"
#include "whitney/data/unpack.h"

namespace whitney {
namespace {

constexpr int64_t kSampleBytes = int64_t{4} << 20;
constexpr int64_t kPieceBytes = int64_t{1} << 20;
// English text and the words of package descriptions alike have about one token in 6 bytes.
constexpr int64_t kBytesPerToken = 6;

void refuse_stream(const std::string& path) {
  if (path == "-") fail("standard input can be read only once, so that its size cannot be told: name a file");
}

// The first lines of a file, and how many times larger the whole is.
struct LineSample {
  int64_t num_lines = 0;
  int64_t num_bytes = 0;
  double factor = 1;
};

template <class Visit>
LineSample sample_lines(const std::string& path, const Visit& visit) {
  data::InputStream stream = data::InputStream::open(path);
  LineSample sample;
  bool ended = false;
  while (!ended && sample.num_bytes < kSampleBytes) {
    std::string_view piece = stream.next_lines(kPieceBytes);
    ended = piece.empty();
    sample.num_bytes += static_cast<int64_t>(piece.size());
    while (!piece.empty()) {
      const std::string_view line = data::trim(data::take_line(piece));
      if (data::is_skipped(line)) continue;
      ++sample.num_lines;
      visit(line);
    }
  }
  if (!ended && stream.position() > 0 && stream.total() > stream.position()) {
    sample.factor = static_cast<double>(stream.total()) / static_cast<double>(stream.position());
  }
  return sample;
}

int64_t scaled(int64_t count, double factor) { return std::llround(static_cast<double>(count) * factor); }

// The first bytes as they are when unpacked, and how much the whole file holds (0 when only a packed size is
// known).
struct Head {
  std::vector<char> bytes;
  double total_bytes = 0;
  bool exact = true;
};

Head read_head(const std::string& path, int64_t size) {
  const Array<std::byte> file = map_file(path);
  const std::string_view stored(reinterpret_cast<const char*>(file.data()), static_cast<size_t>(file.size()));
  Head head;
  int64_t given = 0;
  const auto source = [&]() -> std::string_view {
    const std::string_view piece = stored.substr(static_cast<size_t>(given), 1 << 16);
    given += static_cast<int64_t>(piece.size());
    return piece;
  };
  const auto unpacker = data::make_unpacker(stored.substr(0, 64), source, path);
  if (unpacker == nullptr) {
    const std::string_view first = stored.substr(0, static_cast<size_t>(size));
    head.bytes.assign(first.begin(), first.end());
    head.total_bytes = static_cast<double>(stored.size());
    return head;
  }
  head.bytes.resize(static_cast<size_t>(size));
  int64_t filled = 0;
  for (int64_t got = 1; got > 0 && filled < size; filled += got)
    got = unpacker->read(head.bytes.data() + filled, size - filled);
  head.bytes.resize(static_cast<size_t>(filled));
  head.exact = filled < size;
  head.total_bytes = head.exact ? static_cast<double>(filled)
                                : static_cast<double>(filled) * static_cast<double>(stored.size()) /
                                      static_cast<double>(given);
  return head;
}

template <class T>
T read_number(const std::string& path, const Head& head, size_t at) {
  T value;
  if (at + sizeof(T) > head.bytes.size())
    fail(path, ": is shorter than its header (", head.bytes.size(), " bytes)");
  std::memcpy(&value, head.bytes.data() + at, sizeof(T));
  return value;
}

// What a header tells. The bound leaves room for what is computed from it.
VectorsSize told_size(const std::string& path, int64_t rows, int64_t dim, DType dtype) {
  constexpr int64_t kMostBytes = int64_t{1} << 56;
  int64_t count = 0, bytes = 0;
  if (rows < 0 || dim < 0 || __builtin_mul_overflow(rows, dim, &count) ||
      __builtin_mul_overflow(count, size_of(dtype), &bytes) || bytes > kMostBytes) {
    fail(path, ": the header tells of ", rows, " x ", dim, " values, which no file can hold: it is damaged");
  }
  return {rows, dim, dtype, true};
}

VectorsSize fvecs_size(const std::string& path, DType dtype) {
  const Head head = read_head(path, kPieceBytes);
  const auto dim = read_number<int32_t>(path, head, 0);
  if (dim <= 0) fail(path, ": the first vector has the width ", dim, " (expected: at least 1)");
  const double row_bytes = 4.0 + static_cast<double>(dim) * static_cast<double>(size_of(dtype));
  return {static_cast<int64_t>(head.total_bytes / row_bytes), dim, dtype, head.exact};
}

VectorsSize fbin_size(const std::string& path, DType dtype) {
  const Head head = read_head(path, 8);
  return told_size(path, read_number<uint32_t>(path, head, 0), read_number<uint32_t>(path, head, 4), dtype);
}

// Magic 00 00 type rank, then each extent, big end first.
VectorsSize idx_size(const std::string& path) {
  const Head head = read_head(path, 64);
  const auto rank = read_number<uint8_t>(path, head, 3);
  int64_t rows = 0, dim = 1;
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t extent = __builtin_bswap32(read_number<uint32_t>(path, head, 4 + 4 * axis));
    if (axis == 0)
      rows = extent;
    else
      dim = told_size(path, dim, extent, DType::kU8).rows * extent;
  }
  return told_size(path, rows, dim, DType::kU8);
}

// 'shape': (63000, 384) in the header's dictionary, 'descr': '<f4'.
VectorsSize npy_size(const std::string& path) {
  const Head head = read_head(path, 4096);
  const std::string_view text(head.bytes.data(), head.bytes.size());
  const size_t shape = text.find("'shape': (");
  if (!text.starts_with("\x93NUMPY") || shape == text.npos) fail(path, ": is no .npy file");
  std::vector<int64_t> extents;
  std::string_view rest = text.substr(shape + 10);
  for (rest = rest.substr(0, rest.find(')')); !rest.empty();) {
    const auto extent = data::parse_integer(data::take_field(rest));
    if (extent) extents.push_back(static_cast<int64_t>(std::min<uint64_t>(*extent, INT64_MAX)));
    rest.remove_prefix(std::min(rest.find_first_not_of(", "), rest.size()));
  }
  if (extents.size() != 2) fail(path, ": the array has ", extents.size(), " dimensions where 2 are due");
  const size_t descr = text.find("'descr': '");
  const std::string_view code = descr == text.npos ? "" : text.substr(descr + 11, 2);
  const DType dtype = code == "f2"   ? DType::kF16
                      : code == "i1" ? DType::kI8
                      : code == "u1" ? DType::kU8
                                     : DType::kF32;
  return told_size(path, extents[0], extents[1], dtype);
}

// "rows width", which begins both forms of word2vec; nothing where GloVe leaves it out.
std::optional<VectorsSize> word2vec_size(const std::string& path) {
  const Head head = read_head(path, 64);
  std::string_view rest(head.bytes.data(), head.bytes.size());
  std::string_view line = data::trim(data::take_line(rest));
  const auto rows = data::parse_integer(data::take_field(line)),
             dim = data::parse_integer(data::take_field(line));
  constexpr uint64_t kMost = UINT32_MAX;
  if (!rows || !dim || !data::trim(line).empty() || *rows > kMost || *dim < 1 || *dim > kMost) return {};
  return told_size(path, static_cast<int64_t>(*rows), static_cast<int64_t>(*dim), DType::kF32);
}

VectorsSize word2vec_binary_size(const std::string& path) {
  if (const auto size = word2vec_size(path)) return *size;
  fail(path,
       ": is no file of word2vec's binary form (its first line tells the numbers of rows and of values in a "
       "row)");
}

VectorsSize artifact_size(const std::string& path) {
  const Artifact artifact = Artifact::open(path);
  const TensorView* vectors = artifact.find("vectors");
  for (const TensorView& tensor : artifact.tensors()) {
    if (vectors == nullptr && tensor.shape.size() == 2) vectors = &tensor;
  }
  if (vectors == nullptr || vectors->shape.size() != 2) fail(path, ": holds no vectors");
  return {vectors->shape[0], vectors->shape[1], vectors->dtype, true};
}

VectorsSize text_size(const std::string& path) {
  int64_t numbers = 0;
  const LineSample sample = sample_lines(path, [&](std::string_view line) {
    int64_t in_line = 0;
    for (std::string_view field = data::take_field(line); !field.empty(); field = data::take_field(line)) {
      while (!field.empty() && (field.front() == '[' || field.front() == '"')) field.remove_prefix(1);
      while (!field.empty() && (field.back() == ']' || field.back() == '}')) field.remove_suffix(1);
      in_line += data::parse_number(field).has_value();
    }
    numbers = std::max(numbers, in_line);
  });
  return {scaled(sample.num_lines, sample.factor), numbers, DType::kF32, false};
}

}  // namespace

VectorsSize estimate_vectors_size(const std::string& path) {
  refuse_stream(path);
  using data::FileFormat;
  switch (data::file_format(path, data::TxtMeaning::kWord2vec).format) {
    case FileFormat::kSafetensors:
      return artifact_size(path);
    case FileFormat::kNpy:
      return npy_size(path);
    case FileFormat::kFvecs:
      return fvecs_size(path, DType::kF32);
    case FileFormat::kIvecs:
      return fvecs_size(path, DType::kI32);
    case FileFormat::kBvecs:
      return fvecs_size(path, DType::kU8);
    case FileFormat::kFbin:
      return fbin_size(path, DType::kF32);
    case FileFormat::kU8bin:
      return fbin_size(path, DType::kU8);
    case FileFormat::kI8bin:
      return fbin_size(path, DType::kI8);
    case FileFormat::kIbin:
      return fbin_size(path, DType::kI32);
    case FileFormat::kIdx:
      return idx_size(path);
    case FileFormat::kWord2vecBinary:
      return word2vec_binary_size(path);
    case FileFormat::kWord2vecText:
      if (const auto size = word2vec_size(path)) return *size;
      return text_size(path);
    default:
      return text_size(path);
  }
}

namespace {

// Users, items and events of the first lines. Beyond them there are as many more users; items are met again
// and again, of which as many are taken to be unseen as were met once.
DataSize sample_interactions(const std::string& path) {
  std::unordered_set<std::string> users;
  std::unordered_map<std::string, int64_t> items;
  int64_t num_events = 0;
  const LineSample sample = sample_lines(path, [&](std::string_view line) {
    const bool is_columns = line.find_first_of("\t,") != std::string_view::npos;
    if (!is_columns && line.find(' ') == line.npos && line.find("::") != line.npos) {
      const size_t end = line.find("::");
      users.emplace(line.substr(0, end));
      ++items[std::string(line.substr(end + 2, line.find("::", end + 2) - end - 2))];
      ++num_events;
      return;
    }
    const std::string_view between = is_columns ? "\t," : " ";
    for (int64_t place = 0; !line.empty() && (place < 2 || !is_columns); ++place) {
      const size_t end = std::min(line.find_first_of(between), line.size());
      const std::string word(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
      if (word.empty()) continue;
      if (place == 0) {
        users.insert(word);
      } else {
        ++items[word];
        ++num_events;
      }
    }
  });
  int64_t met_once = 0;
  for (const auto& [item, count] : items) met_once += count == 1 ? 1 : 0;
  const double unseen = sample.factor > 1 ? static_cast<double>(met_once) : 0;
  return {.num_rows = scaled(std::ssize(users), sample.factor),
          .nnz = scaled(num_events, sample.factor),
          .num_items = std::ssize(items) + static_cast<int64_t>(unseen)};
}

// Exactly: an artifact is mapped and gone through once.
DataSize size_of_events(const std::string& path) {
  const Interactions events = load_interactions(Artifact::read(path, {}));
  return {.num_rows = events.num_users(), .nnz = events.size(), .num_items = events.num_items()};
}

}  // namespace

DataSize estimate_size(const std::string& path, DataKind kind, bool directed) {
  refuse_stream(path);
  if (kind == DataKind::kGraph) return data::sample_graph(path, directed);
  if (kind == DataKind::kInteractions)
    return data::is_interactions_file(path) ? size_of_events(path) : sample_interactions(path);
  const LineSample sample = sample_lines(path, [](std::string_view) {});
  const int64_t rows = scaled(sample.num_lines, sample.factor);
  const int64_t bytes = scaled(sample.num_bytes, sample.factor);
  return {.num_rows = rows, .nnz = kind == DataKind::kCorpus ? bytes / kBytesPerToken : rows};
}

}  // namespace whitney
