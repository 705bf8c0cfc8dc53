#include "whitney/eval/label_split.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/core/random.h"
#include "whitney/eval/labelled_rows.h"

namespace whitney::eval {
namespace {

SplitPart part_called(std::string_view name) {
  if (name == "train") return SplitPart::kTrain;
  return name == "test" ? SplitPart::kTest : SplitPart::kNone;
}

/// The name of the part of an id, if it has any.
using NameOfPart = std::function<std::optional<std::string>(const std::string& id)>;

std::vector<SplitPart> split_by_names(const Labels& labels, const NameOfPart& name_of,
                                      const Context& context) {
  std::vector<SplitPart> parts(static_cast<size_t>(labels.num_rows()));
  int64_t num_left_out = 0;
  std::string left_out;
  for (int64_t row = 0; row < labels.num_rows(); ++row) {
    const std::string id = labels.ids.text(row);
    const std::optional<std::string> name = name_of(id);
    SplitPart& part = parts[static_cast<size_t>(row)];
    part = name ? part_called(*name) : SplitPart::kNone;
    if (part != SplitPart::kNone) continue;
    if (num_left_out++ == 0)
      left_out = concat("\"", id, "\" ", name ? "of part \"" + *name + "\"" : "of no part");
  }
  for (const SplitPart needed : {SplitPart::kTrain, SplitPart::kTest}) {
    if (std::find(parts.begin(), parts.end(), needed) != parts.end()) continue;
    fail("the split leaves no labelled id to ", needed == SplitPart::kTrain ? "train on" : "test",
         num_left_out > 0 ? ", but such as " + left_out : "", " (expected: parts called train and test)");
  }
  if (num_left_out > 0) {
    context.note(concat(num_left_out, " of ", labels.num_rows(),
                        " labelled ids are neither in part train nor test and are left out, such as ",
                        left_out));
  }
  return parts;
}

Ids joined_ids(const Ids& first, const Ids& second) {
  if (first.is_integer() && second.is_integer()) {
    std::vector<uint64_t> ids(first.integer_array().begin(), first.integer_array().end());
    ids.insert(ids.end(), second.integer_array().begin(), second.integer_array().end());
    return Ids::integers(Array<uint64_t>::copy_of(ids));
  }
  std::vector<std::string> ids;
  for (int64_t row = 0; row < first.size(); ++row) ids.push_back(first.text(row));
  for (int64_t row = 0; row < second.size(); ++row) ids.push_back(second.text(row));
  return Ids::strings(ids);
}

}  // namespace

std::vector<SplitPart> random_split(int64_t num_rows, double train_ratio, const Context& context) {
  std::vector<int64_t> order(static_cast<size_t>(num_rows));
  std::iota(order.begin(), order.end(), 0);
  RandomStream(context.seed, "classification split", 0).shuffle(std::span(order));
  const auto num_train = static_cast<size_t>(train_ratio * static_cast<double>(num_rows));
  std::vector<SplitPart> parts(order.size(), SplitPart::kTest);
  for (size_t i = 0; i < num_train; ++i) parts[static_cast<size_t>(order[i])] = SplitPart::kTrain;
  return parts;
}

std::vector<SplitPart> split_by_labels(const Labels& labels, const Labels& parts, const Context& context) {
  return split_by_names(
      labels,
      [&](const std::string& id) -> std::optional<std::string> {
        const std::optional<int64_t> row = parts.ids.find(id);
        if (!row) return std::nullopt;
        const auto codes = labels_of(parts, *row);
        if (codes.size() > 1) {
          fail("the split puts id \"", id, "\" into the parts \"", parts.names[codes[0]], "\" and \"",
               parts.names[codes[1]], "\" (expected: one part an id)");
        }
        return parts.names[codes[0]];
      },
      context);
}

std::vector<SplitPart> split_by_attribute(const Labels& labels, const Embeddings& embeddings,
                                          const std::string& field, const Context& context) {
  const Column* column = embeddings.attributes.find(field);
  if (column == nullptr) {
    fail("the embeddings have no attribute \"", field, "\"",
         did_you_mean(field, embeddings.attributes.names()),
         " (expected: a string attribute that says train or test)");
  }
  if (column->type != ColumnType::kString)
    fail("attribute \"", field, "\" holds ", name_of(column->type),
         " values (expected: strings train and test)");
  return split_by_names(
      labels,
      [&](const std::string& id) -> std::optional<std::string> {
        const std::optional<int64_t> row = embeddings.ids.find(id);
        if (!row || !column->has(*row)) return std::nullopt;
        return std::string(column->dictionary_entry(column->codes[*row]));
      },
      context);
}

SplitLabels join_labels(const Labels& train, const Labels& test) {
  SplitLabels joined;
  Labels& labels = joined.labels;
  labels.ids = joined_ids(train.ids, test.ids);
  if (const auto twice = labels.ids.first_duplicate()) {
    fail("id \"", labels.ids.text(twice->first),
         "\" stands in the labels to train on and in those to test on (expected: ids of their own)");
  }
  std::set_union(train.names.begin(), train.names.end(), test.names.begin(), test.names.end(),
                 std::back_inserter(labels.names));
  labels.starts = {0};
  for (const Labels* part : {&train, &test}) {
    std::vector<uint32_t> codes;  // of this part's names; both lists are sorted, so that their order stays
    for (const std::string& name : part->names) {
      const auto place = std::lower_bound(labels.names.begin(), labels.names.end(), name);
      codes.push_back(static_cast<uint32_t>(place - labels.names.begin()));
    }
    for (int64_t row = 0; row < part->num_rows(); ++row) {
      for (uint32_t code : labels_of(*part, row)) labels.codes.push_back(codes[code]);
      labels.starts.push_back(std::ssize(labels.codes));
    }
    joined.parts.insert(joined.parts.end(), static_cast<size_t>(part->num_rows()),
                        part == &train ? SplitPart::kTrain : SplitPart::kTest);
  }
  return joined;
}

}  // namespace whitney::eval
