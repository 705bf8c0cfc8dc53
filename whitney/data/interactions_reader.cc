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
#include "whitney/data/interactions_file.h"
#include "whitney/data/interactions_layout.h"
#include "whitney/data/interactions_values.h"
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
  std::string source;
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
};

/// One file.
class EventReader {
 public:
  EventReader(const std::string& path, const InteractionsOptions& options, IdNumbers& users, IdNumbers& items,
              const Context& context)
      : stream_(data::InputStream::open(path, context.cancellation)),
        options_(options),
        bounds_(options),
        users_(users),
        items_(items),
        context_(context) {}

  Events read() {
    bool is_first = true;
    for (;;) {
      std::string_view piece = stream_.next_lines(kPieceBytes);
      if (piece.empty()) break;
      line_ = stream_.line_number();
      if (is_first) piece = data::without_byte_order_mark(piece, stream_.name());
      data::check_text(piece, stream_.name(), line_);
      if (is_first) learn_layout(piece);
      is_first = false;
      read_piece(piece);
      context_.advance("reading events", stream_.position(), stream_.total(), "bytes");
    }
    if (is_first) fail(stream_.name(), ": the file is empty");
    events_.source = stream_.name();
    return std::move(events_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { fail(stream_.name(), ":", line_, ": ", why); }

  [[noreturn]] void refuse_empty(size_t place) const {
    refuse(concat("field ", place + 1, " is empty where an id is expected"));
  }

  static bool is_skipped(std::string_view line) { return line.empty() || line.front() == '#'; }

  void learn_layout(std::string_view piece) {
    std::vector<std::string_view> lines;
    int64_t skipped = 0;
    while (!piece.empty() && lines.size() < kSampleLines) {
      const std::string_view whole = data::take_line(piece), line = data::trim(whole);
      if (!is_skipped(line))
        lines.push_back(lines.empty() && line.find('\t') != line.npos ? whole : line);
      else if (lines.empty())
        ++skipped;
    }
    if (lines.empty()) return;
    layout_ = data::layout_of(lines, stream_.name(), options_, context_);
    const std::string first = concat(stream_.name(), ":", line_ + skipped, ": ");
    if (!layout_.is_list && layout_.num_fields < 2)
      fail(first, "1 field where a user and an item are expected");
    if (options_.needs_times && !layout_.time)
      fail(first,
           "there is no field of the time, by which events are to be ordered (expected: "
           "user<TAB>item<TAB>value<TAB>time, or a heading that names timestamp",
           layout_.is_ambiguous ? "; between spaces, events_form columns" : "", ")");
    if (!layout_.value) note_without_values(options_, stream_.name() + ": ", context_);
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
          data::split_fields(layout_.separator == "\t" ? whole : line, layout_.separator);
      if (layout_.is_list)
        read_list(fields);
      else
        read_columns(std::move(fields));
    }
  }

  void read_list(const std::vector<std::string_view>& fields) {
    if (fields[0].empty()) refuse_empty(0);
    const uint32_t user = users_.add(fields[0], stream_.name());
    for (size_t i = 1; i < fields.size(); ++i) {
      if (fields[i].empty()) refuse_empty(i);
      events_.users.push_back(user);
      events_.items.push_back(items_.add(fields[i], stream_.name()));
    }
  }

  void read_columns(std::vector<std::string_view> fields) {
    while (fields.size() > layout_.num_fields && fields.back().empty()) fields.pop_back();
    if (fields.size() != layout_.num_fields)
      refuse(concat(fields.size(), fields.size() == 1 ? " field where " : " fields where ",
                    layout_.num_fields, " are expected"));
    for (const size_t place : {layout_.user, layout_.item}) {
      if (fields[place].empty()) refuse_empty(place);
    }
    if (layout_.value) {
      const auto value = static_cast<float>(number(fields[*layout_.value], "value"));
      if (!bounds_.is_right(value)) refuse(concat("the value ", fields[*layout_.value], bounds_.outside()));
      if (!bounds_.counts(value)) return;
      events_.values.push_back(value);
    }
    events_.users.push_back(users_.add(fields[layout_.user], stream_.name()));
    events_.items.push_back(items_.add(fields[layout_.item], stream_.name()));
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
  ValueBounds bounds_;
  IdNumbers &users_, &items_;
  const Context& context_;
  data::InteractionsLayout layout_;
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
  static_cast<void>(ValueBounds(options));  // refuses what is no range before a file is opened
  if (paths.size() == 1 && data::is_interactions_file(paths[0]))
    return {data::read_interactions_file(paths[0], options, context)};
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
    result.push_back(build_interactions(
        user_ids, item_ids, {events.users, events.items, events.values, events.times, events.source},
        context));
  }
  return result;
}

}  // namespace whitney
