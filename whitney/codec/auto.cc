#include "whitney/codec/auto.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/top_k.h"

namespace whitney::codec {
namespace {

constexpr int64_t kSampleRows = 10'000, kHits = 10, kRescored = 40;

struct Choice {
  std::string_view method;
  Value options;
};

// What is worth trying: of each family its steps between the bytes.
std::vector<Choice> choices(int64_t dim, int64_t bytes_per_vector) {
  std::vector<Choice> all{{"f16", Value::object()}, {"sq8", Value::object()}, {"sq4", Value::object()}};
  for (const char* bits : {"8x8", "8x4", "4x8", "8", "4x4", "4"})
    all.push_back({"lvq", Value::object({{"bits", bits}})});
  for (const int bits : {1, 2, 3, 4, 5, 6, 7}) all.push_back({"rabitq", Value::object({{"bits", bits}})});
  for (const int64_t part : {2, 4}) {
    if (dim >= 8 * part) all.push_back({"pca", Value::object({{"dim", dim / part}, {"codec.bits", "8"}})});
  }
  // Codebooks are dear: only where little room is left, and those of whole vectors only where there are few.
  const int64_t parts = std::min(bytes_per_vector, dim / 2);
  constexpr int64_t kMostStages = 16;
  if (parts >= 1 && bytes_per_vector <= dim / 4) {
    all.push_back({"pq", Value::object({{"num_subspaces", parts}})});
    all.push_back({"opq", Value::object({{"num_subspaces", parts}})});
  }
  if (bytes_per_vector >= 1 && bytes_per_vector <= std::min(dim / 4, kMostStages))
    all.push_back({"rvq", Value::object({{"num_stages", bytes_per_vector}})});
  return all;
}

// Rows that are searched, and others that are searched for.
struct Sample {
  Matrix base, queries;
  Neighbors truth;
};

Sample sample_of(const Rows& rows, Metric metric, int64_t num_queries, const Context& context) {
  const Matrix all = rows.sample(kSampleRows + num_queries, context);
  const int64_t held_out = std::min(num_queries, all.rows() / 2);
  std::vector<int64_t> order(static_cast<size_t>(all.rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  RandomStream random(context.seed, "held-out queries", 0);
  random.shuffle(std::span(order));
  const auto gather = [&](int64_t begin, int64_t end) {
    Matrix part(end - begin, all.cols());
    auto* out = part.mutable_data<float>();
    for (int64_t i = begin; i < end; ++i, out += all.cols())
      std::ranges::copy(all.row<float>(order[static_cast<size_t>(i)]), out);
    return part;
  };
  Sample sample{gather(held_out, all.rows()), gather(0, held_out), {}};
  if (held_out == 0) fail("a codec is chosen by searches among the vectors, and there is only one");
  sample.truth =
      exact_search(sample.queries, sample.base, std::min(kHits, sample.base.rows()), metric, context);
  return sample;
}

int64_t count_hits(const Sample& sample, int64_t query, std::span<const TopK::Entry> found) {
  const auto begin = sample.truth.rows.begin() + query * sample.truth.k;
  return std::ranges::count_if(found, [&](const TopK::Entry& entry) {
    return std::find(begin, begin + sample.truth.k, int64_t{entry.row}) != begin + sample.truth.k;
  });
}

void measure(const Sample& sample, const Codec& codec, Metric metric, const Context& context,
             CodecTrial& trial) {
  const Codes codes = encode_rows(codec, Rows(sample.base), context);
  const Kernel kernel = metric == Metric::kInnerProduct ? Kernel::kInnerProduct : Kernel::kSquaredL2;
  const float sign = metric == Metric::kInnerProduct ? -1.0F : 1.0F;
  const int64_t n = sample.base.rows(), m = sample.queries.rows(), k = sample.truth.k;
  std::vector<int64_t> hits(static_cast<size_t>(m)), exact_hits(hits);
  parallel_for(context, m, [&](int64_t q) {
    const float* query = sample.queries.row<float>(q).data();
    std::vector<float> values(static_cast<size_t>(n));
    codec.scorer(kernel, query)->score(codes.codes.data(), n, values.data());
    for (float& value : values) value *= sign;
    TopK candidates(kRescored);
    candidates.push_run(values, 0);
    std::vector<TopK::Entry> found = candidates.take();
    // The 10 nearest are found by the full vectors when they are among the candidates.
    exact_hits[static_cast<size_t>(q)] = count_hits(sample, q, found);
    if (codec.fine_bytes() > 0) {
      const auto scorer = codec.fine_scorer(kernel, query);
      TopK top(k);
      for (const TopK::Entry& entry : found) {
        top.push(sign * scorer->score(codes.codes.data() + entry.row * codec.code_bytes(),
                                      codes.fine.data() + entry.row * codec.fine_bytes()),
                 entry.row);
      }
      found = top.take();
    }
    found.resize(static_cast<size_t>(std::min(k, std::ssize(found))));
    hits[static_cast<size_t>(q)] = count_hits(sample, q, found);
  });
  const auto all = static_cast<double>(m * k);
  trial.recall = static_cast<double>(std::accumulate(hits.begin(), hits.end(), int64_t{0})) / all;
  trial.recall_with_vectors =
      static_cast<double>(std::accumulate(exact_hits.begin(), exact_hits.end(), int64_t{0})) / all;
}

}  // namespace

std::vector<CodecTrial> try_codecs(const Rows& rows, Metric metric, int64_t bytes_per_vector,
                                   int64_t num_queries, const Context& context) {
  const Sample sample = sample_of(rows, metric, num_queries, context);
  std::vector<CodecTrial> trials;
  const std::vector<Choice> all = choices(rows.dim(), bytes_per_vector);
  int64_t least = 4 * rows.dim(), done = 0;
  Context quiet = context;
  quiet.progress = nullptr;
  for (const Choice& choice : all) {
    const Method& method = Registry::instance().get(Verb::kCompress, choice.method);
    CodecTrial trial{std::string(choice.method), resolve_options(method, choice.options)};
    context.advance("codecs", done++, std::ssize(all), "tried");
    try {
      const auto codec = codec_method(choice.method).fit(Rows(sample.base), trial.options, quiet);
      trial.bytes_per_vector = codec->code_bytes() + codec->fine_bytes();
      least = std::min(least, trial.bytes_per_vector);
      if (trial.bytes_per_vector > bytes_per_vector) continue;
      trial.relative_error = relative_error(*codec, Rows(sample.base), 1000, quiet);
      measure(sample, *codec, metric, quiet, trial);
    } catch (const Error&) {
      continue;  // a codec that cannot hold these vectors is no choice
    }
    trials.push_back(std::move(trial));
  }
  context.advance("codecs", std::ssize(all), std::ssize(all), "tried");
  if (trials.empty()) {
    fail("no codec holds a vector in ", bytes_per_vector, " bytes (the least tried takes ", least,
         "; expected: a larger budget)");
  }
  std::ranges::stable_sort(trials, [](const CodecTrial& a, const CodecTrial& b) {
    return a.recall != b.recall ? a.recall > b.recall : a.bytes_per_vector < b.bytes_per_vector;
  });
  return trials;
}

int64_t budget_per_vector(const std::string& budget, int64_t num_rows, int64_t dim) {
  double number = 0;
  const char* const end = budget.data() + budget.size();
  const auto [rest, error] = std::from_chars(budget.data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
  if (error == std::errc() && number > 0) {
    if (unit.empty() && number <= 1) return static_cast<int64_t>(number * 4 * static_cast<double>(dim));
    for (const auto& [name, factor] : kUnits) {
      if (unit == name)
        return static_cast<int64_t>(
            std::min(number * factor / static_cast<double>(std::max<int64_t>(1, num_rows)), 1e15));
    }
  }
  throw UsageError(concat("option \"budget\": \"", budget,
                          "\" is not allowed (expected: a size such as 64MB, or a share "
                          "up to 1 such as 0.25)"));
}

namespace {

// compress() asks try_codecs for the choice and records the codec that was chosen; this stands for the
// declaration.
std::unique_ptr<Codec> fit(const Rows& rows, const AutoOptions& options, const Context& context) {
  const Metric metric = rows.normalized() ? Metric::kCosine : Metric::kL2;
  const int64_t bytes = budget_per_vector(options.budget, rows.size(), rows.dim());
  const CodecTrial best = try_codecs(rows, metric, bytes, options.num_queries, context).front();
  return codec_method(best.method).fit(rows, best.options, context);
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const AutoOptions& /*options*/) {
  fail(saved.artifact.path(), ": names the codec auto, which chooses codecs and is none");
}

const bool registered = register_codec<AutoOptions>(
    {.name = "auto",
     .class_name = "Auto",
     .summary = "The codec that finds the most in a budget of bytes, tried on a sample",
     .description = "Tries f16, sq8, sq4, lvq, rabitq of 1 to 7 bits, pca, and for few bytes pq, opq and "
                    "rvq on a sample of 10,000 "
                    "vectors with queries held "
                    "out from them, prints for each its bytes, its relative error and recall@10 with and "
                    "without the full vectors "
                    "for ranking the 40 best, and compresses by the one of the highest recall without them; "
                    "of equal ones the "
                    "smallest. The file's record names the codec that was chosen.",
     .source = "none: measurement",
     .example = "whitney compress auto nodes.safetensors -o small.safetensors --budget 0.125"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
