#include "whitney/search/allowed_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "whitney/codec/compressed.h"
#include "whitney/core/random.h"

namespace whitney::search {
namespace {

constexpr int64_t kDim = 8, kRows = 40'000;

CompressedEmbeddings coded(std::string_view method) {
  Embeddings embeddings;
  embeddings.vectors = Matrix(kRows, kDim);
  RandomStream random(42, "allowed codes", 0);
  auto* values = embeddings.vectors.mutable_data<float>();
  for (int64_t i = 0; i < kRows * kDim; ++i) values[i] = static_cast<float>(random.normal());
  embeddings.ids = Ids::row_numbers(kRows);
  embeddings.record.set("metric", "l2");
  return compress(method, embeddings, Value::object(), {});
}

Context on_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

RowSet every(uint32_t step, uint32_t first) {
  std::vector<uint32_t> rows;
  for (uint32_t row = first; row < kRows; row += step) rows.push_back(row);
  return RowSet::of(rows);
}

// All rows, none, lists (one of them long enough for two tasks), bits, and bits with runs of neighbours.
std::vector<RowSet> filters() {
  return {RowSet::range(0, kRows),
          RowSet(),
          every(1000, 999),
          every(79, 3),
          every(3, 1),
          RowSet::range(100, 3000),
          RowSet::range(0, 30'000) - every(500, 0)};
}

TEST(AllowedCodes, GivesTheCodesOfAllowedRowsOnceAndInOrder) {
  const CompressedEmbeddings data = coded("sq8");
  const codec::CodeRows codes(*data.codec, data.codes.codes, {});
  const int64_t size = data.codec->code_bytes();
  for (const RowSet& filter : filters()) {
    SharedDeadlineWatch watch{Deadline()};
    const AllowedCodes allowed(codes, size, filter, watch);
    std::vector<std::vector<uint32_t>> rows(static_cast<size_t>(allowed.num_tasks()));
    allowed.each_batch(on_threads(2), [&](int64_t task, const CodeBatch& batch) {
      ASSERT_LE(batch.count, AllowedCodes::kBatch);
      for (int64_t i = 0; i < batch.count; ++i) {
        rows[static_cast<size_t>(task)].push_back(batch.row(i));
        ASSERT_TRUE(
            std::equal(batch.codes + i * size, batch.codes + (i + 1) * size, codes.rows_from(batch.row(i))));
      }
    });
    std::vector<uint32_t> found;
    for (const auto& of_task : rows) found.insert(found.end(), of_task.begin(), of_task.end());
    EXPECT_EQ(found, filter.rows());
  }
}

TEST(AllowedCodes, GivesBlocksWithAllowedRowsOrFewRowsOneByOne) {
  const CompressedEmbeddings data = coded("pq");
  const codec::CodeRows codes(*data.codec, data.codes.codes, {});
  ASSERT_TRUE(codes.in_blocks());
  const int64_t size = data.codec->code_bytes();
  for (const RowSet& filter : filters()) {
    SharedDeadlineWatch watch{Deadline()};
    const AllowedCodes allowed(codes, size, filter, watch);
    EXPECT_EQ(allowed.by_blocks(), filter.size() * 64 >= kRows);
    std::vector<uint32_t> found;
    if (allowed.by_blocks()) {
      allowed.each_block_batch(on_threads(1), [&](int64_t, int64_t first, int64_t count) {
        for (int64_t row = first * 32; row < (first + count) * 32; ++row) {
          if (allowed.lanes(row / 32) >> (row % 32) & 1) found.push_back(static_cast<uint32_t>(row));
        }
      });
    } else {
      std::vector<uint8_t> code(static_cast<size_t>(size));
      allowed.each_batch(on_threads(1), [&](int64_t, const CodeBatch& batch) {
        for (int64_t i = 0; i < batch.count; ++i) {
          codes.read(batch.row(i), code.data());
          ASSERT_TRUE(std::equal(code.begin(), code.end(), batch.codes + i * size));
          found.push_back(batch.row(i));
        }
      });
    }
    EXPECT_EQ(found, filter.rows());
  }
}

TEST(AllowedCodes, EndsWhenTimeIsUp) {
  const CompressedEmbeddings data = coded("sq8");
  const codec::CodeRows codes(*data.codec, data.codes.codes, {});
  for (const RowSet& filter : filters()) {
    SharedDeadlineWatch watch(Deadline::after(0));
    const AllowedCodes allowed(codes, data.codec->code_bytes(), filter, watch);
    allowed.each_batch({}, [](int64_t, const CodeBatch&) { FAIL() << "a batch came"; });
  }
}

}  // namespace
}  // namespace whitney::search
