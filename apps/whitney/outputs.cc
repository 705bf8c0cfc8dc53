#include "apps/whitney/outputs.h"

#include <filesystem>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/readers.h"

namespace whitney::app {

Outcome written(const std::string& output, const std::string& what, const Value& json, double seconds,
                Session& session) {
  Outcome outcome;
  if (output == "-") {
    session.note(concat("wrote standard output: ", what, ", in ", seconds_text(seconds)));
    return outcome;
  }
  std::error_code error;
  const auto size = static_cast<int64_t>(std::filesystem::file_size(output, error));
  outcome.text = concat("wrote ", output, ": ", what, error ? "" : ", " + size_text(size), ", in ",
                        seconds_text(seconds), "\n");
  outcome.json = Value::object({{"output", output}, {"size_bytes", error ? Value() : Value(size)}});
  for (const auto& [key, value] : json.as_object()) outcome.json.set(key, value);
  outcome.json.set("seconds", seconds);
  return outcome;
}

std::string dtype_text(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return "bool";
    case DType::kU8:
      return "uint8";
    case DType::kI8:
      return "int8";
    case DType::kU16:
      return "uint16";
    case DType::kI16:
      return "int16";
    case DType::kF16:
      return "float16";
    case DType::kBF16:
      return "bfloat16";
    case DType::kU32:
      return "uint32";
    case DType::kI32:
      return "int32";
    case DType::kF32:
      return "float32";
    case DType::kU64:
      return "uint64";
    case DType::kI64:
      return "int64";
    case DType::kF64:
      return "float64";
  }
  return "";
}

Outcome estimate_outcome(const CostEstimate& cost, const Context& context, const Value& json) {
  Outcome outcome;
  const int64_t limit = context.memory_limit_bytes();
  const bool fits = cost.peak_bytes <= limit;
  outcome.text = concat("peak memory: ", size_text(cost.peak_bytes), " of ", size_text(limit), " allowed",
                        fits ? "" : ": this run would be refused", "\n");
  outcome.text += "time: " +
                  (cost.seconds > 0 ? "about " + seconds_text(cost.seconds) + " with " +
                                          std::to_string(context.num_threads()) + " threads"
                                    : std::string("no idea")) +
                  "\n";
  outcome.json = Value::object({{"peak_bytes", cost.peak_bytes}, {"allowed_bytes", limit}, {"fits", fits}});
  outcome.json.set("seconds", cost.seconds > 0 ? Value(cost.seconds) : Value());
  for (const auto& [key, value] : json.as_object()) outcome.json.set(key, value);
  return outcome;
}

void join_table(const Ids& ids, Attributes& attributes, const std::optional<Path>& path,
                const std::optional<std::string>& id_field, Session& session) {
  if (!path) return;
  const Table table = read_table(path->value, {id_field}, session.context);
  JoinResult joined = join_attributes(ids, table);
  if (joined.unmatched_rows > 0) {
    session.note(concat(count_text(joined.unmatched_rows), " of ", count_text(ids.size()),
                        " rows have no attributes in ", path->value));
  }
  if (joined.unused_rows > 0) {
    session.note(concat(count_text(joined.unused_rows), " of ", count_text(table.ids.size()), " rows of ",
                        path->value, " match no id and are left out"));
  }
  // Columns that came with the embeddings stay, unless the table has newer ones of the same name.
  for (Column& column : joined.attributes.columns) {
    std::erase_if(attributes.columns, [&](const Column& old) { return old.name == column.name; });
    attributes.columns.push_back(std::move(column));
  }
  attributes.num_rows = ids.size();
}

}  // namespace whitney::app
