#include "whitney/text/hashed_ngrams.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"
#include "whitney/data/readers.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

/// Texts that are one task.
constexpr int64_t kBlock = 256;

/// Texts that have an n-gram, by its hash.
using Frequencies = std::unordered_map<uint64_t, int64_t>;

/// A text in lower case, cut in words.
class Words {
 public:
  explicit Words(std::string_view text) {
    append_lower_case(repair_utf8(text, repaired_), lower_);
    const char *const end = lower_.data() + lower_.size(), *word = lower_.data();
    for (const char* p = word; p < end;) {
      const char* const before = p;
      if (!has(next_code_point(p), kWhiteSpace)) continue;
      if (before > word) words_.emplace_back(word, before);
      word = p;
    }
    if (end > word) words_.emplace_back(word, end);
  }
  const std::vector<std::string_view>& all() const { return words_; }

 private:
  std::string repaired_, lower_;
  std::vector<std::string_view> words_;
};

void add_word_runs(const std::vector<std::string_view>& words, int most, std::vector<uint64_t>& hashes) {
  for (size_t begin = 0; begin < words.size(); ++begin) {
    std::string run = "w";
    for (size_t at = begin; at < std::min(words.size(), begin + static_cast<size_t>(most)); ++at) {
      if (at > begin) run += ' ';
      run += words[at];
      hashes.push_back(hash64(run));
    }
  }
}

void add_character_runs(std::string_view word, size_t least, size_t most, std::vector<uint64_t>& hashes) {
  std::string padded = " ";
  padded.append(word).append(" ");
  std::vector<size_t> begins;  // of the characters
  for (size_t at = 0; at < padded.size(); at += length_by_lead(padded[at])) begins.push_back(at);
  const size_t length = begins.size();
  begins.push_back(padded.size());
  const auto add = [&](size_t first, size_t count) {
    std::string run = "c";
    run.append(padded, begins[first], begins[first + count] - begins[first]);
    hashes.push_back(hash64(run));
  };
  if (length < least) add(0, length);
  for (size_t count = least; count <= std::min(most, length); ++count) {
    for (size_t first = 0; first + count <= length; ++first) add(first, count);
  }
}

Frequencies frequencies_of(const std::vector<std::string>& texts, const HashedNgramsOptions& options,
                           const Context& context) {
  const int64_t n = std::ssize(texts);
  // The n-grams of each text of a block, none twice.
  std::vector<std::vector<uint64_t>> found(static_cast<size_t>((n + kBlock - 1) / kBlock));
  parallel_blocks(context, n, kBlock, [&](int64_t begin, int64_t end) {
    std::vector<uint64_t>& of_block = found[static_cast<size_t>(begin / kBlock)];
    std::vector<uint64_t> hashes;
    for (int64_t i = begin; i < end; ++i) {
      ngram_hashes(texts[static_cast<size_t>(i)], options, hashes);
      std::ranges::sort(hashes);
      const auto repeated = std::ranges::unique(hashes);
      of_block.insert(of_block.end(), hashes.begin(), repeated.begin());
    }
  });
  Frequencies frequencies;
  for (std::vector<uint64_t>& of_block : found) {
    for (const uint64_t hash : of_block) ++frequencies[hash];
    of_block = {};
  }
  return frequencies;
}

/// What an n-gram weighs.
class Idf {
 public:
  Idf(const Corpus& corpus, const HashedNgramsOptions& options, const Context& context) {
    if (!options.idf) return;
    const Corpus other = options.idf_of ? read_corpus(options.idf_of->value, {}, "text", context) : Corpus();
    const std::vector<std::string>& texts = options.idf_of ? other.texts : corpus.texts;
    frequencies_ = frequencies_of(texts, options, context);
    num_texts_ = static_cast<double>(texts.size());
  }
  double of(uint64_t hash) const {
    if (!num_texts_) return 1;
    const auto found = frequencies_.find(hash);
    const auto texts = static_cast<double>(found == frequencies_.end() ? 0 : found->second);
    return 1 + std::log((1 + *num_texts_) / (1 + texts));
  }

 private:
  Frequencies frequencies_;
  std::optional<double> num_texts_;
};

/// Writes the vector of a text; false where it is zero.
bool write_row(std::vector<uint64_t>& hashes, const Idf& idf, const HashedNgramsOptions& options,
               std::vector<double>& sums, float* row) {
  std::ranges::fill(sums, 0.0);
  std::ranges::sort(hashes);  // a sum in an order of its own, whatever the text's
  for (const uint64_t hash : hashes) {
    const uint64_t place = (hash & 0xFFFFFFFF) * static_cast<uint64_t>(options.dim) >> 32;
    sums[place] += idf.of(hash) * (options.is_signed && hash >> 63 != 0 ? -1 : 1);
  }
  double squares = 0;
  for (const double sum : sums) squares += sum * sum;
  const double scale = options.normalize && squares > 0 ? 1 / std::sqrt(squares) : 1;
  for (const double sum : sums) *row++ = static_cast<float>(sum * scale);
  return squares > 0;
}

