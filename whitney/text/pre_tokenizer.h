#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"
#include "whitney/text/regex.h"

namespace whitney::text {

/// The words that a pre-tokeniser cuts a text into. Keep one between calls: its buffers are reused.
struct Words {
  /// What the words are parts of: the caller's text itself when no step changed it, else a buffer in here.
  std::string_view text;
  std::vector<Span> spans;

  size_t size() const { return spans.size(); }
  std::string_view operator[](size_t i) const {
    return text.substr(spans[i].begin, spans[i].end - spans[i].begin);
  }

  // Buffers of the steps.
  std::string changed;
  std::string next_text;
  std::vector<Span> next_spans;
  std::vector<Span> matches;
  RegexScratch regex;
};

/// How a ByteLevel step at the end hands on its bytes.
enum class ByteForm : uint8_t {
  kPrintable,  // one printable character for each byte, as vocabularies spell them
  kRaw         // the bytes as they are: faster, for a model whose vocabulary was spelt back by raw_bytes_of
};

/// The pre-tokeniser that a tokenizer.json declares: Sequence, BertPreTokenizer, Whitespace, WhitespaceSplit,
/// Punctuation, Digits, Split, Metaspace, ByteLevel, CharDelimiterSplit, FixedLength.
class WHITNEY_API PreTokenizer {
 public:
  /// One step; defined in the source.
  class Step;

  /// The whole text is one word.
  PreTokenizer();
  /// Reads the member "pre_tokenizer" of a tokenizer.json; null: the whole text is one word. Throws Error
  /// naming a kind, field or pattern that cannot be served.
  explicit PreTokenizer(const Value& declaration, ByteForm byte_form = ByteForm::kPrintable);
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// Cuts `text` (valid UTF-8 below 1 GiB) into words, none empty. `at_start`: the text begins the input,
  /// which Metaspace's scheme "first" asks for. The words refer to `text` or to buffers in `words`.
  void apply(std::string_view text, bool at_start, Words& words) const;

  /// Says that words are raw bytes: kRaw was asked for and the last step is ByteLevel.
  bool gives_raw_bytes() const { return gives_raw_bytes_; }

 private:
  std::vector<std::unique_ptr<const Step>> steps_;
  bool gives_raw_bytes_ = false;
};

/// Appends the printable spelling of bytes that ByteLevel uses (GPT-2's): "\n" is U+010A.
WHITNEY_API void append_printable_bytes(std::string_view bytes, std::string& out);
/// Appends the bytes that a printable spelling stands for; false (out unchanged) when some character is none.
WHITNEY_API bool raw_bytes_of(std::string_view printable, std::string& out);

}  // namespace whitney::text
