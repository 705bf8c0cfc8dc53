// Question: do encoder, word index and their fusion give the quality that others measure with the same model,
// data and figures, and what does 8-bit arithmetic cost? And which way of making a vector of a text with a
// decoder that nobody trained for it (SmolLM2) serves best?
// Known figures: MiniLM by sentence-transformers; BM25 on LIMIT by the paper. Arguments name the parts to
// run: minilm, exits, cranfield, limit, smollm2, smollm2-sick and smollm2-meta (more than five minutes each);
// none: all but these two.
// WHITNEY_MINILM names the folder of all-MiniLM-L6-v2, WHITNEY_SMOLLM2 the .gguf file of
// SmolLM2-135M-Instruct. Fails when a known figure is missed.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_main.h"
#include "bench/data_folder.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/report.h"
#include "whitney/eval/sts.h"
#include "whitney/eval/task.h"

namespace whitney::bench {
namespace {

bool all_reached = true;

std::string number_text(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

std::string interval_text(const Report::Figure& figure) {
  std::string text = number_text("%.4f", figure.value);
  if (figure.low && figure.high)
    text += number_text(" [%.3f", *figure.low) + number_text(", %.3f]", *figure.high);
  return text;
}

const Report::Figure& figure_of(const Report& report, std::string_view label, const Value& value,
                                std::string_view name) {
  for (const Report::Row& row : report.rows) {
    const Value* found = row.labels.find(label);
    if (found == nullptr || *found != value) continue;
    for (const Report::Figure& figure : row.figures) {
      if (figure.name == name) return figure;
    }
  }
  fail("the report has no ", name);
}

// Rows of what was measured on what, with the figure that is known and how far ours may be from it.
class Table {
 public:
  explicit Table(std::string title) : title_(std::move(title)) {}
  void add(const std::string& system, const std::string& data, const Report::Figure& figure,
           std::optional<double> known = std::nullopt, double most_below = 0) {
    std::string verdict;
    if (known) {
      const bool reached = figure.value >= *known - most_below;
      all_reached = all_reached && reached;
      verdict = reached ? "reached" : "MISSED";
    }
    rows_.push_back({system, data, figure.name, interval_text(figure),
                     known ? number_text("%.4f", *known) : "", verdict});
  }
  void print() const { std::printf("%s\n%s\n", title_.c_str(), text_table(rows_).c_str()); }

 private:
  std::string title_;
  std::vector<std::vector<std::string>> rows_ = {{"system", "data", "figure", "ours [95 %]", "known", ""}};
};

struct PairSet {
  std::string name;
  eval::TextPairs pairs;
};

std::vector<PairSet> read_pairs(bool sts, bool sick) {
  std::vector<PairSet> sets;
  const auto read = [&](const char* folder, const char* file, const char* name) {
    if (const auto path = find_data(folder)) {
      sets.push_back({name, eval::read_text_pairs(*path + "/" + file, {}, {})});
    }
  };
  if (sts) read("sts-benchmark-open", "sts-test.tsv.gz", "STS-b test");
  if (sick) read("sick", "SICK_test_annotated.txt.gz", "SICK test");
  return sets;
}

std::vector<std::string> both_sides(const eval::TextPairs& pairs) {
  std::vector<std::string> texts = pairs.first;
  texts.insert(texts.end(), pairs.second.begin(), pairs.second.end());
  return texts;
}

// Pairs of vectors that are there already, as the task sees embeddings.
Report sts_of(const eval::TextVectors& vectors, const eval::TextPairs& pairs) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(vectors.vectors.rows());
  embeddings.vectors = vectors.vectors;
  eval::TextPairs named = pairs;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    named.first[at] = std::to_string(vectors.rows[at]);
    named.second[at] = std::to_string(vectors.rows[at + pairs.scores.size()]);
  }
  return sts(eval::TextSource(std::move(embeddings)), named, {}, {});
}

Report::Figure spearman_of(const Report& report) {
  return figure_of(report, "similarity", "cosine", "spearman");
}

double least_cosine(const Matrix& a, const Matrix& b) {
  double least = 1;
  for (int64_t i = 0; i < a.rows(); ++i) {
    double dot = 0, squares_a = 0, squares_b = 0;
    const auto x = a.row<float>(i), y = b.row<float>(i);
    for (size_t j = 0; j < x.size(); ++j) {
      dot += double{x[j]} * y[j];
      squares_a += double{x[j]} * x[j];
      squares_b += double{y[j]} * y[j];
    }
    least = std::min(least, dot / std::sqrt(squares_a * squares_b));
  }
  return least;
}

void measure_minilm(const std::string& model) {
  Table table("all-MiniLM-L6-v2 on sentence pairs, Spearman of the cosine; known: sentence-transformers");
  const auto float32 = eval::TextSource::open({}, model, {});
  eval::TextEncoding encoding;
  encoding.precision = infer::Precision::kInt8;
  const auto int8 = eval::TextSource::open({}, model, encoding);
  for (const PairSet& set : read_pairs(true, true)) {
    const double known = set.name == "SICK test" ? 0.7715 : 0.8099;
    const std::vector<std::string> texts = both_sides(set.pairs);
    const eval::TextVectors full = float32.encode({}, texts), small = int8.encode({}, texts);
    const Report::Figure exact = spearman_of(sts_of(full, set.pairs));
    table.add("MiniLM, float32", set.name, exact, known, 0.001);
    table.add("MiniLM, int8", set.name, spearman_of(sts_of(small, set.pairs)), exact.value, 0.005);
    Report::Figure least;
    least.name = "least cosine of int8 and float32";
    least.value = least_cosine(full.vectors, small.vectors);
    table.add("", set.name, least, 0.98);
  }
  table.print();
}

// What layers and dimensions fewer cost a model that was not trained for it, and what time they save
// (Starbucks, 2410.13230, has checkpoints trained for such sizes).
void measure_exits(const std::string& model) {
  Table table("all-MiniLM-L6-v2 stopped after fewer layers, fewer dimensions kept, Spearman of the cosine");
  const std::vector<PairSet> sets = read_pairs(true, false);
  if (sets.empty()) return;
  const PairSet& set = sets.front();
  const std::vector<std::string> texts = both_sides(set.pairs);
  for (const int64_t layer : {6, 5, 4, 3, 2, 1}) {
    for (const int64_t dim : {384, 192, 96, 32}) {
      eval::TextEncoding encoding;
      encoding.options.layer = layer;
      encoding.options.dim = dim;
      const auto source = eval::TextSource::open({}, model, encoding);
      double seconds = 1e9;  // the least of three: other work only adds
      eval::TextVectors vectors;
      for (int round = 0; round < 3; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        vectors = source.encode({}, texts);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        seconds = std::min(seconds, taken.count());
      }
      table.add(number_text("%.0f layers, ", static_cast<double>(layer)) +
                    number_text("%.0f dimensions, ", static_cast<double>(dim)) +
                    number_text("%.2f s", seconds),
                set.name, spearman_of(sts_of(vectors, set.pairs)));
    }
  }
  table.print();
}

Report retrieve(const std::string& source, const std::string& folder, Value options) {
  return evaluate(Verb::kEvaluate, "retrieval", {source, folder}, options, {});
}

void measure_cranfield(const char* model) {
  const auto folder = find_data("cranfield");
  if (!folder) return;
  Table table(
      "Cranfield (1,400 abstracts, titles before them as BEIR has it; 225 queries), nDCG@10 and recall@100");
  const auto add = [&](const std::string& name, const std::string& source, std::optional<double> known,
                       double most_below, const Value& options = Value::object()) {
    const Report report = retrieve(source, *folder, options);
    table.add(name, "", figure_of(report, "k", 10, "ndcg"), known, most_below);
    table.add("", "", figure_of(report, "k", 100, "recall"));
  };
  add("BM25, as it comes", "bm25", std::nullopt, 0);
  add("BM25, k1 1.5, the long list of stop words", "bm25", std::nullopt, 0,
      Value::object({{"bm25.k1", 1.5}, {"bm25.stop_words", "english_long"}}));
  if (model != nullptr) {
    add("MiniLM, float32", model, 0.400, 0.002);
    add("MiniLM, int8", model, 0.400, 0.005, Value::object({{"encode.precision", "int8"}}));
    add("BM25 + MiniLM, rrf", "bm25", std::nullopt, 0, Value::object({{"with", model}}));
    add("BM25 + MiniLM, weighted", "bm25", std::nullopt, 0,
        Value::object({{"with", model}, {"fusion", "weighted"}}));
  }
  table.print();
}

void measure_limit(const char* model) {
  const auto folder = find_data("limit");
  if (!folder) return;
  Table table("LIMIT small (46 documents, 1,000 queries), recall; known: BM25 of the paper (2508.21038)");
  const std::vector<std::pair<int, std::optional<double>>> known = {{2, 0.978}, {10, 1.0}, {20, 1.0}};
  const auto add = [&](const std::string& name, const std::string& source, bool compare,
                       Value options = Value::object()) {
    options.set("k", Value::List{2, 10, 20});
    const Report report = retrieve(source, *folder + "/small", options);
    for (const auto& [k, value] : known) {
      Report::Figure figure = figure_of(report, "k", k, "recall");
      figure.name += "@" + std::to_string(k);
      table.add(name, "", figure, compare ? value : std::nullopt, 0.001);
    }
  };
  add("BM25", "bm25", true);
  if (model != nullptr) {
    add("MiniLM", model, false);
    add("BM25 + MiniLM, rrf", "bm25", false, Value::object({{"with", model}}));
    add("BM25 + MiniLM, weighted", "bm25", false, Value::object({{"with", model}, {"fusion", "weighted"}}));
    add("BM25 + MiniLM, weighted .9", "bm25", false,
        Value::object({{"with", model}, {"fusion", "weighted"}, {"weight", 0.9}}));
  }
  table.print();
}

// The columns of one of several poolings that lie side by side.
eval::TextVectors piece_of(const eval::TextVectors& all, int64_t piece, int64_t num_pieces) {
  const int64_t dim = all.vectors.cols() / num_pieces;
  eval::TextVectors result{Matrix(all.vectors.rows(), dim), all.rows};
  float* out = result.vectors.mutable_data<float>();
  for (int64_t i = 0; i < all.vectors.rows(); ++i) {
    const auto row =
        all.vectors.row<float>(i).subspan(static_cast<size_t>(piece * dim), static_cast<size_t>(dim));
    out = std::ranges::copy(row, out).out;
  }
  return result;
}

// Takes the mean of all vectors off each: untrained states share a few large coordinates.
eval::TextVectors centred(eval::TextVectors vectors) {
  const int64_t rows = vectors.vectors.rows(), dim = vectors.vectors.cols();
  float* values = vectors.vectors.mutable_data<float>();
  for (int64_t j = 0; j < dim; ++j) {
    double sum = 0;
    for (int64_t i = 0; i < rows; ++i) sum += values[i * dim + j];
    const auto mean = static_cast<float>(sum / static_cast<double>(rows));
    for (int64_t i = 0; i < rows; ++i) values[i * dim + j] -= mean;
  }
  return vectors;
}

// The same texts' vectors behind a method of compress that changes them.
eval::TextVectors changed_by(const char* method, const eval::TextVectors& vectors) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(vectors.vectors.rows());
  embeddings.vectors = vectors.vectors;
  return {compress(method, embeddings, Value::object(), {}).decode({}).vectors, vectors.rows};
}

