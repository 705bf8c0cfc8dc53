#include "whitney/eval/retrieval_search.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/file_format.h"
#include "whitney/data/readers.h"
#include "whitney/eval/text_source.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encode_query.h"
#include "whitney/search/flat.h"
#include "whitney/search/index.h"

namespace whitney::eval {
namespace {

std::string given_or(const std::optional<Path>& given, const std::string& found) {
  return given ? given->value : found;
}

bool is_run_file(const std::string& path) {
  const std::string_view name = path;
  for (const std::string_view packed : {"", ".gz", ".xz", ".zst"}) {
    for (const std::string_view end : {".trec", ".run", ".txt"}) {
      if (name.ends_with(concat(end, packed))) return true;
    }
  }
  return false;
}

Matrix expanded(const TextVectors& vectors) {
  Matrix result(std::ssize(vectors.rows), vectors.vectors.cols());
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < result.rows(); ++i) out = std::ranges::copy(vectors.of(i), out).out;
  return result;
}

// Searches indexes for the judged queries.
class Searcher {
 public:
  Searcher(const Context& context, RetrievalTest& test, const RetrievalOptions& options, int64_t num_hits)
      : context_(context), test_(test), options_(options), num_hits_(num_hits) {}

  Answer by_bm25() const {
    const auto index = build_index("bm25", test_.corpus(), {}, option_values(options_.bm25), context_);
    return by_words(*index);
  }

  Answer by_model(const std::string& path) const {
    const Corpus& corpus = test_.corpus();
    const TextSource source = TextSource::open(context_, path, options_.encode);
    Embeddings documents{corpus.ids,
                         expanded(source.encode(context_, corpus.texts, TextRole::kDocument)),
                         {},
                         Value::object({{"metric", name_of_enum(infer::metric_of(*source.encoder()))}})};
    const Matrix queries = expanded(source.encode(context_, test_.query_texts(), TextRole::kQuery));
    return by_vectors(*flat_index(documents), queries);
  }

  Answer by_file(const std::string& path) const {
    const bool is_artifact = path.ends_with(".safetensors");
    const auto index = is_artifact ? open_index(path) : flat_index(read_vectors(path, {}, context_));
    return index->holds_texts() ? by_words(*index) : by_vectors(*index, query_vectors(path, *index));
  }

 private:
  SearchParams params() const {
    SearchParams params;
    params.k = num_hits_;
    return params;
  }

  // Quotes and asterisks in a test's queries are characters, no operators.
  Answer by_words(const Index& index) const {
    SearchParams asked = params();
    for (const OptionSpec& spec : index.search_options())
      asked.options.set(spec.name, spec.name == "operators" ? Value(false) : spec.default_value);
    return answer_of(index, index.search_texts(test_.query_texts(), asked, context_));
  }

  Answer by_vectors(const Index& index, const Matrix& queries) const {
    SearchParams asked = params();
    for (const OptionSpec& spec : index.search_options()) asked.options.set(spec.name, spec.default_value);
    return answer_of(index, index.search(queries, asked, context_));
  }

  Matrix query_vectors(const std::string& path, const Index& index) const {
    if (options_.query_vectors) return stored_query_vectors(index);
    if (!options_.model) {
      fail(path,
           ": holds vectors; queries need the model that made them, --model FOLDER_OR_GGUF, or "
           "--query-vectors FILE");
    }
    const std::string& model = options_.model->value;
    const auto encoder = infer::Encoder::open(context_, model, infer::encoded_precision(index.record()));
    const std::vector<std::string>& texts = test_.query_texts();
    return infer::encode_queries(context_, encoder, index.record(), index.dim(),
                                 std::vector<std::string_view>(texts.begin(), texts.end()));
  }

  Matrix stored_query_vectors(const Index& index) const {
    const TextSource source(read_vectors(options_.query_vectors->value, {}, context_));
    if (source.embeddings()->dim() != index.dim()) {
      fail(options_.query_vectors->value, ": has vectors of ", source.embeddings()->dim(),
           " dimensions, and those searched have ", index.dim());
    }
    std::vector<std::string> ids;
    for (const Qrels::Query& query : test_.qrels().queries) ids.push_back(query.id);
    return expanded(source.vectors_of(context_, ids));
  }

