#include <string>
#include <utility>

#include "whitney/core/registry.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/artifact_numbers.h"
#include "whitney/search/sparse_index.h"

namespace whitney::search {
namespace {

constexpr int64_t kMostSparseRows = 4294967295, kMostSparseDims = int64_t{1} << 31;

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

void add_sparse_lists(ArtifactWriter& writer, const SparseLists& lists) {
  const auto add = [&](const char* name, const auto& values) { add_numbers(writer, name, values); };
  if (lists.has_codes())
    add("sparse.lists.codes", lists.codes);
  else
    add("sparse.lists.values", lists.values);
  for_each_tensor(lists, add);
}

SparseLists read_sparse_lists(const Artifact& artifact) {
  constexpr std::string_view kStructure[] = {"sparse.lists.dims", "sparse.lists.steps",
                                             "sparse.lists.first_groups", "sparse.lists.first_entries"};
  verify_tensors(artifact, kStructure);
  SparseLists lists;
  const auto read = [&]<class T>(const char* name, Array<T>& values) {
    values = numbers_in<T>(artifact, name);
  };
  for_each_tensor(lists, read);
  if (artifact.find("sparse.lists.codes") != nullptr)
    read("sparse.lists.codes", lists.codes);
  else
    read("sparse.lists.values", lists.values);
  lists.check_shapes();
  return lists;
}

void save_sparse(const SparseParts& parts, const IndexRows& rows, const std::string& path, bool force,
                 const Context& context) {
  Value record = rows.record;
  record.set("sparse", Value::object({{"num_rows", rows.size()},
                                      {"num_dims", parts.num_dims},
                                      {"has_negative", parts.lists.has_negative}}));
  ArtifactWriter writer("index", std::move(record));
  add_sparse_lists(writer, parts.lists);
  add_index_rows(writer, rows);
  writer.write(path, force, context);
}

int64_t num_sparse_rows(const Artifact& artifact) {
  return described_count(artifact, "sparse", "num_rows", kMostSparseRows);
}

SparseParts open_sparse(const Artifact& artifact) {
  SparseParts parts;
  parts.options = options_from<SparseOptions>(resolve_options(
      Registry::instance().get(Verb::kIndex, "sparse"), options_of_index(artifact, "sparse")));
  parts.num_dims = described_count(artifact, "sparse", "num_dims", kMostSparseDims);
  parts.lists = read_sparse_lists(artifact);
  parts.lists.num_rows = num_sparse_rows(artifact);
  const Value* has_negative = described_index(artifact, "sparse").find("has_negative");
  parts.lists.has_negative = has_negative != nullptr && *has_negative == Value(true);
  return parts;
}

}  // namespace whitney::search
