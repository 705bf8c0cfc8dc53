#include "whitney/infer/text_frames.h"

#include <algorithm>
#include <array>

#include "whitney/core/error.h"

namespace whitney::infer {
namespace {

constexpr std::string_view kPlace = "{}";

constexpr std::string_view kPromptEol = R"(This sentence : "{}" means in one word:")";

// The demonstration of the official code, in front of the prompt without a space.
constexpr std::string_view kPromptEolIcl =
    R"(This sentence : "A jockey riding a horse." means in one word:"Equestrian".This sentence : "{}" means in one word:")";

// E5-Mistral's form (Wang et al. 2024, arXiv 2401.00368), and the task of its retrieval and
// Qwen3-Embedding's.
constexpr std::string_view kInstruct = "instruct";
constexpr std::string_view kRetrieval =
    "Given a web search query, retrieve relevant passages that answer the query";

constexpr std::array<std::string_view, 8> kMetaEol{
    R"(Texts are sorted into general categories such as education, technology, health or politics. The category of this sentence : "{}" is in one word:")",
    R"(A statement presents an opinion or a fact. As one of these, this sentence : "{}" is in one word:")",
    R"(Reviews are rated from 1, extremely negative, to 5, extremely positive. The sentiment of this sentence : "{}" is in one word:")",
    R"(A diary tells of emotions such as joy, sadness, anger, fear or love. The emotion of this sentence : "{}" is in one word:")",
    R"(Two sentences may say the same, something similar, or something different. To compare it with others, this sentence : "{}" means in one word:")",
    R"(A phrase may be a synonym in the context of a sentence, or not. To find its synonyms, this sentence : "{}" means in one word:")",
    R"(News articles report facts, one of which is the most important. The key fact of this sentence : "{}" is in one word:")",
    R"(Scientific abstracts speak of entities and of relations between them. The main entity of this sentence : "{}" is in one word:")"};

TextFrame frame_of(std::string_view text) {
  const size_t place = text.find(kPlace);
  if (place == text.npos) {
    throw UsageError(concat("option \"frame\": \"", text,
                            "\" has no place for the text (expected: {} where the text goes, or instruct, "
                            "instruct:TASK, prompt_eol, prompt_eol_icl or meta_eol)"));
  }
  return {std::string(text.substr(0, place)), std::string(text.substr(place + kPlace.size()))};
}

// "instruct" or "instruct:TASK".
bool is_instruct(std::string_view option) {
  return option == kInstruct || (option.starts_with(kInstruct) && option[kInstruct.size()] == ':');
}

TextFrame instruct_frame(std::string_view option) {
  const std::string_view task = option == kInstruct ? kRetrieval : option.substr(kInstruct.size() + 1);
  return {concat("Instruct: ", task, "\nQuery: "), ""};
}

}  // namespace

TextFrames frames_of(std::string_view option) {
  if (option == "prompt_eol") return {{frame_of(kPromptEol)}, true};
  if (option == "prompt_eol_icl") return {{frame_of(kPromptEolIcl)}, true};
  if (is_instruct(option)) return {{instruct_frame(option)}, false};
  if (option != "meta_eol") return {{frame_of(option)}, false};
  TextFrames frames{{}, true};
  for (const std::string_view text : kMetaEol) frames.frames.push_back(frame_of(text));
  return frames;
}

std::string one_sentence(std::string_view text) {
  std::string sentence(text);
  std::ranges::replace(sentence, '"', '\'');
  if (sentence.empty()) return sentence;
  if (sentence.back() == '?') sentence.back() = '.';
  if (sentence.back() != '.' && sentence.back() != '\'') sentence += '.';
  return sentence;
}

}  // namespace whitney::infer
