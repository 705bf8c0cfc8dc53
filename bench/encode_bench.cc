// Question: how fast do texts become vectors, beside sentence-transformers, onnxruntime and ctranslate2?
// MiniLM (all-MiniLM-L6-v2) in float32 and int8 on package synopses and Wikipedia paragraphs, one text at a
// time, in calls of 32 and all at once, on one thread and two. The vectors are compared first: in float32
// with each peer's, in int8 each with ours in float32. WHITNEY_MINILM names the model's folder; arguments:
// the number of synopses and of paragraphs (400 and 100; 4000 and 1000 take half an hour), the parts into
// which they are dealt (5), each encoded by all in turn, and words that a cell's heading must hold to be run,
// such as "float32,one by one,2 threads" (all cells). "lengths" in their place: milliseconds a text of ours
// alone at 32, 128 and 512 tokens, by the text and in calls of 32. `bench/fetch_peers --encoders` brings the
// peers.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/data_folder.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/text_lines.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/infer/encoder.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

struct Texts {
  std::string name;
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  int64_t tokens = 0;
  // Their vectors by our float32, at once.
  Matrix truth;
};

// The parts of a set of texts, dealt in turn, so that each is like the whole.
struct TextSet {
  std::string name;
  std::vector<Texts> parts;

  int64_t num_texts() const {
    int64_t count = 0;
    for (const Texts& part : parts) count += std::ssize(part.texts);
    return count;
  }
  int64_t num_tokens() const {
    int64_t count = 0;
    for (const Texts& part : parts) count += part.tokens;
    return count;
  }
};

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

// Every so many-th of all, so that a few stand for all.
std::vector<std::string> some_of(const std::vector<std::string>& all, size_t count) {
  std::vector<std::string> some;
  for (size_t i = 0; i < count && !all.empty(); ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

// Of articles as number, title and paragraphs; single sentences are none.
std::vector<std::string> paragraphs_of(const std::vector<std::string>& articles) {
  constexpr size_t kLeast = 300;  // characters: some 125 tokens on average
  std::vector<std::string> paragraphs;
  for (const std::string& article : articles) {
    const std::vector<std::string> cells = split(article, '\t');
    for (size_t i = 2; i < cells.size(); ++i) {
      if (cells[i].size() >= kLeast) paragraphs.push_back(cells[i]);
    }
  }
  return paragraphs;
}

// Floating-point operations of the linear layers and of attention's products.
double flops_of(const infer::Encoder& encoder, const Texts& texts) {
  constexpr double kWidth = 384, kMost = 256;
  double flops = encoder.flops_per_token() * static_cast<double>(texts.tokens);
  for (const std::string& text : texts.texts) {
    const double n = std::min(kMost, static_cast<double>(encoder.tokenizer()->encode(text).size()));
    flops += 4 * n * n * kWidth * static_cast<double>(encoder.num_layers());
  }
  return flops;
}

// The dense products of MiniLM alone, layer after layer: the weights of one have left the caches, as far as
// they do, when their turn comes again.
class DenseProducts {
 public:
  DenseProducts() {
    constexpr int kLayers = 6;
    constexpr int64_t kShapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536}};
    for (int layer = 0; layer < kLayers; ++layer) {
      for (const auto& [out, in] : kShapes) layers_.emplace_back(Matrix::zeros(out, in));
    }
  }

  // Operations a second on so many rows: the median of a few passes, the first of which does not count.
  double flops(int threads, int64_t rows) const {
    const Context context = with_threads(threads);
    const Matrix states = Matrix::zeros(rows, 384), inner = Matrix::zeros(rows, 1536);
    Matrix result(rows, 1536);
    std::vector<double> seconds;
    for (int pass = 0; pass < 6; ++pass) {
      seconds.push_back(seconds_of([&] {
        for (const DenseWeights& weights : layers_) {
          const Matrix& a = weights.cols() == 384 ? states : inner;
          weights.multiply(context, a, result.mutable_data<float>(), weights.rows());
        }
      }));
    }
    seconds.erase(seconds.begin());
    double flops = 0;
    for (const DenseWeights& weights : layers_)
      flops += 2.0 * static_cast<double>(rows * weights.rows() * weights.cols());
    return flops / median(seconds);
  }

 private:
  std::vector<DenseWeights> layers_;
};

// Texts of a call; all: as many as there are.
struct CallSize {
  size_t texts;
  const char* name;
};
constexpr CallSize kAtOnce{SIZE_MAX, "at once"}, kBatches{32, "in calls of 32"}, kOneByOne{1, "one by one"};

