// Claim: a scan of the rows that pass a filter, from sixteen of them to half of all, takes hardly longer than
// memory takes to give these rows: a loop that does nothing but read them, with the same prefetches, in turns
// with it. float32 (flat) and 8 bits a value (sq8), one thread, single queries, k = 10, rows drawn at random.
//   passing_scan_bench [--data mnist|packages|deep|all] [--rounds N]
// Rows are repeated until they take one and a half times the last level of cache, and filters differ from
// query to query, so that rows come from memory; answers are compared with those of a plain loop first.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/search_data.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/codes_index.h"
#include "whitney/search/flat.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
/// Of a round: so many rows are read at least, in so many queries at most.
constexpr int64_t kRowsOfRound = 60'000, kMostFilters = 4000;
constexpr double kShares[] = {0, 0.0001, 0.001, 0.01, 0.05, 0.2, 0.5};
constexpr int64_t kFewestRows = 16;

// An index over repeated rows, and the bytes that its scan reads.
struct Scanned {
  std::string name;
  std::unique_ptr<Index> index;
  Matrix queries;
  int64_t num_rows = 0, row_bytes = 0;
};

Scanned float_rows(const SearchData& data) {
  const int64_t once = data.base.rows(), dim = data.base.cols();
  const int64_t copies = (bytes_beyond_caches() + once * dim * 4 - 1) / (once * dim * 4);
  Embeddings embeddings;
  embeddings.vectors = Matrix(once * copies, dim);
  embeddings.ids = Ids::row_numbers(once * copies);
  embeddings.record.set("metric", "l2");
  auto* out = embeddings.vectors.mutable_data<std::byte>();
  const auto bytes = data.base.bytes();
  for (int64_t copy = 0; copy < copies; ++copy) out = std::copy(bytes.begin(), bytes.end(), out);
  return {"float32", flat_index(embeddings), data.queries, once * copies, 4 * dim};
}

Scanned byte_rows(const SearchData& data) {
  Embeddings embeddings = data.embeddings();
  embeddings.record.set("metric", "l2");
  CompressedEmbeddings small = compress("sq8", embeddings, Value::object(), one_thread());
  const int64_t row_bytes = small.bytes_per_vector(), once = data.base.rows();
  const int64_t copies = (bytes_beyond_caches() + once * row_bytes - 1) / (once * row_bytes);
  Array<uint8_t> codes(small.codes.codes.size() * copies);
  for (int64_t copy = 0; copy < copies; ++copy)
    std::ranges::copy(small.codes.codes, codes.mutable_data() + copy * small.codes.codes.size());
  small.codes.codes = codes;
  small.ids = Ids::row_numbers(once * copies);
  return {"sq8", codes_index(std::move(small)), data.queries, once * copies, row_bytes};
}

std::vector<RowSet> random_filters(int64_t num_rows, int64_t passing) {
  const int64_t count = std::clamp<int64_t>(kRowsOfRound / passing, 2, kMostFilters);
  std::vector<RowSet> filters;
  for (int64_t f = 0; f < count; ++f) {
    RandomStream random(42, "passing scan", static_cast<uint64_t>(f));
    std::vector<uint32_t> rows(static_cast<size_t>(passing));
    for (uint32_t& row : rows) row = static_cast<uint32_t>(random.below(static_cast<uint64_t>(num_rows)));
    filters.push_back(RowSet::of(rows));
  }
  return filters;
}

// Reads a word of each line of the rows and nothing else, lines of some rows asked for ahead.
uint64_t read_rows(const Array<std::byte>& memory, int64_t row_bytes, const std::vector<uint32_t>& rows) {
  constexpr size_t kAhead = 8;
  constexpr int64_t kLine = 64;
  uint64_t sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kAhead < rows.size()) {
      const std::byte* next = memory.data() + rows[i + kAhead] * row_bytes;
      for (int64_t at = 0; at < row_bytes; at += kLine) __builtin_prefetch(next + at);
    }
    const std::byte* row = memory.data() + rows[i] * row_bytes;
    for (int64_t at = 0; at + 8 <= row_bytes; at += kLine) {
      uint64_t word = 0;
      std::copy_n(row + at, 8, reinterpret_cast<std::byte*>(&word));
      sum += word;
    }
  }
  return sum;
}

SearchResult search(const Scanned& scanned, size_t q, const RowSet& allowed) {
  SearchParams params;
  params.k = kHits;
  params.allowed = &allowed;
  const auto row = static_cast<int64_t>(q) % scanned.queries.rows();
  return scanned.index->search(scanned.queries.view().slice(row, row + 1), params, one_thread());
}

