#pragma once

#include <optional>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/nested_fields.h"
#include "whitney/core/options.h"
#include "whitney/core/value.h"
#include "whitney/data/embeddings.h"
#include "whitney/eval/text_source.h"

namespace whitney::eval {

/// What a task on vectors with ids needs besides its source when that is a model: texts, and how to encode
/// them.
struct VectorSource {
  std::optional<Path> texts;
  std::string text_field = "text";
  std::optional<std::string> id_field;
  TextEncoding encode;

  void fields(auto&& field) {
    field("texts", texts,
          "Texts that a model encodes, with the ids of the labels: .jsonl, .csv, .tsv, or one a line");
    field("text_field", text_field, "Field of the texts");
    field("id_field", id_field, "Field of the texts' ids; absent: id, else row numbers");
    encode.fields(NestedFields{field, "encode"});
  }

  /// Reads embeddings from `path`, or encodes the texts when it is a model's (a folder or a .gguf file).
  /// `resolved`: the options as the user gave them, for notes on those without effect. Throws UsageError when
  /// a model is given no texts.
  WHITNEY_API Embeddings read(const std::string& path, const Value& resolved, const Context& context) const;
};

}  // namespace whitney::eval
