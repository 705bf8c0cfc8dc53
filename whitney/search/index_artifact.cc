#include "whitney/search/index_artifact.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "whitney/core/error.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/append_rows.h"

namespace whitney::search {
namespace {

constexpr std::string_view kRemoved = "rows.removed";

std::optional<int64_t> find(const Ids& ids, const Ids& others, int64_t row) {
  return ids.is_integer() && others.is_integer() ? ids.find_integer(others.integer(row))
                                                 : ids.find(others.text(row));
}

RowSet all_rows(int64_t num_rows) { return RowSet::range(0, static_cast<uint32_t>(num_rows)); }

}  // namespace

IndexRows index_rows_of(const Embeddings& embeddings) {
  IndexRows rows{embeddings.ids, embeddings.attributes, all_rows(embeddings.size()), embeddings.record};
  rows.attributes.num_rows = rows.size();  // embeddings without columns may leave it at 0
  return rows;
}

void check_new_rows(const IndexRows& rows, int64_t dim, const Embeddings& more, const Context& context) {
  if (more.dim() != dim) fail("the new vectors have ", more.dim(), " dimensions, the index has ", dim);
  more.validate(context);
  constexpr int64_t kMostRows = std::numeric_limits<uint32_t>::max();
  if (rows.size() + more.size() > kMostRows) {
    fail(rows.size(), " rows and ", more.size(), " more are too many for one index (the most is ", kMostRows,
         ")");
  }
  for (int64_t row = 0; row < more.size(); ++row) {
    const std::optional<int64_t> known = find(rows.ids, more.ids, row);
    if (known && rows.live.contains(static_cast<uint32_t>(*known))) {
      fail("id \"", more.ids.text(row),
           "\" is in the index already (expected: a new id; remove the old row first)");
    }
  }
}

bool revives_removed(const IndexRows& rows, const Ids& more) {
  if (rows.live.size() == rows.size()) return false;
  for (int64_t row = 0; row < more.size(); ++row) {
    if (find(rows.ids, more, row)) return true;
  }
  return false;
}

void append_rows(IndexRows& rows, const Embeddings& more) {
  Ids ids = append_rows(rows.ids, more.ids);
  rows.attributes = append_rows(rows.attributes, rows.size(), more.attributes, more.size());
  rows.live = rows.live | RowSet::range(static_cast<uint32_t>(rows.size()),
                                        static_cast<uint32_t>(rows.size() + more.size()));
  rows.ids = std::move(ids);
}

std::vector<uint32_t> live_rows_of(const IndexRows& rows, const Ids& ids) {
  std::vector<uint32_t> found;
  for (int64_t i = 0; i < ids.size(); ++i) {
    const std::optional<int64_t> row = find(rows.ids, ids, i);
    if (!row || !rows.live.contains(static_cast<uint32_t>(*row))) {
      fail("no row has the id \"", ids.text(i), "\"", rows.ids.did_you_mean(ids.text(i)));
    }
    found.push_back(static_cast<uint32_t>(*row));
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<int64_t> keep_live(IndexRows& rows) {
  const std::vector<uint32_t> live = rows.live.rows();
  std::vector<int64_t> kept(live.begin(), live.end());
  if (std::ssize(kept) == rows.size()) return kept;
  rows.ids = rows.ids.select(kept);
  rows.attributes = rows.attributes.select(kept);
  rows.live = all_rows(std::ssize(kept));
  return kept;
}

void add_index_rows(ArtifactWriter& writer, const IndexRows& rows) {
  writer.add_ids(rows.ids);
  writer.add_attributes(rows.attributes);
  const std::vector<uint32_t> removed = (all_rows(rows.size()) - rows.live).rows();
  if (!removed.empty())
    writer.add(std::string(kRemoved), {std::ssize(removed)}, Array<uint32_t>::copy_of(removed));
}

IndexRows read_index_rows(const Artifact& artifact, int64_t num_rows) {
  IndexRows rows;
  rows.ids = read_ids(artifact, num_rows);
  rows.attributes = read_attributes(artifact, num_rows);
  rows.record = provenance_of(artifact.record());
  rows.live = all_rows(num_rows);
  if (const TensorView* removed = artifact.find(kRemoved)) {
    verify_tensors(artifact, std::span(&kRemoved, 1));
    for (const uint32_t row : removed->as<uint32_t>()) {
      if (row >= num_rows) fail(artifact.path(), ": row ", row, " of ", num_rows, " is said to be removed");
      rows.live.remove(row);
    }
  }
  return rows;
}

}  // namespace whitney::search
