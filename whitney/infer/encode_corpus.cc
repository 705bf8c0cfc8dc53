#include "whitney/infer/encode_corpus.h"

#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/growing_matrix.h"
#include "whitney/infer/kept_blocks.h"
#include "whitney/infer/not_finite.h"

namespace whitney::infer {
namespace {

template <class T>
void put(std::vector<std::byte>& bytes, const T* values, int64_t count) {
  const auto* from = reinterpret_cast<const std::byte*>(values);
  const auto* size = reinterpret_cast<const std::byte*>(&count);
  bytes.insert(bytes.end(), size, size + sizeof count);
  bytes.insert(bytes.end(), from, from + count * static_cast<int64_t>(sizeof(T)));
}

template <class T>
std::vector<T> take(std::span<const std::byte>& bytes) {
  int64_t count = 0;
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes = bytes.subspan(sizeof count);
  std::vector<T> values(static_cast<size_t>(count));
  if (count > 0) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  bytes = bytes.subspan(values.size() * sizeof(T));
  return values;
}

// A block of the journal (whose hash was checked): the members of an Encoding one behind the other.
std::vector<std::byte> bytes_of(const Encoding& encoding) {
  std::vector<std::byte> bytes;
  const int64_t cols = encoding.vectors.cols();
  put(bytes, &cols, 1);
  put(bytes, reinterpret_cast<const float*>(encoding.vectors.bytes().data()), encoding.vectors.rows() * cols);
  put(bytes, encoding.starts.data(), std::ssize(encoding.starts));
  put(bytes, encoding.sparse_starts.data(), std::ssize(encoding.sparse_starts));
  put(bytes, encoding.sparse_words.data(), std::ssize(encoding.sparse_words));
  put(bytes, encoding.sparse_weights.data(), std::ssize(encoding.sparse_weights));
  return bytes;
}

void append_starts(std::vector<int64_t>& all, const std::vector<int64_t>& more) {
  if (more.empty()) return;
  if (all.empty()) all.push_back(0);
  const int64_t base = all.back();
  for (size_t i = 1; i < more.size(); ++i) all.push_back(base + more[i]);
}

// Joins the encodings of blocks, held once.
class Blocks {
 public:
  void append(std::span<const std::byte> bytes) {
    const int64_t cols = take<int64_t>(bytes)[0];
    append_vectors(take<float>(bytes), cols);
    append_starts(all_.starts, take<int64_t>(bytes));
    append_starts(all_.sparse_starts, take<int64_t>(bytes));
    append_sparse(take<int32_t>(bytes), {});
    append_sparse({}, take<float>(bytes));
  }
  void append(const Encoding& block) {
    const auto* values = reinterpret_cast<const float*>(block.vectors.bytes().data());
    append_vectors({values, values + block.vectors.rows() * block.vectors.cols()}, block.vectors.cols());
    append_starts(all_.starts, block.starts);
    append_starts(all_.sparse_starts, block.sparse_starts);
    append_sparse(block.sparse_words, block.sparse_weights);
  }
  Encoding finish() {
    if (vectors_) all_.vectors = vectors_->finish();
    return std::move(all_);
  }

 private:
  void append_vectors(std::vector<float> values, int64_t cols) {
    if (cols == 0) return;
    if (!vectors_) vectors_.emplace(cols);
    vectors_->append(std::move(values));
  }
  void append_sparse(const std::vector<int32_t>& words, const std::vector<float>& weights) {
    all_.sparse_words.insert(all_.sparse_words.end(), words.begin(), words.end());
    all_.sparse_weights.insert(all_.sparse_weights.end(), weights.begin(), weights.end());
  }

  Encoding all_;
  std::optional<data::GrowingMatrix> vectors_;
};

// Passes on how far one block is, as a part of all.
class BlockProgress : public Progress {
 public:
  BlockProgress(const Context& context, int64_t first, int64_t total)
      : context_(context), first_(first), total_(total) {}
  void advance(std::string_view stage, int64_t done, int64_t, std::string_view unit) override {
    context_.advance(stage, first_ + done, total_, unit);
  }
  void note(std::string_view sentence) override { context_.note(sentence); }

