#include "whitney/data/artifact.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/mapped_file.h"
#include "whitney/data/safetensors_header.h"
#include "whitney/data/unpack.h"

namespace whitney {
namespace {

constexpr std::string_view kMetadataKey = "whitney";
constexpr std::string_view kPaddingPrefix = "padding.";
constexpr int64_t kAlignment = 64;
// Blocks make one big tensor's hash parallel; part of the format.
constexpr int64_t kBlockBytes = int64_t{1} << 24;
// Blocks between two looks at cancellation and progress.
constexpr int64_t kBlocksAtOnce = 16;
constexpr const char* kNoHashes = ": has no hashes to verify (Whitney did not write it)";
constexpr std::string_view kNoHash = "0000000000000000";
// The record's first member, so that its digits stand at a place that every reader knows.
constexpr std::string_view kHeaderStart = R"({"__metadata__":{"whitney":"{\"header_hash\":\")";
constexpr size_t kHeaderHashPlace = 8 + kHeaderStart.size();
constexpr std::array<std::string_view, 5> kFileKeys = {"header_hash", "kind", "format_version", "schema",
                                                       "hashes"};

bool is_padding(std::string_view name) { return name.starts_with(kPaddingPrefix); }

int64_t num_blocks(int64_t size_bytes) { return (size_bytes + kBlockBytes - 1) / kBlockBytes; }

// A block of one of several runs of bytes.
struct Block {
  size_t run;
  int64_t begin;
  int64_t size;
};

std::vector<Block> cut_in_blocks(const std::vector<std::span<const std::byte>>& runs) {
  std::vector<Block> blocks;
  for (size_t run = 0; run < runs.size(); ++run) {
    const auto size = std::ssize(runs[run]);
    for (int64_t begin = 0; begin < size; begin += kBlockBytes) {
      blocks.push_back({run, begin, std::min(kBlockBytes, size - begin)});
    }
  }
  return blocks;
}

// Hashes each run of bytes (xxh3 over the xxh3 of its blocks); `visit(block, bytes)` sees each block on the
// way.
template <class Visit>
std::vector<std::string> hash_runs(const std::vector<std::span<const std::byte>>& runs,
                                   std::string_view stage, const Context& context, const Visit& visit) {
  const std::vector<Block> blocks = cut_in_blocks(runs);
  std::vector<uint64_t> hashes(blocks.size());
  int64_t total = 0, done = 0;
  for (const Block& block : blocks) total += block.size;
  for (int64_t first = 0; first < std::ssize(blocks); first += kBlocksAtOnce) {
    const int64_t count = std::min(kBlocksAtOnce, std::ssize(blocks) - first);
    parallel_for(context, count, [&](int64_t i) {
      const auto b = static_cast<size_t>(first + i);
      const auto bytes = runs[blocks[b].run].subspan(static_cast<size_t>(blocks[b].begin),
                                                     static_cast<size_t>(blocks[b].size));
      hashes[b] = hash64(bytes);
      visit(blocks[b], bytes);
    });
    for (int64_t i = 0; i < count; ++i) done += blocks[static_cast<size_t>(first + i)].size;
    context.advance(stage, done, total, "bytes");
  }
  std::vector<std::string> result;
  size_t next = 0;
  for (const auto& run : runs) {
    const auto count = static_cast<size_t>(num_blocks(std::ssize(run)));
    result.push_back(hash64_hex(std::as_bytes(std::span(hashes).subspan(next, count))));
    next += count;
  }
  return result;
}

void check_hash(const std::string& path, const Value& hashes, const std::string& name,
                const std::string& found) {
  const Value* wanted = hashes.find(name);
  if (wanted != nullptr && *wanted == Value(found)) return;
  fail(path, ": the tensor \"", name, "\" is not as it was written: the file is damaged or was changed");
}

// xxh3 of the header, read with the hash's own digits as zeros.
std::string hash_header(std::string header) {
  header.replace(kHeaderHashPlace, kNoHash.size(), kNoHash);
  return hash64_hex(std::as_bytes(std::span(header)));
}

Value parse_record(const SafetensorsHeader& header, const std::string& path) {
  const Value* text = header.metadata.find(kMetadataKey);
  if (text == nullptr) return Value::object();
  Value record = Value::parse_json(text->as_string(), path + ": the record");
  const Value* version = record.find("format_version");
  const Value* kind = record.find("kind");
  if (version == nullptr || !version->is_int() || kind == nullptr || !kind->is_string() ||
      kind->as_string().empty()) {
    fail(path, ": the record (metadata \"whitney\") does not tell format_version and kind");
  }
  if (version->as_int() < 1 || version->as_int() > kFormatVersion) {
    fail(path, ": is of format version ", version->as_int(), "; this program reads up to version ",
         kFormatVersion);
  }
  return record;
}

}  // namespace

Value provenance_of(const Value& record) {
  Value provenance = Value::object();
  for (const auto& [key, value] : record.as_object()) {
    if (std::ranges::find(kFileKeys, key) == kFileKeys.end()) provenance.set(key, value);
  }
  return provenance;
}

int64_t TensorView::num_elements() const { return bytes.size() / size_of(dtype); }

Array<std::byte> TensorView::aligned_bytes() const {
  if (bytes.empty() ||
      reinterpret_cast<uintptr_t>(bytes.data()) % static_cast<uintptr_t>(size_of(dtype)) == 0)
    return bytes;
  return Array<std::byte>::copy_of(bytes.span());
}

void TensorView::check_type(DType wanted) const {
  if (dtype != wanted)
    fail("tensor \"", name, "\" is of type ", name_of(dtype), " where ", name_of(wanted), " is due");
}

Artifact Artifact::open(const std::string& path) {
  Array<std::byte> bytes = map_file(path);
  const std::string_view first(reinterpret_cast<const char*>(bytes.data()),
                               static_cast<size_t>(std::min<int64_t>(bytes.size(), 16)));
  if (const std::string_view packing = data::packing_of(first); !packing.empty()) {
    fail(path, ": is packed by ", packing,
         ", and what Whitney maps must lie there as it is: unpack it first");
  }
  return from_bytes(std::move(bytes), path);
}

Artifact Artifact::read(const std::string& path, const Context& context) {
  if (!data::file_format(path, data::TxtMeaning::kText).is_packed) return open(path);
  const data::SharedBytes file = data::InputStream::open(path, context.cancellation).read_all(context);
  const auto* bytes = reinterpret_cast<const std::byte*>(file.text.data());
  return from_bytes(Array<std::byte>::view(file.owner, bytes, std::ssize(file.text)), path);
}

Artifact Artifact::from_bytes(Array<std::byte> bytes, std::string name) {
  SafetensorsHeader header = parse_safetensors_header(bytes.span(), name);
  Artifact artifact;
  artifact.path_ = std::move(name);
  artifact.record_ = parse_record(header, artifact.path_);
  if (const Value* kind = artifact.record_.find("kind")) artifact.kind_ = kind->as_string();
  artifact.data_start_ = header.data_start;
  for (TensorEntry& entry : header.tensors) {
    const int64_t place = header.data_start + entry.begin;
    if (!artifact.kind_.empty() && !is_padding(entry.name) && entry.begin < entry.end &&
        place % kAlignment != 0) {
      fail(artifact.path_, ": tensor \"", entry.name, "\" begins at byte ", place, ", no multiple of ",
           kAlignment, ": another program rewrote the file");
    }
    auto& list = is_padding(entry.name) ? artifact.padding_ : artifact.tensors_;
    list.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                    Array<std::byte>::view(bytes.owner(), bytes.data() + place, entry.end - entry.begin)});
  }
  artifact.bytes_ = std::move(bytes);
  return artifact;
}

