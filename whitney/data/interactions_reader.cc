#include "whitney/data/interactions_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/id_table.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"

namespace whitney {
namespace {

using data::StringIdTable;

constexpr int64_t kPieceBytes = int64_t{1} << 20;
/// Lines that tell the form of a file.
constexpr size_t kSampleLines = 1000;

/// Numbers ids by first appearance; in the end they are put in order.
class IdNumbers {
 public:
  uint32_t add(std::string_view id, const std::string& where) {
    all_integers_ = all_integers_ && data::parse_integer(id).has_value();
    return table_.add(id, StringIdTable::tag_of(id), where);
  }
  /// The ids in order, and the row of each number.
  Ids finish(std::vector<uint32_t>& row_of_number) const {
    std::vector<uint32_t> order(static_cast<size_t>(table_.size()));
    std::iota(order.begin(), order.end(), 0U);
    row_of_number.resize(order.size());
    if (!all_integers_) {
      std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return table_.text(a) < table_.text(b); });
    } else {
      std::vector<uint64_t> values;
      for (const uint32_t number : order) values.push_back(*data::parse_integer(table_.text(number)));
      std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return values[a] < values[b]; });
      std::ranges::sort(values);
      for (uint32_t row = 0; row < order.size(); ++row) row_of_number[order[row]] = row;
      return Ids::integers(Array<uint64_t>::copy_of(values));
    }
    std::vector<std::string> texts;
    for (uint32_t row = 0; row < order.size(); ++row) {
      row_of_number[order[row]] = row;
      texts.emplace_back(table_.text(order[row]));
    }
    return Ids::strings(texts);
  }

 private:
  StringIdTable table_;
  bool all_integers_ = true;
};

struct Events {
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
};

/// Where the fields of a file stand.
struct Layout {
  /// " ": any white space.
  std::string_view separator = " ";
  bool is_list = false, has_heading = false;
  size_t user = 0, item = 1;
  std::optional<size_t> value, time;
  size_t num_fields = 0;
};