 private:
  const Context& context_;
  int64_t first_, total_;
};

Encoding encode_block(const Context& context, const Encoder& encoder, const Corpus& corpus, int64_t first,
                      int64_t last, const EncodeOptions& options) {
  context.check_cancelled();
  BlockProgress progress(context, first, corpus.ids.size());
  Context inner = context;
  inner.progress = &progress;
  const std::vector<std::string_view> texts(corpus.texts.begin() + first, corpus.texts.begin() + last);
  try {
    return encoder.encode(inner, texts, options);
  } catch (const NotFinite& error) {
    throw error.of_text(concat("\"", corpus.ids.text(first + error.place()), "\""));
  }
}

// Puts the texts behind the model among what the record says was read.
void add_texts(const Corpus& corpus, Value& record) {
  Value::List inputs = record.at("inputs").as_list();
  inputs.insert(inputs.begin() + 1, Value::object({{"kind", "corpus"},
                                                   {"num_texts", corpus.ids.size()},
                                                   {"fingerprint", fingerprint(corpus)}}));
  record.set("inputs", std::move(inputs));
}

}  // namespace

EncodedCorpus encode_corpus(const Context& context, const Encoder& encoder, const std::string& model_path,
                            const Corpus& corpus, const EncodeOptions& given,
                            const std::optional<std::string>& journal_path) {
  EncodeOptions options = given;
  options.output = encoder.output(given);
  if (!options.prompt && !options.prompt_name) options.prompt_name = encoder.document_prompt();
  EncodedCorpus encoded;
  encoded.ids = corpus.ids;
  encoded.record = encode_record(encoder, model_path, options);
  KeptBlocks kept(context, journal_path, "vectors", encoded.record);
  add_texts(corpus, encoded.record);
  Blocks blocks;
  const int64_t total = corpus.ids.size();
  BlockTexts block;
  for (int64_t i = 0; i < total; ++i) {
    if (!block.add(corpus.texts[size_t(i)]) && i + 1 < total) continue;
    if (kept.has_next(block)) {
      blocks.append(kept.read(kept.size() - 1));
    } else {
      const Encoding encoding = encode_block(context, encoder, corpus, i + 1 - block.size(), i + 1, options);
      if (kept.keeps() && i + 1 < total) kept.append(block, bytes_of(encoding));
      blocks.append(encoding);
    }
    block = BlockTexts();
  }
  encoded.num_resumed = kept.num_resumed();
  encoded.encoding = blocks.finish();
  if (total == 0) encoded.encoding.vectors = Matrix(0, encoder.dim(options));
  return encoded;
}

void forget_journal(const std::string& journal_path) {
  std::error_code ignored;  // the output stands, and a later run would begin it anew
  std::filesystem::remove(journal_path, ignored);
}

CostEstimate estimate_texts(const Context& context, const Encoder& encoder, int64_t num_texts,
                            int64_t num_bytes, const EncodeOptions& options) {
  // Tokens of a text are known only when it is cut; about four bytes make one.
  const int64_t num_tokens = num_bytes / 4 + 2 * num_texts;
  return encoder.estimate(context, num_texts, num_tokens, options);
}

void refuse_if_too_large(const Context& context, const Encoder& encoder, int64_t num_texts, int64_t num_bytes,
                         const EncodeOptions& options) {
  const CostEstimate cost = estimate_texts(context, encoder, num_texts, num_bytes, options);
  if (cost.peak_bytes <= context.memory_limit_bytes()) return;
  fail("encode needs about ", size_text(cost.peak_bytes), " of memory for these texts, and ",
       size_text(context.memory_limit_bytes()), " are allowed",
       context.max_memory_bytes ? " by max_memory" : " on this machine",
       "; fewer texts, or a smaller dim, need less");
}

}  // namespace whitney::infer