const TensorView* Artifact::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &TensorView::name);
  return found == tensors_.end() ? nullptr : &*found;
}

const TensorView& Artifact::tensor(std::string_view name) const {
  const TensorView* found = find(name);
  if (found == nullptr) fail(path_, ": the tensor \"", name, "\" is missing");
  return *found;
}

void Artifact::verify(const Context& context) const {
  const Value* hashes = record_.find("hashes");
  if (hashes == nullptr) fail(path_, kNoHashes);
  verify_header(*this);
  std::vector<const TensorView*> all;
  std::vector<std::span<const std::byte>> runs;
  for (const auto* list : {&tensors_, &padding_}) {
    for (const TensorView& tensor : *list) {
      all.push_back(&tensor);
      runs.push_back(tensor.bytes.span());
    }
  }
  const auto found = hash_runs(runs, "verify", context, [](const Block&, std::span<const std::byte>) {});
  for (size_t i = 0; i < all.size(); ++i) check_hash(path_, *hashes, all[i]->name, found[i]);
}

void verify_header(const Artifact& artifact) {
  const Value* wanted = artifact.record().find("header_hash");
  if (wanted == nullptr) fail(artifact.path(), kNoHashes);
  const std::string_view header = artifact.header();
  if (header.compare(8, kHeaderStart.size(), kHeaderStart) != 0 || !wanted->is_string() ||
      hash_header(std::string(header)) != wanted->as_string()) {
    fail(artifact.path(), ": the header is not as it was written: the file is damaged or was changed");
  }
}

