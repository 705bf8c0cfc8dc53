#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/hnsw_index.h"

namespace whitney::search {
namespace {

constexpr std::array<std::string_view, 5> kPrecisions = {"integer", "fixed", "float", "lvq", "rabitq"};

template <class T>
Array<T> used_part(const Array<T>& array, int64_t size) {
  return Array<T>::view(array.owner(), array.data(), size);
}

Value describe(const HnswParts& parts) {
  const HnswGraph& graph = parts.graph;
  Value result = Value::object();
  result.set("dim", graph.dim).set("num_rows", parts.rows.live.size()).set("num_nodes", graph.num_nodes);
  result.set("m", graph.m).set("ef_construction", parts.options.ef_construction);
  result.set("seed", std::to_string(parts.seed));
  result.set("entry", graph.num_nodes == 0 ? int64_t{-1} : int64_t{graph.entry})
      .set("top_level", graph.top_level);
  result.set("precision", kPrecisions[static_cast<size_t>(graph.precision)]);
  result.set("scale", parts.space.scale).set("radius", parts.space.radius);
  result.set("exact_walk", parts.space.exact_walk);
  if (codes_stand_alone(graph.precision)) {
    result.set("bits", graph.bits.first).set("fine_bits", graph.bits.second);
    result.set("code_error", parts.space.code_error);
  }
  if (parts.space.code_loss > 0) result.set("code_loss", parts.space.code_loss);
  if (parts.costs) result.set("costs", parts.costs->to_value());
  return result;
}

/// Reads what `describe` wrote, each field within what the format allows.
class Description {
 public:
  Description(const Artifact& artifact, std::string_view method) : path_(artifact.path()), method_(method) {
    const Value* found = artifact.record().find(method);
    if (found == nullptr || !found->is_object())
      fail(path_, ": its record has no description \"", method, "\" of the graph");
    value_ = *found;
  }
  int64_t integer(std::string_view name, int64_t low, int64_t high) const {
    const Value& field = at(name);
    if (!field.is_int() || field.as_int() < low || field.as_int() > high) wrong(name, field);
    return field.as_int();
  }
  double positive(std::string_view name, bool or_zero) const {
    const Value& field = at(name);
    if (!field.is_number()) wrong(name, field);
    const double number = field.as_real();
    if (!std::isfinite(number) || number < 0 || (number == 0 && !or_zero)) wrong(name, field);
    return number;
  }
  bool has(std::string_view name) const { return value_.find(name) != nullptr; }
  bool boolean(std::string_view name) const {
    const Value& field = at(name);
    if (!field.is_bool()) wrong(name, field);
    return field.as_bool();
  }
  const std::string& text(std::string_view name) const {
    const Value& field = at(name);
    if (!field.is_string()) wrong(name, field);
    return field.as_string();
  }
  /// What steps of searches were measured to take, if they were.
  std::optional<SearchCosts> costs() const {
    if (!has("costs")) return std::nullopt;
    const auto costs = SearchCosts::from_value(at("costs"));
    if (!costs) wrong("costs", at("costs"));
    return costs;
  }
  [[noreturn]] void wrong(std::string_view name, const Value& field) const {
    fail(path_, ": field \"", method_, ".", name, "\" of its record cannot be ", field.to_json());
  }

 private:
  const Value& at(std::string_view name) const {
    const Value* field = value_.find(name);
    if (field == nullptr) fail(path_, ": its record lacks the field \"", method_, ".", name, "\"");
    return *field;
  }
  std::string path_, method_;
  Value value_;
};

/// The tensors of one index in a file: their names begin with its method.
class Tensors {
 public:
  Tensors(const Artifact& artifact, std::string_view method) : artifact_(artifact), method_(method) {}
  const std::string& path() const { return artifact_.path(); }
  std::string name_of(std::string_view part) const { return method_ + "." + std::string(part); }
  bool has(std::string_view part) const { return artifact_.find(name_of(part)) != nullptr; }
  const TensorView& at(std::string_view part) const { return artifact_.tensor(name_of(part)); }
  template <class T>
  Array<T> read(std::string_view part, const std::vector<int64_t>& shape) const {
    const TensorView& tensor = at(part);
    if (tensor.shape != shape) {
      std::string wanted;
      for (const int64_t size : shape) wanted += (wanted.empty() ? "" : " x ") + std::to_string(size);
      fail(path(), ": tensor \"", name_of(part), "\" has another shape than ", wanted);
    }
    return tensor.as<T>();
  }

