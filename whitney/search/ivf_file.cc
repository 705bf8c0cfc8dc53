#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/ivf_index.h"

namespace whitney::search {
namespace {

constexpr std::string_view kCodec = "ivf.codec.", kByteCodec = "ivf.byte_codec.";
constexpr int64_t kMostRows = std::numeric_limits<uint32_t>::max() - 1;

Value describe(const IvfParts& parts) {
  const IvfOptions& given = parts.options;
  Value options = Value::object({{"codes", name_of_enum(given.codes)},
                                 {"epsilon", given.epsilon},
                                 {"max_iterations", given.max_iterations}});
  if (given.nlist) options.set("nlist", *given.nlist);
  if (given.bits) options.set("bits", *given.bits);
  if (given.num_subspaces) options.set("num_subspaces", *given.num_subspaces);
  if (given.refine) options.set("refine", name_of_enum(*given.refine));
  Value result = Value::object({{"dim", parts.dim},
                                {"num_rows", parts.rows.size()},
                                {"nlist", parts.centroids.size()},
                                {"seed", std::to_string(parts.seed)},
                                {"options", std::move(options)}});
  if (parts.costs) result.set("costs", parts.costs->to_value());
  return result;
}

/// One array of all lists, in their order.
template <class T>
Array<T> gather(const IvfParts& parts, GrowingArray<T> IvfList::* part) {
  int64_t size = 0;
  for (const IvfList& list : parts.lists) size += (list.*part).size();
  Array<T> result(size);
  T* out = size == 0 ? nullptr : result.mutable_data();
  for (const IvfList& list : parts.lists) {
    const auto values = (list.*part).span();
    if (!values.empty()) std::memcpy(out, values.data(), values.size_bytes());
    out += values.size();
  }
  return result;
}

/// Reads what was written, each part within what the format allows.
class IvfReader {
 public:
  explicit IvfReader(const Artifact& artifact) : artifact_(artifact), path_(artifact.path()) {
    const Value* found = artifact.record().find("ivf");
    if (found == nullptr || !found->is_object())
      fail(path_, ": its record has no description \"ivf\" of the lists");
    description_ = *found;
  }

  IvfParts read() {
    IvfParts parts;
    parts.options = read_options();
    parts.dim = integer("dim", 1, 1 << 24);
    parts.seed = read_seed();
    const int64_t n = integer("num_rows", 0, kMostRows), nlist = integer("nlist", n == 0 ? 0 : 1, kMostRows);
    parts.rows = read_index_rows(artifact_, n);
    Embeddings named;
    named.record = parts.rows.record;
    parts.metric = named.metric();
    if (description_.find("costs") != nullptr) {
      parts.costs = IvfCosts::from_value(at("costs"));
      if (!parts.costs) wrong("costs");
    }
    if (nlist == 0) return parts;
    parts.centroids = ListCentroids(read_centroids(nlist, parts.dim), parts.metric);
    if (parts.has_codes()) {
      parts.codes = ListCodec(open_codec(residual_codec(parts.options, parts.dim), kCodec, parts.dim),
                              parts.options.codes, parts.options.epsilon, parts.metric);
    }
    if (parts.has_bytes()) parts.byte_codec = open_codec(byte_codec(), kByteCodec, parts.dim);
    read_lists(parts);
    return parts;
  }

 private:
  const Value& at(std::string_view name) const {
    const Value* field = description_.find(name);
    if (field == nullptr) fail(path_, ": its record lacks the field \"ivf.", name, "\"");
    return *field;
  }
  [[noreturn]] void wrong(std::string_view name) const {
    fail(path_, ": field \"ivf.", name, "\" of its record cannot be ", at(name).to_json());
  }
  int64_t integer(std::string_view name, int64_t low, int64_t high) const {
    const Value& field = at(name);
    if (!field.is_int() || field.as_int() < low || field.as_int() > high) wrong(name);
    return field.as_int();
  }
  uint64_t read_seed() const {
    const Value& field = at("seed");
    const std::string text = field.is_string() ? field.as_string() : "";
    if (text.empty() || text.size() > 20 || text.find_first_not_of("0123456789") != text.npos) wrong("seed");
    return std::strtoull(text.c_str(), nullptr, 10);
  }
  IvfOptions read_options() const {
    try {
      const Value& given = at("options");
      if (!given.is_object()) wrong("options");
      const Value resolved = resolve_options(Registry::instance().get(Verb::kIndex, "ivf"), given);
      auto options = options_from<IvfOptions>(resolved);
      bits_of(options);
      return options;
    } catch (const UsageError& error) {
      fail(path_, ": the options in its record do not fit: ", error.what());
    }
  }

