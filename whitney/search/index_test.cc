#include "whitney/search/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney {
namespace {

using testing::Contains;
using testing::HasSubstr;

Embeddings three_vectors() {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"one", "two", "none"});
  embeddings.vectors = Matrix::zeros(3, 2);
  float* values = embeddings.vectors.mutable_data<float>();
  values[0] = 1;
  values[2] = values[3] = 2;
  ColumnBuilder size("size");
  for (const int64_t value : {1, 2, 3}) size.add_int(value, "");
  embeddings.attributes = {3, {size.finish()}};
  embeddings.record = Value::object({{"method", "by-hand"}, {"metric", "cosine"}, {"seed", 7}});
  return embeddings;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

TEST(BuildIndex, CompletesTheRecordAndKeepsTheOneOfTheEmbeddingsAsParent) {
  Context context;
  context.seed = 11;
  const Value record = build_index("flat", three_vectors(), Value::object(), context)->record();
  EXPECT_EQ(record.at("method"), Value("flat"));
  EXPECT_EQ(record.at("metric"), Value("cosine"));
  EXPECT_EQ(record.at("seed"), Value(11));
  EXPECT_EQ(record.at("inputs").as_list()[0].at("num_rows"), Value(3));
  EXPECT_EQ(record.at("inputs").as_list()[0].at("fingerprint"), Value(fingerprint(three_vectors())));
  EXPECT_EQ(record.at("parents").as_list()[0].at("method"), Value("by-hand"));
}

TEST(BuildIndex, CountsZeroVectorsUnderCosineInANote) {
  Notes notes;
  Context context;
  context.progress = &notes;
  build_index("flat", three_vectors(), Value::object(), context);
  EXPECT_THAT(notes.sentences, Contains(HasSubstr("1 of 3 vectors are zero")));
}

TEST(BuildIndex, NamesTheNearestMethodAndRefusesUnknownOptions) {
  EXPECT_THAT(error_of([] { build_index("flatt", three_vectors(), Value::object(), {}); }),
              HasSubstr("\"flat\""));
  EXPECT_THAT(error_of([] { build_index("flat", three_vectors(), Value::object({{"m", 3}}), {}); }),
              HasSubstr("\"m\""));
}

TEST(BuildIndex, RefusesWhatCannotFitWithTheFigure) {
  Context context;
  context.max_memory_bytes = 10;
  EXPECT_THAT(error_of([&] { build_index("flat", three_vectors(), Value::object(), context); }),
              HasSubstr("72 bytes"));
}

TEST(BuildIndex, RefusesVectorsThatAreNotFinite) {
  Embeddings embeddings = three_vectors();
  embeddings.vectors.mutable_data<float>()[3] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(error_of([&] { build_index("flat", embeddings, Value::object(), {}); }), HasSubstr("\"two\""));
}

TEST(OpenIndex, OpensEmbeddingsAsAFlatIndex) {
  const TemporaryFolder folder;
  const std::string path = folder.file("vectors.safetensors");
  save_embeddings(three_vectors(), path, false, {});
  const auto index = open_index(path);
  EXPECT_EQ(index->method(), "flat");
  EXPECT_EQ(index->ids().string(1), "two");
  EXPECT_EQ(index->attributes().find("size")->value(1), Value(2));
  EXPECT_EQ(index->record().at("parents").as_list()[0].at("seed"), Value(7));
}

TEST(OpenIndex, NamesTheFileThatIsMissingOrIsNoIndex) {
  const TemporaryFolder folder;
  const std::string table = folder.file("table.safetensors"), text = folder.file("text.safetensors");
  save_table({three_vectors().ids, three_vectors().attributes}, table, false, {});
  write_bytes(text, "no artifact at all");
  for (const std::string& path : {table, text, folder.file("missing.safetensors")}) {
    EXPECT_THAT(error_of([&] { open_index(path); }), HasSubstr(path));
  }
}

TEST(OpenIndex, NamesTheMethodThatThisProgramDoesNotHave) {
  const TemporaryFolder folder;
  const std::string path = folder.file("future.safetensors");
  ArtifactWriter writer("index", Value::object({{"method", "oracle"}}));
  writer.add("vectors", {1, 1}, Array<float>{1.0F});
  writer.write(path, false, {});
  const std::string error = error_of([&] { open_index(path); });
  EXPECT_THAT(error, HasSubstr(path));
  EXPECT_THAT(error, HasSubstr("oracle"));
}

TEST(OpenIndex, SaysWhatIsWrongWithATruncatedFileWhereverItEnds) {
  const TemporaryFolder folder;
  const std::string path = folder.file("whole.safetensors"), cut = folder.file("cut.safetensors");
  build_index("flat", three_vectors(), Value::object(), {})->save(path, false, {});
  const std::string whole = bytes_of(path);
  for (size_t size = 0; size < whole.size(); size += size < 4096 + 64 ? 131 : 1) {
    write_bytes(cut, std::string_view(whole).substr(0, size));
    EXPECT_THAT(error_of([&] { open_index(cut); }), HasSubstr(cut)) << size;
  }
}

TEST(OpenIndex, NeverCrashesOnAFileWithOneBitWrong) {
  const TemporaryFolder folder;
  const std::string path = folder.file("whole.safetensors"), bad = folder.file("bad.safetensors");
  build_index("flat", three_vectors(), Value::object(), {})->save(path, false, {});
  const std::string whole = bytes_of(path);
  for (size_t at = 0; at < whole.size(); at += 13) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write_bytes(bad, changed);
    try {
      const auto index = open_index(bad);
      index->search(Matrix::zeros(1, index->dim()), {}, {});
      for (int64_t row = 0; row < index->num_rows(); ++row) index->ids().text(row);
    } catch (const Error&) {
      continue;  // said so: right
    }
  }
}

}  // namespace
}  // namespace whitney