void check(const HashedNgramsOptions& options) {
  const bool has_pieces = options.most_characters > 0;
  if (options.words == 0 && !has_pieces) {
    throw UsageError(
        "options \"words\" and \"most_characters\" are both 0: no n-gram counts (expected: one of "
        "them above 0)");
  }
  if (has_pieces && options.least_characters > options.most_characters) {
    throw UsageError(concat("option \"least_characters\" is ", options.least_characters,
                            ", above most_characters, ", options.most_characters));
  }
}

CostEstimate estimate(const DataSize& size, const HashedNgramsOptions& options, const Context&) {
  // Every byte of the texts may begin an n-gram of each length; the table of frequencies has some 40 bytes
  // each.
  const int pieces = options.most_characters > 0 ? options.most_characters - options.least_characters + 1 : 0;
  const auto ngrams =
      static_cast<double>(size.nnz) * pieces + static_cast<double>(size.nnz) / 6 * options.words;
  CostEstimate cost;
  cost.peak_bytes = kProgramBytes + size.nnz + size.num_rows * options.dim * 4 +
                    (options.idf ? static_cast<int64_t>(ngrams * 40) : 0);
  cost.seconds =
      ngrams * 1e-7 * (options.idf ? 2 : 1) + static_cast<double>(size.num_rows) * options.dim * 1e-9;
  return cost;
}

}  // namespace

std::vector<std::string> HashedNgramsOptions::ineffective() const {
  std::vector<std::string> notes;
  if (!idf && idf_of) notes.emplace_back("option \"idf_of\" has no effect without idf");
  return notes;
}

void ngram_hashes(std::string_view text, const HashedNgramsOptions& options, std::vector<uint64_t>& hashes) {
  hashes.clear();
  const Words words(text);
  if (options.words > 0) add_word_runs(words.all(), options.words, hashes);
  if (options.most_characters == 0) return;
  for (const std::string_view word : words.all()) {
    add_character_runs(word, static_cast<size_t>(options.least_characters),
                       static_cast<size_t>(options.most_characters), hashes);
  }
}

Embeddings hashed_ngrams(const Corpus& corpus, const HashedNgramsOptions& options, const Context& context) {
  check(options);
  const Idf idf(corpus, options, context);
  const int64_t n = std::ssize(corpus.texts);
  Embeddings embeddings;
  embeddings.ids = corpus.ids;
  embeddings.vectors = Matrix(n, options.dim);
  float* const vectors = embeddings.vectors.mutable_data<float>();
  std::vector<uint8_t> is_zero(static_cast<size_t>(n));
  parallel_blocks(context, n, kBlock, [&](int64_t begin, int64_t end) {
    std::vector<uint64_t> hashes;
    std::vector<double> sums(static_cast<size_t>(options.dim));
    for (int64_t i = begin; i < end; ++i) {
      ngram_hashes(corpus.texts[static_cast<size_t>(i)], options, hashes);
      is_zero[static_cast<size_t>(i)] =
          write_row(hashes, idf, options, sums, vectors + i * options.dim) ? 0 : 1;
    }
  });
  const auto zeros = std::ranges::count(is_zero, uint8_t{1});
  if (zeros > 0) context.note(concat(zeros, " of ", n, " texts have no n-gram: their vectors are zero"));
  embeddings.record.set("metric", "cosine");
  return embeddings;
}

namespace {

// clang-format off
const bool registered = register_learner<Corpus, HashedNgramsOptions, Embeddings>(
    {.name = "hashed_ngrams",
     .class_name = "HashedNgrams",
     .summary = "Short texts as TF-IDF weights of their words' n-grams, hashed to a fixed width",
     .description =
         "A vector counts the words of a text and the pieces of its words, runs of 3 to 5 characters with the blank before "
         "and behind: names, tags and titles that share pieces are alike, and nothing is trained. Each n-gram is hashed to "
         "one of --dim places and counts by how few texts have it. Texts are taken in lower case and cut at white space, "
         "punctuation belongs to words: c, c# and c++ differ.\n"
         "For features of items, as `learn pinsage` takes them. Vectors are dense; new texts get vectors like those of the "
         "old ones with --idf-of and their file.",
     .source = "Weinberger, Dasgupta, Langford, Smola, Attenberg, ICML 2009, arXiv 0902.2206; pieces of words: Bojanowski, "
               "Grave, Joulin, Mikolov, TACL 2017, arXiv 1607.04606",
     .example = "whitney learn hashed_ngrams items.jsonl -o features.safetensors --dim 4096"},
    hashed_ngrams, estimate);
// clang-format on

}  // namespace

}  // namespace whitney::text