  template <class T>
  Array<T> tensor(std::string_view part, const std::vector<int64_t>& shape) const {
    const std::string name = concat("ivf.", part);
    const TensorView& found = artifact_.tensor(name);
    if (found.shape != shape) {
      std::string wanted;
      for (const int64_t size : shape) wanted += (wanted.empty() ? "" : " x ") + std::to_string(size);
      fail(path_, ": tensor \"", name, "\" has another shape than ", wanted);
    }
    return found.as<T>();
  }

  Matrix read_centroids(int64_t nlist, int64_t dim) const {
    const Array<float> values = tensor<float>("centroids", {nlist, dim});
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
      fail(path_, ": tensor \"ivf.centroids\" holds a value that is not finite");
    return {Array<std::byte>::view(values.owner(), reinterpret_cast<const std::byte*>(values.data()),
                                   values.size() * 4),
            nlist, dim, DType::kF32};
  }

  std::shared_ptr<const codec::Codec> open_codec(const CodecChoice& choice, std::string_view prefix,
                                                 int64_t dim) const {
    return codec::codec_method(choice.method).open({artifact_, std::string(prefix), dim, choice.options});
  }

  /// Where each list begins, and all end.
  Array<uint32_t> read_starts(int64_t nlist, int64_t num_rows) const {
    const Array<uint32_t> starts = tensor<uint32_t>("starts", {nlist + 1});
    if (starts[0] != 0 || starts[nlist] != num_rows || !std::ranges::is_sorted(starts))
      fail(path_, ": tensor \"ivf.starts\" does not cut ", num_rows, " rows into ", nlist, " lists");
    return starts;
  }

  void read_lists(IvfParts& parts) const {
    const int64_t nlist = parts.centroids.size(), n = parts.rows.size();
    const Array<uint32_t> starts = read_starts(nlist, n);
    const auto size_of = [&](int64_t j) { return int64_t{starts[j + 1]} - starts[j]; };
    const auto blocks_of = [&](int64_t j) { return (size_of(j) + kFastScanLanes - 1) / kFastScanLanes; };
    int64_t num_blocks = 0;
    for (int64_t j = 0; j < nlist; ++j) num_blocks += blocks_of(j);
    const int64_t block_bytes = parts.has_codes() ? parts.codes.block_bytes() : 0;
    const int64_t terms = parts.has_codes() ? parts.codes.terms_per_block() : 0;
    const int64_t fine_bytes = parts.has_codes() ? parts.codes.fine_bytes() : 0;
    const int64_t bytes = parts.has_bytes() ? parts.byte_codec->code_bytes() : 0;
    const int64_t dim = parts.has_vectors() ? parts.dim : 0;
    const auto rows = tensor<uint32_t>("rows", {n});
    const auto radii = tensor<float>("radii", {nlist});
    const auto vectors = dim > 0 ? tensor<float>("vectors", {n, dim}) : Array<float>();
    const auto byte_codes = bytes > 0 ? tensor<uint8_t>("bytes", {n, bytes}) : Array<uint8_t>();
    const auto fine = fine_bytes > 0 ? tensor<uint8_t>("fine", {n, fine_bytes}) : Array<uint8_t>();
    const auto blocks = terms > 0 ? tensor<uint8_t>("blocks", {num_blocks, block_bytes}) : Array<uint8_t>();
    const auto all_terms = terms > 0 ? tensor<float>("terms", {num_blocks, terms}) : Array<float>();
    parts.lists.resize(static_cast<size_t>(nlist));
    for (int64_t j = 0, first_block = 0; j < nlist; first_block += blocks_of(j++)) {
      IvfList& list = parts.lists[static_cast<size_t>(j)];
      const int64_t first = starts[j], size = size_of(j), count = blocks_of(j);
      list.rows = GrowingArray(rows, first, size);
      list.radius = radii[j];
      if (dim > 0) list.vectors = GrowingArray(vectors, first * dim, size * dim);
      if (bytes > 0) list.bytes = GrowingArray(byte_codes, first * bytes, size * bytes);
      if (fine_bytes > 0) list.fine = GrowingArray(fine, first * fine_bytes, size * fine_bytes);
      if (terms == 0) continue;
      list.blocks = GrowingArray(blocks, first_block * block_bytes, count * block_bytes);
      list.terms = GrowingArray(all_terms, first_block * terms, count * terms);
    }
    read_places(parts);
  }

