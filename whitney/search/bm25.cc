#include "whitney/search/bm25.h"

#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/search/append_rows.h"
#include "whitney/search/bm25_index.h"

namespace whitney {
namespace {

using search::Bm25Parts;

[[noreturn]] void fail_vectors() {
  fail("bm25 indexes texts, not vectors (expected: texts and queries of words)");
}

class Bm25Index : public Index {
 public:
  explicit Bm25Index(Bm25Parts parts) : parts_(std::move(parts)) {}

  std::string_view method() const override { return "bm25"; }
  Metric metric() const override { return Metric::kInnerProduct; }
  /// A text is a sparse vector over the words.
  int64_t dim() const override { return parts_.words.size(); }
  int64_t num_rows() const override { return parts_.rows.size(); }
  const RowSet& live() const override { return parts_.rows.live; }
  const Ids& ids() const override { return parts_.rows.ids; }
  const Attributes& attributes() const override { return parts_.rows.attributes; }
  const Value& record() const override { return parts_.rows.record; }
  int64_t size_bytes() const override {
    return parts_.lists.size_bytes() + parts_.words.size_bytes() + 4 * parts_.lengths.size();
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<Bm25SearchOptions>(); }
  bool holds_texts() const override { return true; }

  SearchResult search_texts(std::span<const std::string> queries, const SearchParams& params,
                            const Context& context) const override {
    return search::search_bm25(parts_, queries, params, context);
  }
  void add_texts(const Corpus& more, const Attributes& attributes, const Context& context) override {
    Embeddings named;  // what check_new_rows and append_rows know rows by
    named.ids = more.ids;
    named.attributes = attributes;
    named.attributes.num_rows = more.ids.size();
    named.vectors = Matrix(more.ids.size(), 0);
    if (more.ids.size() != std::ssize(more.texts))
      fail(more.ids.size(), " ids for ", more.texts.size(), " texts");
    search::check_new_rows(parts_.rows, 0, named, context);
    search::IndexRows rows = parts_.rows;
    search::append_rows(rows, named);
    std::vector<int64_t> all(static_cast<size_t>(num_rows()));
    std::iota(all.begin(), all.end(), int64_t{0});
    parts_ = search::rebuild_bm25(parts_, all, more.texts, std::move(rows), context);
  }
  void remove(const Ids& ids, const Context& context) override {
    search::IndexRows rows = parts_.rows;
    for (const uint32_t row : search::live_rows_of(rows, ids)) rows.live.remove(row);
    const std::vector<int64_t> kept = search::keep_live(rows);
    parts_ = search::rebuild_bm25(parts_, kept, {}, std::move(rows), context);
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_bm25(parts_, path, force, context);
  }

  SearchResult search(const MatrixView& /*queries*/, const SearchParams& /*params*/,
                      const Context& /*context*/) const override {
    fail_vectors();
  }
  std::vector<float> vector(int64_t /*row*/) const override { fail_vectors(); }
  void add(const Embeddings& /*more*/, const Context& /*context*/) override { fail_vectors(); }

 private:
  Bm25Parts parts_;
};

class Bm25Builder : public IndexBuilder {
 public:
  bool takes_texts() const override { return true; }
  std::unique_ptr<Index> build_texts(const IndexedTexts& texts, const Value& options,
                                     const Context& context) const override {
    search::IndexRows rows{texts.corpus.ids, texts.attributes, {}, texts.record};
    rows.live = RowSet::range(0, static_cast<uint32_t>(rows.size()));
    return std::make_unique<Bm25Index>(
        search::build_bm25(texts.corpus.texts, std::move(rows), options_from<Bm25Options>(options), context));
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<Bm25SearchOptions>(); }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    return std::make_unique<Bm25Index>(search::open_bm25(artifact));
  }
  CostEstimate estimate_texts(int64_t num_texts, int64_t size_bytes, const Value& options,
                              const Context& context) const override {
    // The texts; a word has some 6 bytes, and 8 bytes for where it stands (20 while its block is sorted, of
    // which there are some per thread); the lists take 2 to 8 more, and as many again while they are joined.
    const int64_t num_words = size_bytes / 6;
    const auto chosen = options_from<Bm25Options>(options);
    const int64_t per_word = 11 + (chosen.positions ? 3 : 0) + (chosen.scores ? 8 : 0);
    const int64_t blocks = std::min<int64_t>(size_bytes, context.num_threads() * (int64_t{8} << 20)) * 4;
    const double seconds = static_cast<double>(size_bytes) / 8e7 / context.num_threads();
    return {size_bytes + num_words * per_word + blocks + num_texts * 64, seconds};
  }

  std::unique_ptr<Index> build(const Embeddings& /*embeddings*/, const Value& /*options*/,
                               const Context& /*context*/) const override {
    fail_vectors();
  }
  CostEstimate estimate(int64_t /*num_rows*/, int64_t /*dim*/, const Value& /*options*/,
                        const Context& /*context*/) const override {
    fail_vectors();
  }
};

const bool registered = register_method(declare_method<Bm25Options>(
    Verb::kIndex,
    {.name = "bm25",
     .class_name = "BM25",
     .summary = "Index of texts by their words: finds texts that share words with a query, rare words first",
     .description =
         "Scores a text by the words that it shares with the query: more for words that few texts have, for "
         "words "
         "that stand there often, and for short texts. It needs no training, knows every name and number, "
         "and is "
         "the baseline that embeddings of texts must beat; fused with them (search --with) it finds more "
         "than "
         "either.\n"
         "Only texts that have a word of the query are found, so there may be fewer than k. \"A phrase\" in "
         "quotes must stand in the text, and its words score as others do; word* stands for all words that "
         "begin "
         "so, taken as one. Words are taken in lower case, without stop words, and stemmed; the index holds "
         "that "
         "form, and a search brings its query to the same.\n"
         "Scores are exact and equal ones are ordered by row, by whichever plan a query is answered: lists "
         "of "
         "rows are added up; or blocks that cannot get among the k best are skipped by the best scores of "
         "blocks, row by row (block-max WAND, for one word, or a rare one beside others) or within windows "
         "of rows (MaxScore, for the best hit or two); where a filter leaves few rows, they are looked up. "
         "Additions and removals pack the index anew: it is then as one built of the same texts.",
     .source =
         "Robertson, Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond, FnTIR 2009; variants: "
         "Kamphuis, de Vries, Boytsov, Lin, ECIR 2020; skipping: Turtle, Flood 1995, Broder et al. 2003, "
         "Ding, "
         "Suel, SIGIR 2011",
     .example = "whitney index bm25 texts.jsonl -o texts.bm25.safetensors --stemmer english"},
    std::make_shared<Bm25Builder>()));

}  // namespace
}  // namespace whitney
