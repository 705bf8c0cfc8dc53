#include "whitney/core/value.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "whitney/core/hash.h"

namespace whitney {
namespace {

std::string_view kind_name(Value::Kind kind) {
  static constexpr std::string_view kNames[] = {"null", "bool", "int", "real", "string", "list", "object"};
  return kNames[static_cast<size_t>(kind)];
}

// A value in a sentence: all of it, or its beginning.
std::string shown(const Value& value) {
  constexpr size_t kMost = 200;
  std::string text = value.to_json();
  if (text.size() <= kMost) return text;
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole code points
  return text.substr(0, end) + " ...";
}

[[noreturn]] void wrong_kind(const Value& value, std::string_view wanted) {
  fail("expected ", wanted, ", not ", shown(value), " (", kind_name(value.kind()), ")");
}

void write_string(std::string_view text, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kDigits[c >> 4];
          out += kDigits[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void write_line_break(int indent, int depth, std::string& out) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<size_t>(indent * depth), ' ');
}

void write(const Value& value, int indent, int depth, std::string& out) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      out += "null";
      return;
    case Value::Kind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case Value::Kind::kInt:
      out += std::to_string(value.as_int());
      return;
    case Value::Kind::kReal:
      out += std::isfinite(value.as_real()) ? shortest(value.as_real()) : "null";
      return;
    case Value::Kind::kString:
      write_string(value.as_string(), out);
      return;
    case Value::Kind::kList: {
      out += '[';
      bool first = true;
      for (const Value& element : value.as_list()) {
        if (!first) out += indent < 0 ? "," : ", ";
        first = false;
        write(element, -1, depth + 1, out);
      }
      out += ']';
      return;
    }
    case Value::Kind::kObject: {
      out += '{';
      bool first = true;
      for (const auto& [key, member] : value.as_object()) {
        if (!first) out += ',';
        first = false;
        write_line_break(indent, depth + 1, out);
        write_string(key, out);
        out += indent < 0 ? ":" : ": ";
        write(member, indent, depth + 1, out);
      }
      if (!first) write_line_break(indent, depth, out);
      out += '}';
      return;
    }
  }
}

void refuse_repeated_keys(const Value::Object& members, std::string_view where) {
  // A table of places, at most half full, where a key is looked for from its hash on.
  std::vector<uint32_t> table(std::bit_ceil(2 * members.size() + 1));
  const size_t mask = table.size() - 1;
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string& key = members[i].first;
    size_t slot = hash64(key) & mask;
    for (; table[slot] != 0; slot = (slot + 1) & mask) {
      if (members[table[slot] - 1].first == key)
        fail(where, ": the key \"", key, "\" stands twice in one object");
    }
    table[slot] = static_cast<uint32_t>(i + 1);
  }
}

Value convert(const simdjson::dom::element& element, std::string_view where) {
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return {};
    case simdjson::dom::element_type::BOOL:
      return bool(element);
    case simdjson::dom::element_type::INT64:
      return int64_t(element);
    case simdjson::dom::element_type::UINT64:
      return static_cast<double>(uint64_t(element));
    case simdjson::dom::element_type::DOUBLE:
      return double(element);
    case simdjson::dom::element_type::STRING:
      return std::string_view(element);
    case simdjson::dom::element_type::ARRAY: {
      Value::List list;
      for (const simdjson::dom::element child : simdjson::dom::array(element))
        list.push_back(convert(child, where));
      return list;
    }
    case simdjson::dom::element_type::OBJECT: {
      Value::Object members;
      for (const auto& [key, child] : simdjson::dom::object(element)) {
        members.emplace_back(std::string(key), convert(child, where));
      }
      refuse_repeated_keys(members, where);
      return Value::object(std::move(members));
    }
  }
  return {};
}

}  // namespace

Value Value::object(Object members) {
  Value value;
  value.data_ = Members{std::move(members)};
  return value;
}

bool Value::as_bool() const {
  if (!is_bool()) wrong_kind(*this, "true or false");
  return std::get<bool>(data_);
}

int64_t Value::as_int() const {
  if (!is_int()) wrong_kind(*this, "an integer");
  return std::get<int64_t>(data_);
}

double Value::as_real() const {
  if (is_int()) return static_cast<double>(std::get<int64_t>(data_));
  if (kind() != Kind::kReal) wrong_kind(*this, "a number");
  return std::get<double>(data_);
}

const std::string& Value::as_string() const {
  if (!is_string()) wrong_kind(*this, "a string");
  return std::get<std::string>(data_);
}

const Value::List& Value::as_list() const {
  if (!is_list()) wrong_kind(*this, "a list");
  return std::get<List>(data_);
}

const Value::Object& Value::as_object() const {
  if (!is_object()) wrong_kind(*this, "an object");
  return std::get<Members>(data_).list;
}

const Value* Value::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const auto& [name, value] : as_object()) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Value& Value::at(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) fail("the key \"", key, "\" is missing in ", shown(*this));
  return *value;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_null()) data_ = Members{};
  if (!is_object()) wrong_kind(*this, "an object");
  Object& members = std::get<Members>(data_).list;
  for (auto& [name, member] : members) {
    if (name == key) {
      member = std::move(value);
      return *this;
    }
  }
  members.emplace_back(std::string(key), std::move(value));
  return *this;
}

void Value::push_back(Value value) {
  if (is_null()) data_ = List{};
  if (!is_list()) wrong_kind(*this, "a list");
  std::get<List>(data_).push_back(std::move(value));
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_object()) return a.as_object() == b.as_object();
  if (a.is_list()) return a.as_list() == b.as_list();
  if (a.is_string()) return a.as_string() == b.as_string();
  if (a.is_bool()) return a.as_bool() == b.as_bool();
  if (a.is_int()) return a.as_int() == b.as_int();
  return a.is_null() || a.as_real() == b.as_real();
}

std::string Value::to_json(int indent) const {
  std::string out;
  write(*this, indent, 0, out);
  return out;
}

Value Value::parse_json(std::string_view text, std::string_view where) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get(root)) {
    fail(where, ": not JSON: ", simdjson::error_message(error));
  }
  return convert(root, where);
}

std::string shortest(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  std::string result(text, end);
  // 3 is an integer to a reader; 3.0 is the real that was written.
  if (result.find_first_not_of("-0123456789") == std::string::npos) result += ".0";
  return result;
}

}  // namespace whitney