void verify_tensors(const Artifact& artifact, std::span<const std::string_view> names) {
  const Value* hashes = artifact.record().find("hashes");
  if (hashes == nullptr || !hashes->is_object()) fail(artifact.path(), ": its record has no hashes");
  Context one_thread;  // what is verified so is short
  one_thread.threads = 1;
  for (const TensorView& tensor : artifact.tensors()) {
    const bool is_meant = std::ranges::any_of(names, [&](std::string_view name) {
      return name.ends_with('.') ? tensor.name.starts_with(name) : tensor.name == name;
    });
    if (!is_meant) continue;
    const auto found = hash_runs({tensor.bytes.span()}, "verify", one_thread,
                                 [](const Block&, std::span<const std::byte>) {});
    check_hash(artifact.path(), *hashes, tensor.name, found[0]);
  }
}

std::string Artifact::fingerprint() const {
  Hasher128 hasher;
  hasher.update(bytes_.data(), bytes_.size());
  return hasher.digest();
}

ArtifactWriter::ArtifactWriter(std::string kind, Value record)
    : kind_(std::move(kind)), record_(std::move(record)) {
  WHITNEY_CHECK(!kind_.empty() && (record_.is_object() || record_.is_null()));
}

void ArtifactWriter::add(std::string name, DType dtype, std::vector<int64_t> shape, Array<std::byte> bytes) {
  WHITNEY_CHECK(!is_padding(name) && name != "__metadata__", "a tensor is named ", name);
  WHITNEY_CHECK(tensor_bytes(shape, dtype) == bytes.size(), "tensor ", name, " of ", bytes.size(), " bytes");
  for (const Tensor& tensor : tensors_)
    WHITNEY_CHECK(tensor.name != name, "tensor ", name, " is added twice");
  tensors_.push_back({std::move(name), dtype, std::move(shape), std::move(bytes)});
}

namespace {

// The tensors of a file in their places.
struct Layout {
  SafetensorsHeader header;
  // Which of the tensors each entry of the header is; -1: zeros between two.
  std::vector<int64_t> sources;
};

// Where the tensors, whose entries tell their sizes, go: large ones first, each at a multiple of 64 bytes,
// zeros in tensors of their own between.
Layout lay_out(const std::vector<TensorEntry>& tensors) {
  const auto size_of_tensor = [&](int64_t i) {
    const TensorEntry& tensor = tensors[static_cast<size_t>(i)];
    return tensor.end - tensor.begin;
  };
  std::vector<int64_t> order(tensors.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order,
                           [&](int64_t a, int64_t b) { return size_of_tensor(a) > size_of_tensor(b); });
  Layout layout;
  int64_t place = 0, num_gaps = 0;
  for (const int64_t i : order) {
    const int64_t size = size_of_tensor(i), gap = (kAlignment - place % kAlignment) % kAlignment;
    if (gap > 0 && size > 0) {
      layout.header.tensors.push_back(
          {concat(kPaddingPrefix, num_gaps++), DType::kU8, {gap}, place, place + gap});
      layout.sources.push_back(-1);
      place += gap;
    }
    const TensorEntry& tensor = tensors[static_cast<size_t>(i)];
    layout.header.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, place, place + size});
    layout.sources.push_back(i);
    place += size;
  }
  return layout;
}

