#pragma once

#include <optional>
#include <string>

#include "apps/whitney/command.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"

namespace whitney::app {

/// Says what was written: "wrote nodes.safetensors: 63,000 x 256 float32, 64.5 MB, in 2.31 s". Where the
/// output itself went to standard output, the sentence goes to standard error.
Outcome written(const std::string& output, const std::string& what, const Value& json, double seconds,
                Session& session);

/// Writes a dtype for people: "float32".
std::string dtype_text(DType dtype);

/// Gives an estimate as text and JSON.
Outcome estimate_outcome(const CostEstimate& cost, const Context& context, const Value& json);

/// Left-joins the table in `path` (absent: nothing happens) to the embeddings by id; counts what did not
/// match in a note, and says when --id-field has no effect.
void join_table(const Ids& ids, Attributes& attributes, const std::optional<Path>& path,
                const std::optional<std::string>& id_field, Session& session);

}  // namespace whitney::app