Matrix encode(const infer::Encoder& encoder, const Texts& texts, const CallSize& call, int threads) {
  const Context context = with_threads(threads);
  Matrix all(std::ssize(texts.views), encoder.dim());
  float* out = all.mutable_data<float>();
  for (size_t first = 0; first < texts.views.size();) {
    const size_t count = std::min(call.texts, texts.views.size() - first);
    const Matrix some = encoder.encode(context, std::span(texts.views).subspan(first, count)).vectors;
    out = std::copy_n(some.row<float>(0).data(), some.rows() * some.cols(), out);
    first += count;
  }
  return all;
}

struct Cell {
  CallSize call;
  int threads;
  infer::Precision precision;

  const char* precision_name() const { return precision == infer::Precision::kInt8 ? "int8" : "float32"; }
};

// How alike two encodings of the same texts are: the cosines of their vectors, all of length 1.
struct Likeness {
  double least = 1, mean = 0;
};

Likeness likeness(const Matrix& a, const Matrix& b) {
  Likeness result;
  for (int64_t i = 0; i < a.rows(); ++i) {
    double dot = 0;
    for (size_t c = 0; c < static_cast<size_t>(a.cols()); ++c)
      dot += static_cast<double>(a.row<float>(i)[c]) * static_cast<double>(b.row<float>(i)[c]);
    result.least = std::min(result.least, dot);
    result.mean += dot / static_cast<double>(a.rows());
  }
  return result;
}

class Race {
 public:
  // wanted: what the heading of a cell must hold, or it is not run.
  Race(const infer::Encoder& full, const infer::Encoder& int8, PythonPeer& peers, std::string folder,
       std::vector<std::string> wanted)
      : full_(full), int8_(int8), peers_(peers), folder_(std::move(folder)), wanted_(std::move(wanted)) {}

  void run(const TextSet& set, const Cell& cell) {
    const std::string heading = set.name + ", " + std::to_string(set.num_texts()) + " texts, " +
                                std::to_string(set.num_tokens()) + " tokens, " + cell.precision_name() +
                                ", " + cell.call.name + ", " + std::to_string(cell.threads) +
                                (cell.threads == 1 ? " thread" : " threads");
    for (const std::string& words : wanted_) {
      if (heading.find(words) == std::string::npos) return;
    }
    std::printf("\n%s\n", heading.c_str());
    Times times;
    run_part(set.parts.front(), cell, times);  // to warm up
    times = {};
    for (const Texts& part : set.parts) run_part(part, cell, times);
    for (const auto& [who, alike] : times.likeness)
      std::printf("  answers: cosine of %s with float32 at least %.5f, on average %.6f\n", who.c_str(),
                  alike.least, alike.mean / static_cast<double>(set.parts.size()));
    report(set, times);
    if (cell.precision == infer::Precision::kFloat32) report_share(set, cell, times);
    std::fflush(stdout);
  }

 private:
  // Seconds of each part.
  struct Times {
    std::vector<double> ours;
    // Operations a second of the products alone.
    std::vector<double> limits;
    std::map<std::string, std::vector<double>> theirs;
    // Means are summed over the parts.
    std::map<std::string, Likeness> likeness;
  };

  static int64_t rows_of(const Texts& texts, const Cell& cell) {
    constexpr int64_t kManyRows = 512;  // of a packed batch
    const auto num_texts = static_cast<double>(texts.texts.size());
    const double a_call =
        static_cast<double>(texts.tokens) * std::min(static_cast<double>(cell.call.texts) / num_texts, 1.0);
    return std::min(kManyRows, static_cast<int64_t>(a_call));
  }

  void run_part(const Texts& texts, const Cell& cell, Times& times) {
    const bool is_int8 = cell.precision == infer::Precision::kInt8;
    Matrix vectors;
    times.ours.push_back(
        seconds_of([&] { vectors = encode(is_int8 ? int8_ : full_, texts, cell.call, cell.threads); }));
    if (is_int8) {
      compare("whitney", vectors, texts, cell, times);
    } else {
      times.limits.push_back(products_.flops(cell.threads, rows_of(texts, cell)));
    }
    for (const char* peer : {"sentence-transformers", "onnxruntime", "ctranslate2"}) {
      if (is_int8 && std::string_view(peer) == "sentence-transformers") continue;
      const std::optional<double> taken = ask(peer, texts, cell);
      if (!taken) continue;
      compare(peer, read_answer(peer, texts.truth), texts, cell, times);
      times.theirs[peer].push_back(*taken);
    }
  }

