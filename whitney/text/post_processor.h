#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney::text {

/// The special tokens that stand around a text.
struct SpecialFrame {
  std::vector<int32_t> leading;
  std::vector<int32_t> trailing;
};

/// Reads the member "post_processor" of a tokenizer.json for single texts: TemplateProcessing,
/// BertProcessing, RobertaProcessing, ByteLevel (which adds none), Sequence; null adds none. Throws Error
/// naming a kind that is unknown, or a template that is not one text between special tokens.
WHITNEY_API SpecialFrame read_post_processor(const Value& declaration);

}  // namespace whitney::text
