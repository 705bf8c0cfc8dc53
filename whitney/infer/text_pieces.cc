#include "whitney/infer/text_pieces.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/infer/text_frames.h"

namespace whitney::infer {
namespace {

using Ids = std::span<const int32_t>;

// Appends parts as one piece; the next piece starts behind it.
void add_piece(std::initializer_list<Ids> parts, text::TokenBatch& tokens) {
  for (const Ids part : parts) tokens.ids.insert(tokens.ids.end(), part.begin(), part.end());
  tokens.starts.push_back(std::ssize(tokens.ids));
}

Ids part(Ids ids, int64_t begin, int64_t end) {
  return ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}
Ids first(Ids ids, int64_t count) { return ids.first(static_cast<size_t>(std::min(count, std::ssize(ids)))); }

class Cutter {
 public:
  Cutter(const Context& context, const text::Tokenizer& tokenizer, std::span<const std::string_view> texts,
         const EncodeOptions& options, const PieceSettings& settings)
      : context_(context), tokenizer_(tokenizer), texts_(texts), options_(options), settings_(settings) {
    if (settings.special_tokens) {
      leading_ = tokenizer.leading_special_tokens();
      trailing_ = special_trailing_ = tokenizer.trailing_special_tokens();
    }
    if (settings.suffix.empty()) return;
    suffix_ = tokenizer.encode(settings.suffix, {false, {}});
    suffix_.insert(suffix_.end(), trailing_.begin(), trailing_.end());
    trailing_ = suffix_;
  }

  TextPieces cut() {
    prepare();
    if (options_.echo) return cut_echoes();
    if (options_.frame) return cut_frames(frames_of(*options_.frame));
    return options_.long_texts == LongTexts::kCut ? cut_beginnings() : cut_windows();
  }

 private:
  // Texts as the tokenizer gets them.
  void prepare() {
    const bool has_prompt = !settings_.prompt.empty() && !options_.echo && !options_.frame;
    if (!has_prompt) return;
    owned_.reserve(texts_.size());
    for (const std::string_view text : texts_) owned_.emplace_back(settings_.prompt).append(text);
    views_.assign(owned_.begin(), owned_.end());
    texts_ = views_;
  }

  // What pooling leaves out: of a prompt that fills the window, all but what ends a text.
  int64_t skipped() const {
    if (settings_.include_prompt) return 0;
    const int64_t most = settings_.window.value_or(settings_.most_tokens) - std::ssize(trailing_);
    return std::min(prompt_tokens(), std::max<int64_t>(most, 0));
  }

  // The prompt's tokens, leading special tokens included.
  int64_t prompt_tokens() const {
    if (settings_.prompt.empty()) return 0;
    return std::ssize(tokenizer_.encode(settings_.prompt, {settings_.special_tokens, {}})) -
           std::ssize(special_trailing_);
  }

  TextPieces cut_beginnings() {
    TextPieces pieces = whole_pieces(beginnings());
    const int64_t skip = skipped();
    for (PooledSpan& span : pieces.spans) span.begin = span.places_before = std::min(skip, span.end);
    if (options_.attention != AttentionSwitch::kPrefixLm) return pieces;
    const int64_t prefix = prompt_tokens();
    for (const PooledSpan& span : pieces.spans) pieces.prefixes.push_back(std::min(prefix, span.end));
    return pieces;
  }

  text::TokenBatch beginnings() const {
    text::TokenBatch tokens;
    if (suffix_.empty()) {
      tokenizer_.encode(context_, texts_, {settings_.special_tokens, settings_.window}, tokens);
      return tokens;
    }
    text::TokenBatch bodies;
    std::optional<int64_t> most;
    if (settings_.window) most = room(*settings_.window, 0);
    tokenizer_.encode(context_, texts_, {false, most}, bodies);
    for (int64_t i = 0; i < bodies.size(); ++i) add_piece({leading_, bodies[i], trailing_}, tokens);
    return tokens;
  }

  // Room in a window for tokens of the text.
  int64_t room(int64_t most, int64_t taken) const {
    const int64_t room = most - std::ssize(leading_) - std::ssize(trailing_) - taken;
    if (room < 1) fail("max_length ", most, " leaves no room for a token of the text");
    return room;
  }

