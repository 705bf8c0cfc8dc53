#include "whitney/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/text/tokenizer_parts.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
// Bytes of text that are one task of a parallel call.
constexpr size_t kBlockBytes = size_t{1} << 16;
constexpr size_t kLongestText = size_t{1} << 30;

// Where each block of texts begins, by the texts' sizes alone.
std::vector<size_t> block_starts(std::span<const std::string_view> texts) {
  std::vector<size_t> starts = {0};
  size_t bytes = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    bytes += texts[i].size() + 16;
    if (bytes < kBlockBytes) continue;
    starts.push_back(i + 1);
    bytes = 0;
  }
  if (starts.back() != texts.size()) starts.push_back(texts.size());
  return starts;
}

// Takes scratch from the pool and gives it back, whatever happens.
class Borrowed {
 public:
  explicit Borrowed(const ScratchPool& pool) : pool_(pool), scratch_(pool.take()) {}
  ~Borrowed() { pool_.give_back(std::move(scratch_)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  EncodeScratch& operator*() const { return *scratch_; }

 private:
  const ScratchPool& pool_;
  std::unique_ptr<EncodeScratch> scratch_;
};

}  // namespace

void ScratchPool::give_back(std::unique_ptr<EncodeScratch> scratch) const {
  // What one huge text needed is not kept.
  constexpr size_t kKeptBytes = size_t{1} << 22;
  const auto drop_if_huge = [](auto& buffer) {
    if (buffer.capacity() * sizeof(buffer[0]) > kKeptBytes)
      std::remove_reference_t<decltype(buffer)>().swap(buffer);
  };
  drop_if_huge(scratch->model.ways);
  drop_if_huge(scratch->model.symbols);
  drop_if_huge(scratch->model.waiting);
  drop_if_huge(scratch->model.symbol_ids);
  drop_if_huge(scratch->model.backwards);
  if (scratch->words.spans.capacity() * sizeof(Span) > kKeptBytes) scratch->words = Words();
  if (scratch->normalized.capacity() > kKeptBytes) {
    scratch->normalizer = NormalizerScratch();
    drop_if_huge(scratch->normalized);
    drop_if_huge(scratch->repaired);
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(scratch));
}

void Tokenizer::Parts::append_ids(std::string_view text, const SpecialFrame* around,
                                  std::optional<int64_t> max_length, EncodeScratch& scratch,
                                  std::vector<int32_t>& ids) const {
  if (text.size() >= kLongestText)
    fail("a text of ", text.size(), " bytes is too long: expected less than 1 GiB");
  size_t most = kNoLimit;
  if (around != nullptr) ids.insert(ids.end(), around->leading.begin(), around->leading.end());
  if (max_length) {
    most = static_cast<size_t>(*max_length) -
           (around == nullptr ? 0 : around->leading.size() + around->trailing.size());
  }
  const size_t begin = ids.size();
  // What is cut off on the left is known only when all is there.
  const bool keeps_left = truncation_side == Side::kRight;
  append_content(repair_utf8(text, scratch.repaired), keeps_left ? most : kNoLimit, scratch, ids);
  if (ids.size() - begin > most) {
    const auto first = ids.begin() + static_cast<ptrdiff_t>(begin);
    const auto surplus = static_cast<ptrdiff_t>(ids.size() - begin - most);
    if (keeps_left) {
      ids.resize(begin + most);
    } else {
      ids.erase(first, first + surplus);
    }
  }
  if (around != nullptr) ids.insert(ids.end(), around->trailing.begin(), around->trailing.end());
}

void Tokenizer::Parts::append_content(std::string_view text, size_t most, EncodeScratch& scratch,
                                      std::vector<int32_t>& ids) const {
  const size_t begin = ids.size();
  added.raw().cut(text, scratch.raw_pieces);
  for (const AddedTokenFinder::Piece& raw : scratch.raw_pieces) {
    if (ids.size() - begin >= most) return;
    if (raw.id != kNoToken) {
      ids.push_back(raw.id);
      continue;
    }
    std::string_view piece = text.substr(raw.begin, raw.end - raw.begin);
    const bool at_start = raw.begin == 0 && !(heeds_start && loses_first_character(piece, scratch));
    if (!normalizer.changes_nothing()) {
      scratch.normalized.assign(piece);
      normalizer.apply(scratch.normalized, scratch.normalizer);
      piece = scratch.normalized;
    }
    if (added.normalized().finds_nothing()) {
      append_words(piece, at_start, most - (ids.size() - begin), scratch, ids);
      continue;
    }
    added.normalized().cut(piece, scratch.pieces);
    for (const AddedTokenFinder::Piece& part : scratch.pieces) {
      if (ids.size() - begin >= most) return;
      if (part.id != kNoToken) {
        ids.push_back(part.id);
      } else {
        append_words(piece.substr(part.begin, part.end - part.begin), at_start && part.begin == 0,
                     most - (ids.size() - begin), scratch, ids);
      }
    }
  }
}

// A text whose first character the normaliser deletes does not begin the input, says the reference library.
bool Tokenizer::Parts::loses_first_character(std::string_view text, EncodeScratch& scratch) const {
  if (normalizer.changes_nothing()) return false;
  scratch.normalized.assign(text.substr(0, length_by_lead(text[0])));
  normalizer.apply(scratch.normalized, scratch.normalizer);
  return scratch.normalized.empty();
}

void Tokenizer::Parts::append_words(std::string_view text, bool at_start, size_t most, EncodeScratch& scratch,
                                    std::vector<int32_t>& ids) const {
  if (text.empty()) return;
  const size_t begin = ids.size();
  pre_tokenizer.apply(text, at_start, scratch.words);
  for (size_t i = 0; i < scratch.words.size() && ids.size() - begin < most; ++i) {
    model->append_ids(scratch.words[i], scratch.model, ids);
  }
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

void Tokenizer::encode(const Context& context, std::span<const std::string_view> texts,
                       const EncodeOptions& options, TokenBatch& out) const {
  const int64_t num_special = options.add_special_tokens ? num_special_tokens() : 0;
  if (options.max_length && *options.max_length < num_special) {
    fail("max_length ", *options.max_length, " leaves no room for ", num_special, " special tokens");
  }
  const SpecialFrame* frame = options.add_special_tokens ? &parts_->frame : nullptr;
  out.ids.clear();
  out.starts.assign(texts.size() + 1, 0);
  // Each block writes ids of its own, which are joined in order.
  const std::vector<size_t> blocks = block_starts(texts);
  std::vector<std::vector<int32_t>> ids(blocks.size() - 1);
  const auto encode_block = [&](size_t block, std::vector<int32_t>& to) {
    const Borrowed scratch(parts_->scratch_pool);
    for (size_t i = blocks[block]; i < blocks[block + 1]; ++i) {
      parts_->append_ids(texts[i], frame, options.max_length, *scratch, to);
      out.starts[i + 1] = std::ssize(to);
    }
  };
  if (ids.size() == 1) return encode_block(0, out.ids);
  parallel_for(context, std::ssize(ids), [&](int64_t block) {
    encode_block(static_cast<size_t>(block), ids[static_cast<size_t>(block)]);
  });
  size_t total = 0;
  for (const auto& part : ids) total += part.size();
  out.ids.reserve(total);
  for (size_t block = 0; block < ids.size(); ++block) {
    for (size_t i = blocks[block]; i < blocks[block + 1]; ++i) out.starts[i + 1] += std::ssize(out.ids);
    out.ids.insert(out.ids.end(), ids[block].begin(), ids[block].end());
  }
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  Context context;
  context.threads = 1;
  TokenBatch batch;
  encode(context, std::span(&text, 1), options, batch);
  return std::move(batch.ids);
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const int32_t id : ids) {
    if (skip_special_tokens && is_special(id)) continue;
    if (const std::string* spelling = parts_->added.spelling_of(id)) {
      tokens.push_back(*spelling);
    } else if (const auto token = parts_->model->vocabulary().token_of(id)) {
      tokens.emplace_back(*token);
    }
  }
  return parts_->decoder.decode(std::move(tokens));
}

int64_t Tokenizer::vocabulary_size() const {
  return std::max(parts_->model->vocabulary().size(), parts_->added.size());
}

std::optional<int32_t> Tokenizer::id_of(std::string_view token) const {
  int32_t id = parts_->added.id_of(token);
  if (id == kNoToken) id = parts_->model->vocabulary().find(token);
  return id == kNoToken ? std::nullopt : std::optional(id);
}

std::optional<std::string_view> Tokenizer::token_of(int32_t id) const {
  if (const AddedToken* token = parts_->added.find(id)) return token->content;
  return parts_->model->vocabulary().token_of(id);
}

bool Tokenizer::is_special(int32_t id) const {
  const AddedToken* token = parts_->added.find(id);
  return token != nullptr && token->special;
}

const SpecialIds& Tokenizer::special_ids() const { return parts_->special_ids; }
std::span<const int32_t> Tokenizer::leading_special_tokens() const { return parts_->frame.leading; }
std::span<const int32_t> Tokenizer::trailing_special_tokens() const { return parts_->frame.trailing; }
std::optional<int64_t> Tokenizer::truncation_length() const { return parts_->truncation_length; }
std::optional<int64_t> Tokenizer::model_max_length() const { return parts_->model_max_length; }
Side Tokenizer::truncation_side() const { return parts_->truncation_side; }
Side Tokenizer::padding_side() const { return parts_->padding_side; }

}  // namespace whitney::text
