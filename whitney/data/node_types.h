#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/ids.h"

namespace whitney {

/// The type of some nodes (author, paper, venue): each has one.
struct NodeTypes {
  Ids ids;
  /// Of each id, a place in `names`.
  std::vector<uint32_t> types;
  /// Distinct names, by first appearance.
  std::vector<std::string> names;
};

/// Reads lines of `node<TAB>type`; the file may be packed by gzip, xz or zstd, and lines that are blank or
/// begin with # or % are skipped. A node may stand in several lines of the same type. Throws Error naming
/// file and line of one without a type or with more fields, of an empty field, and of a second type of a
/// node; and when there is no line at all.
WHITNEY_API NodeTypes read_node_types(const std::string& path, const Context& context);

}  // namespace whitney
