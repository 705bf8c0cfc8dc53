#include "whitney/graph/piece_notes.h"

#include "whitney/core/error.h"

namespace whitney::graph {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number begins a word: the 2 of struc2vec is none.
std::string without_numbers(std::string_view sentence) {
  std::string words;
  for (size_t i = 0; i < sentence.size(); ++i) {
    const bool begins = i == 0 || sentence[i - 1] == ' ';
    if (!begins || !is_digit(sentence[i])) {
      words += sentence[i];
      continue;
    }
    while (i + 1 < sentence.size() && is_digit(sentence[i + 1])) ++i;
    words += '#';
  }
  return words;
}

}  // namespace

void PieceNotes::hear(std::string_view piece, std::string_view sentence) {
  const std::scoped_lock lock(hearing_);
  const std::string words = without_numbers(sentence);
  Heard& heard = heard_[words];
  if (heard.times++ == 0 && words == sentence) context_.note(concat(whose_, ": ", sentence));
  if (heard.times == 1 || piece < heard.piece) {
    heard.piece = piece;
    heard.sentence = sentence;
  }
}

void PieceNotes::tell_counted() const {
  for (const auto& [words, heard] : heard_) {
    if (words == heard.sentence) continue;
    const std::string others =
        heard.times == 1 ? "" : concat(" (and alike of ", heard.times - 1, " other pieces)");
    context_.note(concat(whose_, ", ", heard.piece, ": ", heard.sentence, others));
  }
}

}  // namespace whitney::graph
