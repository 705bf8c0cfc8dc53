#include "whitney/data/artifact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/safetensors_header.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Artifact open_bytes(const std::string& bytes) {
  const auto view = std::as_bytes(std::span(bytes));
  return Artifact::from_bytes(Array<std::byte>::copy_of(view), "a.safetensors");
}

// 3 x 2 vectors, string ids, and an attribute of every type, two of them with a missing value.
Embeddings sample() {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"a", "", "\u00e9"});
  embeddings.vectors = Matrix(3, 2);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  std::ranges::copy(values, embeddings.vectors.mutable_data<float>());
  const auto add = [&](const char* name, const std::vector<Value>& column,
                       std::optional<ColumnType> type = {}) {
    ColumnBuilder builder(name, type);
    for (const Value& value : column) builder.add(value, "sample");
    embeddings.attributes.columns.push_back(builder.finish());
  };
  embeddings.attributes.num_rows = 3;
  add("year", {2019, Value(), -1});
  add("price", {0.5, 1e300, -2.0});
  add("free", {true, false, true});
  add("name", {"x", "y", "x"});
  add("day", {"2026-11-24", "1970-01-01", "1969-12-31"}, ColumnType::kDate);
  add("tags", {Value::List{"p", "q"}, Value::List{}, Value()});
  embeddings.record = Value::object({{"method", "toy"}, {"metric", "l2"}});
  return embeddings;
}

std::string sample_bytes() {
  const TemporaryFolder folder;
  save_embeddings(sample(), folder.file("a.safetensors"), false, {});
  return bytes_of(folder.file("a.safetensors"));
}

// Follows everything that a reader may follow.
std::string walk(const Artifact& artifact) {
  const Embeddings read = load_embeddings(artifact);
  std::string text = concat(read.record.to_json(), read.vectors.rows(), " ", read.vectors.cols());
  for (int64_t row = 0; row < read.size(); ++row) {
    text += read.ids.text(row);
    for (const Column& column : read.attributes.columns) text += column.name + column.value(row).to_json();
  }
  return text + std::string(reinterpret_cast<const char*>(read.vectors.bytes().data()),
                            static_cast<size_t>(read.vectors.bytes().size()));
}

TEST(Artifact, GivesBackWhatWasSaved) {
  const TemporaryFolder folder;
  const Embeddings saved = sample();
  save_embeddings(saved, folder.file("a.safetensors"), false, {});
  const Embeddings read = load_embeddings(folder.file("a.safetensors"));
  read.validate();
  EXPECT_EQ(fingerprint(read), fingerprint(saved));
  EXPECT_EQ(read.ids, saved.ids);
  for (size_t c = 0; c < saved.attributes.columns.size(); ++c) {
    EXPECT_EQ(read.attributes.columns[c].type, saved.attributes.columns[c].type);
    for (int64_t row = 0; row < 3; ++row)
      EXPECT_EQ(read.attributes.columns[c].value(row), saved.attributes.columns[c].value(row));
  }
  EXPECT_EQ(read.metric(), Metric::kL2);
  EXPECT_EQ(read.record.at("method"), Value("toy"));
}

TEST(Artifact, PutsLargeTensorsFirstEachAtAMultipleOf64Bytes) {
  const std::string file = sample_bytes();
  const SafetensorsHeader header = parse_safetensors_header(std::as_bytes(std::span(file)), "a");
  EXPECT_EQ(header.data_start % 4096, 0);
  int64_t last = INT64_MAX, padding = 0;
  for (const TensorEntry& tensor : header.tensors) {
    if (tensor.name.starts_with("padding.")) {
      EXPECT_EQ(tensor.name, concat("padding.", padding++));
      EXPECT_EQ(tensor.dtype, DType::kU8);
      EXPECT_EQ(tensor.end % 64, 0) << "padding ends where the next tensor begins";
      continue;
    }
    EXPECT_TRUE(tensor.begin == tensor.end || tensor.begin % 64 == 0) << tensor.name;
    EXPECT_LE(tensor.end - tensor.begin, last) << tensor.name;
    last = tensor.end - tensor.begin;
  }
  EXPECT_GT(padding, 0);
}

