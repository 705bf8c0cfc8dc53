#pragma once

// What hnsw_bench and graph_bench share: programs that search the same vectors by graphs, measured in turns.
// A header only, for a peer is compiled into each bench by itself.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/hnsw_peer_native.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/report.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/index.h"

namespace whitney::bench {

inline constexpr int64_t kHits = 10;

struct ContestArguments {
  std::string data = "all";
  int64_t max_rows = 20'000;
  int64_t num_queries = 1000;
  size_t num_rounds = 5;
  /// Contestants that take part, by the begin of their names; none: all.
  std::vector<std::string> only;
  /// Where curves are written as data and pictures; "": nowhere.
  std::string curves;
};

inline ContestArguments parse_contest(std::span<char*> words) {
  ContestArguments arguments;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= words.size()) fail(word, " needs a value");
      return words[++i];
    };
    if (word == "--data")
      arguments.data = value();
    else if (word == "--max-rows")
      arguments.max_rows = std::stoll(value());
    else if (word == "--queries")
      arguments.num_queries = std::stoll(value());
    else if (word == "--rounds")
      arguments.num_rounds = std::stoull(value());
    else if (word == "--only")
      arguments.only.push_back(value());
    else if (word == "--curves")
      arguments.curves = value();
    else if (word == "--full")
      arguments.max_rows = 1'000'000'000, arguments.num_rounds = 10;
    else
      fail("unknown argument ", word,
           " (expected: --data, --max-rows, --queries, --rounds, --only, --curves, --full)");
  }
  return arguments;
}

inline Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

inline std::string digits(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// A program that is measured: builds with some threads, answers all queries with one.
class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual std::string name() const = 0;
  /// Seconds.
  virtual double build(int threads) = 0;
  virtual int64_t size_bytes() const = 0;
  /// Seconds; the rows found (queries x kHits) when asked.
  virtual double search(int64_t ef, std::vector<int64_t>* rows) = 0;
  /// What a query took besides, at the ef: "" when it does not tell.
  virtual std::string work(int64_t /*ef*/) { return ""; }
};
using Contestants = std::vector<std::unique_ptr<Contestant>>;

class OurIndex : public Contestant {
 public:
  OurIndex(std::string name, std::string method, Value options, const SearchData& data)
      : name_(std::move(name)),
        method_(std::move(method)),
        options_(std::move(options)),
        data_(data),
        embeddings_(data.embeddings()) {}
  std::string name() const override { return name_; }
  double build(int threads) override {
    return seconds_of([&] { index_ = build_index(method_, embeddings_, options_, with_threads(threads)); });
  }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    SearchResult result;
    const SearchParams params = params_of(ef);
    const Context context = with_threads(1);
    const double seconds = seconds_of([&] { result = index_->search(data_.queries, params, context); });
    if (rows != nullptr) *rows = result.neighbors.rows;
    return seconds;
  }
  std::string work(int64_t ef) override {
    SearchParams params = params_of(ef);
    params.explain = true;
    const Value actuals = index_->search(data_.queries, params, with_threads(1)).explain.at("actuals");
    const auto per_query = [&](std::string_view what) {
      return digits(actuals.at(what).as_real() / static_cast<double>(data_.queries.rows()), "%.0f");
    };
    return per_query("hops") + " visits, " + per_query("distances") + " distances, " +
           per_query("exact_distances") + " of full vectors";
  }

 private:
  static SearchParams params_of(int64_t ef) {
    SearchParams params;
    params.k = kHits;
    params.options = Value::object({{"ef", ef}});
    return params;
  }
  std::string name_, method_;
  Value options_;
  const SearchData& data_;
  Embeddings embeddings_;
  std::unique_ptr<Index> index_;
};

#if WHITNEY_BENCH_PEERS
class Hnswlib : public Contestant {
 public:
  Hnswlib(const SearchData& data, int m, int ef_construction)
      : data_(data), m_(m), ef_construction_(ef_construction) {}
  std::string name() const override { return "hnswlib"; }
  double build(int threads) override {
    const Matrix& base = data_.base;
    return seconds_of([&] {
      index_ = std::make_unique<HnswlibIndex>(base.cols(), base.rows(), m_, ef_construction_,
                                              data_.metric != Metric::kL2);
      parallel_for(with_threads(threads), base.rows(),
                   [&](int64_t row) { index_->add(base.row<float>(row).data(), row); });
    });
  }
  int64_t size_bytes() const override { return index_->size_bytes(); }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    index_->set_ef(ef);
    std::vector<int64_t> found(static_cast<size_t>(data_.queries.rows() * kHits));
    const double seconds = seconds_of([&] {
      for (int64_t q = 0; q < data_.queries.rows(); ++q) {
        index_->search(data_.queries.row<float>(q).data(), kHits, &found[static_cast<size_t>(q * kHits)]);
      }
    });
    if (rows != nullptr) *rows = std::move(found);
    return seconds;
  }

 private:
  const SearchData& data_;
  int m_, ef_construction_;
  std::unique_ptr<HnswlibIndex> index_;
};
#endif

