#include "whitney/data/input_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <string>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string pack_gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string pack_xz(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                          text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size());
  packed.resize(size);
  return packed;
}

std::string pack_zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

struct Packing {
  const char* name;
  std::string (*pack)(const std::string&);
};

class Packed : public testing::TestWithParam<Packing> {};
INSTANTIATE_TEST_SUITE_P(, Packed,
                         testing::Values(Packing{"gzip", pack_gzip}, Packing{"xz", pack_xz},
                                         Packing{"zstd", pack_zstd}),
                         [](const auto& test) { return std::string(test.param.name); });

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text;
}

std::string all_of(InputStream stream) { return std::string(stream.read_all({}).text); }

std::string lines_of(InputStream& stream, int64_t size_bytes) {
  std::string all;
  for (;;) {
    const std::string_view piece = stream.next_lines(size_bytes);
    if (piece.empty()) return all;
    EXPECT_EQ(stream.line_number(), 1 + std::count(all.begin(), all.end(), '\n'));
    all += piece;
  }
}

TEST(InputStream, GivesWholeLines) {
  auto stream = InputStream::over("ab\ncd\nef", "f");
  EXPECT_EQ(stream.next_lines(2), "ab\n");
  EXPECT_EQ(stream.line_number(), 1);
  EXPECT_EQ(stream.next_lines(1), "cd\n");
  EXPECT_EQ(stream.line_number(), 2);
  EXPECT_EQ(stream.next_lines(100), "ef");
  EXPECT_EQ(stream.line_number(), 3);
  EXPECT_EQ(stream.next_lines(100), "");
}

TEST(InputStream, GivesTheRestAfterSomeLines) {
  auto stream = InputStream::over("ab\ncd\nef", "f");
  stream.next_lines(1);
  EXPECT_EQ(stream.read_all({}).text, "cd\nef");
}

TEST_P(Packed, IsUnpackedWhole) {
  const std::string text = numbered_lines(300'000);  // more than a chunk
  const std::string packed = GetParam().pack(text);
  EXPECT_EQ(all_of(InputStream::over(packed, "f")), text);
}

TEST_P(Packed, IsUnpackedLineByLine) {
  const std::string text = numbered_lines(300'000);
  const std::string packed = GetParam().pack(text);
  auto stream = InputStream::over(packed, "f");
  EXPECT_EQ(lines_of(stream, 100'000), text);
}

TEST_P(Packed, MayComeInSeveralParts) {
  const std::string packed = GetParam().pack("1 2\n") + GetParam().pack("2 3\n");
  EXPECT_EQ(all_of(InputStream::over(packed, "f")), "1 2\n2 3\n");
}

TEST_P(Packed, IsToldByContentNotByName) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("edges.tsv"), std::ios::binary) << GetParam().pack("1\t2\n2\t3\n");
  EXPECT_EQ(read_edge_list(folder.file("edges.tsv"), {}, {}).num_edges(), 2);
}

TEST_P(Packed, IsRefusedWhereverItIsCutShort) {
  const std::string packed = GetParam().pack(numbered_lines(40));
  for (size_t size = 7; size < packed.size(); ++size) {  // shorter is no magic number
    EXPECT_THAT([&] { all_of(InputStream::over(std::string_view(packed).substr(0, size), "f.gz")); },
                ThrowsMessage<Error>(AllOf(HasSubstr("f.gz: the "), HasSubstr("data is "))))
        << size;
  }
}

TEST_P(Packed, IsReadOrRefusedWhicheverBitFlips) {
  const std::string text = numbered_lines(40);
  std::string packed = GetParam().pack(text);
  for (size_t bit = 0; bit < 8 * packed.size(); ++bit) {
    packed[bit / 8] = static_cast<char>(packed[bit / 8] ^ (1 << (bit % 8)));
    try {
      all_of(InputStream::over(packed, "f"));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("f: "));
    }
    packed[bit / 8] = static_cast<char>(packed[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST_P(Packed, IsRefusedWhenItIsLargerThanTheMemoryAllowed) {
  const std::string packed = GetParam().pack(std::string(8 << 20, 'x'));
  Context context;
  context.max_memory_bytes = 4 << 20;
  auto stream = InputStream::over(packed, "f");
  EXPECT_THAT([&] { stream.read_all(context); }, ThrowsMessage<Error>(HasSubstr("f: unpacked it is larger")));
}

TEST(InputStream, RefusesOtherBytesBehindGzip) {
  const std::string packed = pack_gzip("1 2\n") + "2 3\n";
  EXPECT_THAT([&] { all_of(InputStream::over(packed, "f")); },
              ThrowsMessage<Error>(HasSubstr("other bytes behind")));
  const std::string padded = pack_gzip("1 2\n") + std::string(100, '\0');
  EXPECT_EQ(all_of(InputStream::over(padded, "f")), "1 2\n");
}

TEST(InputStream, NamesAPackingThatItDoesNotRead) {
  const std::string packed = "BZh91AY&SY" + std::string(40, '\x5a');
  EXPECT_THAT([&] { InputStream::over(packed, "f.bz2"); },
              ThrowsMessage<Error>(HasSubstr("f.bz2: packed by bzip2")));
}

TEST(InputStream, ReadsAnEmptyFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("empty")) << "";
  EXPECT_EQ(all_of(InputStream::open(folder.file("empty"))), "");
}

TEST(InputStream, TellsHowFarItRead) {
  auto stream = InputStream::over("ab\ncd\n", "f");
  EXPECT_EQ(stream.total(), 6);
  stream.next_lines(1);
  EXPECT_EQ(stream.position(), 3);
}

}  // namespace
}  // namespace whitney::data
