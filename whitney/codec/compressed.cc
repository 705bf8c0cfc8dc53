#include "whitney/codec/compressed.h"

#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "whitney/codec/auto.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"

namespace whitney {
namespace {

// Rows by which the error that the record tells is measured.
constexpr int64_t kErrorRows = 1000;

Value complete_record(const Method& method, const Embeddings& embeddings, const std::string& print,
                      const Value& options, double error, bool changes_vectors, const Context& context) {
  Value record = record_of_run(method, options, context);
  if (changes_vectors) record.set("changes_vectors", true);
  record.set("metric", name_of_enum(embeddings.metric())).set("dim", embeddings.dim());
  // Six digits say all that a sample can.
  record.set("quality", Value::object({{"relative_error", std::round(error * 1e6) / 1e6}}));
  record.set("inputs", Value::List{Value::object({{"kind", "embeddings"},
                                                  {"num_rows", embeddings.size()},
                                                  {"dim", embeddings.dim()},
                                                  {"fingerprint", print}})});
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

// Tells the bytes of the file that compress() by a fitted codec would make, without codes.
codec::FileBytes planner_of(const Embeddings& embeddings, const Context& context) {
  CompressedEmbeddings plan;
  plan.ids = embeddings.ids;
  plan.attributes = embeddings.attributes;
  if (embeddings.metric() == Metric::kCosine) plan.zero_rows = codec::zero_rows(embeddings.vectors);
  const auto planned = std::make_shared<CompressedEmbeddings>(std::move(plan));
  // As many digits as an error has that is yet to be measured.
  constexpr double kSomeError = 0.123456;
  return [&embeddings, &context, planned, print = fingerprint(embeddings)](
             const std::shared_ptr<const codec::Codec>& codec, std::string_view name, const Value& options) {
    planned->codec = codec;
    planned->record = complete_record(Registry::instance().get(Verb::kCompress, name), embeddings, print,
                                      options, kSomeError, codec->changes_vectors(), context);
    return file_bytes(*planned);
  };
}

Value::List list_of(const std::vector<codec::CodecTrial>& trials) {
  Value::List list;
  const auto digits = [](double value, double unit) { return std::round(value * unit) / unit; };
  for (const codec::CodecTrial& trial : trials) {
    list.push_back(Value::object({{"method", trial.method},
                                  {"options", trial.options},
                                  {"bytes_per_vector", trial.bytes_per_vector},
                                  {"file_bytes", trial.file_bytes},
                                  {"relative_error", digits(trial.relative_error, 1e6)},
                                  {"recall", digits(trial.recall.by_codes, 1e4)},
                                  {"recall_rescored", digits(trial.recall.rescored, 1e4)},
                                  {"recall_with_vectors", digits(trial.recall.with_vectors, 1e4)}}));
  }
  return list;
}

// Puts as many of the trials, the best first, into the record as the budget leaves room for. False where the
// file is too large even without.
bool record_trials(int64_t budget, CompressedEmbeddings& compressed) {
  if (file_bytes(compressed) > budget) return false;
  const Value without = compressed.record;
  for (size_t count = compressed.trials.size(); count > 0; count /= 2) {
    const auto end = compressed.trials.begin() + static_cast<std::ptrdiff_t>(count);
    compressed.record.set("trials", Value::List(compressed.trials.begin(), end));
    if (file_bytes(compressed) <= budget) return true;
  }
  compressed.record = without;
  return true;
}

// The best whose file keeps the budget: sizes were told to a few digits of the record.
CompressedEmbeddings compress_by_best(const Embeddings& embeddings, const Value& resolved,
                                      const Context& context) {
  const auto options = options_from<codec::AutoOptions>(resolved);
  const int64_t budget = codec::budget_bytes(options.budget, embeddings.size(), embeddings.dim());
  const codec::Rows rows(embeddings.vectors, embeddings.metric() == Metric::kCosine);
  const std::vector<codec::CodecTrial> trials = codec::try_codecs(
      rows, embeddings.metric(), budget, planner_of(embeddings, context), options.num_queries, context);
  for (const codec::CodecTrial& trial : trials) {
    CompressedEmbeddings result = compress(trial.method, embeddings, trial.options, context);
    result.trials = list_of(trials);
    if (record_trials(budget, result)) return result;
  }
  constexpr int64_t kHeaderStep = 4096;
  fail("option \"budget\": ", budget, " bytes are a few too little for ", trials.front().method,
       " (expected: ", budget + kHeaderStep, " at least)");
}

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
  result.record = complete_record(method, embeddings, fingerprint(embeddings), options,
                                  codec::relative_error(*result.codec, rows, kErrorRows, context),
                                  result.codec->changes_vectors(), context);
  return result;
}

}  // namespace whitney
