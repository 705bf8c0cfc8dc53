#include "whitney/infer/encode_lines.h"

#include <cstddef>
#include <ranges>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_lines.h"
#include "whitney/infer/encode_record.h"
#include "whitney/infer/kept_blocks.h"
#include "whitney/infer/not_finite.h"

namespace whitney::infer {
namespace {

// Appends [first,second,…].
template <class Values, class Append>
void append_list(std::string& line, const Values& values, const Append& append) {
  line += '[';
  bool is_first = true;
  for (const auto& value : values) {
    if (!is_first) line += ',';
    is_first = false;
    append(value);
  }
  line += ']';
}

void append_floats(std::string& line, std::span<const float> values) {
  append_list(line, values, [&](float value) { data::append_float(line, value); });
}

// What became of text i: a vector, several, or weights of words.
void append_members(std::string& line, const Encoding& encoding, size_t i) {
  const auto of_text = [i](const std::vector<int64_t>& starts, const auto& values) {
    return std::span(values).subspan(static_cast<size_t>(starts[i]),
                                     static_cast<size_t>(starts[i + 1] - starts[i]));
  };
  if (!encoding.sparse_starts.empty()) {
    line += R"("indices":)";
    append_list(line, of_text(encoding.sparse_starts, encoding.sparse_words),
                [&](int32_t word) { line += std::to_string(word); });
    line += R"(,"values":)";
    append_floats(line, of_text(encoding.sparse_starts, encoding.sparse_weights));
  } else if (!encoding.starts.empty()) {
    line += R"("vectors":)";
    append_list(line, std::views::iota(encoding.starts[i], encoding.starts[i + 1]),
                [&](int64_t row) { append_floats(line, encoding.vectors.row<float>(row)); });
  } else {
    line += R"("vector":)";
    append_floats(line, encoding.vectors.row<float>(static_cast<int64_t>(i)));
  }
}

// Texts that wait to be encoded, with their ids as JSON.
class LineEncoder {
 public:
  LineEncoder(const Context& context, const Encoder& encoder, const EncodeOptions& options,
              const std::function<void(std::string_view)>& write,
              const std::optional<std::string>& journal_path)
      : context_(context),
        encoder_(encoder),
        options_(with_document_prompt(encoder, options)),
        write_(write),
        kept_(context, journal_path, "lines",
              journal_path ? encode_record(encoder, encoder.folder().path, options_) : Value()) {
    quiet_.progress = nullptr;
  }

  int64_t num_texts() const { return num_texts_; }

  void add(std::string id, std::string text) {
    const bool is_last = block_.add(text, id);
    ids_.push_back(std::move(id));
    texts_.push_back(std::move(text));
    ++num_texts_;
    if (is_last) end_block(true);
  }

  EncodedLines finish() {
    if (!texts_.empty()) end_block(false);
    for (int64_t i = 0; i < kept_.size(); ++i) {
      const std::vector<std::byte> lines = kept_.read(i);
      write_({reinterpret_cast<const char*>(lines.data()), lines.size()});
    }
    if (!last_lines_.empty()) write_(last_lines_);
    return {num_texts_, kept_.num_resumed()};
  }

 private:
  static EncodeOptions with_document_prompt(const Encoder& encoder, EncodeOptions options) {
    if (!options.prompt && !options.prompt_name) options.prompt_name = encoder.document_prompt();
    return options;
  }

  // The end of all texts may cut a block short, which the next run's input may not: it is never kept.
  void end_block(bool is_full) {
    if (!kept_.has_next(block_)) {
      context_.check_cancelled();
      std::string lines = lines_of(encoding_of_block());
      if (!kept_.keeps()) {
        write_(lines);
      } else if (is_full) {
        kept_.append(block_, std::as_bytes(std::span(lines)));
      } else {
        last_lines_ = std::move(lines);
      }
    }
    ids_.clear();
    texts_.clear();
    block_ = BlockTexts();
    context_.advance("encode", num_texts_, 0, "texts");
  }

  Encoding encoding_of_block() const {
    const std::vector<std::string_view> views(texts_.begin(), texts_.end());
    try {
      return encoder_.encode(quiet_, views, options_);
    } catch (const NotFinite& error) {
      throw error.of_text(ids_[static_cast<size_t>(error.place())]);
    }
  }

  std::string lines_of(const Encoding& encoding) const {
    std::string lines;
    for (size_t i = 0; i < ids_.size(); ++i) {
      lines += R"({"id":)" + ids_[i] + ',';
      append_members(lines, encoding, i);
      lines += "}\n";
    }
    return lines;
  }

  const Context& context_;
  Context quiet_ = context_;
  const Encoder& encoder_;
  EncodeOptions options_;
  const std::function<void(std::string_view)>& write_;
  KeptBlocks kept_;
  BlockTexts block_;
  std::vector<std::string> ids_, texts_;
  std::string last_lines_;
  int64_t num_texts_ = 0;
};

std::string id_json(const data::JsonRow& row, int64_t row_number) {
  if (const auto* integer = std::get_if<uint64_t>(&row.id)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&row.id)) return Value(*text).to_json();
  return std::to_string(row_number);
}

}  // namespace

EncodedLines encode_lines(const Context& context, const Encoder& encoder, const std::string& path,
                          const LineFields& fields, const EncodeOptions& options,
                          const std::function<void(std::string_view lines)>& write,
                          const std::optional<std::string>& journal_path) {
  data::JsonLinesOptions json;
  json.id_field = fields.id.value_or("id");
  json.id_required = fields.id.has_value();
  json.only = {fields.text};
  LineEncoder lines(context, encoder, options, write, journal_path);
  auto input = data::InputStream::open(path, context.cancellation);
  data::read_json_lines(input, json, context, [&](data::JsonRow& row, const std::vector<std::string>&) {
    const Value* text = row.fields.empty() ? nullptr : &row.fields.front().second;
    if (text == nullptr || !text->is_string()) {
      fail(input.name(), ":", row.line, ": field \"", fields.text, "\" (the text) ",
           text == nullptr ? "is missing" : "must be a string of text");
    }
    lines.add(id_json(row, lines.num_texts()), text->as_string());
  });
  return lines.finish();
}

}  // namespace whitney::infer
