#include "whitney/infer/encode_lines.h"

#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_lines.h"
#include "whitney/infer/not_finite.h"

namespace whitney::infer {
namespace {

// As many texts as encode_corpus takes at once, where they are short.
constexpr size_t kBlockTexts = 2048;

// Texts that wait to be encoded, with their ids as JSON.
class LineEncoder {
 public:
  LineEncoder(const Context& context, const Encoder& encoder, const EncodeOptions& options,
              const std::function<void(std::string_view)>& write)
      : context_(context), encoder_(encoder), options_(options), write_(write) {
    quiet_.progress = nullptr;
    if (!options_.prompt && !options_.prompt_name) options_.prompt_name = encoder.document_prompt();
  }

  int64_t num_texts() const { return num_texts_; }

  void add(std::string id, std::string text) {
    ids_.push_back(std::move(id));
    texts_.push_back(std::move(text));
    ++num_texts_;
    if (texts_.size() == kBlockTexts) flush();
  }

  void flush() {
    if (texts_.empty()) return;
    context_.check_cancelled();
    const Matrix vectors = vectors_of_block();
    std::string lines;
    for (size_t i = 0; i < ids_.size(); ++i) {
      lines += R"({"id":)" + ids_[i] + R"(,"vector":[)";
      for (const float value : vectors.row<float>(static_cast<int64_t>(i))) {
        data::append_float(lines, value);
        lines += ',';
      }
      lines.back() = ']';
      lines += "}\n";
    }
    write_(lines);
    ids_.clear();
    texts_.clear();
    context_.advance("encode", num_texts_, 0, "texts");
  }

 private:
  Matrix vectors_of_block() const {
    const std::vector<std::string_view> views(texts_.begin(), texts_.end());
    try {
      return encoder_.encode(quiet_, views, options_).vectors;
    } catch (const NotFinite& error) {
      throw error.of_text(ids_[static_cast<size_t>(error.place())]);
    }
  }

  const Context& context_;
  Context quiet_ = context_;
  const Encoder& encoder_;
  EncodeOptions options_;
  const std::function<void(std::string_view)>& write_;
  std::vector<std::string> ids_, texts_;
  int64_t num_texts_ = 0;
};

std::string id_json(const data::JsonRow& row, int64_t row_number) {
  if (const auto* integer = std::get_if<uint64_t>(&row.id)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&row.id)) return Value(*text).to_json();
  return std::to_string(row_number);
}

}  // namespace

int64_t encode_lines(const Context& context, const Encoder& encoder, const std::string& path,
                     const LineFields& fields, const EncodeOptions& options,
                     const std::function<void(std::string_view lines)>& write) {
  if (options.output != EncodeOutput::kDense || options.long_texts == LongTexts::kLate) {
    fail("a line holds one vector of a text: output=", name_of_enum(options.output),
         " with long_texts=", name_of_enum(options.long_texts), " gives others");
  }
  data::JsonLinesOptions json;
  json.id_field = fields.id.value_or("id");
  json.id_required = fields.id.has_value();
  json.only = {fields.text};
  LineEncoder lines(context, encoder, options, write);
  auto input = data::InputStream::open(path, context.cancellation);
  data::read_json_lines(input, json, context, [&](data::JsonRow& row, const std::vector<std::string>&) {
    const Value* text = row.fields.empty() ? nullptr : &row.fields.front().second;
    if (text == nullptr || !text->is_string()) {
      fail(input.name(), ":", row.line, ": field \"", fields.text, "\" (the text) ",
           text == nullptr ? "is missing" : "must be a string of text");
    }
    lines.add(id_json(row, lines.num_texts()), text->as_string());
  });
  lines.flush();
  return lines.num_texts();
}

}  // namespace whitney::infer