TEST(Artifact, KeepsNoTimePathOrThreadCountInItsRecord) {
  const TemporaryFolder folder;
  Context one, five;
  one.threads = 1;
  five.threads = 5;
  save_embeddings(sample(), folder.file("a.safetensors"), false, one);
  save_embeddings(sample(), folder.file("elsewhere.safetensors"), false, five);
  EXPECT_EQ(bytes_of(folder.file("a.safetensors")), bytes_of(folder.file("elsewhere.safetensors")));
  EXPECT_THAT(Artifact::open(folder.file("a.safetensors")).record().as_object().size(), 8);
}

TEST(Artifact, SavesWhatItLoadedToTheSameBytes) {
  const TemporaryFolder folder;
  save_embeddings(sample(), folder.file("a.safetensors"), false, {});
  save_embeddings(load_embeddings(folder.file("a.safetensors")), folder.file("b.safetensors"), false, {});
  EXPECT_EQ(bytes_of(folder.file("a.safetensors")), bytes_of(folder.file("b.safetensors")));
}

TEST(Artifact, HoldsEmbeddingsOfNoRow) {
  const TemporaryFolder folder;
  Embeddings none;
  none.ids = Ids::row_numbers(0);
  none.vectors = Matrix(0, 3);
  save_embeddings(none, folder.file("a.safetensors"), false, {});
  const Embeddings read = load_embeddings(folder.file("a.safetensors"));
  EXPECT_EQ(read.size(), 0);
  EXPECT_EQ(read.dim(), 3);
  EXPECT_NO_THROW(Artifact::open(folder.file("a.safetensors")).verify({}));
}

TEST(Artifact, HoldsATableWithoutVectors) {
  const TemporaryFolder folder;
  save_table({sample().ids, sample().attributes}, folder.file("t.safetensors"), false, {});
  const Artifact artifact = Artifact::open(folder.file("t.safetensors"));
  EXPECT_EQ(artifact.kind(), "table");
  EXPECT_EQ(load_table(artifact).attributes.find("year")->value(0), Value(2019));
  EXPECT_THAT(error_of([&] { load_embeddings(artifact); }),
              HasSubstr("is of kind table and holds no vectors"));
}

TEST(Artifact, GivesTheTableOfEmbeddings) {
  const Table table = load_table(open_bytes(sample_bytes()));
  EXPECT_EQ(table.ids, sample().ids);
  EXPECT_THAT(table.attributes.names(), ElementsAre("year", "price", "free", "name", "day", "tags"));
}

TEST(Artifact, NamesAMissingTensorAndAWrongType) {
  const Artifact artifact = open_bytes(sample_bytes());
  EXPECT_THAT(error_of([&] { artifact.tensor("nodes"); }),
              HasSubstr("a.safetensors: the tensor \"nodes\" is missing"));
  EXPECT_THAT(error_of([&] { artifact.tensor("vectors").as<double>(); }),
              HasSubstr("tensor \"vectors\" is of type F32"));
  EXPECT_EQ(artifact.find("nodes"), nullptr);
}

TEST(ArtifactVerify, NamesTheTensorOfAChangedByte) {
  const std::string whole = sample_bytes();
  const SafetensorsHeader header = parse_safetensors_header(std::as_bytes(std::span(whole)), "a");
  open_bytes(whole).verify({});
  for (const TensorEntry& tensor : header.tensors) {
    if (tensor.begin == tensor.end) continue;
    std::string damaged = whole;
    char& last = damaged[static_cast<size_t>(header.data_start + tensor.end - 1)];
    last = static_cast<char>(last ^ 1);
    EXPECT_THAT(error_of([&] { open_bytes(damaged).verify({}); }),
                HasSubstr("the tensor \"" + tensor.name + "\""));
  }
}

