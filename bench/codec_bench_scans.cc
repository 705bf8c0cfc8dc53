#include "bench/codec_bench_scans.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "whitney/codec/code_rows.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/flat.h"

namespace whitney::bench {
namespace {

constexpr int64_t kNeighbors = 10, kQueries = 2;

// A codec of ours ("" is float32 itself) and faiss's of about as many bytes; "" where it has none.
struct Scan {
  std::string method;
  Value options;
  std::string factory;
};

std::vector<Scan> scans(int64_t dim) {
  const int64_t few = dim / 56 > 1 ? dim / 56 : dim / 8;
  const auto parts = [](int64_t count, const char* bits) {
    return Value::object({{"num_subspaces", count}, {"bits", bits}});
  };
  const std::string m = std::to_string(few), eighth = std::to_string(dim / 8),
                    twice = std::to_string(2 * few), quarter = std::to_string(dim / 4);
  const Value one_mean = Value::object({{"num_centroids", 1}});
  return {{"", Value::object(), "Flat"},
          {"sq8", Value::object(), "SQ8"},
          {"lvq", Value::object({{"bits", "8"}}), ""},
          {"sq4", Value::object(), "SQ4"},
          {"lvq", Value::object({{"bits", "4"}}), ""},
          {"pq", parts(few, "8"), "PQ" + m + "x8"},
          {"pq", parts(dim / 8, "8"), "PQ" + eighth + "x8"},
          {"pq", parts(2 * few, "4"), "PQ" + twice + "x4fs"},
          {"pq", parts(dim / 4, "4"), "PQ" + quarter + "x4fs"},
          {"rabitq", one_mean, "RaBitQfs"},
          {"rabitq", one_mean, "RaBitQ"},
          {"rabitq", Value::object({{"num_centroids", 16}}), ""}};
}

// The rows become 2^this times as many.
int64_t doublings(int64_t num_rows, int64_t row_bytes, int64_t wanted_bytes) {
  int64_t count = 0;
  while ((num_rows * row_bytes << count) < wanted_bytes) ++count;
  return count;
}

template <class T>
Array<T> repeated(const Array<T>& once, int64_t copies) {
  Array<T> many(once.size() * copies);
  for (int64_t i = 0; i < copies; ++i)
    std::copy(once.begin(), once.end(), many.mutable_data() + i * once.size());
  return many;
}

// The index of the repeated rows, the bytes of a row, and for codes in blocks the seconds of telling the
// ranges of all of them: what a search does before it looks at single rows.
struct Built {
  std::unique_ptr<Index> index;
  int64_t row_bytes = 0, doublings = 0;
  std::optional<double> ranges_seconds;
};

double seconds_of_ranges(const codec::Codec& codec, const codec::CodeRows& rows, const float* query) {
  constexpr int64_t kBatch = 32;
  const auto scorer = codec.scorer(Kernel::kSquaredL2, query);
  std::vector<float> least(kBatch * kFastScanLanes), greatest(least);
  std::vector<double> seconds;
  for (int round = 0; round < 5; ++round) {
    seconds.push_back(seconds_of([&] {
      for (int64_t b = 0; b < rows.num_blocks(); b += kBatch) {
        scorer->key_ranges(rows.block(b), std::min(kBatch, rows.num_blocks() - b), false, least.data(),
                           greatest.data());
      }
    }));
  }
  return *std::ranges::min_element(seconds);
}

Built build(const Scan& scan, const CodecData& data, int64_t wanted_bytes) {
  const int64_t once = data.base.rows(), dim = data.base.cols();
  Embeddings embeddings;
  embeddings.record.set("metric", "l2");
  Built built;
  if (scan.method.empty()) {
    built.row_bytes = 4 * dim;
    built.doublings = doublings(once, built.row_bytes, wanted_bytes);
    const int64_t n = once << built.doublings;
    embeddings.vectors = Matrix(n, dim);
    auto* out = embeddings.vectors.mutable_data<std::byte>();
    const auto bytes = data.base.bytes();
    for (int64_t i = 0; i < n / once; ++i) out = std::copy(bytes.begin(), bytes.end(), out);
    embeddings.ids = Ids::row_numbers(n);
    built.index = flat_index(embeddings);
    return built;
  }
  embeddings.vectors = data.base;
  embeddings.ids = Ids::row_numbers(once);
  CompressedEmbeddings small = compress(scan.method, embeddings, scan.options, one_thread());
  built.row_bytes = small.bytes_per_vector();
  built.doublings = doublings(once, built.row_bytes, wanted_bytes);
  small.codes.codes = repeated(small.codes.codes, int64_t{1} << built.doublings);
  small.ids = Ids::row_numbers(once << built.doublings);
  if (small.codec->block_layout()) {
    const codec::CodeRows rows(*small.codec, small.codes.codes, one_thread());
    built.ranges_seconds = seconds_of_ranges(*small.codec, rows, data.queries.row<float>(0).data());
  }
  built.index = codes_index(std::move(small));
  return built;
}

std::string name_of_scan(const Scan& scan) {
  return scan.method.empty() ? "float32" : scan.method + options_text(scan.options);
}

double seconds_of_searches(const Index& index, const Matrix& queries) {
  SearchParams params;
  params.k = kNeighbors;
  return seconds_of([&] {
    for (int64_t q = 0; q < kQueries; ++q) index.search(queries.view().slice(q, q + 1), params, one_thread());
  });
}

}  // namespace

void compare_scans(const CodecData& data, PythonPeer& peer) {
  const auto is_asked = [&](const Scan& scan) {
    return is_wanted(concat(data.name, " scan ", name_of_scan(scan)));
  };
  const std::vector<Scan> asked = scans(data.base.cols());
  if (std::ranges::none_of(asked, is_asked)) return;
  const int64_t wanted_bytes = bytes_beyond_caches();  // rows are doubled: sets take up to twice that
  const double bandwidth = cached_read_bandwidth(wanted_bytes);
  std::printf(
      "\n%s x %lld, %.0f MB of each searched by single queries, k = %lld; memory is read at %.1f GB/s\n"
      "%-38s %6s %7s %11s %7s %6s %14s   %-12s %11s  %s\n",
      data.name.c_str(), static_cast<long long>(data.base.cols()), static_cast<double>(wanted_bytes) / 1e6,
      static_cast<long long>(kNeighbors), bandwidth / 1e9, "ours", "bytes", "M rows", "M vectors/s", "GB/s",
      "memory", "ranges alone", "faiss", "M vectors/s", "ours / faiss");
  for (const Scan& scan : asked) {
    if (!is_asked(scan)) continue;
    const std::string name = name_of_scan(scan);
    const Built built = build(scan, data, wanted_bytes);
    const auto n = static_cast<double>(data.base.rows() << built.doublings);
    const auto ours = [&] { return seconds_of_searches(*built.index, data.queries); };
    std::optional<Value> answer;
    const Value question = Value::object({{"question", "scan"},
                                          {"factory", scan.factory},
                                          {"doublings", built.doublings},
                                          {"queries", kQueries}});
    if (peer.is_there() && !scan.factory.empty()) answer = peer.ask(question);
    const bool has_peer = answer && answer->find("error") == nullptr;
    const Pairs pairs =
        run_pairs(5, ours, [&] { return has_peer ? peer.ask(question).at("seconds").as_real() : 1.0; });
    const double speed = n * kQueries / pairs.ours, bytes = speed * static_cast<double>(built.row_bytes);
    std::printf("%-38s %6lld %7.1f %11.1f %7.2f %4.0f %%", name.c_str(),
                static_cast<long long>(built.row_bytes), n / 1e6, speed / 1e6, bytes / 1e9,
                100 * bytes / bandwidth);
    if (built.ranges_seconds)
      std::printf(" %9.2f GB/s", n * static_cast<double>(built.row_bytes) / *built.ranges_seconds / 1e9);
    else
      std::printf(" %14s", "");
    if (has_peer) {
      std::printf("   %-12s %11.1f  %.2f (%.2f to %.2f)", scan.factory.c_str(),
                  n * kQueries / pairs.peer / 1e6, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
    } else if (answer) {
      std::printf("   %s is not in this faiss", scan.factory.c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
  }
}

}  // namespace whitney::bench