// The values found against those of a loop over the rows as the index gives them.
void check_answers(const Scanned& scanned, const std::vector<RowSet>& filters) {
  for (size_t q = 0; q < std::min<size_t>(3, filters.size()); ++q) {
    const auto query = scanned.queries.row<float>(static_cast<int64_t>(q) % scanned.queries.rows());
    std::vector<double> truth;
    const std::vector<uint32_t> rows = filters[q].rows();
    for (size_t i = 0; i < std::min<size_t>(rows.size(), 20'000); ++i) {
      const std::vector<float> vector = scanned.index->vector(rows[i]);
      double sum = 0;
      for (size_t j = 0; j < vector.size(); ++j)
        sum += (double{vector[j]} - query[j]) * (double{vector[j]} - query[j]);
      truth.push_back(std::sqrt(sum));
    }
    if (rows.size() > truth.size()) return;
    std::ranges::sort(truth);
    const SearchResult found = search(scanned, q, filters[q]);
    for (size_t i = 0; i < static_cast<size_t>(kHits); ++i) {
      if (std::abs(found.neighbors.values[i] - truth[i]) > 1e-3 * (1 + truth[i]))
        fail(scanned.name, ": hit ", i, " is at ", found.neighbors.values[i], ", by a plain loop at ",
             truth[i]);
    }
  }
}

void measure(const SearchData& data, const Scanned& scanned, int num_rounds) {
  const double bandwidth = cached_read_bandwidth(bytes_beyond_caches());
  std::printf("\n%s, %s: %.0f MB, %lld bytes a row; one stream reads %.1f GB/s\n%9s %10s %12s %8s %10s %s\n",
              data.name.c_str(), scanned.name.c_str(),
              static_cast<double>(scanned.num_rows * scanned.row_bytes) / 1e6,
              static_cast<long long>(scanned.row_bytes), bandwidth / 1e9, "share", "rows", "queries/s",
              "GB/s", "reading", "scan / reading");
  Array<std::byte> memory(scanned.num_rows * scanned.row_bytes);  // with pages as large as the index's
  std::fill_n(memory.mutable_data(), memory.size(), std::byte{1});
  uint64_t sum = 0;
  for (const double share : kShares) {
    const int64_t passing =
        std::max(kFewestRows, static_cast<int64_t>(share * static_cast<double>(scanned.num_rows)));
    const std::vector<RowSet> filters = random_filters(scanned.num_rows, passing);
    check_answers(scanned, filters);
    const auto ours = [&] {
      return seconds_of([&] {
        for (size_t q = 0; q < filters.size(); ++q) search(scanned, q, filters[q]);
      });
    };
    const auto reading = [&] {
      return seconds_of([&] {
        for (const RowSet& rows : filters) sum += read_rows(memory, scanned.row_bytes, rows.rows());
      });
    };
    const Pairs pairs = run_pairs(num_rounds, ours, reading);
    const auto count = static_cast<double>(filters.size());
    const double bytes = count * static_cast<double>(filters[0].size() * scanned.row_bytes);
    std::printf("%9.5f %10lld %12.0f %8.2f %10.2f %.2f (%.2f to %.2f)\n",
                static_cast<double>(passing) / static_cast<double>(scanned.num_rows),
                static_cast<long long>(passing), count / pairs.ours, bytes / pairs.ours / 1e9,
                bytes / pairs.peer / 1e9, 1 / pairs.ratio, 1 / pairs.highest_ratio, 1 / pairs.lowest_ratio);
    std::fflush(stdout);
  }
  if (sum == 0) fail("the rows that were read hold nothing");
}

bool run(const std::string& wanted, int num_rounds) {
  std::printf("SIMD level %s\n", simd_level().c_str());
  constexpr int64_t kMostRows = 60'000, kQueries = 100;
  for (const auto& data : {read_mnist(kMostRows, kQueries), read_synopses(kMostRows, kQueries),
                           read_deep10k(kMostRows, kQueries)}) {
    if (!data) {
      std::printf("skipped: data are absent\n");
      continue;
    }
    std::string name = data->name;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (wanted != "all" && wanted != name) continue;
    measure(*data, float_rows(*data), num_rounds);
    measure(*data, byte_rows(*data), num_rounds);
  }
  return true;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  return whitney::bench::bench_main("passing_scan_bench", [&] {
    std::string data = "all";
    int num_rounds = 5;
    whitney::bench::ArgumentReader words(argc, argv);
    words.take("--data", data);
    words.take("--rounds", num_rounds);
    words.finish();
    return whitney::bench::run(data, num_rounds);
  });
}