inline void add_hnswlib(Contestants& all, const SearchData& data, int m, int ef_construction) {
#if WHITNEY_BENCH_PEERS
  all.push_back(std::make_unique<Hnswlib>(data, m, ef_construction));
#else
  (void)all, (void)data, (void)m, (void)ef_construction;
  std::fprintf(stderr,
               "left out: hnswlib (bench/fetch_peers brings its headers; configure again afterwards)\n");
#endif
}

/// A script of bench/ that is given files of base and queries (packed float32), their sizes, and whatever
/// else it takes, and answers "build" and "search".
class PythonContestant : public Contestant {
 public:
  PythonContestant(std::string name, const std::string& script, const SearchData& data,
                   const std::vector<std::string>& more)
      : name_(std::move(name)) {
    write(folder_.file("base"), data.base);
    write(folder_.file("queries"), data.queries);
    std::vector<std::string> words = {folder_.file("base"), folder_.file("queries")};
    for (const int64_t number : {data.base.rows(), data.queries.rows(), data.base.cols()})
      words.push_back(std::to_string(number));
    words.insert(words.end(), more.begin(), more.end());
    peer_ = std::make_unique<PythonPeer>(script, words);
  }
  bool is_there() const { return peer_->is_there(); }
  std::string name() const override { return name_; }
  const std::string& versions() const { return peer_->versions(); }
  double build(int threads) override {
    const Value answer = peer_->ask(Value::object({{"question", "build"}, {"threads", threads}}));
    size_bytes_ = answer.at("size_bytes").as_int();
    return answer.at("seconds").as_real();
  }
  int64_t size_bytes() const override { return size_bytes_; }
  double search(int64_t ef, std::vector<int64_t>* rows) override {
    const Value answer =
        peer_->ask(Value::object({{"question", "search"}, {"ef", ef}, {"rows", rows != nullptr}}));
    if (rows != nullptr) {
      rows->clear();
      for (const Value& row : answer.at("rows").as_list()) rows->push_back(row.as_int());
    }
    return answer.at("seconds").as_real();
  }

 private:
  static void write(const std::string& path, const Matrix& matrix) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(matrix.bytes().data()),
               static_cast<std::streamsize>(matrix.bytes().size()));
  }
  std::string name_;
  TemporaryFolder folder_;
  std::unique_ptr<PythonPeer> peer_;
  int64_t size_bytes_ = 0;
};

/// Adds it where its Python has what it takes.
inline void add_python(Contestants& all, std::unique_ptr<PythonContestant> one) {
  if (!one->is_there()) return;
  std::printf("%s\n", one->versions().c_str());
  all.push_back(std::move(one));
}

/// Recall of each contestant at each ef, then rounds, in each all settings, at each setting all contestants
/// in turns. Throws Error where one finds so little that its answers must be wrong.
inline std::vector<Curve> measure_curves(const Contestants& all, const SearchData& data, const Truth& truth,
                                         std::span<const int64_t> efs, size_t num_rounds) {
  std::vector<Curve> curves(all.size());
  for (size_t c = 0; c < all.size(); ++c) {
    for (const int64_t ef : efs) {
      std::vector<int64_t> rows;
      all[c]->search(ef, &rows);
      curves[c].push_back({ef, truth.recall(rows), {}});
    }
    if (curves[c].back().recall < 0.9) {
      fail(all[c]->name(), " finds ", curves[c].back().recall, " at ef ", curves[c].back().ef,
           ": its answers are wrong");
    }
  }
  for (size_t round = 0; round < num_rounds; ++round) {
    for (size_t at = 0; at < efs.size(); ++at) {
      for (size_t c = 0; c < all.size(); ++c) {
        curves[c][at].rates.push_back(static_cast<double>(data.queries.rows()) /
                                      all[c]->search(efs[at], nullptr));
      }
    }
  }
  return curves;
}

inline void print_recalls(const Contestants& all, const std::vector<Curve>& curves) {
  std::vector<std::vector<std::string>> table = {{"ef"}};
  for (const auto& one : all) {
    table[0].insert(table[0].end(), {one->name() + " recall", "queries/s"});
  }
  for (size_t at = 0; at < curves[0].size(); ++at) {
    table.push_back({std::to_string(curves[0][at].ef)});
    for (const Curve& curve : curves) {
      table.back().insert(table.back().end(),
                          {digits(curve[at].recall, "%.4f"), digits(median(curve[at].rates), "%.0f")});
    }
  }
  std::printf("%s\n", text_table(table).c_str());
}

/// The median rate at a recall: "not reached" where none is.
inline std::string rate_text(const Curve& curve, double recall) {
  std::vector<double> rates;
  for (size_t round = 0; round < curve[0].rates.size(); ++round) {
    if (const auto rate = rate_at(curve, recall, round)) rates.push_back(*rate);
  }
  return rates.empty() ? "not reached" : digits(median(rates), "%.0f");
}

}  // namespace whitney::bench
