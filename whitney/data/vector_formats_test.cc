// What holds for every format of vectors: round trips, refusals, and outputs that appear whole or not at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/data/readers.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// n x d integers that every type holds, with row numbers as ids.
Embeddings small(int64_t n, int64_t d, DType dtype) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(n);
  embeddings.vectors = Matrix(n, d, dtype);
  for (int64_t i = 0; i < n * d; ++i) {
    const auto value = static_cast<uint8_t>(i * 7 % 100);
    switch (dtype) {
      case DType::kF32:
        embeddings.vectors.mutable_data<float>()[i] = value;
        break;
      case DType::kF16:
        embeddings.vectors.mutable_data<Float16>()[i] = to_float16(value);
        break;
      case DType::kI32:
        embeddings.vectors.mutable_data<int32_t>()[i] = value;
        break;
      default:
        embeddings.vectors.mutable_data<uint8_t>()[i] = value;
    }
  }
  return embeddings;
}

bool same_values(const Matrix& a, const Matrix& b) {
  const Matrix x = a.to_float32(), y = b.to_float32();
  return x.rows() == y.rows() && x.cols() == y.cols() && std::ranges::equal(x.bytes(), y.bytes());
}

struct FormatCase {
  const char* name;
  // The type that the format gives back.
  DType dtype;
};

