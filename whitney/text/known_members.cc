#include "whitney/text/known_members.h"

#include <algorithm>
#include <array>
#include <string>

#include "whitney/core/error.h"

namespace whitney::text {
namespace {

struct Step {
  std::string_view part;
  std::string_view type;
  /// Separated by blanks. Those that nothing here reads change offsets only, or are of old files.
  std::string_view members;
};

// What tokenizers 0.5 to 0.23 write.
constexpr auto kSteps = std::to_array<Step>({
    {"file", "tokenizer",
     "version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder model"},
    {"file", "added token", "id content single_word lstrip rstrip normalized special"},
    {"model", "BPE",
     "dropout unk_token continuing_subword_prefix end_of_word_suffix fuse_unk byte_fallback ignore_merges "
     "vocab "
     "merges"},
    {"model", "WordPiece", "unk_token continuing_subword_prefix max_input_chars_per_word vocab"},
    {"model", "WordLevel", "unk_token vocab"},
    {"model", "Unigram", "unk_id vocab byte_fallback"},
    {"normalizer", "BertNormalizer", "clean_text handle_chinese_chars strip_accents lowercase"},
    {"normalizer", "Strip", "strip_left strip_right"},
    {"normalizer", "Replace", "pattern content"},
    {"normalizer", "Prepend", "prepend"},
    {"normalizer", "Precompiled", "precompiled_charsmap"},
    {"normalizer", "Sequence", "normalizers"},
    {"normalizer", "Lowercase", ""},
    {"normalizer", "StripAccents", ""},
    {"normalizer", "NFC", ""},
    {"normalizer", "NFD", ""},
    {"normalizer", "NFKC", ""},
    {"normalizer", "NFKD", ""},
    {"normalizer", "Nmt", ""},
    {"normalizer", "ByteLevel", ""},
    {"pre_tokenizer", "ByteLevel", "add_prefix_space trim_offsets use_regex"},
    {"pre_tokenizer", "Metaspace", "replacement str_rep add_prefix_space prepend_scheme split"},
    {"pre_tokenizer", "Split", "pattern behavior invert"},
    {"pre_tokenizer", "Punctuation", "behavior"},
    {"pre_tokenizer", "Digits", "individual_digits"},
    {"pre_tokenizer", "CharDelimiterSplit", "delimiter"},
    {"pre_tokenizer", "FixedLength", "length"},
    {"pre_tokenizer", "Sequence", "pretokenizers"},
    {"pre_tokenizer", "BertPreTokenizer", ""},
    {"pre_tokenizer", "Whitespace", ""},
    {"pre_tokenizer", "WhitespaceSplit", ""},
    {"post_processor", "TemplateProcessing", "single pair special_tokens"},
    {"post_processor", "BertProcessing", "sep cls"},
    {"post_processor", "RobertaProcessing", "sep cls trim_offsets add_prefix_space"},
    {"post_processor", "ByteLevel", "add_prefix_space trim_offsets use_regex"},
    {"post_processor", "Sequence", "processors"},
    {"decoder", "WordPiece", "prefix cleanup"},
    {"decoder", "ByteLevel", "add_prefix_space trim_offsets use_regex"},
    {"decoder", "Metaspace", "replacement str_rep add_prefix_space prepend_scheme split"},
    {"decoder", "BPEDecoder", "suffix"},
    {"decoder", "Strip", "content start stop"},
    {"decoder", "Replace", "pattern content"},
    {"decoder", "ByteFallback", ""},
    {"decoder", "Fuse", ""},
    {"decoder", "Sequence", "decoders"},
});

bool holds_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == wanted) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string known_text(std::string_view members) {
  if (members.empty()) return "none is known";
  std::string text = "known: ";
  for (const char c : members) text += c == ' ' ? std::string(", ") : std::string(1, c);
  return text;
}

}  // namespace

void check_members(std::string_view where, std::string_view part, std::string_view type,
                   const Value& declaration) {
  const auto* step = std::ranges::find_if(
      kSteps, [&](const Step& known) { return known.part == part && known.type == type; });
  if (step == kSteps.end() || !declaration.is_object()) return;
  for (const auto& [name, value] : declaration.as_object()) {
    if (value.is_null() || name == "type" || holds_word(step->members, name)) continue;
    fail(where, type, ": the member \"", name, "\" cannot be served (", known_text(step->members), ")");
  }
}

}  // namespace whitney::text
