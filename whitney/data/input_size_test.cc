#include "whitney/data/input_size.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "whitney/core/error.h"

namespace whitney {
namespace {

class InputSizeTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("input_size_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

// A ring of n nodes: n edges, each line "i<TAB>i+1".
std::string ring(int64_t n) {
  std::string text;
  for (int64_t i = 0; i < n; ++i) text += std::to_string(i) + "\t" + std::to_string((i + 1) % n) + "\n";
  return text;
}

TEST_F(InputSizeTest, CountsASmallGraphExactly) {
  const std::string file = write("edges.tsv", "# comment\na\tb\nb c\nalone\n\nc,a,2.5\n");
  const DataSize size = estimate_size(file, DataKind::kGraph, false);
  EXPECT_EQ(size.num_rows, 4);
  EXPECT_EQ(size.nnz, 6);
  EXPECT_EQ(estimate_size(file, DataKind::kGraph, true).nnz, 3);
  EXPECT_FALSE(size.weighted);
  EXPECT_FALSE(size.directed);
  EXPECT_EQ(size.text_bytes, 33);
}

TEST_F(InputSizeTest, ScalesTheSampleOfALargeGraphToTheFile) {
  constexpr int64_t kNodes = 900'000;  // 13 MB, of which 8 are looked at
  const DataSize size = estimate_size(write("edges.tsv", ring(kNodes)), DataKind::kGraph, true);
  EXPECT_NEAR(static_cast<double>(size.nnz), kNodes, 0.1 * kNodes);
  EXPECT_NEAR(static_cast<double>(size.num_rows), kNodes, 0.1 * kNodes);
}

TEST_F(InputSizeTest, ScalesAPackedGraphWithoutUnpackingItWhole) {
  constexpr int64_t kNodes = 900'000;
  const std::string text = ring(kNodes), file = path("edges.tsv.gz");
  gzFile packed = gzopen(file.c_str(), "wb1");
  ASSERT_EQ(gzwrite(packed, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(packed);
  EXPECT_NEAR(static_cast<double>(estimate_size(file, DataKind::kGraph, true).nnz), kNodes, 0.2 * kNodes);
}

TEST_F(InputSizeTest, RefusesStandardInput) {
  EXPECT_THROW(estimate_size("-", DataKind::kGraph, false), Error);
  EXPECT_THROW(estimate_vectors_size("-"), Error);
}

TEST_F(InputSizeTest, ReadsTheHeadersOfBinaryFormats) {
  // 3 rows of 2 floats: each row its width as int32, then the values.
  std::string fvecs;
  for (int row = 0; row < 3; ++row) fvecs += std::string("\2\0\0\0", 4) + std::string(8, '\0');
  const VectorsSize size = estimate_vectors_size(write("a.fvecs", fvecs));
  EXPECT_EQ(size.rows, 3);
  EXPECT_EQ(size.dim, 2);
  EXPECT_TRUE(size.exact);

  const VectorsSize u8 =
      estimate_vectors_size(write("a.u8bin", std::string("\5\0\0\0\7\0\0\0", 8) + std::string(35, 'x')));
  EXPECT_EQ(u8.rows, 5);
  EXPECT_EQ(u8.dim, 7);
  EXPECT_EQ(u8.dtype, DType::kU8);

  // IDX of 300 images of 28 x 3.
  const VectorsSize idx = estimate_vectors_size(
      write("t-images-ubyte", std::string("\0\0\x08\x03\0\0\x01\x2c\0\0\0\x1c\0\0\0\x03", 16)));
  EXPECT_EQ(idx.rows, 300);
  EXPECT_EQ(idx.dim, 84);

  const std::string header = "{'descr': '<f2', 'fortran_order': False, 'shape': (63000, 384), }          \n";
  const VectorsSize npy = estimate_vectors_size(
      write("a.npy", std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header));
  EXPECT_EQ(npy.rows, 63000);
  EXPECT_EQ(npy.dim, 384);
  EXPECT_EQ(npy.dtype, DType::kF16);
}

TEST_F(InputSizeTest, ReadsTheFirstLineOfWord2vec) {
  const std::string binary =
      std::string("3 2\na ") + std::string(8, '\x0a') + "\nb " + std::string(8, '\0') + "\n";
  const VectorsSize bin = estimate_vectors_size(write("a.bin", binary));
  EXPECT_EQ(bin.rows, 3);
  EXPECT_EQ(bin.dim, 2);
  EXPECT_TRUE(bin.exact);
  const VectorsSize text = estimate_vectors_size(write("a.vec", "2 3\nthe 1 2 3\n1984 4 5 6\n"));
  EXPECT_EQ(text.rows, 2);
  EXPECT_EQ(text.dim, 3);
  EXPECT_TRUE(text.exact);
  const VectorsSize glove = estimate_vectors_size(write("b.txt", "the 1 2 3\nof 4 5 6\n"));
  EXPECT_EQ(glove.rows, 2);
  EXPECT_EQ(glove.dim, 3);
  EXPECT_THROW(estimate_vectors_size(write("c.bin", std::string(100, '\xff'))), Error);
}

TEST_F(InputSizeTest, CountsRowsBeyond31Bits) {
  const VectorsSize size = estimate_vectors_size(write("a.u8bin", std::string("\0\0\0\xC0\2\0\0\0", 8)));
  EXPECT_EQ(size.rows, int64_t{3} << 30);
  EXPECT_EQ(size.dim, 2);
}

TEST_F(InputSizeTest, RefusesAHeaderThatTellsMoreThanAnyFileHolds) {
  EXPECT_THROW(estimate_vectors_size(write("a.fbin", std::string(8, '\xff'))), Error);
  EXPECT_THROW(
      estimate_vectors_size(write("a.idx", std::string("\0\0\x08\x03", 4) + std::string(12, '\xff'))), Error);
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999, 9), }\n";
  EXPECT_THROW(estimate_vectors_size(write("a.npy", std::string("\x93NUMPY\1\0", 8) +
                                                        static_cast<char>(header.size()) + '\0' + header)),
               Error);
}

TEST_F(InputSizeTest, NamesAFileThatIsShorterThanItsHeader) {
  const std::string file = write("a.fbin", "abc");
  try {
    estimate_vectors_size(file);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace whitney