  // Every window has the prompt before it, as a short text would.
  TextPieces cut_windows() {
    text::TokenBatch framed;
    tokenizer_.encode(context_, texts_, {false, {}}, framed);
    const int64_t num_head = settings_.prompt.empty() ? 0 : prompt_tokens() - std::ssize(leading_);
    const int64_t most = settings_.window.value_or(settings_.most_tokens), size = room(most, num_head);
    if (options_.overlap >= size) fail("overlap ", options_.overlap, " must be below the window's ", size);
    TextPieces pieces;
    for (int64_t i = 0; i < framed.size(); ++i) {
      const Ids head = first(framed[i], num_head), body = framed[i].subspan(head.size());
      if (options_.long_texts == LongTexts::kMean) {
        add_windows(head, body, size, pieces);
      } else {
        // What the model cannot run at once, it runs in several parts.
        each_window(std::ssize(body), room(settings_.most_tokens, num_head), [&](int64_t begin, int64_t end) {
          add_late_windows(head, part(body, begin, end), size, pieces);
        });
      }
      pieces.starts.push_back(std::ssize(pieces.spans));
    }
    return pieces;
  }

  // Calls `body(begin, end)` for each window of `length` tokens; for one when there are none.
  template <class Body>
  void each_window(int64_t length, int64_t size, const Body& body) const {
    for (int64_t begin = 0;; begin += size - options_.overlap) {
      body(begin, std::min(begin + size, length));
      if (begin + size >= length) return;
    }
  }

  // Where pooling begins in a piece of that many tokens.
  int64_t pooled_from(Ids head, int64_t num_tokens) const {
    return settings_.include_prompt ? 0 : std::min(std::ssize(leading_) + std::ssize(head), num_tokens);
  }

  void add_windows(Ids head, Ids body, int64_t size, TextPieces& pieces) const {
    each_window(std::ssize(body), size, [&](int64_t begin, int64_t end) {
      add_piece({leading_, head, part(body, begin, end), trailing_}, pieces.tokens);
      const int64_t piece = pieces.tokens.size() - 1, num_tokens = std::ssize(pieces.tokens[piece]);
      const int64_t from = pooled_from(head, num_tokens);
      pieces.spans.push_back({piece, from, num_tokens, from});
    });
  }

  // What stands before the text belongs to its first window, what stands behind it to the last.
  void add_late_windows(Ids head, Ids body, int64_t size, TextPieces& pieces) const {
    add_piece({leading_, head, body, trailing_}, pieces.tokens);
    const int64_t piece = pieces.tokens.size() - 1, length = std::ssize(body);
    const int64_t lead = std::ssize(leading_) + std::ssize(head);
    const int64_t from = pooled_from(head, std::ssize(pieces.tokens[piece]));
    each_window(length, size, [&](int64_t begin, int64_t end) {
      pieces.spans.push_back({piece, begin == 0 ? from : lead + begin,
                              lead + end + (end == length ? std::ssize(trailing_) : 0),
                              begin == 0 ? from : 0});
    });
  }

  // "Document:" text "\nDocument again:" text, of which the second copy is pooled (Springer et al. 2024,
  // arXiv 2402.15449). The parts are tokenised one by one, so that both copies have the same tokens.
  TextPieces cut_echoes() {
    const std::string before =
        settings_.prompt.empty() ? "Document:" : "Instruct:" + settings_.prompt + ",\nQuery:";
    const std::string between = settings_.prompt.empty() ? "\nDocument again:" : "\nQuery again:";
    const std::vector<int32_t> head = tokenizer_.encode(before, {false, {}});
    const std::vector<int32_t> middle = tokenizer_.encode(between, {false, {}});
    text::TokenBatch bodies;
    tokenizer_.encode(context_, texts_, {false, {}}, bodies);
    const int64_t most = settings_.window.value_or(settings_.most_tokens);
    const int64_t size = (room(most, std::ssize(head) + std::ssize(middle) + 1) + 1) / 2;
    TextPieces pieces;
    for (int64_t i = 0; i < bodies.size(); ++i) {
      const Ids body = first(bodies[i], size);
      add_piece({leading_, head, body, middle, body, trailing_}, pieces.tokens);
      const int64_t end = std::ssize(pieces.tokens[i]);
      pieces.spans.push_back({i, end - std::ssize(trailing_) - std::ssize(body), end});
      pieces.starts.push_back(i + 1);
    }
    return pieces;
  }