void measure_smollm2(const std::string& path, bool sts, bool sick, bool meta) {
  using infer::PoolingMode;
  Table table(
      "SmolLM2-135M-Instruct, a decoder not trained to embed, on sentence pairs, Spearman of the cosine");
  for (const PairSet& set : read_pairs(sts, sick)) {
    const std::vector<std::string> texts = both_sides(set.pairs);
    const auto measure = [&](const std::string& name, const eval::TextEncoding& encoding,
                             const std::vector<std::string>& poolings) {
      const auto source = eval::TextSource::open({}, path, encoding);
      const auto begin = std::chrono::steady_clock::now();
      const eval::TextVectors all = source.encode({}, texts);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      std::printf("  %s, %s: %lld distinct texts in %.1f s\n", set.name.c_str(), name.c_str(),
                  static_cast<long long>(all.vectors.rows()), seconds);
      for (size_t i = 0; i < poolings.size(); ++i) {
        const auto vectors = piece_of(all, static_cast<int64_t>(i), std::ssize(poolings));
        const std::string full_name = name + (name.empty() ? "" : ", ") + poolings[i];
        const Report::Figure spearman = spearman_of(sts_of(vectors, set.pairs));
        std::printf("    %s: %s\n", poolings[i].c_str(), interval_text(spearman).c_str());
        table.add(full_name, set.name, spearman);
        table.add(full_name + ", centred", set.name, spearman_of(sts_of(centred(vectors), set.pairs)));
        for (const char* method : {"standardize", "all_but_the_top"}) {
          table.add(full_name + ", " + method, set.name,
                    spearman_of(sts_of(changed_by(method, vectors), set.pairs)));
        }
      }
    };
    eval::TextEncoding encoding;
    encoding.options.pooling = {PoolingMode::kLastToken, PoolingMode::kMean, PoolingMode::kWeightedMean};
    measure("plain", encoding, {"last", "mean", "weighted mean"});
    encoding.options.pooling = {PoolingMode::kMean, PoolingMode::kWeightedMean};
    encoding.options.skip_first_tokens = 1;
    measure("without the first token", encoding, {"mean", "weighted mean"});
    encoding = {};
    encoding.options.pooling = {PoolingMode::kLastToken, PoolingMode::kMean};
    encoding.options.echo = true;
    measure("echo", encoding, {"last", "mean"});
    encoding = {};
    encoding.options.frame = "prompt_eol";
    measure("PromptEOL", encoding, {"last"});
    encoding.options.frame = "prompt_eol_icl";
    measure("PromptEOL with an example", encoding, {"last"});
    if (!meta) continue;
    encoding.options.frame = "meta_eol";
    measure("MetaEOL", encoding, {"mean of 8 last"});
  }
  table.print();
}