TEST(ArtifactVerify, FindsEveryBitFlippedInTheHeader) {
  const std::string whole = sample_bytes();
  const size_t text_end = whole.find_last_not_of(' ', 4095) + 1;
  const std::string before = walk(open_bytes(whole));
  for (size_t byte = 0; byte < text_end + 8; byte += byte < 8 ? 1 : one_in()) {
    for (int bit = 0; bit < 8; bit += byte < 8 ? 1 : 3) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      EXPECT_NE(error_of([&] { open_bytes(damaged).verify({}); }), "no error")
          << "byte " << byte << " bit " << bit;
      error_of(
          [&] { walk(open_bytes(damaged)); });  // without a look at the hashes: an Error or values, no crash
    }
  }
  EXPECT_EQ(walk(open_bytes(whole)), before);
}

TEST(Artifact, NeverCrashesOnAFlippedBitOfATensor) {
  const std::string whole = sample_bytes();
  const auto start =
      static_cast<size_t>(parse_safetensors_header(std::as_bytes(std::span(whole)), "a").data_start);
  for (size_t byte = start; byte < whole.size(); byte += one_in()) {
    for (int bit = 0; bit < 8; bit += 3) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      error_of([&] { walk(open_bytes(damaged)); });
      error_of([&] { load_embeddings(open_bytes(damaged)).validate(); });
    }
  }
}

TEST(Artifact, ThrowsErrorWhereverTheFileIsCut) {
  const std::string whole = sample_bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of([&] { open_bytes(whole.substr(0, size)); }), "no error") << size;
  }
  EXPECT_NE(error_of([&] { open_bytes(whole + "x"); }), "no error");
}