std::vector<std::string_view> split(std::string_view line, std::string_view separator) {
  std::vector<std::string_view> fields;
  if (separator == " ") {
    for (std::string_view word = data::take_word(line); !word.empty(); word = data::take_word(line))
      fields.push_back(word);
    return fields;
  }
  for (;;) {
    const size_t end = line.find(separator);
    fields.push_back(data::trim(line.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + separator.size());
  }
}

/// What stands between the fields of a file with this line: `::` in MovieLens' older files.
std::string_view separator_of(std::string_view line) {
  if (line.find('\t') != line.npos) return "\t";
  if (line.find(',') != line.npos) return ",";
  return line.find(' ') == line.npos && line.find("::") != line.npos ? "::" : " ";
}

bool is_number(std::string_view field) { return data::parse_number(field).has_value(); }

/// RecBole writes `user_id:token`, others may quote.
std::string_view plain_name(std::string_view field) {
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
    field = field.substr(1, field.size() - 2);
  return field.substr(0, field.find(':'));
}

std::optional<size_t> find_field(const std::vector<std::string_view>& heading,
                                 const std::optional<std::string>& asked,
                                 std::initializer_list<std::string_view> usual) {
  for (size_t i = 0; i < heading.size(); ++i) {
    const std::string_view name = plain_name(heading[i]);
    if (asked ? name == *asked : std::ranges::find(usual, name) != usual.end()) return i;
  }
  return std::nullopt;
}

/// One file.
class EventReader {
 public:
  EventReader(const std::string& path, const InteractionsOptions& options, IdNumbers& users, IdNumbers& items,
              const Context& context)
      : stream_(data::InputStream::open(path, context.cancellation)),
        options_(options),
        users_(users),
        items_(items),
        context_(context) {}

  Events read() {
    bool is_first = true;
    for (;;) {
      std::string_view piece = stream_.next_lines(kPieceBytes);
      if (piece.empty()) break;
      line_ = stream_.line_number();
      if (is_first) {
        piece = data::without_byte_order_mark(piece, stream_.name());
        learn_layout(piece);
        is_first = false;
      }
      read_piece(piece);
      context_.advance("reading events", stream_.position(), stream_.total(), "bytes");
    }
    if (is_first) fail(stream_.name(), ": the file is empty");
    return std::move(events_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { fail(stream_.name(), ":", line_, ": ", why); }

  static bool is_skipped(std::string_view line) { return line.empty() || line.front() == '#'; }

  void learn_layout(std::string_view piece) {
    std::vector<std::string_view> lines;
    int64_t skipped = 0;
    while (!piece.empty() && lines.size() < kSampleLines) {
      const std::string_view whole = data::take_line(piece), line = data::trim(whole);
      if (!is_skipped(line))
        lines.push_back(lines.empty() && separator_of(line) == "\t" ? whole : line);
      else if (lines.empty())
        ++skipped;
    }
    if (lines.empty()) return;
    tell_fields(lines);
    if (options_.needs_times && !layout_.time)
      fail(stream_.name(), ":", line_ + skipped,
           ": there is no field of the time, by which events are to be ordered (expected: "
           "user<TAB>item<TAB>value<TAB>time, or a heading that names timestamp)");
  }

  void tell_fields(const std::vector<std::string_view>& lines) {
    layout_.separator = separator_of(lines[0]);
    const std::vector<std::string_view> heading = split(lines[0], layout_.separator);
    learn_heading(heading);
    if (layout_.has_heading) return;
    layout_.is_list = layout_.separator == " " && !std::ranges::all_of(lines, [](std::string_view line) {
                        const size_t count = split(line, " ").size();
                        return count == 3 || count == 4;
                      });
    if (layout_.is_list) return;
    layout_.num_fields = heading.size();
    // A tab at the end of two fields is no value.
    if (layout_.num_fields == 3 && layout_.separator == "\t" && heading[2].empty()) layout_.num_fields = 2;
    if (layout_.num_fields > 2) layout_.value = 2;
    if (layout_.num_fields > 3) layout_.time = 3;
  }

  // A first line that names a user's and an item's field.
  void learn_heading(const std::vector<std::string_view>& heading) {
    const auto user = find_field(heading, options_.user_field, {"user_id", "user", "userId", "userID"});
    const auto item =
        find_field(heading, options_.item_field,
                   {"item_id", "item", "itemId", "itemID", "movieId", "movie_id", "artistID", "Id"});
    if (!user || !item) {
      if (options_.user_field || options_.item_field)
        fail(stream_.name(), ": the heading has no field \"",
             !user ? options_.user_field.value_or("user_id") : options_.item_field.value_or("item_id"), "\"");
      if (user.has_value() != item.has_value() && heading.size() > 2 && !is_number(heading[2]))
        refuse_half(heading, user.has_value());
      return;
    }
    layout_.has_heading = true;
    layout_.num_fields = heading.size();
    layout_.user = *user;
    layout_.item = *item;
    layout_.value = find_field(heading, options_.value_field, {"rating", "value", "count", "weight"});
    layout_.time = find_field(heading, options_.time_field, {"timestamp", "time"});
    if (options_.value_field && !layout_.value)
      fail(stream_.name(), ": the heading has no field \"", *options_.value_field, "\"");
    if (options_.time_field && !layout_.time)
      fail(stream_.name(), ": the heading has no field \"", *options_.time_field, "\"");
  }

  // Names that are no event: the value of one would be a number.
  [[noreturn]] void refuse_half(const std::vector<std::string_view>& heading, bool has_user) const {
    std::string names;
    for (const std::string_view field : heading) concat_name(names, plain_name(field));
    fail(stream_.name(), ": the heading names no field of the ", has_user ? "item" : "user",
         " that is known (it names ", names, "); say which by ", has_user ? "item_field" : "user_field");
  }
  static void concat_name(std::string& names, std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
  }

  void read_piece(std::string_view piece) {
    for (; !piece.empty(); ++line_) {
      const std::string_view whole = data::take_line(piece), line = data::trim(whole);
      if (is_skipped(line)) continue;
      if (layout_.has_heading && !heading_seen_) {
        heading_seen_ = true;
        continue;
      }
      // Between tabs the last field may be empty.
      std::vector<std::string_view> fields =
          split(layout_.separator == "\t" ? whole : line, layout_.separator);
      if (layout_.is_list)
        read_list(fields);
      else
        read_columns(std::move(fields));
    }
  }

  void read_list(const std::vector<std::string_view>& fields) {
    const uint32_t user = users_.add(fields[0], stream_.name());
    for (size_t i = 1; i < fields.size(); ++i) {
      events_.users.push_back(user);
      events_.items.push_back(items_.add(fields[i], stream_.name()));
    }
  }

  void read_columns(std::vector<std::string_view> fields) {
    while (fields.size() > layout_.num_fields && fields.back().empty()) fields.pop_back();
    if (fields.size() != layout_.num_fields)
      refuse(concat(fields.size(), " fields where ", layout_.num_fields, " are expected"));
    for (const size_t place : {layout_.user, layout_.item}) {
      if (fields[place].empty()) refuse(concat("field ", place + 1, " is empty where an id is expected"));
    }
    const double value = layout_.value ? number(fields[*layout_.value], "value") : 1;
    if (options_.min_value && value < *options_.min_value) return;
    events_.users.push_back(users_.add(fields[layout_.user], stream_.name()));
    events_.items.push_back(items_.add(fields[layout_.item], stream_.name()));
    if (layout_.value) events_.values.push_back(static_cast<float>(value));
    if (layout_.time) read_time(fields[*layout_.time]);
  }

  // Where nothing needs the times, one that is missing costs the times and not the events.
  void read_time(std::string_view field) {
    if (!field.empty()) {
      events_.times.push_back(std::llround(number(field, "time")));
      return;
    }
    if (options_.needs_times) refuse("the time is missing, by which events are to be ordered");
    context_.note(concat(stream_.name(), ":", line_, ": the time is missing, so that no times are read"));
    layout_.time.reset();
    events_.times.clear();
  }

  double number(std::string_view field, const char* what) const {
    const std::optional<double> value = data::parse_number(field);
    if (!value || !std::isfinite(*value) || std::abs(*value) > 1e18)
      refuse(concat("the ", what, " ", data::quoted(field), " is no finite number"));
    return *value;
  }

  data::InputStream stream_;
  const InteractionsOptions& options_;
  IdNumbers &users_, &items_;
  const Context& context_;
  Layout layout_;
  bool heading_seen_ = false;
  int64_t line_ = 1;
  Events events_;
};

void renumber(std::vector<uint32_t>& numbers, const std::vector<uint32_t>& row_of_number) {
  for (uint32_t& number : numbers) number = row_of_number[number];
}

}  // namespace

std::vector<Interactions> read_interactions(const std::vector<std::string>& paths,
                                            const InteractionsOptions& options, const Context& context) {
  IdNumbers users, items;
  std::vector<Events> files;
  for (const std::string& path : paths)
    files.push_back(EventReader(path, options, users, items, context).read());
  std::vector<uint32_t> user_rows, item_rows;
  const Ids user_ids = users.finish(user_rows), item_ids = items.finish(item_rows);
  std::vector<Interactions> result;
  for (Events& events : files) {
    renumber(events.users, user_rows);
    renumber(events.items, item_rows);
    result.push_back(build_interactions(user_ids, item_ids,
                                        {events.users, events.items, events.values, events.times}, context));
  }
  return result;
}

}  // namespace whitney
