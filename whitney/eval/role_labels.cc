#include "whitney/eval/role_labels.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/eval/labelled_rows.h"

namespace whitney::eval {

Labels without_labels(const Labels& labels, std::span<const std::string> names, const Context& context) {
  constexpr uint32_t kDropped = ~uint32_t{0};
  std::vector<uint32_t> codes;  // new code of each old one
  Labels result;
  for (const std::string& name : labels.names) {
    const bool drop = std::ranges::find(names, name) != names.end();
    codes.push_back(drop ? kDropped : static_cast<uint32_t>(result.names.size()));
    if (!drop) result.names.push_back(name);
  }
  if (result.names.size() == labels.names.size()) return labels;
  std::vector<int64_t> rows;
  result.starts = {0};
  for (int64_t row = 0; row < labels.num_rows(); ++row) {
    const size_t before = result.codes.size();
    for (const uint32_t code : labels_of(labels, row)) {
      if (codes[code] != kDropped) result.codes.push_back(codes[code]);
    }
    if (result.codes.size() == before) continue;
    rows.push_back(row);
    result.starts.push_back(std::ssize(result.codes));
  }
  result.ids = labels.ids.select(rows);
  context.note(concat(labels.num_rows() - std::ssize(rows), " of ", labels.num_rows(),
                      " labelled ids are unlabelled by their label and are left out"));
  return result;
}

}  // namespace whitney::eval