class EveryFormat : public testing::TestWithParam<FormatCase> {};

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         testing::Values(FormatCase{"a.safetensors", DType::kF32},
                                         FormatCase{"a.npy", DType::kF32}, FormatCase{"a.fvecs", DType::kF32},
                                         FormatCase{"a.ivecs", DType::kI32},
                                         FormatCase{"a.bvecs", DType::kU8}, FormatCase{"a.fbin", DType::kF32},
                                         FormatCase{"a.u8bin", DType::kU8}, FormatCase{"a.i8bin", DType::kI8},
                                         FormatCase{"a.ibin", DType::kI32}, FormatCase{"a.txt", DType::kF32},
                                         FormatCase{"a.vec", DType::kF32}, FormatCase{"a.w2v", DType::kF32},
                                         FormatCase{"a.bin", DType::kF32}, FormatCase{"a.tsv", DType::kF32},
                                         FormatCase{"a.csv", DType::kF32},
                                         FormatCase{"a.jsonl", DType::kF32}),
                         [](const auto& test) {
                           std::string name(test.param.name);
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST_P(EveryFormat, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file(GetParam().name);
  const Embeddings written = small(5, 3, DType::kF32);
  write_vectors(written, path, false, {});
  const Embeddings read = read_vectors(path, {}, {});
  EXPECT_EQ(read.vectors.dtype(), GetParam().dtype);
  EXPECT_TRUE(same_values(read.vectors, written.vectors));
  EXPECT_EQ(read.ids, written.ids);
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST_P(EveryFormat, ReadsItPackedByContent) {
  const TemporaryFolder folder;
  const std::string path = folder.file(GetParam().name);
  write_vectors(small(5, 3, DType::kF32), path, false, {});
  const std::string plain = bytes_of(path), packed = path + ".gz";
  gzFile file = gzopen(packed.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, plain.data(), static_cast<unsigned>(plain.size())), static_cast<int>(plain.size()));
  gzclose(file);
  const Embeddings read = read_vectors(packed, {}, {});
  EXPECT_TRUE(same_values(read.vectors, small(5, 3, DType::kF32).vectors));
}

TEST_P(EveryFormat, NeverCrashesWhereverTheFileIsCut) {
  const TemporaryFolder folder;
  const std::string path = folder.file(GetParam().name);
  write_vectors(small(3, 2, DType::kF32), path, false, {});
  const std::string whole = bytes_of(path);
  const size_t step = whole.size() > 1000 ? 37 : 1;
  for (size_t size = 0; size < whole.size(); size += step) {
    spill(path, whole.substr(0, size));
    error_of([&] { read_vectors(path, {}, {}); });  // an Error, or what text without its end still tells
  }
}

TEST_P(EveryFormat, RefusesAnExistingOutputUnlessForced) {
  const TemporaryFolder folder;
  const std::string path = folder.file(GetParam().name);
  spill(path, "kept");
  EXPECT_THAT(error_of([&] { write_vectors(small(2, 2, DType::kF32), path, false, {}); }),
              HasSubstr("exists already"));
  EXPECT_EQ(bytes_of(path), "kept");
  write_vectors(small(2, 2, DType::kF32), path, true, {});
  EXPECT_EQ(read_vectors(path, {}, {}).size(), 2);
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST_P(EveryFormat, LeavesNothingBehindWhenInterrupted) {
  const TemporaryFolder folder;
  CancellationToken stop;
  stop.request();
  Context context;
  context.cancellation = &stop;
  EXPECT_THROW(write_vectors(small(2, 2, DType::kF32), folder.file(GetParam().name), false, context),
               Cancelled);
  EXPECT_EQ(folder.num_entries(), 0);
}

// Any float32 but NaN and infinities, denormals and both zeros included.
std::vector<float> finite_floats(uint64_t seed, int64_t count) {
  RandomStream random(seed, "floats", 0);
  std::vector<float> values;
  while (std::ssize(values) < count) {
    const auto value = std::bit_cast<float>(random.next_u32());
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

TEST(VectorFormats, KeepEveryBitOfAnyFloat) {
  const TemporaryFolder folder;
  for (uint64_t seed = 0; seed < 10; ++seed) {  // each output is synced to the disk: not more of them
    RandomStream random(seed, "shape", 0);
    const auto n = static_cast<int64_t>(1 + random.below(20)), d = static_cast<int64_t>(1 + random.below(20));
    const auto values = finite_floats(seed, n * d);
    Embeddings written;
    written.ids = Ids::row_numbers(n);
    written.vectors = Matrix(n, d);
    std::memcpy(written.vectors.mutable_data<float>(), values.data(), values.size() * sizeof(float));
    for (const char* name :
         {"a.safetensors", "a.npy", "a.fvecs", "a.fbin", "a.vec", "a.bin", "a.jsonl", "a.csv"}) {
      write_vectors(written, folder.file(name), true, {});
      EXPECT_TRUE(same_values(read_vectors(folder.file(name), {}, {}).vectors, written.vectors))
          << name << seed;
    }
  }
}

TEST(VectorFormats, KeepHalvesAndBytesWhereTheFormatCan) {
  const TemporaryFolder folder;
  for (const DType dtype : {DType::kF16, DType::kU8, DType::kI8}) {
    for (const char* name : {"a.safetensors", "a.npy"}) {
      write_vectors(small(4, 3, dtype), folder.file(name), true, {});
      const Embeddings read = read_vectors(folder.file(name), {}, {});
      EXPECT_EQ(read.vectors.dtype(), dtype) << name;
      EXPECT_TRUE(same_values(read.vectors, small(4, 3, dtype).vectors)) << name;
    }
    write_vectors(small(4, 3, dtype), folder.file("a.fvecs"), true, {});
    EXPECT_TRUE(
        same_values(read_vectors(folder.file("a.fvecs"), {}, {}).vectors, small(4, 3, dtype).vectors));
  }
}

TEST(VectorFormats, RefuseValuesThatTheFormatCannotHold) {
  const TemporaryFolder folder;
  Embeddings embeddings = small(2, 2, DType::kF32);
  embeddings.vectors.mutable_data<float>()[3] = 0.5;
  EXPECT_THAT(error_of([&] { write_vectors(embeddings, folder.file("a.u8bin"), false, {}); }),
              HasSubstr("the vector of \"1\" (row 1, counted from 0) has 0.5 in dimension 1"));
  EXPECT_EQ(folder.num_entries(), 0);
}

TEST(VectorFormats, KeepIdsAndAttributesWhereTheFormatCan) {
  const TemporaryFolder folder;
  Embeddings written = small(3, 2, DType::kF32);
  written.ids = Ids::strings({"a", "1", "c d"});
  ColumnBuilder year("year"), name("name"), tags("tags");
  year.add(2019, "");
  year.add_missing();
  year.add(2021, "");
  for (const char* text : {"007", "x, \"y\"", "true"}) name.add(text, "");
  tags.add(Value::List{"p", "q"}, "");
  tags.add_missing();
  tags.add(Value::List{"p"}, "");
  written.attributes.num_rows = 3;
  for (ColumnBuilder* builder : {&year, &name, &tags})
    written.attributes.columns.push_back(builder->finish());
  for (const char* file : {"a.safetensors", "a.jsonl", "a.csv", "a.tsv"}) {
    write_vectors(written, folder.file(file), false, {});
    const Embeddings read = read_vectors(folder.file(file), {}, {});
    EXPECT_EQ(read.ids, written.ids) << file;
    ASSERT_EQ(read.attributes.names(), written.attributes.names()) << file;
    for (size_t c = 0; c < 3; ++c) {
      for (int64_t row = 0; row < 3; ++row) {
        EXPECT_EQ(read.attributes.columns[c].value(row), written.attributes.columns[c].value(row))
            << file << c << row;
      }
    }
  }
}

TEST(VectorFormats, SayWhatTheFormatCannotKeep) {
  const TemporaryFolder folder;
  Notes notes;
  Context context;
  context.progress = &notes;
  Embeddings embeddings = small(2, 2, DType::kF32);
  write_vectors(embeddings, folder.file("a.npy"), false, context);
  EXPECT_EQ(notes.text(), "");
  embeddings.ids = Ids::strings({"a", "b"});
  write_vectors(embeddings, folder.file("a.vec"), false, context);
  EXPECT_EQ(notes.text(), "");
  write_vectors(embeddings, folder.file("a.fvecs"), false, context);
  EXPECT_THAT(notes.text(), HasSubstr("a.fvecs: the format holds no ids; they are left out"));
}

TEST(VectorFormats, RefuseNaNAndInfinityByRowAndDimension) {
  const TemporaryFolder folder;
  Embeddings embeddings = small(2, 2, DType::kF32);
  embeddings.vectors.mutable_data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  write_vectors(embeddings, folder.file("a.npy"), false, {});
  EXPECT_THAT(error_of([&] { read_vectors(folder.file("a.npy"), {}, {}); }),
              HasSubstr("a.npy: the vector of \"1\" (row 1, counted from 0) holds NaN in dimension 0"));
}

TEST(VectorFormats, NameTheKnownFormatsWhenTheNameTellsNone) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { read_vectors(folder.file("a.parquet"), {}, {}); }), HasSubstr(".npy"));
  EXPECT_THAT(error_of([&] { write_vectors(small(1, 1, DType::kF32), folder.file("a.h5"), false, {}); }),
              HasSubstr(".fbin"));
  EXPECT_THAT(error_of([&] { write_vectors(small(1, 1, DType::kF32), folder.file("a.idx"), false, {}); }),
              HasSubstr("IDX"));
  EXPECT_THAT(error_of([&] { write_vectors(small(1, 1, DType::kF32), folder.file("a.npy.gz"), false, {}); }),
              HasSubstr(".gz"));
  EXPECT_THAT(error_of([] { read_vectors("-", {}, {}); }), HasSubstr("name a file"));
  EXPECT_THAT(error_of([&] { read_vectors(folder.file("none.npy"), {}, {}); }), HasSubstr("none.npy"));
}

TEST(VectorFormats, RefuseAFileOfIntegersAsEmbeddingsWithASentence) {
  const TemporaryFolder folder;
  EXPECT_THAT(
      error_of([&] { save_embeddings(small(1, 2, DType::kI32), folder.file("a.safetensors"), false, {}); }),
      HasSubstr("I32"));
}

}  // namespace
}  // namespace whitney
