#include "whitney/data/interactions_layout.h"

#include <algorithm>
#include <initializer_list>

#include "whitney/core/error.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {
namespace {

/// What stands between the fields of a file with this line: `::` in MovieLens' older files.
std::string_view separator_of(std::string_view line) {
  if (line.find('\t') != line.npos) return "\t";
  if (line.find(',') != line.npos) return ",";
  return line.find(' ') == line.npos && line.find("::") != line.npos ? "::" : " ";
}

bool is_number(std::string_view field) { return parse_number(field).has_value(); }

bool is_whole(std::string_view field) {
  return !field.empty() && field.find_first_not_of("0123456789") == std::string_view::npos;
}

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

/// Names that are no event: the value of one would be a number.
[[noreturn]] void refuse_half(const std::vector<std::string_view>& heading, const std::string& name,
                              bool has_user) {
  std::string names;
  for (const std::string_view field : heading) {
    if (!names.empty()) names += ", ";
    names += plain_name(field);
  }
  fail(name, ": the heading names no field of the ", has_user ? "item" : "user", " that is known (it names ",
       names, "); say which by ", has_user ? "item_field" : "user_field");
}

/// A first line that names a user's and an item's field.
void learn_heading(const std::vector<std::string_view>& heading, const std::string& name,
                   const InteractionsOptions& options, InteractionsLayout& layout) {
  const auto user = find_field(heading, options.user_field, {"user_id", "user", "userId", "userID"});
  const auto item =
      find_field(heading, options.item_field,
                 {"item_id", "item", "itemId", "itemID", "movieId", "movie_id", "artistID", "Id"});
  if (!user || !item) {
    if (options.user_field || options.item_field)
      fail(name, ": the heading has no field \"",
           !user ? options.user_field.value_or("user_id") : options.item_field.value_or("item_id"), "\"");
    if (user.has_value() != item.has_value() && heading.size() > 2 && !is_number(heading[2]))
      refuse_half(heading, name, user.has_value());
    if (options.value_field || options.time_field)
      fail(name, ": the first line names no fields of a user and an item, and so none \"",
           options.value_field ? *options.value_field : *options.time_field,
           "\" (expected: a heading, such as user_id<TAB>item_id<TAB>rating)");
    return;
  }
  layout.has_heading = true;
  layout.num_fields = heading.size();
  layout.user = *user;
  layout.item = *item;
  layout.value = find_field(heading, options.value_field, {"rating", "value", "count", "weight"});
  layout.time = find_field(heading, options.time_field, {"timestamp", "time"});
  if (options.value_field && !layout.value)
    fail(name, ": the heading has no field \"", *options.value_field, "\"");
  if (options.time_field && !layout.time)
    fail(name, ": the heading has no field \"", *options.time_field, "\"");
}

enum class WordForm : uint8_t { kLists, kColumns, kEither };

/// What words between spaces are. Values and times stand third and fourth on every line and are numbers. A
/// number that is no whole one, or numbers behind items that are none, stand in no list of items.
WordForm form_of_words(std::span<const std::string_view> lines) {
  const size_t num_words = split_fields(lines[0], " ").size();
  if (num_words != 3 && num_words != 4) return WordForm::kLists;
  bool all_whole = true, no_item_is_number = true;
  for (const std::string_view line : lines) {
    const std::vector<std::string_view> words = split_fields(line, " ");
    if (words.size() != num_words) return WordForm::kLists;
    for (size_t i = 2; i < words.size(); ++i) {
      if (!is_number(words[i])) return WordForm::kLists;
      all_whole = all_whole && is_whole(words[i]);
    }
    no_item_is_number = no_item_is_number && !is_number(words[1]);
  }
  return all_whole && !no_item_is_number ? WordForm::kEither : WordForm::kColumns;
}

/// Lists are told by their separator where all is up to the file.
bool are_lists(std::span<const std::string_view> lines, const std::string& name, const Context& context,
               InteractionsLayout& layout) {
  if (layout.separator != " ") return false;
  const WordForm form = form_of_words(lines);
  layout.is_ambiguous = form == WordForm::kEither;
  if (layout.is_ambiguous) {
    const bool timed = split_fields(lines[0], " ").size() == 4;
    context.note(
        concat(name, ": the first lines have ", timed ? "four" : "three",
               " numbers between spaces, which are read as a list, user item item ...; --events-form "
               "columns (events_form=\"columns\") reads them as user item value",
               timed ? " time" : "", ", --events-form lists says that they are lists"));
  }
  return form != WordForm::kColumns;
}

/// Lists that are asked for stand between blanks, or between commas.
InteractionsLayout layout_of_lists(std::span<const std::string_view> lines, const std::string& name,
                                   const InteractionsOptions& options) {
  for (const auto& field :
       {options.user_field, options.item_field, options.value_field, options.time_field}) {
    if (field) fail(name, ": lists have no heading, which would name the field \"", *field, "\"");
  }
  InteractionsLayout layout;
  layout.is_list = true;
  for (const std::string_view line : lines) {
    if (line.find_first_of(" \t") != line.npos) break;
    if (line.find(',') == line.npos) continue;
    layout.separator = ",";
    break;
  }
  return layout;
}

}  // namespace

std::vector<std::string_view> split_fields(std::string_view line, std::string_view separator) {
  std::vector<std::string_view> fields;
  if (separator == " ") {
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line))
      fields.push_back(word);
    return fields;
  }
  for (;;) {
    const size_t end = line.find(separator);
    fields.push_back(trim(line.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + separator.size());
  }
}

InteractionsLayout layout_of(std::span<const std::string_view> lines, const std::string& name,
                             const InteractionsOptions& options, const Context& context) {
  if (options.events_form == EventsForm::kLists) return layout_of_lists(lines, name, options);
  InteractionsLayout layout;
  layout.separator = separator_of(lines[0]);
  const std::vector<std::string_view> heading = split_fields(lines[0], layout.separator);
  learn_heading(heading, name, options, layout);
  if (layout.has_heading) return layout;
  layout.is_list = options.events_form == EventsForm::kAuto && are_lists(lines, name, context, layout);
  if (layout.is_list) return layout;
  layout.num_fields = heading.size();
  // A tab at the end of two fields is no value.
  if (layout.num_fields == 3 && layout.separator == "\t" && heading[2].empty()) layout.num_fields = 2;
  if (layout.num_fields > 2) layout.value = 2;
  if (layout.num_fields > 3) layout.time = 3;
  return layout;
}

}  // namespace whitney::data