  std::optional<double> ask(const std::string& peer, const Texts& texts, const Cell& cell) {
    if (missing_[peer] || !peers_.is_there()) return std::nullopt;
    const Value answer = peers_.ask(Value::object({{"question", "encode"},
                                                   {"peer", peer},
                                                   {"set", texts.name},
                                                   {"call", cell.call.name},
                                                   {"precision", cell.precision_name()},
                                                   {"threads", cell.threads}}));
    if (const Value* seconds = answer.find("seconds")) return seconds->as_real();
    std::printf("  %s is left out: %s\n", peer.c_str(), answer.at("error").as_string().c_str());
    missing_[peer] = true;
    return std::nullopt;
  }

  Matrix read_answer(const std::string& peer, const Matrix& like) const {
    Matrix vectors(like.rows(), like.cols());
    std::ifstream file(folder_ + "/vectors", std::ios::binary);
    file.read(reinterpret_cast<char*>(vectors.mutable_data<float>()),
              static_cast<std::streamsize>(vectors.rows() * vectors.cols() * int64_t{sizeof(float)}));
    if (!file) fail(peer, " gave too few vectors");
    return vectors;
  }

  static void compare(const std::string& who, const Matrix& vectors, const Texts& texts, const Cell& cell,
                      Times& times) {
    const Likeness alike = likeness(vectors, texts.truth);
    if (cell.precision == infer::Precision::kFloat32 && alike.least < 0.9999)
      fail("our vectors and those of ", who, " differ");
    Likeness& all = times.likeness[who];
    all.least = std::min(all.least, alike.least);
    all.mean += alike.mean;
  }

  static double tokens_a_second(const TextSet& set, const std::vector<double>& seconds) {
    std::vector<double> speeds;
    for (size_t i = 0; i < seconds.size(); ++i)
      speeds.push_back(static_cast<double>(set.parts[i].tokens) / seconds[i]);
    return median(speeds);
  }

  static void report(const TextSet& set, const Times& times) {
    std::printf("  whitney               %8.0f tokens/s\n", tokens_a_second(set, times.ours));
    for (const auto& [peer, seconds] : times.theirs) {
      std::vector<double> ratios;
      for (size_t i = 0; i < seconds.size(); ++i) ratios.push_back(seconds[i] / times.ours[i]);
      const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
      std::printf("  %-21s %8.0f tokens/s  ours is %.2f times as fast (%.2f .. %.2f)\n", peer.c_str(),
                  tokens_a_second(set, seconds), median(ratios), *low, *high);
    }
  }

  void report_share(const TextSet& set, const Cell& cell, const Times& times) const {
    std::vector<double> speeds, shares;
    for (size_t i = 0; i < times.ours.size(); ++i) {
      speeds.push_back(flops_of(full_, set.parts[i]) / times.ours[i] / 1e9);
      shares.push_back(100e9 * speeds.back() / times.limits[i]);
    }
    const auto [low, high] = std::minmax_element(shares.begin(), shares.end());
    std::printf("  %.1f GFLOP/s, %.0f %% (%.0f .. %.0f) of %.1f that the products alone reach on %lld rows\n",
                median(speeds), median(shares), *low, *high, median(times.limits) / 1e9,
                static_cast<long long>(rows_of(set.parts.front(), cell)));
  }

  const infer::Encoder& full_;
  const infer::Encoder& int8_;
  DenseProducts products_;
  PythonPeer& peers_;
  std::string folder_;
  std::vector<std::string> wanted_;
  std::map<std::string, bool> missing_;
};

Texts make_part(const std::string& name, std::vector<std::string> lines, const infer::Encoder& encoder,
                const std::string& folder) {
  Texts texts{name, std::move(lines), {}, 0, {}};
  std::ofstream file(folder + "/" + name + ".txt");
  for (std::string& text : texts.texts) {
    std::erase(text, '\r');
    file << text << "\n";
    texts.tokens += std::min<int64_t>(256, std::ssize(encoder.tokenizer()->encode(text)));
  }
  if (!file.flush()) fail(folder, ": cannot be written");
  texts.views.assign(texts.texts.begin(), texts.texts.end());
  texts.truth = encode(encoder, texts, kAtOnce, 2);
  return texts;
}

TextSet make_texts(const std::string& name, const std::vector<std::string>& lines, size_t num_parts,
                   const infer::Encoder& encoder, const std::string& folder) {
  TextSet set{name, {}};
  num_parts = std::clamp<size_t>(num_parts, 1, lines.size());
  for (size_t part = 0; part < num_parts; ++part) {
    std::vector<std::string> some;
    for (size_t i = part; i < lines.size(); i += num_parts) some.push_back(lines[i]);
    set.parts.push_back(make_part(name + std::to_string(part), std::move(some), encoder, folder));
  }
  return set;
}

