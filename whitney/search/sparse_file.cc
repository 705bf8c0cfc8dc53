#include <string>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/search/sparse_index.h"

namespace whitney::search {
namespace {

constexpr int64_t kMostSparseRows = 4294967295, kMostSparseDims = int64_t{1} << 31;

const Value& description_of(const Artifact& artifact) {
  const Value* description = artifact.record().find("sparse");
  if (description == nullptr || !description->is_object())
    fail(artifact.path(), ": its record does not describe a sparse index");
  return *description;
}

int64_t described_count(const Artifact& artifact, std::string_view name, int64_t most) {
  const Value* field = description_of(artifact).find(name);
  if (field == nullptr || !field->is_int() || field->as_int() < 0 || field->as_int() > most)
    fail(artifact.path(), ": field \"sparse.", name, "\" of its record is missing or cannot be so");
  return field->as_int();
}

template <class T>
void read_list(const Artifact& artifact, std::string_view name, Array<T>& values) {
  const TensorView& tensor = artifact.tensor(name);
  if (tensor.shape.size() != 1) fail(artifact.path(), ": tensor \"", name, "\" must have one dimension");
  values = tensor.as<T>();
}

// The one list of the file's tensors.
template <class Lists, class Visit>
void for_each_tensor(Lists& lists, const Visit& visit) {
  visit("sparse.lists.offsets", lists.offsets);
  visit("sparse.lists.blocks", lists.blocks);
  visit("sparse.lists.ends", lists.ends);
  visit("sparse.lists.bests", lists.bests);
  visit("sparse.lists.dims", lists.dims);
  visit("sparse.lists.first_groups", lists.first_groups);
  visit("sparse.lists.first_entries", lists.first_entries);
  visit("sparse.lists.steps", lists.steps);
}

}  // namespace

void save_sparse(const SparseParts& parts, const IndexRows& rows, const std::string& path, bool force,
                 const Context& context) {
  const SparseLists& lists = parts.lists;
  Value record = rows.record;
  record.set("sparse", Value::object({{"num_rows", rows.size()},
                                      {"num_dims", parts.num_dims},
                                      {"has_negative", lists.has_negative}}));
  ArtifactWriter writer("index", std::move(record));
  const auto add = [&](const char* name, const auto& values) { writer.add(name, {values.size()}, values); };
  if (lists.has_codes())
    add("sparse.lists.codes", lists.codes);
  else
    add("sparse.lists.values", lists.values);
  for_each_tensor(lists, add);
  add_index_rows(writer, rows);
  writer.write(path, force, context);
}

int64_t num_sparse_rows(const Artifact& artifact) {
  return described_count(artifact, "num_rows", kMostSparseRows);
}

SparseParts open_sparse(const Artifact& artifact) {
  const Value* options = artifact.record().find("options");
  if (options == nullptr || !options->is_object())
    fail(artifact.path(), ": its record does not describe a sparse index");
  SparseParts parts;
  parts.options = options_from<SparseOptions>(
      resolve_options(Registry::instance().get(Verb::kIndex, "sparse"), *options));
  parts.num_dims = described_count(artifact, "num_dims", kMostSparseDims);
  parts.lists.num_rows = num_sparse_rows(artifact);
  const Value* has_negative = description_of(artifact).find("has_negative");
  parts.lists.has_negative = has_negative != nullptr && *has_negative == Value(true);
  for_each_tensor(parts.lists, [&](const char* name, auto& values) { read_list(artifact, name, values); });
  if (artifact.find("sparse.lists.codes") != nullptr)
    read_list(artifact, "sparse.lists.codes", parts.lists.codes);
  else
    read_list(artifact, "sparse.lists.values", parts.lists.values);
  parts.lists.check_shapes();
  return parts;
}

}  // namespace whitney::search
