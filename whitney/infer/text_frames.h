#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace whitney::infer {

/// What stands before and behind a text.
struct TextFrame {
  std::string before;
  std::string behind;
};

/// The frames that option `frame` puts each text into, one vector each.
struct TextFrames {
  std::vector<TextFrame> frames;
  /// The frames ask for one word, whose state (that of the last token) is the vector: texts are made ready
  /// for them by `one_sentence`, and nothing comes behind the frame, no special token either.
  bool asks_for_a_word = false;
};

/// Reads the option: a text with {} where the text goes; "instruct:TASK" for "Instruct: TASK\nQuery: {}"
/// (Wang et al. 2024, arXiv 2401.00368; "instruct" alone: the task of web search); "prompt_eol" (Jiang et al.
/// 2023, arXiv 2307.16645); "prompt_eol_icl", the same behind a demonstration of a sentence and its word; or
/// "meta_eol", eight frames whose vectors are averaged (Lei et al. 2024, arXiv 2402.18458: its eight tasks,
/// told in our words). Throws UsageError for a text without {}.
TextFrames frames_of(std::string_view option);

/// Makes a text one that can stand in quotes before "means in one word": " becomes ', a question mark at the
/// end a full stop, and a full stop is put where no . or ' ends it, as PromptEOL's authors do.
std::string one_sentence(std::string_view text);

}  // namespace whitney::infer