// Texts of so many tokens each, special tokens inside, cut from paragraphs.
text::TokenBatch texts_of(const infer::Encoder& encoder, const std::vector<std::string>& paragraphs,
                          int64_t length, int64_t count) {
  const text::Tokenizer& tokenizer = *encoder.tokenizer();
  const auto first = tokenizer.leading_special_tokens(), last = tokenizer.trailing_special_tokens();
  const int64_t inside = length - tokenizer.num_special_tokens();
  text::TokenBatch batch;
  std::vector<int32_t> words;
  for (size_t next = 0; batch.size() < count; ++next) {
    const std::vector<int32_t> more = tokenizer.encode(paragraphs[next % paragraphs.size()], {false, {}});
    words.insert(words.end(), more.begin(), more.end());
    if (std::ssize(words) < inside) continue;
    batch.ids.insert(batch.ids.end(), first.begin(), first.end());
    batch.ids.insert(batch.ids.end(), words.begin(), words.begin() + inside);
    batch.ids.insert(batch.ids.end(), last.begin(), last.end());
    batch.starts.push_back(std::ssize(batch.ids));
    words.clear();
  }
  return batch;
}

void measure_lengths(const infer::Encoder& encoder, const char* precision,
                     const std::vector<std::string>& paragraphs) {
  constexpr int kRuns = 15;
  for (const int threads : {1, 2}) {
    for (const int64_t length : {32, 128, 512}) {
      for (const int64_t count : {1, 32}) {
        const text::TokenBatch texts = texts_of(encoder, paragraphs, length, count);
        std::vector<double> seconds;
        for (int run = 0; run <= kRuns; ++run)
          seconds.push_back(seconds_of([&] { encoder.encode_tokens(with_threads(threads), texts); }));
        seconds.erase(seconds.begin());
        const auto [least, most] = std::ranges::minmax(seconds);
        const double scale = 1e3 / static_cast<double>(count);
        std::printf("%-7s %d threads, %3lld tokens, calls of %2lld: %7.3f ms a text (%.3f .. %.3f)\n",
                    precision, threads, static_cast<long long>(length), static_cast<long long>(count),
                    scale * median(seconds), scale * least, scale * most);
      }
    }
  }
}

int run(int argc, char** argv) {
  const auto number = [&](int at, int fallback) { return argc > at ? std::atoi(argv[at]) : fallback; };
  const char* model = std::getenv("WHITNEY_MINILM");
  const auto packages = find_data("debian-packages"), articles = find_data("wiki-en-articles");
  if (model == nullptr || !packages || !articles) {
    std::fprintf(stderr,
                 "encode_bench: needs WHITNEY_MINILM (the folder of all-MiniLM-L6-v2) and the data sets\n");
    return 1;
  }
  const TemporaryFolder work;
  const infer::Encoder encoder = infer::Encoder::open(with_threads(2), model);
  const infer::Encoder int8 = infer::Encoder::open(with_threads(2), model, infer::Precision::kInt8);
  const std::vector<std::string> long_texts = paragraphs_of(lines_of(*articles + "/wiki-0.tsv.xz"));
  if (argc > 4 && std::string_view(argv[4]) == "lengths") {
    measure_lengths(encoder, "float32", long_texts);
    measure_lengths(int8, "int8", long_texts);
    return 0;
  }
  PythonPeer peers("encode_bench_peer.py", {model, work.path()}, {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
  std::printf("SIMD level %s; peers: %s\nlimit: %.1f GFLOP/s of multiply-adds a thread\n",
              simd_level().c_str(), peers.is_there() ? peers.versions().c_str() : "none", peak_flops() / 1e9);
  const auto set_of = [&](const char* name, const std::vector<std::string>& lines, int count) {
    return make_texts(name, some_of(lines, static_cast<size_t>(count)), static_cast<size_t>(number(3, 5)),
                      encoder, work.path());
  };
  const TextSet synopses = set_of("synopses", lines_of(*packages + "/synopses.txt.gz"), number(1, 400));
  const TextSet paragraphs = set_of("paragraphs", long_texts, number(2, 100));
  Race race(encoder, int8, peers, work.path(), argc > 4 ? split(argv[4], ',') : std::vector<std::string>());
  for (const infer::Precision precision : {infer::Precision::kFloat32, infer::Precision::kInt8}) {
    for (const TextSet* texts : {&synopses, &paragraphs}) {
      for (const int threads : {1, 2}) {
        for (const CallSize& call : {kAtOnce, kBatches, kOneByOne})
          race.run(*texts, {call, threads, precision});
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  try {
    return whitney::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "encode_bench: %s\n", error.what());
    return 1;
  }
}
