#include "whitney/eval/labelled_rows.h"

#include <optional>
#include <string>

#include "whitney/core/error.h"

namespace whitney::eval {

LabelledRows match_labels(const Embeddings& embeddings, const Labels& labels, std::string_view noun,
                          const Context& context) {
  LabelledRows rows;
  int64_t num_labelled = 0;
  std::string missing;  // the first id without a vector
  for (int64_t row = 0; row < labels.num_rows(); ++row) {
    if (labels_of(labels, row).empty()) continue;
    ++num_labelled;
    const std::string id = labels.ids.text(row);
    if (const std::optional<int64_t> found = embeddings.ids.find(id)) {
      rows.vector_rows.push_back(*found);
      rows.label_rows.push_back(row);
    } else if (missing.empty()) {
      missing = id;
    }
  }
  if (num_labelled == 0) fail("none of the ", noun, " has a label (expected: lines of an id and its labels)");
  if (rows.size() == 0) {
    fail("none of the ", num_labelled, " labelled ", noun, " has a vector, such as \"", missing, "\"",
         embeddings.ids.did_you_mean(missing), " (expected: labels of the ids that have vectors)");
  }
  if (const int64_t unused = num_labelled - rows.size(); unused > 0) {
    context.note(concat(unused, " of ", num_labelled, " labelled ", noun,
                        " have no vector and are left out, such as \"", missing, "\""));
  }
  if (const int64_t unused = embeddings.size() - rows.size(); unused > 0) {
    context.note(concat(unused, " of ", embeddings.size(), " vectors have no labels and are left out"));
  }
  return rows;
}

std::span<const uint32_t> labels_of(const Labels& labels, int64_t row) {
  const auto i = static_cast<size_t>(row);
  return std::span(labels.codes)
      .subspan(static_cast<size_t>(labels.starts[i]),
               static_cast<size_t>(labels.starts[i + 1] - labels.starts[i]));
}

Matrix vectors_of(const Embeddings& embeddings, std::span<const int64_t> rows) {
  Matrix result(std::ssize(rows), embeddings.dim());
  float* out = result.mutable_data<float>();
  for (int64_t row : rows) {
    copy_row_as_float(embeddings.vectors, row, out);
    out += embeddings.dim();
  }
  return result;
}

std::vector<uint8_t> targets_of(const Labels& labels, std::span<const int64_t> rows) {
  std::vector<uint8_t> targets(labels.names.size() * rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (uint32_t code : labels_of(labels, rows[i])) targets[code * rows.size() + i] = 1;
  }
  return targets;
}

}  // namespace whitney::eval