  // A piece for each text and frame. Frame and text are tokenised as one, as the authors of such prompts do;
  // only where that is too long, the text is tokenised by itself and cut, for the frame's end must stay.
  TextPieces cut_frames(const TextFrames& frames) {
    std::vector<std::string> sentences, framed;
    for (const std::string_view text : texts_) {
      sentences.push_back(frames.asks_for_a_word ? one_sentence(text) : std::string(text));
      for (const TextFrame& frame : frames.frames)
        framed.push_back(settings_.prompt + frame.before + sentences.back() + frame.behind);
    }
    text::TokenBatch bodies;
    const std::vector<std::string_view> views(framed.begin(), framed.end());
    tokenizer_.encode(context_, views, {false, {}}, bodies);
    if (frames.asks_for_a_word) trailing_ = {};
    const int64_t size = room(settings_.window.value_or(settings_.most_tokens), 0), skip = skipped();
    const int64_t num_frames = std::ssize(frames.frames);
    TextPieces pieces;
    for (int64_t i = 0; i < bodies.size(); ++i) {
      const bool fits = std::ssize(bodies[i]) <= size;
      if (fits) {
        add_piece({leading_, bodies[i], trailing_}, pieces.tokens);
      } else {
        add_shortened(frames.frames[static_cast<size_t>(i % num_frames)],
                      sentences[static_cast<size_t>(i / num_frames)], size, pieces.tokens);
      }
      const int64_t end = std::ssize(pieces.tokens[i]);
      const int64_t from = frames.asks_for_a_word ? end - 1 : std::min(skip, end);
      pieces.spans.push_back({i, from, end, frames.asks_for_a_word ? 0 : from});
      if ((i + 1) % num_frames == 0) pieces.starts.push_back(i + 1);
    }
    return pieces;
  }

  void add_shortened(const TextFrame& frame, std::string_view text, int64_t size,
                     text::TokenBatch& tokens) const {
    const std::vector<int32_t> head = tokenizer_.encode(settings_.prompt + frame.before, {false, {}});
    const std::vector<int32_t> tail = tokenizer_.encode(frame.behind, {false, {}});
    const std::vector<int32_t> body = tokenizer_.encode(text, {false, {}});
    const int64_t left = size - std::ssize(head) - std::ssize(tail);
    if (left < 1) {
      fail("max_length leaves no room for a token of the text: the frame itself has ",
           std::ssize(head) + std::ssize(tail), " tokens, and ", size, " are left to frame and text");
    }
    add_piece({leading_, head, first(body, left), tail, trailing_}, tokens);
  }

  const Context& context_;
  const text::Tokenizer& tokenizer_;
  std::span<const std::string_view> texts_;
  const EncodeOptions& options_;
  const PieceSettings& settings_;
  Ids leading_, special_trailing_;
  std::vector<int32_t> suffix_;  // and what the tokenizer puts behind it; empty where the model has none
  Ids trailing_;
  std::vector<std::string> owned_;
  std::vector<std::string_view> views_;
};

}  // namespace

PooledSpan pooled_part(PooledSpan span, const EncodeOptions& options) {
  const int64_t skipped = std::min(options.skip_first_tokens.value_or(0), span.end - 1);
  span.begin = std::max(span.begin, skipped);
  span.begin = std::max(span.begin, span.end - options.last_tokens.value_or(span.end));
  return span;
}

TextPieces whole_pieces(text::TokenBatch tokens) {
  TextPieces pieces;
  pieces.tokens = std::move(tokens);
  for (int64_t i = 0; i < pieces.tokens.size(); ++i) {
    pieces.spans.push_back({i, 0, std::ssize(pieces.tokens[i])});
    pieces.starts.push_back(i + 1);
  }
  return pieces;
}

TextPieces cut_texts(const Context& context, const text::Tokenizer& tokenizer,
                     std::span<const std::string_view> texts, const EncodeOptions& options,
                     const PieceSettings& settings) {
  return Cutter(context, tokenizer, texts, options, settings).cut();
}

}  // namespace whitney::infer
