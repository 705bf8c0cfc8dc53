#include "whitney/data/safetensors_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

std::string file_of(const std::string& json, int64_t data_bytes = 0) {
  const uint64_t length = json.size();
  std::string file(reinterpret_cast<const char*>(&length), 8);
  return file + json + std::string(static_cast<size_t>(data_bytes), 'x');
}

SafetensorsHeader parse(const std::string& file) {
  return parse_safetensors_header(std::as_bytes(std::span(file)), "a.safetensors");
}

std::string error(const std::string& json, int64_t data_bytes = 0) {
  return error_of([&] { parse(file_of(json, data_bytes)); });
}

TEST(SafetensorsHeader, ReadsTensorsInTheOrderOfTheFile) {
  const SafetensorsHeader header = parse(file_of(
      R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"__metadata__":{"k":"v"},)"
      R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"none":{"dtype":"F64","shape":[0,7],"data_offsets":[8,8]}}  )",
      11));
  ASSERT_EQ(header.tensors.size(), 3);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(header.tensors[0].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(header.tensors[1].name, "none");
  EXPECT_EQ(header.tensors[2].begin, 8);
  EXPECT_EQ(header.metadata.to_json(), R"({"k":"v"})");
}

TEST(SafetensorsHeader, TellsAFileOfAnotherKind) {
  const auto text = [](const std::string& file) { return error_of([&] { parse(file); }); };
  EXPECT_THAT(text(""), HasSubstr("a.safetensors: is empty"));
  EXPECT_THAT(text("1234567"), HasSubstr("is no safetensors file"));
  EXPECT_THAT(text("\x93NUMPY\x01 and so on"), HasSubstr("is no safetensors file"));
  EXPECT_THAT(error("[]"), HasSubstr("is no safetensors file"));
}

TEST(SafetensorsHeader, TrustsNoLengthBeyondTheFile) {
  std::string file = file_of("{}");
  const uint64_t huge = uint64_t{1} << 40, longer = 3;
  std::memcpy(file.data(), &huge, 8);
  EXPECT_THAT(error_of([&] { parse(file); }), HasSubstr("the header claims 1099511627776 bytes"));
  std::memcpy(file.data(), &longer, 8);
  EXPECT_THAT(error_of([&] { parse(file); }), HasSubstr("the header claims 3 bytes, the file has 2"));
}

TEST(SafetensorsHeader, NamesTheTensorThatDoesNotFit) {
  const auto tensor = [](const char* dtype, const char* shape, const char* offsets) {
    return concat(R"({"t":{"dtype":)", dtype, R"(,"shape":)", shape, R"(,"data_offsets":)", offsets, "}}");
  };
  const auto fits = [&](const char* dtype, const char* shape, const char* offsets) {
    return error(tensor(dtype, shape, offsets), 8);
  };
  EXPECT_EQ(fits("\"F32\"", "[2]", "[0,8]"), "no error");
  EXPECT_THAT(fits("\"F4\"", "[2]", "[0,8]"), HasSubstr("tensor \"t\" is of type \"F4\""));
  EXPECT_THAT(fits("7", "[2]", "[0,8]"), HasSubstr("is of type 7"));
  EXPECT_THAT(fits("\"F32\"", "[3]", "[0,8]"), HasSubstr("shape [3] of F32 does not fit its 8 bytes"));
  EXPECT_THAT(fits("\"F32\"", "[-2]", "[0,8]"), HasSubstr("holds -2, which is no size"));
  EXPECT_THAT(fits("\"F32\"", "[2.0]", "[0,8]"), HasSubstr("holds 2.0, which is no size"));
  EXPECT_THAT(fits("\"F32\"", "[4611686018427387904,4]", "[0,8]"), HasSubstr("does not fit its 8 bytes"));
  EXPECT_THAT(fits("\"F32\"", "[2]", "[8,0]"), HasSubstr("its data_offsets are [8, 0]"));
  EXPECT_THAT(fits("\"F32\"", "[2]", "[0]"), HasSubstr("its data_offsets are [0]"));
  EXPECT_THAT(fits("\"F32\"", "[1]", "[0,4]"), HasSubstr("4 bytes behind the last tensor"));
  EXPECT_THAT(fits("\"F32\"", "[4]", "[0,16]"), HasSubstr("ends at byte 16 of the data, the file at 8"));
  EXPECT_THAT(fits("\"F32\"", "[1]", "[4,8]"), HasSubstr("behind a hole that begins at 0"));
  EXPECT_THAT(error(R"({"t":{"shape":[1],"data_offsets":[0,4]}})", 4),
              HasSubstr("tensor \"t\" has no \"dtype\""));
  EXPECT_THAT(error(R"({"t":7})"), HasSubstr("tensor \"t\" is described by 7"));
}

TEST(SafetensorsHeader, RefusesTensorsThatOverlap) {
  EXPECT_THAT(
      error(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
          6),
      HasSubstr("tensor \"b\" begins at byte 2 of the data, inside the one before, which ends at 4"));
}

TEST(SafetensorsHeader, RefusesOneNameTwiceAndTextThatIsNoUtf8) {
  EXPECT_THAT(
      error(
          R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
      HasSubstr("\"a\""));
  EXPECT_NE(error("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"), "no error");
  EXPECT_THAT(error(R"({"__metadata__":{"a":7}})"), HasSubstr("metadata \"a\" is no string"));
}

TEST(SafetensorsHeader, IsWrittenAsAMultipleOf4096Bytes) {
  SafetensorsHeader header;
  header.metadata = Value::object({{"k", std::string(5000, 'v')}});
  header.tensors.push_back({"t", DType::kF16, {2, 3}, 0, 12});
  const std::string text = make_safetensors_header(header);
  EXPECT_EQ(text.size(), 8192);
  const SafetensorsHeader read = parse(text + std::string(12, 'x'));
  EXPECT_EQ(read.data_start, 8192);
  EXPECT_EQ(read.metadata, header.metadata);
  EXPECT_EQ(read.tensors[0].shape, (std::vector<int64_t>{2, 3}));
  header.tensors[0].name = "\xff";
  EXPECT_THAT(error_of([&] { make_safetensors_header(header); }), HasSubstr("not UTF-8"));
}

TEST(TensorBytes, KnowsWhatHasNo64Bits) {
  const int64_t large = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{3, 5}, DType::kF16), 30);
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{}, DType::kF64), 8);
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{large, large, 0}, DType::kF64), 0);
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{large}, DType::kF16), std::nullopt);
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{-1, 0}, DType::kF16), std::nullopt);
}

}  // namespace
}  // namespace whitney
