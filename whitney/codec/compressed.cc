#include "whitney/codec/compressed.h"

#include <cmath>
#include <limits>
#include <utility>

#include "whitney/codec/auto.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"

namespace whitney {
namespace {

constexpr std::string_view kCodes = "codec.codes", kFine = "codec.fine", kZeroRows = "codec.zero_rows";
// Rows by which the error that the record tells is measured.
constexpr int64_t kErrorRows = 1000;

Value complete_record(const Method& method, const Embeddings& embeddings, const Value& options, double error,
                      bool changes_vectors, const Context& context) {
  Value record = record_of_run(method, options, context);
  if (changes_vectors) record.set("changes_vectors", true);
  record.set("metric", name_of_enum(embeddings.metric())).set("dim", embeddings.dim());
  // Six digits say all that a sample can.
  record.set("quality", Value::object({{"relative_error", std::round(error * 1e6) / 1e6}}));
  record.set("inputs", Value::List{Value::object({{"kind", "embeddings"},
                                                  {"num_rows", embeddings.size()},
                                                  {"dim", embeddings.dim()},
                                                  {"fingerprint", fingerprint(embeddings)}})});
  Value parent = provenance_of(embeddings.record);
  if (parent.is_object() && !parent.as_object().empty())
    record.set("parents", Value::List{std::move(parent)});
  return record;
}

// Codes, copies of the rows as float32 where a fit takes a sample, and what is written.
CostEstimate estimate(const Embeddings& embeddings) {
  const auto float_bytes = static_cast<int64_t>(sizeof(float));
  return {2 * embeddings.size() * embeddings.dim() * float_bytes, 0};
}

Array<uint8_t> codes_of(const Artifact& artifact, std::string_view name, int64_t rows, int64_t bytes) {
  const TensorView& tensor = artifact.tensor(name);
  if (tensor.shape != std::vector<int64_t>{rows, bytes}) {
    fail(artifact.path(), ": tensor \"", name, "\" is not of ", rows, " x ", bytes, " values");
  }
  return tensor.as<uint8_t>();
}

int64_t recorded_dim(const Artifact& artifact) {
  constexpr int64_t kMostDim = int64_t{1} << 24;
  const Value* dim = artifact.record().find("dim");
  if (dim == nullptr || !dim->is_int() || dim->as_int() < 1 || dim->as_int() > kMostDim)
    fail(artifact.path(), ": the record tells no width of the vectors (\"dim\")");
  return dim->as_int();
}

CompressedEmbeddings open_compressed(const Artifact& artifact) {
  const Value* name = artifact.record().find("method");
  const Value* options = artifact.record().find("options");
  if (name == nullptr || !name->is_string() || options == nullptr || !options->is_object())
    fail(artifact.path(), ": holds codes, and its record names no codec");
  const Method* method = Registry::instance().find(Verb::kCompress, name->as_string());
  if (method == nullptr) {
    fail(artifact.path(), ": its vectors are compressed by the codec ", name->as_string(),
         ", which this program does not have");
  }
  CompressedEmbeddings result;
  const Value resolved = resolve_options(*method, *options);
  result.codec =
      codec::codec_method(name->as_string()).open({artifact, "codec.", recorded_dim(artifact), resolved});
  const TensorView& codes = artifact.tensor(kCodes);
  const int64_t rows = codes.shape.empty() ? 0 : codes.shape[0];
  if (rows > int64_t{std::numeric_limits<uint32_t>::max()} - 1)
    fail(artifact.path(), ": has ", rows, " rows, which are too many");
  result.codes.codes = codes_of(artifact, kCodes, rows, result.codec->code_bytes());
  if (result.codec->fine_bytes() > 0)
    result.codes.fine = codes_of(artifact, kFine, rows, result.codec->fine_bytes());
  if (const TensorView* zero = artifact.find(kZeroRows)) {
    result.zero_rows = zero->as<uint32_t>();
    for (int64_t i = 0; i < result.zero_rows.size(); ++i) {
      const int64_t row = result.zero_rows[i];
      if (row >= rows || (i > 0 && row <= result.zero_rows[i - 1]))
        fail(artifact.path(), ": tensor \"", kZeroRows, "\" holds no ascending rows of ", rows);
    }
  }
  result.ids = read_ids(artifact, rows);
  result.attributes = read_attributes(artifact, rows);
  result.record = provenance_of(artifact.record());
  result.path = artifact.path();
  return result;
}

// What was tried goes into the record of the one that was chosen.
CompressedEmbeddings compress_by_best(const Embeddings& embeddings, const Value& resolved,
                                      const Context& context) {
  const auto options = options_from<codec::AutoOptions>(resolved);
  const int64_t bytes = codec::budget_per_vector(options.budget, embeddings.size(), embeddings.dim());
  const codec::Rows rows(embeddings.vectors, embeddings.metric() == Metric::kCosine);
  const std::vector<codec::CodecTrial> trials =
      codec::try_codecs(rows, embeddings.metric(), bytes, options.num_queries, context);
  CompressedEmbeddings result = compress(trials.front().method, embeddings, trials.front().options, context);
  Value::List tried;
  for (const codec::CodecTrial& trial : trials) {
    tried.push_back(
        Value::object({{"method", trial.method},
                       {"options", trial.options},
                       {"bytes_per_vector", trial.bytes_per_vector},
                       {"relative_error", std::round(trial.relative_error * 1e6) / 1e6},
                       {"recall", std::round(trial.recall * 1e4) / 1e4},
                       {"recall_with_vectors", std::round(trial.recall_with_vectors * 1e4) / 1e4}}));
  }
  result.record.set("trials", std::move(tried));
  return result;
}

Matrix decoded_vectors(const Artifact& artifact) {
  return load_compressed(artifact).decode(Context()).vectors;
}

// What reads embeddings reads compressed ones, decoded: the reader stands below the codecs.
const bool decoder_set = set_code_decoder(decoded_vectors);

}  // namespace

Metric CompressedEmbeddings::metric() const {
  Embeddings named;
  named.record = record;
  return named.metric();
}

Embeddings CompressedEmbeddings::decode(const Context& context) const {
  Embeddings result;
  result.ids = ids;
  result.attributes = attributes;
  result.record = record;
  if (const std::optional<DType> type = codec->plain_type()) {
    const auto* bytes = reinterpret_cast<const std::byte*>(codes.codes.data());
    result.vectors =
        Matrix(Array<std::byte>::view(codes.codes.owner(), bytes, codes.codes.size()), size(), dim(), *type);
  } else {
    result.vectors = codec::decode_rows(
        *codec, codes.codes.data(), codec->fine_bytes() > 0 ? codes.fine.data() : nullptr, size(), context);
  }
  return result;
}

CompressedEmbeddings compress(std::string_view name, const Embeddings& embeddings, const Value& given_options,
                              const Context& context) {
  const Method& method = Registry::instance().get(Verb::kCompress, name);
  const codec::CodecMethod& runner = codec::codec_method(name);
  const Value options = prepare_options(method, given_options, context);
  refuse_if_too_large(method, estimate(embeddings), context);
  embeddings.validate(context);
  if (embeddings.size() == 0 || embeddings.dim() == 0) fail("there are no vectors to compress");
  if (name == "auto") return compress_by_best(embeddings, options, context);
  codec::Rows rows(embeddings.vectors, embeddings.metric() == Metric::kCosine);
  CompressedEmbeddings result;
  result.codec = runner.fit(rows, options, context);
  // Plain values keep their norms: whoever reads them divides by these.
  if (result.codec->plain_type()) rows = codec::Rows(embeddings.vectors);
  result.codes = codec::encode_rows(*result.codec, rows, context);
  if (rows.normalized()) result.zero_rows = codec::zero_rows(embeddings.vectors);
  result.ids = embeddings.ids;
  result.attributes = embeddings.attributes;
  result.record = complete_record(method, embeddings, options,
                                  codec::relative_error(*result.codec, rows, kErrorRows, context),
                                  result.codec->changes_vectors(), context);
  return result;
}

bool holds_codes(const Artifact& artifact) {
  return artifact.kind() == "embeddings" && artifact.find("vectors") == nullptr &&
         artifact.find(kCodes) != nullptr;
}

CompressedEmbeddings load_compressed(const Artifact& artifact) {
  try {
    return open_compressed(artifact);
  } catch (const UsageError& error) {
    fail(artifact.path(), ": the options in its record do not fit: ", error.what());
  }
}

void save_compressed(const CompressedEmbeddings& compressed, const std::string& path, bool force,
                     const Context& context) {
  if (compressed.codec->plain_type()) {
    save_embeddings(compressed.decode(context), path, force, context);
    return;
  }
  ArtifactWriter writer("embeddings", compressed.record);
  writer.add(std::string(kCodes), {compressed.size(), compressed.codec->code_bytes()},
             compressed.codes.codes);
  if (compressed.codec->fine_bytes() > 0)
    writer.add(std::string(kFine), {compressed.size(), compressed.codec->fine_bytes()},
               compressed.codes.fine);
  if (!compressed.zero_rows.empty())
    writer.add(std::string(kZeroRows), {compressed.zero_rows.size()}, compressed.zero_rows);
  compressed.codec->save(writer, "codec.");
  writer.add_ids(compressed.ids);
  writer.add_attributes(compressed.attributes);
  writer.write(path, force, context);
}

}  // namespace whitney
