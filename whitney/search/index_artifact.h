#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/attributes.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/ids.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// What every index keeps of its rows besides their vectors, and writes to its file. Removed rows stay until
/// `keep_live`, so that row numbers are stable.
struct IndexRows {
  Ids ids;
  Attributes attributes;
  /// The rows that may be found.
  RowSet live;
  Value record = Value::object();

  int64_t size() const { return ids.size(); }
};

/// The rows of embeddings, all live.
IndexRows index_rows_of(const Embeddings& embeddings);

/// Throws Error when `more` cannot be added: another width, an id that is live already or stands twice, a
/// NaN.
void check_new_rows(const IndexRows& rows, int64_t dim, const Embeddings& more, const Context& context);
/// True when an id of `more` is that of a removed row: the caller must `keep_live` first, so that an id names
/// one row.
bool revives_removed(const IndexRows& rows, const Ids& more);
/// Appends ids and attributes; the new rows are live. Throws Error, with nothing changed, when the types of
/// ids or columns do not fit.
void append_rows(IndexRows& rows, const Embeddings& more);

/// The live rows of some ids, ascending; an id that is not live is an Error that names the nearest known one.
std::vector<uint32_t> live_rows_of(const IndexRows& rows, const Ids& ids);
/// Drops what is not live, and gives the rows that stay, in order: new row i is old row result[i].
std::vector<int64_t> keep_live(IndexRows& rows);

/// Adds ids, attributes and, if there are any, the removed rows to a file.
void add_index_rows(ArtifactWriter& writer, const IndexRows& rows);
/// Reads them; the record is the artifact's provenance. Throws Error that names the file.
IndexRows read_index_rows(const Artifact& artifact, int64_t num_rows);

}  // namespace whitney::search