  /// Every row stands in one list.
  void read_places(IvfParts& parts) const {
    const auto n = static_cast<size_t>(parts.rows.size());
    std::vector<uint8_t> is_known(n, 0);
    parts.places.resize(n);
    for (uint32_t j = 0; j < parts.lists.size(); ++j) {
      const std::span<const uint32_t> rows = parts.lists[j].rows.span();
      for (uint32_t at = 0; at < rows.size(); ++at) {
        const uint32_t row = rows[at];
        if (row >= n || is_known[row] != 0)
          fail(path_, ": list ", j, " holds row ", row, ", which ",
               row >= n ? "is none of the " : "stands twice among the ", n);
        is_known[row] = 1;
        parts.places[row] = {j, at};
      }
    }
  }

  const Artifact& artifact_;
  std::string path_;
  Value description_;
};

void add_lists(ArtifactWriter& writer, const IvfParts& parts) {
  const int64_t n = parts.rows.size(), nlist = parts.centroids.size();
  std::vector<uint32_t> starts = {0};
  std::vector<float> radii;
  for (const IvfList& list : parts.lists) {
    starts.push_back(starts.back() + static_cast<uint32_t>(list.size()));
    radii.push_back(list.radius);
  }
  if (parts.has_vectors()) writer.add("ivf.vectors", {n, parts.dim}, gather(parts, &IvfList::vectors));
  if (parts.has_bytes())
    writer.add("ivf.bytes", {n, parts.byte_codec->code_bytes()}, gather(parts, &IvfList::bytes));
  if (parts.has_codes()) {
    const Array<uint8_t> blocks = gather(parts, &IvfList::blocks);
    const int64_t num_blocks = blocks.size() / parts.codes.block_bytes();
    writer.add("ivf.blocks", {num_blocks, parts.codes.block_bytes()}, blocks);
    writer.add("ivf.terms", {num_blocks, parts.codes.terms_per_block()}, gather(parts, &IvfList::terms));
    if (parts.codes.fine_bytes() > 0)
      writer.add("ivf.fine", {n, parts.codes.fine_bytes()}, gather(parts, &IvfList::fine));
    parts.codes.codec().save(writer, std::string(kCodec));
  }
  if (parts.has_bytes()) parts.byte_codec->save(writer, std::string(kByteCodec));
  const Matrix& centroids = parts.centroids.matrix();
  writer.add("ivf.centroids", DType::kF32, {nlist, parts.dim}, centroids.bytes());
  writer.add("ivf.starts", {nlist + 1}, Array<uint32_t>::copy_of(starts));
  writer.add("ivf.radii", {nlist}, Array<float>::copy_of(radii));
  writer.add("ivf.rows", {n}, gather(parts, &IvfList::rows));
}

}  // namespace

void save_ivf(const IvfParts& parts, const std::string& path, bool force, const Context& context) {
  if (parts.rows.live.size() < parts.rows.size()) {
    IvfParts kept = parts;  // shares the memory
    clear_removed(kept, context);
    save_ivf(kept, path, force, context);
    return;
  }
  Value record = parts.rows.record;
  record.set("ivf", describe(parts));
  ArtifactWriter writer("index", std::move(record));
  if (!parts.lists.empty()) add_lists(writer, parts);
  add_index_rows(writer, parts.rows);
  writer.write(path, force, context);
}

IvfParts open_ivf(const Artifact& artifact) {
  // What opening reads whole anyway: wrong radii would make searches leave lists out.
  constexpr std::string_view kStructure[] = {"ivf.starts",    "ivf.rows", "ivf.radii",
                                             "ivf.centroids", kCodec,     kByteCodec};
  verify_tensors(artifact, kStructure);
  return IvfReader(artifact).read();
}

}  // namespace whitney::search