bool run(const std::set<std::string>& asked) {
  const auto runs = [&](const char* part) { return asked.empty() || asked.contains(part); };
  const char *minilm = std::getenv("WHITNEY_MINILM"), *smollm2 = std::getenv("WHITNEY_SMOLLM2");
  if (minilm == nullptr)
    std::fprintf(stderr, "text_quality_bench: without WHITNEY_MINILM no figures of MiniLM\n");
  if (smollm2 == nullptr)
    std::fprintf(stderr, "text_quality_bench: without WHITNEY_SMOLLM2 no figures of SmolLM2\n");
  if (minilm != nullptr && runs("minilm")) measure_minilm(minilm);
  if (minilm != nullptr && runs("exits")) measure_exits(minilm);
  if (runs("cranfield")) measure_cranfield(minilm);
  if (runs("limit")) measure_limit(minilm);
  if (smollm2 != nullptr && (runs("smollm2") || asked.contains("smollm2-sick")))
    measure_smollm2(smollm2, runs("smollm2"), asked.contains("smollm2-sick"), false);
  if (smollm2 != nullptr && asked.contains("smollm2-meta")) measure_smollm2(smollm2, true, false, true);
  return all_reached;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  return whitney::bench::bench_main("text_quality_bench", [&] {
    return whitney::bench::run(std::set<std::string>(argv + 1, argv + argc));
  });
}
