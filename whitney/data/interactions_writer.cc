#include "whitney/data/interactions_writer.h"

#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/decimal.h"
#include "whitney/data/file_format.h"
#include "whitney/data/interactions_file.h"
#include "whitney/data/text_scan.h"

namespace whitney {
namespace {

/// Users between two looks at cancellation.
constexpr int64_t kPortion = 1 << 14;

/// The ids as they stand in a line. Columns keep no quotes, so that some ids have no form.
std::vector<std::string> id_fields(const Ids& ids, const char* what, char separator,
                                   const std::string& path) {
  std::vector<std::string> fields;
  for (int64_t row = 0; row < ids.size(); ++row) {
    std::string text = ids.text(row);
    const bool is_kept = !text.empty() && text.find_first_of("\r\n") == text.npos &&
                         text.find(separator) == text.npos && data::trim(text) == text && text.front() != '#';
    if (!is_kept)
      fail(path, ": the ", what, " ", data::quoted(text), " cannot stand in a line between ",
           separator == ',' ? "commas" : "tabs", "; write a .safetensors, which holds any id");
    fields.push_back(std::move(text));
  }
  return fields;
}

}  // namespace

void write_interactions(const Interactions& events, const std::string& path, bool force,
                        const Context& context) {
  const data::FileName name = data::file_format(path, data::TxtMeaning::kText);
  data::check_not_packed(path, name);
  if (name.format == data::FileFormat::kSafetensors) return save_interactions(events, path, force, context);
  const bool is_text = name.format == data::FileFormat::kTsv || name.format == data::FileFormat::kCsv;
  if (!is_text && path != "-")
    fail(path, ": the extension tells no format of events (expected: .tsv, .csv or .safetensors)");
  const char separator = name.format == data::FileFormat::kCsv ? ',' : '\t';
  const auto users = id_fields(events.users, "user", separator, path),
             items = id_fields(events.items, "item", separator, path);
  const bool with_values = !events.values.empty(), with_times = !events.times.empty();
  AtomicFile file(path, force);
  std::string text = concat("user_id", separator, "item_id");
  // A time is the fourth field: without values there is a heading to say so.
  if (with_values) text += concat(separator, "rating");
  if (with_times) text += concat(separator, "timestamp");
  text += '\n';
  for (int64_t user = 0; user < events.num_users(); ++user) {
    for (int64_t e = events.offsets[user]; e < events.offsets[user + 1]; ++e) {
      text += users[static_cast<size_t>(user)];
      text += separator;
      text += items[events.targets[e]];
      if (with_values) {
        text += separator;
        data::append_float(text, events.values[e]);
      }
      if (with_times) {
        text += separator;
        text += std::to_string(events.times[e]);
      }
      text += '\n';
    }
    file.write(text);
    text.clear();
    if (user % kPortion == 0) context.advance("writing events", user, events.num_users(), "users");
  }
  file.write(text);  // the heading, where there is no user
  context.check_cancelled();
  file.commit();
}

}  // namespace whitney
