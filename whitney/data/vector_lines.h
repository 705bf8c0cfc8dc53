#pragma once

#include <string>

#include "whitney/core/context.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/readers.h"

namespace whitney::data {

/// Reads one object a line: the id, a list of numbers under "vector" or "embedding", and attributes. Fields
/// that hold what no attribute can (an object, a list of other things than text) are left out and named in a
/// note. Throws Error that names file, line and field.
Embeddings read_vectors_json_lines(InputStream& input, const TableOptions& options, const Context& context);

/// Reads CSV or TSV, three ways by its first line:
/// a heading whose last columns are numbered ("v0,v1,v2", also from 1, behind any word or none): these are
/// the vector; a heading with a column "vector" or "embedding" of lists ("[0.1, 0.2]"): that one is; no
/// heading: all columns are, but for a first one that is no number, which holds the ids. The column of the id
/// is as for tables; all other columns are attributes. Throws Error that names file, line and column.
Embeddings read_vectors_delimited(const SharedBytes& file, char separator, const std::string& name,
                                  const TableOptions& options, const Context& context);

/// Write the same: "id", the attributes, and "vector" or the columns "v0", "v1" ...; vectors must be F32.
void write_vectors_json_lines(const Embeddings& embeddings, AtomicFile& file, const Context& context);
void write_vectors_delimited(const Embeddings& embeddings, char separator, AtomicFile& file,
                             const Context& context);

}  // namespace whitney::data
