#include "whitney/text/post_processor.h"

#include <string>

#include "whitney/core/error.h"
#include "whitney/text/known_members.h"

namespace whitney::text {
namespace {

int32_t as_id(const Value& value) {
  constexpr int64_t kLargestId = (int64_t{1} << 31) - 2;
  const int64_t id = value.as_int();
  if (id < 0 || id > kLargestId) fail("a special token has the id ", id, ": expected 0 to ", kLargestId);
  return static_cast<int32_t>(id);
}

// ["[SEP]", 102]
int32_t id_of_pair(const Value& pair) {
  if (!pair.is_list() || pair.as_list().size() != 2) {
    fail("expected a token and its id, not ", pair.to_json());
  }
  return as_id(pair.as_list()[1]);
}

SpecialFrame read_template(const Value& declaration) {
  SpecialFrame frame;
  bool is_behind = false;
  for (const Value& piece : declaration.at("single").as_list()) {
    if (const Value* sequence = piece.find("Sequence")) {
      if (is_behind || sequence->at("id").as_string() != "A") {
        fail("the template \"single\" must hold the sequence A once: ", declaration.at("single").to_json());
      }
      is_behind = true;
      continue;
    }
    const std::string& name = piece.at("SpecialToken").at("id").as_string();
    std::vector<int32_t>& side = is_behind ? frame.trailing : frame.leading;
    for (const Value& id : declaration.at("special_tokens").at(name).at("ids").as_list()) {
      side.push_back(as_id(id));
    }
  }
  if (!is_behind) fail("the template \"single\" has no sequence A: ", declaration.at("single").to_json());
  return frame;
}

SpecialFrame read_sequence(const Value& declaration) {
  // Each goes around what the ones before it made.
  SpecialFrame frame;
  for (const Value& step : declaration.at("processors").as_list()) {
    const SpecialFrame outer = read_post_processor(step);
    frame.leading.insert(frame.leading.begin(), outer.leading.begin(), outer.leading.end());
    frame.trailing.insert(frame.trailing.end(), outer.trailing.begin(), outer.trailing.end());
  }
  return frame;
}

}  // namespace

SpecialFrame read_post_processor(const Value& declaration) {
  if (declaration.is_null()) return {};
  const std::string& kind = declaration.at("type").as_string();
  check_members("", "post_processor", kind, declaration);
  if (kind == "TemplateProcessing") return read_template(declaration);
  if (kind == "BertProcessing" || kind == "RobertaProcessing") {
    return {{id_of_pair(declaration.at("cls"))}, {id_of_pair(declaration.at("sep"))}};
  }
  if (kind == "ByteLevel") return {};
  if (kind == "Sequence") return read_sequence(declaration);
  fail("unknown post-processor \"", kind,
       "\" (known: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence)");
}

}  // namespace whitney::text
