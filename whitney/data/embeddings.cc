#include "whitney/data/embeddings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/options.h"
#include "whitney/data/finite_rows.h"
#include "whitney/data/labels.h"

namespace whitney {
namespace {

constexpr int64_t kMostRows = std::numeric_limits<uint32_t>::max() - int64_t{1};

template <class T>
void update(Hasher128& hasher, const Array<T>& values) {
  // The length goes first, so that no two sets of arrays give the same stream of bytes.
  const int64_t size = values.size();
  hasher.update(&size, sizeof size);
  hasher.update(values.data(), size * static_cast<int64_t>(sizeof(T)));
}

void update(Hasher128& hasher, std::string_view text) {
  const auto size = static_cast<int64_t>(text.size());
  hasher.update(&size, sizeof size);
  hasher.update(text.data(), size);
}

void update(Hasher128& hasher, const Ids& ids) {
  update(hasher, ids.integer_array());
  update(hasher, ids.offsets_array());
  update(hasher, ids.bytes_array());
}

void update(Hasher128& hasher, const Attributes& attributes) {
  for (const Column& column : attributes.columns) {
    update(hasher, column.name);
    update(hasher, name_of(column.type));
    update(hasher, column.ints);
    update(hasher, column.reals);
    update(hasher, column.bools);
    update(hasher, column.codes);
    update(hasher, column.starts);
    update(hasher, column.dictionary_offsets);
    update(hasher, column.dictionary_bytes);
    update(hasher, column.present);
  }
}

void check_unique(const Ids& ids, std::string_view what) {
  if (const auto twice = ids.first_duplicate()) {
    fail("id \"", ids.text(twice->first), "\" stands twice in the ", what, ", in rows ", twice->first,
         " and ", twice->second, " (counted from 0); ids must be unique");
  }
}

void check_parts(const Embeddings& embeddings, const Context& context) {
  const int64_t size = embeddings.size();
  if (size > kMostRows) fail("embeddings of ", size, " rows are too many (the most is ", kMostRows, ")");
  if (embeddings.ids.size() != size) fail("there are ", embeddings.ids.size(), " ids for ", size, " vectors");
  if (!embeddings.attributes.empty() && embeddings.attributes.num_rows != size) {
    fail("there are attributes of ", embeddings.attributes.num_rows, " rows for ", size, " vectors");
  }
  switch (embeddings.vectors.dtype()) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kI8:
    case DType::kU8:
      break;
    default:
      fail("vectors are of type ", name_of(embeddings.vectors.dtype()),
           " (expected: F32, F16, BF16, I8 or U8)");
  }
  embeddings.attributes.validate();
  check_unique(embeddings.ids, "embeddings");
  check_finite(embeddings.vectors, embeddings.ids, context);
}

// The row of the table for each row of ids, -1 where there is none.
std::vector<int64_t> match(const Ids& ids, const Ids& table) {
  std::vector<int64_t> rows(static_cast<size_t>(ids.size()));
  for (int64_t row = 0; row < ids.size(); ++row) {
    const auto found = ids.is_integer() && table.is_integer() ? table.find_integer(ids.integer(row))
                       : ids.is_integer()                     ? table.find(ids.text(row))
                                                              : table.find(ids.string(row));
    rows[static_cast<size_t>(row)] = found.value_or(-1);
  }
  return rows;
}

}  // namespace

Metric Embeddings::metric() const {
  const Value* name = record.find("metric");
  if (name == nullptr || name->is_null()) return Metric::kCosine;
  const auto names = enum_names(Metric{});
  const auto found = name->is_string() ? std::ranges::find(names, name->as_string()) : names.end();
  if (found == names.end()) {
    fail("the record names the metric ", name->to_json(), " (expected: cosine, inner_product or l2)");
  }
  return static_cast<Metric>(found - names.begin());
}

void Embeddings::validate(const Context& context) const {
  try {
    check_parts(*this, context);
  } catch (const Error& error) {
    if (path.empty()) throw;
    throw Error(concat(path, ": ", error.what()));
  }
}

void check_finite(const Matrix& vectors, const Ids& ids, const Context& context) {
  const int64_t row = first_not_finite(context, vectors);
  if (row < 0) return;
  std::vector<float> values(static_cast<size_t>(vectors.cols()));
  copy_row_as_float(vectors, row, values.data());
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  fail("the vector of \"", ids.text(row), "\" (row ", row, ", counted from 0) holds ",
       std::isnan(*bad) ? "NaN" : "an infinite value", " in dimension ", bad - values.begin());
}

std::string fingerprint(const Embeddings& embeddings) {
  Hasher128 hasher;
  update(hasher, name_of(embeddings.vectors.dtype()));
  const int64_t dim = embeddings.dim();
  hasher.update(&dim, sizeof dim);
  update(hasher, embeddings.vectors.bytes());
  update(hasher, embeddings.ids);
  update(hasher, embeddings.attributes);
  return hasher.digest();
}

std::string fingerprint(const Table& table) {
  Hasher128 hasher;
  update(hasher, table.ids);
  update(hasher, table.attributes);
  return hasher.digest();
}

std::string fingerprint(const Corpus& corpus) {
  Hasher128 hasher;
  const std::string ids = fingerprint(Table{corpus.ids, {}});
  hasher.update(ids.data(), std::ssize(ids));
  for (const std::string& text : corpus.texts) {
    const int64_t size = std::ssize(text);
    hasher.update(&size, sizeof size);
    hasher.update(text.data(), size);
  }
  return hasher.digest();
}

JoinResult join_attributes(const Ids& ids, const Table& table) {
  check_unique(table.ids, "table");
  const std::vector<int64_t> rows = match(ids, table.ids);
  JoinResult result;
  result.attributes = table.attributes.select(rows);
  std::vector<bool> used(static_cast<size_t>(table.ids.size()));
  for (const int64_t row : rows) {
    if (row < 0)
      ++result.unmatched_rows;
    else
      used[static_cast<size_t>(row)] = true;
  }
  result.unused_rows = std::ranges::count(used, false);
  return result;
}

void append_columns(Attributes& attributes, const Attributes& more) {
  if (attributes.empty()) {
    attributes = more;
    return;
  }
  WHITNEY_CHECK(attributes.num_rows == more.num_rows, attributes.num_rows, " and ", more.num_rows, " rows");
  for (const Column& column : more.columns) {
    if (attributes.find(column.name) != nullptr) fail("both sides have a column \"", column.name, "\"");
  }
  attributes.columns.insert(attributes.columns.end(), more.columns.begin(), more.columns.end());
}

}  // namespace whitney
