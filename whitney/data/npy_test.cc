#include "whitney/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A file as NumPy writes it: magic, version 1.0, the header's length, the header, the values.
std::string npy(const std::string& header, const std::string& values) {
  const auto length = static_cast<uint16_t>(header.size());
  std::string file("\x93NUMPY\x01\x00", 8);
  file.append(reinterpret_cast<const char*>(&length), 2);
  return file + header + values;
}

std::string header(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The matrix shows the file's bytes in place, so that they must outlive it.
Matrix read(const std::string& file) {
  const auto owner = std::make_shared<std::string>(file);
  return read_npy({owner, *owner}, "a.npy");
}

std::vector<float> floats(const Matrix& matrix) {
  const Matrix wide = matrix.to_float32();
  const auto* values = reinterpret_cast<const float*>(wide.bytes().data());
  return {values, values + wide.rows() * wide.cols()};
}

TEST(ReadNpy, ReadsFloat32RowByRow) {
  const Matrix matrix = read(npy(header("<f4", "False", "(2, 3)"), bytes_of<float>({1, 2, 3, 4, 5, 6.5})));
  EXPECT_EQ(matrix.dtype(), DType::kF32);
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_THAT(matrix.row<float>(1), ElementsAre(4, 5, 6.5));
}

TEST(ReadNpy, TurnsFortranOrderRound) {
  // Columns (1, 4), (2, 5), (3, 6) behind one another.
  const Matrix matrix = read(npy(header("<f4", "True", "(2, 3)"), bytes_of<float>({1, 4, 2, 5, 3, 6})));
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_THAT(floats(matrix), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ReadNpy, TurnsBigEndianRound) {
  // 1.0 is 3f 80 00 00, 0.5 is 3f 00 00 00.
  const Matrix matrix =
      read(npy(header(">f4", "False", "(1, 2)"), std::string("\x3f\x80\x00\x00\x3f\x00\x00\x00", 8)));
  EXPECT_THAT(floats(matrix), ElementsAre(1, 0.5));
}

TEST(ReadNpy, KeepsHalvesAndBytesAsTheyAre) {
  // 1.0 and -2.0 as halves.
  const Matrix halves = read(npy(header("<f2", "False", "(2, 1)"), bytes_of<uint16_t>({0x3c00, 0xc000})));
  EXPECT_EQ(halves.dtype(), DType::kF16);
  EXPECT_THAT(floats(halves), ElementsAre(1, -2));
  const Matrix bytes = read(npy(header("|i1", "False", "(1, 2)"), bytes_of<int8_t>({-128, 127})));
  EXPECT_EQ(bytes.dtype(), DType::kI8);
  EXPECT_THAT(floats(bytes), ElementsAre(-128, 127));
}

TEST(ReadNpy, WidensWhatNoVectorHolds) {
  const Matrix doubles = read(npy(header("<f8", "False", "(1, 2)"), bytes_of<double>({0.1, -1e30})));
  EXPECT_EQ(doubles.dtype(), DType::kF32);
  EXPECT_THAT(floats(doubles), ElementsAre(0.1F, -1e30F));
  EXPECT_THAT(floats(read(npy(header("<i2", "False", "(1, 1)"), bytes_of<int16_t>({-300})))),
              ElementsAre(-300));
  EXPECT_EQ(read(npy(header("|b1", "False", "(1, 2)"), std::string("\x01\x00", 2))).dtype(), DType::kU8);
}

TEST(ReadNpy, ReadsOneRowOfNoneAsNone) {
  const Matrix matrix = read(npy(header("<f4", "False", "(0, 384)"), ""));
  EXPECT_EQ(matrix.rows(), 0);
  EXPECT_EQ(matrix.cols(), 384);
}

TEST(ReadNpy, NamesWhatOfTheHeaderDoesNotFit) {
  const std::string values = bytes_of<float>({1, 2});
  const auto error = [&](const std::string& text) { return error_of([&] { read(npy(text, values)); }); };
  EXPECT_THAT(error(header("<c8", "False", "(1, 1)")), HasSubstr("descr is \"<c8\""));
  EXPECT_THAT(error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}"),
              HasSubstr("records"));
  EXPECT_THAT(error(header("<f4", "false", "(1, 2)")), HasSubstr("fortran_order is \"false"));
  EXPECT_THAT(error(header("<f4", "False", "(2,)")), HasSubstr("1 dimension where 2 are due"));
  EXPECT_THAT(error(header("<f4", "False", "(1, -2)")), HasSubstr("shape holds \"-2"));
  EXPECT_THAT(error("{'descr': '<f4', 'shape': (1, 2)}"), HasSubstr("lacks fortran_order"));
  EXPECT_THAT(error("{'descr': '<f4', 'x': 1}"), HasSubstr("unknown key \"x\""));
  EXPECT_THAT(error_of([] { read("PK\x03\x04 and more than ten bytes"); }), HasSubstr("is no .npy file"));
}

TEST(ReadNpy, TrustsNoSizeBeyondTheFile) {
  const auto error = [](const std::string& shape) {
    return error_of([&] { read(npy(header("<f4", "False", shape), bytes_of<float>({1, 2}))); });
  };
  EXPECT_THAT(error("(1, 3)"), HasSubstr("tells of 1 x 3 values of float32"));
  EXPECT_THAT(error("(1, 3)"), HasSubstr("the 8 bytes behind it"));
  EXPECT_THAT(error("(1, 1)"), HasSubstr("do not fit the 8 bytes"));
  EXPECT_THAT(error("(4611686018427387904, 4)"), HasSubstr("4611686018427387904 x 4"));
  EXPECT_THAT(error("(9223372036854775807, 0)"), HasSubstr("width 0"));
  std::string cut = npy(header("<f4", "False", "(1, 2)"), "");
  cut.resize(40);
  EXPECT_THAT(error_of([&] { read(cut); }), HasSubstr("the header claims"));
}

TEST(ReadNpy, ThrowsErrorWhereverTheFileIsCutOrABitIsFlipped) {
  const std::string whole = npy(header("<f4", "True", "(2, 2)"), bytes_of<float>({1, 2, 3, 4}));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of([&] { read(whole.substr(0, size)); }), "no error") << size;
  }
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    error_of([&] { read(flipped); });  // an Error or a matrix, no crash
  }
}

TEST(WriteNpy, WritesWhatNumpyDoes) {
  const TemporaryFolder folder;
  Matrix matrix(2, 2, DType::kF16);
  const std::vector<uint16_t> halves = {0x3c00, 0x4000, 0x4200, 0x4400};
  std::memcpy(matrix.mutable_data<uint16_t>(), halves.data(), 8);
  AtomicFile file(folder.file("a.npy"), false);
  write_npy(matrix, file, {});
  file.commit();
  std::ifstream stream(folder.file("a.npy"), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  // numpy.save(numpy.array([[1, 2], [3, 4]], "f2")): a header of 118 bytes, the values at byte 128.
  ASSERT_EQ(text.size(), 128 + 8);
  EXPECT_EQ(text.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(text.substr(10, 60), "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 2), } ");
  EXPECT_EQ(text[127], '\n');
  EXPECT_EQ(text.substr(128), bytes_of(halves));
}

}  // namespace
}  // namespace whitney::data
