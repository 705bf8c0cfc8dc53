#include "whitney/infer/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes a file piece by piece.
class Writer {
 public:
  template <class T>
  Writer& number(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& text(std::string_view value) {
    number(uint64_t{value.size()});
    text_ += value;
    return *this;
  }
  Writer& header(uint64_t num_tensors, uint64_t num_metadata, uint32_t version = 3) {
    text_ += "GGUF";
    return number(version).number(num_tensors).number(num_metadata);
  }
  /// A metadata key and its type's number.
  Writer& key(std::string_view name, uint32_t type) { return text(name).number(type); }
  /// A tensor info; the sizes in the file's order.
  Writer& tensor(std::string_view name, const std::vector<uint64_t>& sizes, uint32_t type, uint64_t offset) {
    text(name).number(static_cast<uint32_t>(sizes.size()));
    for (const uint64_t size : sizes) number(size);
    return number(type).number(offset);
  }
  Writer& pad(size_t multiple = 32) {
    text_.resize((text_.size() + multiple - 1) / multiple * multiple);
    return *this;
  }
  Writer& zeros(size_t count) {
    text_.append(count, '\0');
    return *this;
  }
  const std::string& bytes() const { return text_; }

 private:
  std::string text_;
};

GgufFile parse(const Writer& writer) { return parse_gguf(bytes_of(writer.bytes()), "a.gguf"); }
std::string error(const Writer& writer) {
  return error_of([&] { parse(writer); });
}

TEST(Gguf, ReadsMetadataOfEveryType) {
  Writer writer;
  writer.header(0, 14).key("u8", 0).number(uint8_t{200}).key("i8", 1).number(int8_t{-3});
  writer.key("u16", 2).number(uint16_t{60000}).key("i16", 3).number(int16_t{-300});
  writer.key("u32", 4).number(uint32_t{4000000000}).key("i32", 5).number(int32_t{-70000});
  writer.key("f32", 6).number(0.5f).key("bool", 7).number(uint8_t{1}).key("string", 8).text("caf\xc3\xa9");
  writer.key("u64", 10)
      .number(uint64_t{1} << 40)
      .key("i64", 11)
      .number(int64_t{-1})
      .key("f64", 12)
      .number(0.1);
  writer.key("strings", 9).number(uint32_t{8}).number(uint64_t{2}).text("a").text("");
  writer.key("lists", 9).number(uint32_t{9}).number(uint64_t{1}).number(uint32_t{5}).number(uint64_t{2});
  writer.number(int32_t{1}).number(int32_t{-2});
  EXPECT_EQ(parse(writer).metadata.to_json(),
            R"({"u8":200,"i8":-3,"u16":60000,"i16":-300,"u32":4000000000,"i32":-70000,"f32":0.5,"bool":true,)"
            R"("string":"café","u64":1099511627776,"i64":-1,"f64":0.1,"strings":["a",""],"lists":[[1,-2]]})");
}

TEST(Gguf, KeepsListsOfBytesAsBytes) {
  Writer writer;
  writer.header(0, 1)
      .key("charsmap", 9)
      .number(uint32_t{0})
      .number(uint64_t{3})
      .number('\x01')
      .number('\0')
      .number('\xff');
  EXPECT_EQ(parse(writer).metadata.at("charsmap").as_string(), std::string("\x01\0\xff", 3));
}

TEST(Gguf, PlacesTensorsBehindTheAlignedHeader) {
  Writer writer;
  writer.header(2, 1, 2).key("general.alignment", 4).number(uint32_t{64});
  writer.tensor("x", {3, 2}, 0, 64).tensor("q", {32}, 2, 0).pad(64).zeros(64 + 24);
  const GgufFile file = parse(writer);
  EXPECT_EQ(file.version, 2);
  ASSERT_EQ(file.tensors.size(), 2);
  EXPECT_EQ(file.tensors[0].name, "x");
  EXPECT_THAT(file.tensors[0].shape, ElementsAre(2, 3)) << "outermost first";
  EXPECT_EQ(file.tensors[0].end - file.tensors[0].begin, 24);
  EXPECT_EQ(file.tensors[0].begin % 64, 0);
  EXPECT_EQ(file.tensors[1].type, WeightType::kQ4_0);
  EXPECT_EQ(file.tensors[1].end - file.tensors[1].begin, 18);
}

TEST(Gguf, TellsAFileOfAnotherKind) {
  const auto text = [](const std::string& bytes) {
    return error_of([&] { parse_gguf(bytes_of(bytes), "a.gguf"); });
  };
  EXPECT_THAT(text("GGUF"), HasSubstr("a.gguf: is no GGUF file"));
  EXPECT_THAT(text("PK\3\4 and so on"), HasSubstr("does not begin with GGUF"));
  EXPECT_THAT(error(Writer().header(0, 0, 1)), HasSubstr("version 1"));
  EXPECT_THAT(error(Writer().header(0, 0, 3U << 24)), HasSubstr("big-endian"));
}

TEST(Gguf, TrustsNoCount) {
  constexpr uint64_t kHuge = uint64_t{1} << 62;
  EXPECT_THAT(error(Writer().header(0, kHuge)), HasSubstr("metadata, more than the file has bytes for"));
  EXPECT_THAT(error(Writer().header(kHuge, 0)), HasSubstr("tensors, more than the file has bytes for"));
  EXPECT_THAT(error(Writer().header(0, 1).number(kHuge).zeros(20)),
              HasSubstr("the key of metadata 0 claims"));
  EXPECT_THAT(error(Writer().header(0, 1).key("k", 8).number(kHuge)), HasSubstr("\"k\" claims"));
  EXPECT_THAT(error(Writer().header(0, 1).key("k", 9).number(uint32_t{4}).number(kHuge)),
              HasSubstr("\"k\" claims"));
  EXPECT_THAT(error(Writer().header(0, 1).key("k", 99).number(kHuge)), HasSubstr("unknown type 99"));
  EXPECT_THAT(error(Writer().header(0, 1).key("kk", 4)), HasSubstr("is not there whole"));
}

TEST(Gguf, RefusesListsNestedWithoutEnd) {
  Writer writer;
  writer.header(0, 1).key("k", 9);
  for (int depth = 0; depth < 10; ++depth) writer.number(uint32_t{9}).number(uint64_t{1});
  EXPECT_THAT(error(writer.zeros(64)), HasSubstr("nests lists deeper than 4"));
}

TEST(Gguf, RefusesRepeatedKeysAndTensors) {
  EXPECT_THAT(error(Writer().header(0, 2).key("k", 7).number('\1').key("k", 7).number('\0')),
              HasSubstr("metadata \"k\" stands twice"));
  EXPECT_THAT(error(Writer().header(2, 0).tensor("t", {1}, 0, 0).tensor("t", {1}, 0, 32).pad().zeros(64)),
              HasSubstr("tensor \"t\" stands twice"));
}

TEST(Gguf, RefusesTensorsThatDoNotFit) {
  const auto one = [](const std::vector<uint64_t>& sizes, uint32_t type, uint64_t offset) {
    return error(Writer().header(1, 0).tensor("t", sizes, type, offset).pad().zeros(64));
  };
  EXPECT_EQ(one({16}, 0, 0), "no error");
  EXPECT_THAT(one({17}, 0, 0), HasSubstr("tensor \"t\" ends behind the end of the file"));
  EXPECT_THAT(one({16}, 0, 32), HasSubstr("ends behind the end"));
  EXPECT_THAT(one({1}, 0, uint64_t{1} << 50), HasSubstr("ends behind the end"));
  EXPECT_THAT(one({1}, 0, uint64_t{1} << 63), HasSubstr("begins at byte"));
  EXPECT_THAT(one({1}, 0, 4), HasSubstr("no multiple of 32"));
  EXPECT_THAT(one({33}, 2, 0), HasSubstr("no whole blocks of 32 of Q4_0"));
  EXPECT_THAT(one({uint64_t{1} << 40, uint64_t{1} << 40}, 0, 0), HasSubstr("more values than memory"));
  EXPECT_THAT(one({~uint64_t{0}}, 0, 0), HasSubstr("has a size of"));
  EXPECT_THAT(one({1, 1, 1, 1, 1}, 0, 0), HasSubstr("has 5 sizes"));
  EXPECT_THAT(one({256}, 16, 0), HasSubstr("ggml's type IQ2_XXS, which Whitney does not read"));
  EXPECT_THAT(one({256}, 500, 0), HasSubstr("unknown type 500"));
  EXPECT_THAT(error(Writer().header(2, 0).tensor("s", {16}, 0, 0).tensor("t", {1}, 0, 32).pad().zeros(64)),
              HasSubstr("tensor \"t\" begins inside \"s\""));
}

TEST(Gguf, RefusesAnAlignmentThatIsNone) {
  EXPECT_THAT(error(Writer().header(0, 1).key("general.alignment", 4).number(uint32_t{24})),
              HasSubstr("general.alignment is 24"));
  EXPECT_THAT(error(Writer().header(0, 1).key("general.alignment", 8).text("32")),
              HasSubstr("no power of two"));
}

TEST(Gguf, AsksForTheArchitecture) {
  EXPECT_THAT(error_of([] { parse(Writer().header(0, 0)).architecture(); }),
              HasSubstr("has no metadata \"general.architecture\""));
}

// As tests/data/gguf/make_gguf.py writes them, with PyPI's gguf.
TEST(Gguf, ReadsWhatItsOwnWriterWrites) {
  const std::string path = kept_file("gguf/llama.gguf");
  if (path.empty()) GTEST_SKIP() << "no tests/data/gguf above this folder and no WHITNEY_ROOT";
  const GgufFile file = open_gguf(path);
  EXPECT_EQ(file.architecture(), "llama");
  EXPECT_EQ(file.metadata.at("llama.attention.head_count").as_int(), 4);
  EXPECT_EQ(file.metadata.at("tokenizer.ggml.tokens").as_list().size(), 8);
  EXPECT_EQ(file.tensors.size(), 22);
}

}  // namespace
}  // namespace whitney::infer