  Answer answer_of(const Index& index, const SearchResult& result) const {
    Answer answer;
    answer.documents = index.ids();
    for (int64_t q = 0; q < std::ssize(test_.qrels().queries); ++q) {
      RankedHits hits = ranked_hits(index, result, q);
      // Distances become scores, which runs have.
      if (!higher_is_better(index.metric())) {
        for (float& value : hits.values) value = -value;
      }
      order_as_trec_eval(hits);
      answer.run.queries.push_back({test_.qrels().queries[static_cast<size_t>(q)].id, std::move(hits)});
    }
    return answer;
  }

  const Context& context_;
  RetrievalTest& test_;
  const RetrievalOptions& options_;
  int64_t num_hits_;
};

void cut(RankedHits& hits, int64_t num_hits) {
  const auto kept = static_cast<size_t>(std::min<int64_t>(num_hits, std::ssize(hits.ids)));
  hits.ids.resize(kept);
  hits.values.resize(kept);
}

}  // namespace

RetrievalTest::RetrievalTest(const Context& context, const std::string& path, const RetrievalOptions& options)
    : context_(context), title_(options.title), path_(path) {
  files_ = find_retrieval_files(path, options.split);
  files_.corpus = given_or(options.corpus, files_.corpus);
  files_.queries = given_or(options.queries, files_.queries);
  files_.qrels = given_or(options.qrels, files_.qrels);
  if (files_.qrels.empty()) {
    fail(path, ": the folder has no judgements (expected: qrels/", options.split,
         ".tsv, qrels.txt or qrels.jsonl; --qrels names another file, --split another part)");
  }
  qrels_ = read_qrels(files_.qrels, context);
}

const std::vector<std::string>& RetrievalTest::query_texts() {
  if (!query_texts_) {
    if (files_.queries.empty())
      fail(path_,
           ": there are no queries (expected: queries.jsonl or queries.tsv in a folder, or --queries)");
    query_texts_ = texts_of(qrels_, read_queries(files_.queries, context_), files_.queries);
  }
  return *query_texts_;
}

const Corpus& RetrievalTest::corpus() {
  if (!corpus_) {
    if (files_.corpus.empty())
      fail(path_, ": there are no documents (expected: corpus.jsonl in a folder, or --corpus)");
    corpus_ = read_documents(files_.corpus, title_, context_);
  }
  return *corpus_;
}

Answer ask(const Context& context, const std::string& source, RetrievalTest& test,
           const RetrievalOptions& options, int64_t num_hits) {
  const Searcher searcher(context, test, options, num_hits);
  Answer answer;
  if (source == "bm25" && !std::filesystem::exists(source))
    answer = searcher.by_bm25();
  else if (TextSource::is_model(source))
    answer = searcher.by_model(source);
  else if (is_run_file(source))
    answer.run = read_run(source, context);
  else
    answer = searcher.by_file(source);
  for (TrecRun::Query& query : answer.run.queries) cut(query.hits, num_hits);
  return answer;
}

Answer fuse_answers(const Answer& first, const Answer& second, const RetrievalOptions& options) {
  std::unordered_map<std::string_view, const RankedHits*> others;
  for (const TrecRun::Query& query : second.run.queries) others.emplace(query.id, &query.hits);
  Answer fused;
  fused.documents = first.documents ? first.documents : second.documents;
  const auto add = [&](const std::string& id, const RankedHits& a, const RankedHits& b) {
    RankedHits hits;
    for (FusedHit& hit : fuse(a, b, options.fusion, options.num_hits)) {
      hits.ids.push_back(std::move(hit.id));
      hits.values.push_back(static_cast<float>(hit.score));
    }
    order_as_trec_eval(hits);
    fused.run.queries.push_back({id, std::move(hits)});
  };
  for (const TrecRun::Query& query : first.run.queries) {
    const auto found = others.find(query.id);
    add(query.id, query.hits, found != others.end() ? *found->second : RankedHits());
    if (found != others.end()) others.erase(found);
  }
  // Queries that the first run lacks, in the second's order.
  for (const TrecRun::Query& query : second.run.queries) {
    if (others.contains(query.id)) add(query.id, RankedHits(), query.hits);
  }
  return fused;
}

}  // namespace whitney::eval
