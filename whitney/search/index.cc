#include "whitney/search/index.h"

#include <utility>

#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/flat.h"

namespace whitney {
namespace {

// What the index tells of its making: method, options, seed and metric.
Value record_of_making(const Method& method, Metric metric, const Value& options, const Context& context) {
  return record_of_run(method, options, context).set("metric", name_of_enum(metric));
}

// The same, and what it was made of and how that was made.
template <class Rows>
Value complete_record(const Method& method, const Rows& embeddings, const Value& options,
                      const Context& context) {
  Value record = record_of_making(method, embeddings.metric(), options, context);
  Value input = Value::object({{"kind", "embeddings"},
                               {"num_rows", embeddings.size()},
                               {"dim", embeddings.dim()},
                               {"fingerprint", fingerprint(embeddings)}});
  if constexpr (requires { embeddings.num_entries(); }) input.set("num_entries", embeddings.num_entries());
  record.set("inputs", Value::List{std::move(input)});
  Value parent = provenance_of(embeddings.record);
  if (parent.is_object() && !parent.as_object().empty())
    record.set("parents", Value::List{std::move(parent)});
  return record;
}

// A query that comes as it is would be compared with vectors that are not what they were.
void note_changed_vectors(const Embeddings& embeddings, const Context& context) {
  const Value* changed = embeddings.record.find("changes_vectors");
  if (changed == nullptr || *changed != Value(true)) return;
  const std::string method = embeddings.record.at("method").as_string();
  context.note(concat("the vectors were changed by compress ", method,
                      ", and this index does not change its queries: compress these by ", method,
                      " with option \"like\", or search the compressed file itself"));
}

void check_corpus(const Corpus& corpus) {
  if (corpus.ids.size() != std::ssize(corpus.texts))
    fail(corpus.ids.size(), " ids for ", corpus.texts.size(), " texts");
  if (const auto twice = corpus.ids.first_duplicate()) {
    fail("the id \"", corpus.ids.text(twice->second), "\" stands twice, in rows ", twice->first, " and ",
         twice->second);
  }
}

const IndexBuilder& builder_of(const Method& method) {
  const auto* builder = dynamic_cast<const IndexBuilder*>(method.runner.get());
  WHITNEY_CHECK(builder != nullptr, method.info.name, " is registered under index and is no IndexBuilder");
  return *builder;
}

const IndexBuilder& builder_of(const Artifact& artifact) {
  const Value* name = artifact.record().find("method");
  if (name == nullptr || !name->is_string()) fail("is an index whose record names no method");
  const Method* method = Registry::instance().find(Verb::kIndex, name->as_string());
  if (method == nullptr)
    fail("is an index of the method ", name->as_string(), ", which this program does not have");
  return builder_of(*method);
}

}  // namespace

SearchResult Index::search_texts(std::span<const std::string> /*queries*/, const SearchParams& /*params*/,
                                 const Context& /*context*/) const {
  fail("an index of the method ", method(), " holds vectors and cannot be asked by words (expected: bm25)");
}

void Index::add_texts(const Corpus& /*more*/, const Attributes& /*attributes*/, const Context& /*context*/) {
  fail("an index of the method ", method(), " holds vectors, not texts (expected: bm25)");
}

SearchResult Index::search_ragged(const RaggedEmbeddings& /*queries*/, const SearchParams& /*params*/,
                                  const Context& /*context*/) const {
  fail("an index of the method ", method(), " holds ", name_of_enum(input()),
       " and is not asked by sparse vectors or several vectors a query (expected: sparse, multi_vector)");
}

RaggedEmbeddings Index::ragged(int64_t /*row*/) const {
  fail("an index of the method ", method(), " holds ", name_of_enum(input()), ", not ragged rows");
}

void Index::add_ragged(const RaggedEmbeddings& /*more*/, const Context& /*context*/) {
  fail("an index of the method ", method(), " holds ", name_of_enum(input()), ", not ragged rows");
}

std::unique_ptr<Index> IndexBuilder::build_ragged(const RaggedEmbeddings& /*embeddings*/,
                                                  const Value& /*options*/,
                                                  const Context& /*context*/) const {
  fail("this method indexes ", name_of_enum(input()),
       ", not sparse vectors or several vectors a row (expected: sparse, multi_vector)");
}

CostEstimate IndexBuilder::estimate_ragged(int64_t /*num_rows*/, int64_t /*num_entries*/, int64_t /*dim*/,
                                           const Value& /*options*/, const Context& /*context*/) const {
  fail("this method indexes ", name_of_enum(input()),
       ", not sparse vectors or several vectors a row (expected: sparse, multi_vector)");
}

std::unique_ptr<Index> IndexBuilder::build_texts(const IndexedTexts& /*texts*/, const Value& /*options*/,
                                                 const Context& /*context*/) const {
  fail("this method indexes vectors, not texts (expected: bm25)");
}

CostEstimate IndexBuilder::estimate_texts(int64_t /*num_texts*/, int64_t /*size_bytes*/,
                                          const Value& /*options*/, const Context& /*context*/) const {
  fail("this method indexes vectors, not texts (expected: bm25)");
}

std::unique_ptr<Index> build_index(std::string_view name, const Corpus& corpus, const Attributes& attributes,
                                   const Value& given_options, const Context& context) {
  const Method& method = Registry::instance().get(Verb::kIndex, name);
  const IndexBuilder& builder = builder_of(method);
  const Value options = prepare_options(method, given_options, context);
  int64_t size_bytes = 0;
  for (const std::string& text : corpus.texts) size_bytes += std::ssize(text);
  refuse_if_too_large(method, builder.estimate_texts(corpus.ids.size(), size_bytes, options, context),
                      context);
  check_corpus(corpus);
  IndexedTexts texts{corpus, attributes, record_of_making(method, Metric::kInnerProduct, options, context)};
  texts.attributes.num_rows = corpus.ids.size();
  texts.record.set("inputs", Value::List{Value::object({{"kind", "corpus"},
                                                        {"num_rows", corpus.ids.size()},
                                                        {"fingerprint", fingerprint(corpus)}})});
  return builder.build_texts(texts, options, context);
}

std::unique_ptr<Index> build_index(std::string_view name, const Embeddings& embeddings,
                                   const Value& given_options, const Context& context) {
  const Method& method = Registry::instance().get(Verb::kIndex, name);
  const IndexBuilder& builder = builder_of(method);
  const Value options = prepare_options(method, given_options, context);
  refuse_if_too_large(method, builder.estimate(embeddings.size(), embeddings.dim(), options, context),
                      context);
  embeddings.validate(context);
  note_changed_vectors(embeddings, context);
  Embeddings completed = embeddings;  // shares the memory
  completed.record = complete_record(method, embeddings, options, context);
  return builder.build(completed, options, context);
}

std::unique_ptr<Index> build_index(std::string_view name, const RaggedEmbeddings& embeddings,
                                   const Value& given_options, const Context& context) {
  const Method& method = Registry::instance().get(Verb::kIndex, name);
  const IndexBuilder& builder = builder_of(method);
  const Value options = prepare_options(method, given_options, context);
  refuse_if_too_large(method,
                      builder.estimate_ragged(embeddings.size(), embeddings.num_entries(), embeddings.dim(),
                                              options, context),
                      context);
  embeddings.validate(context);
  RaggedEmbeddings completed = embeddings;  // shares the memory
  completed.record = complete_record(method, embeddings, options, context);
  return builder.build_ragged(completed, options, context);
}

std::unique_ptr<Index> open_index(const std::string& path) {
  const Artifact artifact = Artifact::open(path);
  try {
    if (!artifact.kind().empty()) verify_header(artifact);
    if (artifact.kind() == "index") return builder_of(artifact).open(artifact);
    if (holds_codes(artifact)) return codes_index(load_compressed(artifact));
    return flat_index(load_embeddings(artifact));
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.starts_with(path)) throw;
    fail(path, ": ", text);
  }
}

}  // namespace whitney