 private:
  const Artifact& artifact_;
  std::string method_;
};

Precision read_precision(const Description& description) {
  const std::string& text = description.text("precision");
  const auto found = std::ranges::find(kPrecisions, text);
  if (found == kPrecisions.end()) description.wrong("precision", text);
  return static_cast<Precision>(found - kPrecisions.begin());
}

CodeBits read_bits(const Description& description, Precision precision) {
  if (!codes_stand_alone(precision)) return {};
  const bool is_signs = precision == Precision::kRabitq;
  const int64_t first = description.integer("bits", is_signs ? 1 : 4, is_signs ? 1 : 8);
  const int64_t second = description.integer("fine_bits", is_signs ? 4 : 0, 8);
  if (!is_signs && first % 4 != 0) description.wrong("bits", first);
  if (second % 4 != 0) description.wrong("fine_bits", second);
  return {static_cast<int>(first), static_cast<int>(second)};
}

uint64_t read_seed(const Description& description) {
  const std::string& text = description.text("seed");
  const bool is_number =
      !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == text.npos;
  if (!is_number) description.wrong("seed", text);
  return std::strtoull(text.c_str(), nullptr, 10);
}

HnswGraph read_graph(const Tensors& tensors, const Description& description) {
  const Precision precision = read_precision(description);
  HnswGraph graph(description.integer("dim", 1, kMaxCodedDim), description.integer("m", 2, kMaxM), precision,
                  read_bits(description, precision));
  const int64_t n = description.integer("num_nodes", 0, kMaxNodes);
  graph.num_nodes = n;
  graph.blocks = tensors.read<uint8_t>("blocks", {n, graph.stride()});
  graph.details = tensors.read<uint8_t>("details", {n, graph.detail_stride()});
  graph.levels = tensors.read<uint8_t>("levels", {n});
  graph.upper_start = tensors.read<uint32_t>("upper_start", {n});
  graph.upper = tensors.at("upper").as<uint32_t>();
  graph.upper_used = graph.upper.size();
  const int64_t entry = description.integer("entry", n == 0 ? -1 : 0, n - 1);
  graph.entry = n == 0 ? kNoNode : static_cast<uint32_t>(entry);
  graph.top_level =
      static_cast<int>(description.integer("top_level", n == 0 ? -1 : 0, n == 0 ? -1 : kMaxLevel));
  if (n > 0 && graph.levels[entry] != graph.top_level) {
    fail(tensors.path(), ": its entry ", entry, " is of level ", int{graph.levels[entry]}, ", not ",
         graph.top_level);
  }
  return graph;
}

CodeSpace read_space(const Tensors& tensors, const Description& description, const HnswGraph& graph) {
  CodeSpace space;
  space.dim = graph.dim;
  space.precision = graph.precision;
  space.bits = graph.bits;
  space.scale = description.positive("scale", false);
  space.radius = description.positive("radius", true);
  space.exact_walk = description.boolean("exact_walk");
  if (codes_stand_alone(space.precision)) space.code_error = description.positive("code_error", true);
  if (description.has("code_loss")) space.code_loss = description.positive("code_loss", false);
  if (space.precision == Precision::kRabitq) {
    const Array<uint8_t> signs =
        tensors.read<uint8_t>("rotation", {codec::RotationTransform::kRounds, graph.dim});
    space.rotation.emplace(graph.dim, signs);
  }
  const Array<float> centre = tensors.read<float>("centre", {graph.dim});
  space.centre.assign(centre.begin(), centre.end());
  for (const float value : space.centre) {
    if (!std::isfinite(value))
      fail(tensors.path(), ": tensor \"", tensors.name_of("centre"), "\" holds a value that is not finite");
  }
  return space;
}

NodeRows read_nodes(const Tensors& tensors, const IndexRows& rows, int64_t num_nodes) {
  std::vector<uint32_t> node_of_row(static_cast<size_t>(rows.size()));
  if (!tensors.has("node_of_row")) {
    if (rows.size() != num_nodes)
      fail(tensors.path(), ": tensor \"", tensors.name_of("node_of_row"), "\" is missing");
    for (uint32_t row = 0; row < node_of_row.size(); ++row) node_of_row[row] = row;
  } else {
    const Array<uint32_t> stored = tensors.read<uint32_t>("node_of_row", {rows.size()});
    node_of_row.assign(stored.begin(), stored.end());
  }
  std::vector<uint8_t> has_row(static_cast<size_t>(num_nodes), 0);
  for (size_t row = 0; row < node_of_row.size(); ++row) {
    const uint32_t node = node_of_row[row];
    if (node == kNoNode) continue;
    if (node >= num_nodes) fail(tensors.path(), ": row ", row, " is at node ", node, " of ", num_nodes);
    has_row[node] = 1;
  }
  if (std::ranges::count(has_row, uint8_t{1}) != num_nodes)
    fail(tensors.path(), ": a node of the graph has no row");
  return {std::move(node_of_row), num_nodes, rows.live};
}

// Where nodes and their upper lists stand, and what codes are taken around: a few bytes a node, which walks
// follow without a doubt. Links are checked as walks follow them; vectors and codes are not.
void verify_structure(const Artifact& artifact, std::string_view method) {
  std::vector<std::string> names;
  for (const char* part : {"levels", "upper_start", "upper", "centre", "rotation", "node_of_row"})
    names.push_back(concat(method, ".", part));
  verify_tensors(artifact, std::vector<std::string_view>(names.begin(), names.end()));
}

}  // namespace

ArtifactWriter hnsw_writer(const HnswParts& parts, std::string_view method, const Value& more) {
  IndexRows rows = parts.rows;
  const std::vector<uint32_t> nodes = parts.nodes.node_of_row();
  std::vector<uint32_t> kept;
  for (const int64_t row : keep_live(rows)) kept.push_back(nodes[static_cast<size_t>(row)]);
  const HnswGraph& graph = parts.graph;
  const int64_t n = graph.num_nodes;
  Value record = rows.record, description = describe(parts);
  for (const auto& [name, value] : more.as_object()) description.set(name, value);
  record.set(std::string(method), std::move(description));
  ArtifactWriter writer("index", std::move(record));
  const std::string prefix = std::string(method) + ".";
  writer.add(prefix + "blocks", {n, graph.stride()}, used_part(graph.blocks, n * graph.stride()));
  writer.add(prefix + "details", {n, graph.detail_stride()},
             used_part(graph.details, n * graph.detail_stride()));
  writer.add(prefix + "levels", {n}, used_part(graph.levels, n));
  writer.add(prefix + "upper_start", {n}, used_part(graph.upper_start, n));
  writer.add(prefix + "upper", {graph.upper_used}, used_part(graph.upper, graph.upper_used));
  writer.add(prefix + "centre", {graph.dim}, Array<float>::copy_of(parts.space.centre));
  if (parts.space.rotation) {
    writer.add(prefix + "rotation", {codec::RotationTransform::kRounds, graph.dim},
               parts.space.rotation->signs());
  }
  if (!NodeRows(kept, n, rows.live).is_identity()) {
    writer.add(prefix + "node_of_row", {std::ssize(kept)}, Array<uint32_t>::copy_of(kept));
  }
  add_index_rows(writer, rows);
  return writer;
}

void save_hnsw(const HnswParts& parts, const std::string& path, bool force, const Context& context) {
  hnsw_writer(parts, "hnsw", Value::object()).write(path, force, context);
}

HnswParts open_hnsw(const Artifact& artifact, std::string_view method) {
  verify_structure(artifact, method);
  const Description description(artifact, method);
  const Tensors tensors(artifact, method);
  HnswParts parts;
  parts.graph = read_graph(tensors, description);
  parts.space = read_space(tensors, description, parts.graph);
  parts.links_checked = false;
  const HnswGraph like = parts.space.make_graph(parts.graph.m);
  parts.graph.exact_walk = like.exact_walk;
  parts.graph.walk_unit = like.walk_unit;
  parts.options.m = static_cast<int>(parts.graph.m);
  parts.options.ef_construction = static_cast<int>(description.integer("ef_construction", 1, 100'000));
  parts.options.codes = parts.space.codes();
  parts.seed = read_seed(description);
  parts.costs = description.costs();
  parts.rows = read_index_rows(artifact, description.integer("num_rows", 0, kMaxNodes));
  Embeddings named;
  named.record = parts.rows.record;
  parts.metric = named.metric();
  parts.nodes = read_nodes(tensors, parts.rows, parts.graph.num_nodes);
  return parts;
}

}  // namespace whitney::search
