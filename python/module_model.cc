#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>
#include <tuple>

#include "python/module_arrays.h"
#include "python/module_call.h"
#include "python/module_rooms.h"
#include "python/module_texts.h"
#include "python/module_values.h"
#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/core/prepare_run.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encode_query.h"
#include "whitney/infer/encoder.h"

namespace whitney::python {
namespace {

using infer::EncodeOptions;
using infer::Encoder;

struct OpenOptions {
  infer::Precision precision = infer::Precision::kFloat32;

  void fields(auto&& field) {
    field(
        "precision", precision,
        "How weights are kept: int8 takes a quarter of the memory and less time, and moves vectors a little");
  }
};

// An encoder and the path that it was opened by. Threads of Python may share it.
class Model {
 public:
  Model(Encoder encoder, std::string path) : encoder_(std::move(encoder)), path_(std::move(path)) {}

  const Encoder& encoder() const { return encoder_; }
  const std::string& path() const { return path_; }
  /// Reads all files of the model when it is first asked for.
  const std::string& fingerprint() const {
    std::call_once(once_, [&] { fingerprint_ = infer::fingerprint_of_model(path_); });
    return fingerprint_;
  }

 private:
  Encoder encoder_;
  std::string path_;
  mutable std::once_flag once_;
  mutable std::string fingerprint_;
};

using SharedModel = std::shared_ptr<Model>;

SharedModel open(const std::string& path, const nb::dict& options, const Call& call) {
  const auto wanted = options_from_dict<OpenOptions>("a model", options);
  return call([&](const Context& context) {
    return std::make_shared<Model>(Encoder::open(context, path, wanted.precision), path);
  });
}

template <class Texts>
void refuse_if_too_large(const Model& model, const Texts& texts, const EncodeOptions& options,
                         const Context& context) {
  int64_t num_bytes = 0;
  for (const auto& text : texts) num_bytes += std::ssize(text);
  infer::refuse_if_too_large(context, model.encoder(), std::ssize(texts), num_bytes, options);
}

// (values, starts, words). A vector a text: n x d, None, None. Several: rows x d, and those of text i are
// [starts[i], starts[i + 1]). Weights of words: weights, starts of texts, words.
using Encoded = std::tuple<nb::object, nb::object, nb::object>;

Encoded encode(const Model& model, const nb::list& texts, const nb::dict& options, const Call& call) {
  const auto wanted = options_from_dict<EncodeOptions>("encode", options);
  const std::vector<std::string_view> views = texts_of(texts);
  infer::Encoding encoding = call([&](const Context& context) {
    refuse_if_too_large(model, views, wanted, context);
    return model.encoder().encode(context, views, wanted);
  });
  if (model.encoder().output(wanted) == infer::EncodeOutput::kSparse) {
    return {numpy_own(std::move(encoding.sparse_weights)), numpy_own(std::move(encoding.sparse_starts)),
            numpy_own(std::move(encoding.sparse_words))};
  }
  const nb::object starts = encoding.starts.empty() ? nb::none() : numpy_own(std::move(encoding.starts));
  return {numpy_own(std::move(encoding.vectors)), starts, nb::none()};
}

// (ids, starts, states, vectors): the tokens that were run of text i are [starts[i], starts[i + 1]), each
// with its state; and a vector a text.
using Features = std::tuple<nb::object, nb::object, nb::object, nb::object>;

Features features(const Model& model, const nb::list& texts, const nb::dict& options, const Call& call) {
  const auto wanted = options_from_dict<EncodeOptions>("encode", options);
  const std::vector<std::string_view> views = texts_of(texts);
  EncodeOptions of_tokens = wanted;
  of_tokens.output = infer::EncodeOutput::kTokens;
  of_tokens.normalize.reset();
  of_tokens.dim.reset();
  const Encoder& encoder = model.encoder();
  text::TokenBatch tokens;
  infer::Encoding states, vectors;
  call([&](const Context& context) {
    refuse_if_too_large(model, views, of_tokens, context);
    Context quiet = context;  // what is to be said is said of the vectors
    quiet.progress = nullptr;
    vectors = encoder.encode(context, views, wanted);  // first, for a model that gives none says so
    tokens = encoder.tokens_of(context, views, of_tokens);
    states = encoder.encode(quiet, views, of_tokens);
  });
  return {numpy_own(std::move(tokens.ids)), numpy_own(std::move(tokens.starts)),
          numpy_own(std::move(states.vectors)), numpy_own(std::move(vectors.vectors))};
}

// Whether each text gets one vector, as embeddings have.
bool gives_embeddings(const Model& model, const nb::dict& given) {
  const auto options = options_from_dict<EncodeOptions>("encode", given);
  return model.encoder().output(options) == infer::EncodeOutput::kDense &&
         options.long_texts != infer::LongTexts::kLate;
}

std::shared_ptr<infer::EncodedCorpus> encode_texts(const Model& model, const Corpus& corpus,
                                                   const nb::dict& options, const Call& call) {
  const auto wanted = options_from_dict<EncodeOptions>("encode", options);
  return call([&](const Context& context) {
    refuse_if_too_large(model, corpus.texts, wanted, context);
    return std::make_shared<infer::EncodedCorpus>(
        infer::encode_corpus(context, model.encoder(), model.path(), corpus, wanted));
  });
}

Embeddings encode_corpus(const Model& model, const Corpus& corpus, std::vector<Column> columns,
                         const nb::dict& options, const Call& call) {
  const auto wanted = options_from_dict<EncodeOptions>("encode", options);
  const Attributes attributes{corpus.ids.size(), std::move(columns)};
  attributes.validate();
  return call([&](const Context& context) {
    refuse_if_too_large(model, corpus.texts, wanted, context);
    infer::EncodedCorpus encoded =
        infer::encode_corpus(context, model.encoder(), model.path(), corpus, wanted);
    Embeddings embeddings{encoded.ids, std::move(encoded.encoding.vectors), attributes,
                          std::move(encoded.record)};
    embeddings.validate(context);
    return embeddings;
  });
}

void note_other_model(const Model& model, const Value& searched, const Context& context) {
  const std::optional<std::string> maker = infer::encoding_model(searched);
  if (maker && *maker != model.fingerprint())
    context.note(concat("the vectors searched were made by another model than ", model.path()));
}

Matrix encode_queries(const Model& model, const nb::dict& record, int64_t dim, const nb::list& texts,
                      const Call& call) {
  const Value searched = value_from(record, "record");
  const std::vector<std::string_view> views = texts_of(texts);
  return call([&](const Context& context) {
    note_other_model(model, searched, context);
    return infer::encode_queries(context, model.encoder(), searched, dim, views);
  });
}

RaggedEmbeddings encode_ragged_queries(const Model& model, const nb::dict& record, bool is_sparse,
                                       int64_t dim, const nb::list& texts, const Call& call) {
  const Value searched = value_from(record, "record");
  const std::vector<std::string_view> views = texts_of(texts);
  return call([&](const Context& context) {
    note_other_model(model, searched, context);
    return infer::encode_ragged_queries(context, model.encoder(), searched, is_sparse, dim, views);
  });
}

nb::dict prompts(const Model& model) {
  nb::dict result;
  for (const auto& [name, text] : model.encoder().folder().prompts) result[nb::str(name.c_str())] = text;
  return result;
}

std::string architecture(const Model& model) {
  const auto& config = model.encoder().folder().config;
  if (!config) return "static";
  const Value* type = config->root().find("model_type");
  return type != nullptr && type->is_string() ? type->as_string() : "";
}

void bind_properties(nb::class_<Model>& model) {
  model.def_prop_ro("path", &Model::path)
      .def_prop_ro("prompts", &prompts, "Name to text.")
      .def_prop_ro("architecture", &architecture,
                   "\"bert\", \"qwen3\", ...; \"static\" for a table of tokens.")
      .def_prop_ro("default_prompt_name",
                   [](const Model& m) { return m.encoder().folder().default_prompt_name; })
      .def_prop_ro("query_prompt_name", [](const Model& m) { return m.encoder().query_prompt(); })
      .def_prop_ro("document_prompt_name", [](const Model& m) { return m.encoder().document_prompt(); })
      .def_prop_ro("dim", [](const Model& m) { return m.encoder().dim(); })
      .def_prop_ro("num_layers", [](const Model& m) { return m.encoder().num_layers(); })
      .def_prop_ro("max_length", [](const Model& m) { return m.encoder().max_length(); })
      .def_prop_ro("precision",
                   [](const Model& m) { return std::string(name_of_enum(m.encoder().precision())); })
      .def_prop_ro("similarity", [](const Model& m) { return m.encoder().similarity(); })
      .def_prop_ro("metric",
                   [](const Model& m) { return std::string(name_of_enum(infer::metric_of(m.encoder()))); })
      .def_prop_ro("fingerprint", [](const Model& m) {
        const nb::gil_scoped_release released;
        return m.fingerprint();
      });
}

}  // namespace

void bind_model(nb::module_& module) {
  nb::class_<Model> model(module, "Model", "A text encoder.");
  model.def_static("open", &open, nb::arg("path"), nb::arg("options"), nb::arg("call"))
      .def("encode", &encode, nb::arg("texts"), nb::arg("options"), nb::arg("call"),
           "(values, starts, words): n x d, None, None; or rows x d, starts of texts, None; or weights, "
           "starts "
           "of texts, words.")
      .def("features", &features, nb::arg("texts"), nb::arg("options"), nb::arg("call"),
           "(ids, starts, states, vectors): tokens run, starts of texts, a state a token, a vector a text.")
      .def("encode_corpus", &encode_corpus, nb::arg("corpus"), nb::arg("columns"), nb::arg("options"),
           nb::arg("call"))
      .def("encode_texts", &encode_texts, nb::arg("corpus"), nb::arg("options"), nb::arg("call"),
           "What encode_corpus gives, of several vectors a text or weights of words.")
      .def("gives_embeddings", &gives_embeddings, nb::arg("options"), "True when each text gets one vector.")
      .def("encode_queries", &encode_queries, nb::arg("record"), nb::arg("dim"), nb::arg("texts"),
           nb::arg("call"), "Vectors of queries for vectors of this record and width.")
      .def("encode_ragged_queries", &encode_ragged_queries, nb::arg("record"), nb::arg("is_sparse"),
           nb::arg("dim"), nb::arg("texts"), nb::arg("call"),
           "The same for weights of words, or several vectors a text.")
      .def(
          "num_values",
          [](const Model& m, const nb::dict& options) {
            return m.encoder().dim(options_from_dict<EncodeOptions>("encode", options));
          },
          nb::arg("options"), "Width of a vector under the options.");
  bind_properties(model);
  module.def(
      "encode_options", [] { return list_from(option_specs<EncodeOptions>()); },
      "Declarations of the options of a model's encode.");
  module.def(
      "encoded_precision",
      [](const nb::dict& record) {
        return std::string(name_of_enum(infer::encoded_precision(value_from(record, "record"))));
      },
      nb::arg("record"), "The precision of the model that encoded the texts of vectors of this record.");
}

}  // namespace whitney::python
