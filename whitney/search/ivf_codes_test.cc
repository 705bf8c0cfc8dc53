#include "whitney/search/ivf_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/ivf_cases_test.h"
#include "whitney/search/ivf_search.h"

namespace whitney::search {
namespace {

constexpr Metric kTwoMetrics[] = {Metric::kInnerProduct, Metric::kL2};

IvfParts coded_parts(const Matrix& vectors, Metric metric, const Value& options, int64_t nlist) {
  return build_ivf(embeddings_of(vectors, metric), ivf_options(options, nlist), {});
}

/// One query as searches have it.
struct Asked {
  Asked(const IvfParts& parts, std::span<const float> vector)
      : query(vector.begin(), vector.end()),
        centred(query),
        measured(static_cast<size_t>(parts.centroids.stride())) {
    for (size_t i = 0; i < centred.size(); ++i) centred[i] -= parts.centroids.centre()[i];
    const int64_t dim = std::ssize(centred);
    parts.centroids.measure({centred.data(), 1, dim, dim, DType::kF32}, measured.data());
    numbers = {query.data(), centred.data(), measured.data(),
               distance(Kernel::kInnerProduct, centred.data(), centred.data(), dim)};
  }
  ListKeyTerms terms(const IvfParts& parts, uint32_t list) const {
    return parts.centroids.key_terms(list, measured[list], numbers.square);
  }
  std::vector<float> query, centred, measured;
  IvfQuery numbers;
};

double key_by_hand(std::span<const float> query, std::span<const float> vector, Metric metric) {
  const double value = value_by_hand(query, vector, metric);
  return metric == Metric::kL2 ? value * value : -value;
}

TEST(ListCodec, GivesAVectorItsOwnDistanceFromItselfByRabitq) {
  const Matrix vectors = grouped_vectors(600, 24, 40);
  for (const Metric metric : kTwoMetrics) {
    for (const int bits : {1, 3, 8}) {
      const IvfParts parts =
          coded_parts(vectors, metric, Value::object({{"codes", "rabitq"}, {"bits", bits}}), 9);
      for (uint32_t row = 0; row < 600; row += 37) {
        const auto vector = vectors.row<float>(row);
        const Asked asked(parts, vector);
        ListQuery query(parts.codes, asked.centred.data());
        const ListPlace place = parts.places[row];
        const IvfList& list = parts.lists[place.list];
        const ListKeyTerms terms = asked.terms(parts, place.list);
        const double truth = key_by_hand(vector, vector, metric);
        const double square = value_by_hand(vector, vector, Metric::kInnerProduct);
        // <o_bar, o> has 11 bits.
        EXPECT_NEAR(query.key(list, place.at, terms), truth, 2e-3 * square);
        if (bits == 1) continue;
        EXPECT_NEAR(query.fine_key(list, place.at, terms), truth, 2e-3 * square);
      }
    }
  }
}

TEST(ListCodec, ComparesQueriesWithWhatPqDecodesTo) {
  const Matrix vectors = grouped_vectors(600, 24, 40), queries = grouped_vectors(3, 24, 46);
  for (const Metric metric : kTwoMetrics) {
    for (const int bits : {4, 8}) {
      const IvfParts parts = coded_parts(
          vectors, metric,
          Value::object({{"codes", "pq"}, {"bits", bits}, {"num_subspaces", bits == 4 ? 5 : 2}}), 9);
      for (int64_t q = 0; q < 3; ++q) {
        const Asked asked(parts, queries.row<float>(q));
        ListQuery query(parts.codes, asked.centred.data());
        for (uint32_t row = 0; row < 600; row += 17) {
          const ListPlace place = parts.places[row];
          const IvfList& list = parts.lists[place.list];
          std::vector<float> decoded(24);
          parts.codes.decode(list, place.at, parts.centroids.centroid(place.list), decoded.data());
          const double key = key_by_hand(queries.row<float>(q), decoded, metric);
          EXPECT_NEAR(query.key(list, place.at, asked.terms(parts, place.list)), key,
                      1e-4 * (1 + std::abs(key)));
        }
      }
    }
  }
}

TEST(ListCodec, ErrsByMoreThanItsBoundOnceInSeventeenTimes) {
  const Matrix vectors = normal_vectors(2000, 64, 41), queries = normal_vectors(5, 64, 42);
  for (const Metric metric : kTwoMetrics) {
    const IvfParts parts = coded_parts(vectors, metric, Value::object({{"codes", "rabitq"}}), 20);
    int64_t num_outside = 0;
    double bias = 0, spread = 0;
    for (int64_t q = 0; q < 5; ++q) {
      const Asked asked(parts, queries.row<float>(q));
      ListQuery query(parts.codes, asked.centred.data());
      for (uint32_t row = 0; row < 2000; ++row) {
        const ListPlace place = parts.places[row];
        const IvfList& list = parts.lists[place.list];
        const ListKeyTerms terms = asked.terms(parts, place.list);
        const float error = parts.codes.terms(list, place.at / 32)[32 + place.at % 32] * terms.error_factor;
        const double off = query.key(list, place.at, terms) -
                           key_by_hand(queries.row<float>(q), vectors.row<float>(row), metric);
        num_outside += std::abs(off) > error;
        bias += off;
        spread += off * off;
      }
    }
    // 5.7 % of a normal law; the error along the vector drops out, which leaves a little less.
    EXPECT_GT(num_outside, 10'000 * 0.035) << name_of_enum(metric);
    EXPECT_LT(num_outside, 10'000 * 0.07) << name_of_enum(metric);
    EXPECT_LT(std::abs(bias) / 10'000, 5 * std::sqrt(spread / 10'000) / 100) << name_of_enum(metric);
  }
}

TEST(ListCodec, ScoresBlocksAsSingleCodesAtEverySimdLevel) {
  const Matrix vectors = grouped_vectors(700, 21, 43), queries = grouped_vectors(3, 21, 44);
  for (const auto& options :
       {Value::object({{"codes", "pq"}, {"num_subspaces", 7}}), Value::object({{"codes", "pq"}, {"bits", 8}}),
        Value::object({{"codes", "rabitq"}})}) {
    const IvfParts parts = coded_parts(vectors, Metric::kL2, options, 6);
    for (const std::string& level : simd_levels()) {
      set_simd_level(level);
      for (int64_t q = 0; q < 3; ++q) {
        const Asked asked(parts, queries.row<float>(q));
        ListQuery query(parts.codes, asked.centred.data());
        for (uint32_t j = 0; j < 6; ++j) {
          const IvfList& list = parts.lists[j];
          const ListKeyTerms terms = asked.terms(parts, j);
          const auto ranges = [&](ListKeys keys) {
            std::vector<codec::FoundKey> found(static_cast<size_t>(list.size() + 31) / 32 * 32);
            constexpr float kNoLimit = std::numeric_limits<float>::infinity();
            const int64_t count =
                query.select(list, 0, std::ssize(found) / 32, terms, keys, kNoLimit, found.data());
            EXPECT_EQ(count, std::ssize(found));
            return found;
          };
          const auto middles = ranges(ListKeys::kMiddles), of_codes = ranges(ListKeys::kOfCodes),
                     of_vectors = ranges(ListKeys::kOfVectors);
          for (int64_t at = 0; at < list.size(); ++at) {
            const auto i = static_cast<size_t>(at);
            const float key = query.key(list, at, terms);
            ASSERT_EQ(of_codes[i].place, i);
            ASSERT_LE(of_codes[i].least, key) << level;
            ASSERT_GE(of_codes[i].greatest, key) << level;
            ASSERT_LE(of_vectors[i].least, of_codes[i].least);
            ASSERT_GE(of_vectors[i].greatest, of_codes[i].greatest);
            ASSERT_NEAR((middles[i].least + middles[i].greatest) / 2,
                        (of_codes[i].least + of_codes[i].greatest) / 2, 1e-5 * (1 + std::abs(key)));
          }
        }
      }
    }
    set_simd_level("");
  }
}

TEST(ListKernels, FindTheKthLeastNumber) {
  RandomStream random(4, "kth least", 0);
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const size_t size : {1, 2, 15, 16, 17, 50}) {
      std::vector<int32_t> numbers;
      for (size_t i = 0; i < size; ++i)
        numbers.push_back(
            static_cast<int32_t>(random.below(i % 3 == 0 ? 5 : uint64_t{1} << 32) - (1U << 31)));
      std::vector<int32_t> sorted = numbers;
      std::ranges::sort(sorted);
      for (size_t k = 1; k <= size; ++k)
        ASSERT_EQ(kth_least(numbers, static_cast<int64_t>(k)), sorted[k - 1]) << level << size;
    }
  }
  set_simd_level("");
}

TEST(Ivf, FiltersInsideListsAsAfterwards) {
  const Matrix vectors = grouped_vectors(800, 10, 45);
  std::vector<uint64_t> bits(13, 0x5555'1111'ffff'0000ULL);
  const std::vector<uint64_t> none;
  for (const IvfCase& one : ivf_cases()) {
    const IvfParts parts = coded_parts(vectors, Metric::kL2, one.options, 12);
    const Asked asked(parts, vectors.row<float>(5));
    const auto search = [&](const std::vector<uint64_t>& allowed) {
      PassingPlaces passing(parts, !allowed.empty(), allowed);
      IvfPlan plan;
      plan.wanted = 800;
      plan.nprobe = 5;
      IvfWork work;
      const auto lists = nearest_lists(plan, std::span(asked.measured).first(12), 5, passing, work).lists;
      EXPECT_EQ(lists.size(), 5);
      if (parts.has_codes()) return search_codes(parts, plan, asked.numbers, lists, passing, work);
      TopK top(800);
      for (const uint32_t list : lists)
        scan_vectors(parts, list, passing.of(list), asked.query.data(), top, work);
      return top.take();
    };
    auto after = search(none);
    std::erase_if(
        after, [&](const TopK::Entry& entry) { return (bits[entry.row / 64] >> (entry.row % 64) & 1) == 0; });
    EXPECT_EQ(search(bits), after) << one.name;
    EXPECT_GT(after.size(), 50);
  }
}

}  // namespace
}  // namespace whitney::search