// A file of one or two tensors as another program writes it, the data right behind an unpadded header.
std::string foreign(const std::string& tensors, const std::string& data, const std::string& metadata = "") {
  const std::string json = "{" + metadata + tensors + "}";
  const uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + json + data;
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(ForeignArtifact, GivesItsOnly2dTensorAsVectors) {
  const Artifact artifact = open_bytes(foreign(
      R"("w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]})",
      raw<float>({1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(artifact.kind(), "");
  const Embeddings read = load_embeddings(artifact);
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(3, 4));
  EXPECT_EQ(read.ids, Ids::row_numbers(2));
  EXPECT_THAT(error_of([&] { artifact.verify({}); }), HasSubstr("has no hashes"));
}

TEST(ForeignArtifact, ReadsValuesAtAnOddAddressAndDoublesAsFloats) {
  const Embeddings read = load_embeddings(open_bytes(
      foreign(R"("w" :{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]})", raw<double>({0.1, -1}))));
  EXPECT_THAT(read.vectors.row<float>(0), ElementsAre(0.1F, -1));
}

TEST(ForeignArtifact, AsksWhichOfTwoTensorsIsMeant) {
  const std::string error = error_of([] {
    load_embeddings(open_bytes(foreign(
        R"("u":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"v":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]})",
        raw<float>({1, 2}))));
  });
  EXPECT_THAT(error, HasSubstr("\"u\" and \"v\" both could"));
  EXPECT_THAT(error_of([] { load_embeddings(open_bytes(foreign("", ""))); }), HasSubstr("it has: none"));
}

std::string whitney_metadata(const std::string& record) {
  return "\"__metadata__\":{\"whitney\":" + Value(record).to_json() + "}";
}

TEST(Artifact, RefusesANewerFormatWithASentence) {
  EXPECT_THAT(error_of([] {
                open_bytes(foreign("", "", whitney_metadata(R"({"kind":"embeddings","format_version":2})")));
              }),
              HasSubstr("a.safetensors: is of format version 2; this program reads up to version 1"));
  EXPECT_THAT(error_of([] { open_bytes(foreign("", "", whitney_metadata(R"({"kind":"embeddings"})"))); }),
              HasSubstr("does not tell format_version and kind"));
}

TEST(Artifact, RefusesMorePointsThan32BitsNumber) {
  EXPECT_THAT(error_of([] {
                load_embeddings(open_bytes(
                    foreign(R"("vectors":{"dtype":"F32","shape":[4294967296,0],"data_offsets":[0,0]})", "")));
              }),
              HasSubstr("has 4294967296 rows (the most is 4294967294)"));
}

TEST(Artifact, RefusesItsOwnKindWithoutIds) {
  const std::string tensors = R"(,"vectors":{"dtype":"F32","shape":[0,1],"data_offsets":[0,0]})";
  EXPECT_THAT(error_of([&] {
                load_embeddings(open_bytes(
                    foreign(tensors, "", whitney_metadata(R"({"kind":"embeddings","format_version":1})"))));
              }),
              HasSubstr("ids"));
}

TEST(ArtifactWriter, TellsTheBytesOfAFileBeforeItsTensorsAreThere) {
  const TemporaryFolder folder;
  for (const int64_t rows : {0, 1, 3, 300, 5000}) {
    ArtifactWriter writer("embeddings", Value::object({{"method", "toy"}}));
    writer.add("fitted", {7}, Array<float>(7, 1.0F));
    writer.add_attributes(sample().attributes);
    const int64_t told =
        writer.size_bytes({{"codes", DType::kU8, {rows, 13}}, {"rows", DType::kU32, {rows}}});
    writer.add("codes", {rows, 13}, Array<uint8_t>(rows * 13, uint8_t{1}));
    writer.add("rows", {rows}, Array<uint32_t>(rows, 1U));
    EXPECT_EQ(writer.size_bytes(), told);
    writer.write(folder.file("a"), true, {});
    EXPECT_EQ(std::ssize(bytes_of(folder.file("a"))), told) << rows << " rows";
  }
}

TEST(ArtifactWriter, RefusesANameTwiceAndBytesOfAnotherSize) {
  ArtifactWriter writer("model", {});
  writer.add("a", {2}, Array<float>{1, 2});
  EXPECT_THROW(writer.add("a", {2}, Array<float>{1, 2}), InternalError);
  EXPECT_THROW(writer.add("b", {3}, Array<float>{1, 2}), InternalError);
  EXPECT_THROW(writer.add("padding.0", {2}, Array<float>{1, 2}), InternalError);
}

TEST(ArtifactWriter, LeavesNothingBehindWhenInterrupted) {
  const TemporaryFolder folder;
  CancellationToken stop;
  stop.request();
  Context context;
  context.cancellation = &stop;
  EXPECT_THROW(save_embeddings(sample(), folder.file("a.safetensors"), false, context), Cancelled);
  EXPECT_EQ(folder.num_entries(), 0);
}

TEST(ProvenanceOf, LeavesOutWhatBelongsToOneFile) {
  const Value record = open_bytes(sample_bytes()).record();
  EXPECT_NE(record.find("hashes"), nullptr);
  const Value provenance = provenance_of(record);
  EXPECT_EQ(provenance.find("hashes"), nullptr);
  EXPECT_EQ(provenance.find("schema"), nullptr);
  EXPECT_EQ(provenance.find("kind"), nullptr);
  EXPECT_EQ(provenance.at("method"), Value("toy"));
}

TEST(Artifact, TellsFilesApartByTheirFingerprints) {
  const std::string whole = sample_bytes();
  std::string damaged = whole;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_EQ(open_bytes(whole).fingerprint(), open_bytes(whole).fingerprint());
  EXPECT_EQ(open_bytes(whole).fingerprint().size(), 32);
  EXPECT_NE(open_bytes(whole).fingerprint(), open_bytes(damaged).fingerprint());
}

}  // namespace
}  // namespace whitney
