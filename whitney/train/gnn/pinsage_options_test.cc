#include "whitney/train/gnn/pinsage_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney::gnn {
namespace {

/// Features of 50 items, of which every `every`th value is 1 and the rest 0.
Path features_file(const TemporaryFolder& folder, const char* name, int64_t width, int64_t every) {
  Embeddings features;
  features.vectors = Matrix::zeros(50, width);
  auto* values = features.vectors.mutable_data<float>();
  for (int64_t i = 0; i < 50 * width; i += every) values[i] = 1;
  features.ids = Ids::row_numbers(50);
  save_embeddings(features, folder.file(name), false, {});
  return Path{folder.file(name)};
}

TEST(PinSageEstimate, GoesByTheWidthThatTheFileOfFeaturesTells) {
  const TemporaryFolder folder;
  const DataSize size{.num_rows = 9000, .nnz = 100'000, .num_items = 2000};
  PinSageOptions options;
  const CostEstimate unknown = estimate_pinsage(size, options, {});
  options.features = features_file(folder, "thousand.safetensors", 1000, 1);
  EXPECT_EQ(estimate_pinsage(size, options, {}).peak_bytes, unknown.peak_bytes);
  options.features = features_file(folder, "wide.safetensors", 20'000, 1);
  const CostEstimate wide = estimate_pinsage(size, options, {});
  // As they are read, once more as the network has them, and of some batches: float32 each time.
  EXPECT_GT(wide.peak_bytes - unknown.peak_bytes, int64_t{2000} * 19'000 * 4 * 3);
  EXPECT_GT(wide.seconds, 5 * unknown.seconds);
}

TEST(PinSageEstimate, CountsTheValuesThatAreNot0OfFeaturesThatAreMostly0) {
  const TemporaryFolder folder;
  const DataSize size{.num_rows = 9000, .nnz = 100'000, .num_items = 2000};
  PinSageOptions options;
  options.features = features_file(folder, "wide.safetensors", 20'000, 3);
  const CostEstimate dense = estimate_pinsage(size, options, {});
  options.features = features_file(folder, "sparse.safetensors", 20'000, 100);
  const CostEstimate sparse = estimate_pinsage(size, options, {});
  EXPECT_LT(sparse.peak_bytes, dense.peak_bytes - int64_t{2000} * 20'000 * 4 * 4);
  EXPECT_LT(sparse.seconds, dense.seconds / 5);
}

TEST(PinSageEstimate, NamesAFileThatIsNotThere) {
  PinSageOptions options;
  options.features = Path{"/nowhere/features.npy"};
  EXPECT_THAT(error_of([&] { estimate_pinsage({}, options, {}); }),
              ::testing::HasSubstr("/nowhere/features.npy"));
}

}  // namespace
}  // namespace whitney::gnn