Value make_record(const std::string& kind, const Value& given, const Value& schema) {
  Value record =
      Value::object({{"header_hash", kNoHash}, {"kind", kind}, {"format_version", kFormatVersion}});
  record.set("program_version", kVersion);
  if (!given.is_null()) {
    const Value carried = provenance_of(given);
    for (const auto& [key, value] : carried.as_object()) record.set(key, value);
  }
  if (!schema.is_null()) record.set("schema", schema);
  return record;
}

std::string render(SafetensorsHeader& header, Value& record, const std::vector<std::string>& hashes) {
  Value::Object members;
  for (size_t i = 0; i < hashes.size(); ++i) members.emplace_back(header.tensors[i].name, hashes[i]);
  record.set("hashes", Value::object(std::move(members)));
  header.metadata = Value::object({{std::string(kMetadataKey), record.to_json()}});
  return make_safetensors_header(header);
}

// All hashes have one width, so that the header's size is known before they are.
int64_t size_of_header(SafetensorsHeader& header, Value& record) {
  const std::vector<std::string> hashes(header.tensors.size(), std::string(kNoHash));
  return std::ssize(render(header, record, hashes));
}

std::vector<TensorEntry> entries_of(const auto& tensors) {
  std::vector<TensorEntry> entries;
  for (const auto& tensor : tensors)
    entries.push_back({tensor.name, tensor.dtype, tensor.shape, 0, tensor.bytes.size()});
  return entries;
}

}  // namespace

int64_t ArtifactWriter::size_bytes(const std::vector<LaterTensor>& later) const {
  std::vector<TensorEntry> entries = entries_of(tensors_);
  for (const LaterTensor& tensor : later) {
    const std::optional<int64_t> bytes = tensor_bytes(tensor.shape, tensor.dtype);
    WHITNEY_CHECK(bytes.has_value(), "tensor ", tensor.name, " has no size");
    entries.push_back({tensor.name, tensor.dtype, tensor.shape, 0, *bytes});
  }
  SafetensorsHeader header = lay_out(entries).header;
  Value record = make_record(kind_, record_, schema_);
  const int64_t tensors_end = header.tensors.empty() ? 0 : header.tensors.back().end;
  return size_of_header(header, record) + tensors_end;
}

void ArtifactWriter::write(const std::string& path, bool force, const Context& context) const {
  Layout layout = lay_out(entries_of(tensors_));
  SafetensorsHeader& header = layout.header;
  static constexpr std::array<std::byte, kAlignment> kZeros{};
  std::vector<std::span<const std::byte>> runs;
  for (size_t i = 0; i < layout.sources.size(); ++i) {
    const int64_t source = layout.sources[i];
    const auto gap = static_cast<size_t>(header.tensors[i].end - header.tensors[i].begin);
    runs.push_back(source < 0 ? std::span(kZeros).first(gap)
                              : tensors_[static_cast<size_t>(source)].bytes.span());
  }
  Value record = make_record(kind_, record_, schema_);
  const int64_t data_start = size_of_header(header, record);
  AtomicFile file(path, force);
  const auto hashes =
      hash_runs(runs, "write", context, [&](const Block& block, std::span<const std::byte> bytes) {
        file.write_at(data_start + header.tensors[block.run].begin + block.begin, bytes.data(),
                      std::ssize(bytes));
      });
  std::string text = render(header, record, hashes);
  WHITNEY_CHECK(std::ssize(text) == data_start && text.compare(8, kHeaderStart.size(), kHeaderStart) == 0);
  text.replace(kHeaderHashPlace, kNoHash.size(), hash_header(text));
  file.write_at(0, text.data(), std::ssize(text));
  context.check_cancelled();
  file.commit();
}

}  // namespace whitney
