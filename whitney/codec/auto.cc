#include "whitney/codec/auto.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "whitney/codec/codec_choices.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

// Rows that show how large a codec is: enough for all of rabitq's means.
constexpr int64_t kSizedRows = 1000;

// The bytes of the choice's file; nothing where the codec cannot hold such vectors.
std::optional<int64_t> size_of_choice(const CodecChoice& choice, const Rows& few, const FileBytes& file_bytes,
                                      const Context& context) {
  const Method& method = Registry::instance().get(Verb::kCompress, choice.method);
  const Value options = resolve_options(method, choice.options),
              quick = resolve_options(method, choice.quick_options);
  try {
    const std::shared_ptr<const Codec> codec = codec_method(choice.method).fit(few, quick, context);
    return file_bytes(codec, choice.method, options);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The same.
std::optional<CodecTrial> try_choice(const CodecChoice& choice, const SearchSample& sample,
                                     const Context& context) {
  constexpr int64_t kErrorRows = 1000;
  const Method& method = Registry::instance().get(Verb::kCompress, choice.method);
  const Rows rows(sample.base, sample.metric == Metric::kCosine);
  const Value options = resolve_options(method, choice.options);
  CodecTrial trial;
  trial.method = choice.method;
  trial.options = choice.options;
  try {
    const auto codec = codec_method(choice.method).fit(rows, options, context);
    trial.bytes_per_vector = codec->code_bytes() + codec->fine_bytes();
    trial.relative_error = relative_error(*codec, rows, kErrorRows, context);
    trial.recall = measure_recall(*codec, sample, context);
  } catch (const Error&) {
    return std::nullopt;
  }
  return trial;
}

// What the file has besides codes of 8 bits and their ranges, nearly: what any choice has.
int64_t fixed_bytes(const Rows& rows, const Rows& few, const FileBytes& file_bytes, const Context& context) {
  const CodecChoice plain{"sq8", Value::object(), Value::object()};
  constexpr int64_t kHeaderStep = 4096;  // a longer record may take one more
  const auto size = size_of_choice(plain, few, file_bytes, context);
  WHITNEY_CHECK(size.has_value(), "sq8 does not hold finite vectors");
  return *size - rows.size() * rows.dim() + kHeaderStep;
}

}  // namespace

std::vector<CodecTrial> try_codecs(const Rows& rows, Metric metric, int64_t budget,
                                   const FileBytes& file_bytes, int64_t num_queries, const Context& context) {
  const SearchSample sample = search_sample(rows, metric, num_queries, context);
  Context quiet = context;
  quiet.progress = nullptr;
  const Matrix few_rows = rows.sample(kSizedRows, context);
  const Rows few(few_rows, rows.normalized());
  const int64_t fixed = fixed_bytes(rows, few, file_bytes, quiet);
  const std::vector<CodecChoice> all = codec_choices(rows.dim(), rows.size(), budget - fixed);
  std::vector<CodecTrial> trials;
  int64_t least = std::numeric_limits<int64_t>::max(), done = 0;
  for (const CodecChoice& choice : all) {
    context.advance("codecs", done++, std::ssize(all), "tried");
    const std::optional<int64_t> size = size_of_choice(choice, few, file_bytes, quiet);
    if (!size) continue;
    least = std::min(least, *size);
    if (*size > budget) continue;
    std::optional<CodecTrial> trial = try_choice(choice, sample, quiet);
    if (!trial) continue;
    trial->file_bytes = *size;
    trials.push_back(*std::move(trial));
  }
  context.advance("codecs", std::ssize(all), std::ssize(all), "tried");
  if (trials.empty()) {
    fail("option \"budget\": no codec brings these vectors, their ids and attributes into a file of ", budget,
         " bytes (expected: ", least, " at least)");
  }
  std::ranges::stable_sort(trials, [](const CodecTrial& a, const CodecTrial& b) {
    return a.recall.rescored != b.recall.rescored ? a.recall.rescored > b.recall.rescored
                                                  : a.file_bytes < b.file_bytes;
  });
  return trials;
}

int64_t budget_bytes(const std::string& budget, int64_t num_rows, int64_t dim) {
  double number = 0;
  const char* const end = budget.data() + budget.size();
  const auto [rest, error] = std::from_chars(budget.data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
  constexpr double kMost = 1e18;
  if (error == std::errc() && number > 0) {
    const double float_bytes = 4 * static_cast<double>(num_rows) * static_cast<double>(dim);
    if (unit.empty() && number <= 1) return static_cast<int64_t>(std::min(number * float_bytes, kMost));
    for (const auto& [name, factor] : kUnits) {
      if (unit == name) return static_cast<int64_t>(std::min(number * factor, kMost));
    }
  }
  throw UsageError(concat("option \"budget\": \"", budget,
                          "\" is not allowed (expected: a size such as 64MB, or a share "
                          "up to 1 such as 0.25)"));
}

namespace {

// compress() asks try_codecs for the choice and records the codec that was chosen; this stands for the
// declaration.
std::unique_ptr<Codec> fit(const Rows& /*rows*/, const AutoOptions& /*options*/, const Context& /*context*/) {
  fail("the codec auto chooses by the whole file that is written, and cannot stand behind another codec");
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const AutoOptions& /*options*/) {
  fail(saved.artifact.path(), ": names the codec auto, which chooses codecs and is none");
}

const bool registered = register_codec<AutoOptions>(
    {.name = "auto",
     .class_name = "Auto",
     .summary = "The codec that finds the most in a budget of bytes, tried on a sample",
     .description =
         "Tries all codecs that compress (f16 and bf16, sq8 and sq4, lvq, rabitq of 1 to 8 bits, pq and opq "
         "of 4 "
         "and 8 bits, rvq, rotation, pca and matryoshka of several widths) on a sample of 10,000 vectors "
         "with "
         "queries held out from them, as far as their file fits: codes, what was fitted, ids, attributes and "
         "header together take no more than the budget. Prints for each its bytes, its relative error and "
         "recall@10 of the codes' first level alone, of the best ranked again by the second level, where "
         "there "
         "is one, and by the full vectors (those that could be among the 10 best by a codec's bound, else "
         "the "
         "40 best), and compresses by the codec that finds the most without the full vectors; of equal ones "
         "by "
         "the smallest. The file's record names the codec that was chosen. Where nothing fits, the error "
         "tells "
         "the least file.",
     .source = "none: measurement",
     .example = "whitney compress auto nodes.safetensors -o small.safetensors --budget 0.125"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
