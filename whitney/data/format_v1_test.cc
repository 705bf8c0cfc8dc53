// The files of format version 1 that are kept in tests/data/format-v1: every later program must read them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "whitney/core/kept_file_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/data/interactions_file.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;

std::string kept_folder() { return kept_file("format-v1"); }

Column column(const char* name, const std::vector<Value>& values, std::optional<ColumnType> type = {}) {
  ColumnBuilder builder(name, type);
  for (const Value& value : values) builder.add(value, "sample");
  return builder.finish();
}

Embeddings embeddings() {
  Embeddings sample;
  sample.ids = Ids::strings({"a", "b c", "\u00e9"});
  sample.vectors = Matrix(3, 2);
  const std::vector<float> values = {1, 2, 3, -4, 0.5, 0};
  std::ranges::copy(values, sample.vectors.mutable_data<float>());
  sample.attributes.num_rows = 3;
  sample.attributes.columns = {column("year", {2019, Value(), -1}),
                               column("price", {0.5, 1e300, -2.0}),
                               column("free", {true, false, true}),
                               column("name", {"x", Value(), ""}),
                               column("day", {"2026-11-24", "1970-01-01", "1969-12-31"}, ColumnType::kDate),
                               column("tags", {Value::List{"q", "p"}, Value::List{}, Value()})};
  sample.record = Value::object({{"program_version", "0.1.0"},
                                 {"method", "fastrp"},
                                 {"options", Value::object({{"dim", 2}})},
                                 {"seed", 42},
                                 {"metric", "l2"}});
  return sample;
}

Table table() {
  Table sample;
  sample.ids = Ids::integers({7, 18446744073709551615U});
  sample.attributes.num_rows = 2;
  sample.attributes.columns = {column("section", {"sound", "net"})};
  return sample;
}

Interactions events() {
  const std::vector<uint32_t> users = {0, 2, 2}, items = {1, 0, 3};
  const std::vector<float> values = {4.5F, -1, 0};
  const std::vector<int64_t> times = {1'700'000'000, -5, 0};
  return build_interactions(Ids::strings(std::vector<std::string>{"ann", "bo", "\u00e9"}),
                            Ids::integers({3, 5, 18446744073709551615U, 8}), {users, items, values, times},
                            {});
}

class FormatV1 : public testing::Test {
 protected:
  void SetUp() override {
    if (kept_folder().empty())
      GTEST_SKIP() << "no tests/data/format-v1 above this folder and no WHITNEY_ROOT";
  }
  static std::string kept(const char* name) { return kept_folder() + "/" + name; }
};

TEST_F(FormatV1, EmbeddingsAreRead) {
  const Artifact artifact = Artifact::open(kept("embeddings.safetensors"));
  artifact.verify({});
  const Embeddings read = load_embeddings(artifact);
  read.validate();
  EXPECT_EQ(fingerprint(read), fingerprint(embeddings()));
  EXPECT_EQ(read.ids, Ids::strings({"a", "b c", "\u00e9"}));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(3, -4));
  EXPECT_EQ(read.attributes.find("day")->value(0), Value("2026-11-24"));
  EXPECT_EQ(read.attributes.find("tags")->value(0).to_json(), R"(["p","q"])");
  EXPECT_TRUE(read.attributes.find("name")->value(1).is_null());
  EXPECT_EQ(read.metric(), Metric::kL2);
  EXPECT_EQ(read.record.at("method"), Value("fastrp"));
}

TEST_F(FormatV1, ATableIsRead) {
  const Artifact artifact = Artifact::open(kept("table.safetensors"));
  artifact.verify({});
  EXPECT_EQ(artifact.kind(), "table");
  const Table read = load_table(artifact);
  EXPECT_EQ(fingerprint(read), fingerprint(table()));
  EXPECT_EQ(read.ids.integer(1), 18446744073709551615U);
  EXPECT_EQ(read.attributes.find("section")->value(1), Value("net"));
}

TEST_F(FormatV1, EventsAreRead) {
  const Artifact artifact = Artifact::open(kept("events.safetensors"));
  artifact.verify({});
  EXPECT_EQ(artifact.kind(), "interactions");
  const Interactions read = load_interactions(artifact);
  EXPECT_EQ(fingerprint(read), fingerprint(events()));
  EXPECT_EQ(read.users.text(1), "bo");  // who has no event
  EXPECT_THAT(read.values.span(), ElementsAre(4.5F, -1, 0));
}

TEST_F(FormatV1, IsStillWrittenByteForByte) {
  if (kFormatVersion != 1) GTEST_SKIP() << "this program writes format version " << kFormatVersion;
  const TemporaryFolder folder;
  save_embeddings(embeddings(), folder.file("e.safetensors"), false, {});
  EXPECT_TRUE(read_file(folder.file("e.safetensors")) == read_file(kept("embeddings.safetensors")));
}

// Run by hand when a kind of file is new: the files that are kept are never written again.
TEST_F(FormatV1, DISABLED_WritesTheKeptFiles) {
  const auto is_new = [](const char* name) { return !std::filesystem::exists(kept(name)); };
  if (is_new("embeddings.safetensors"))
    save_embeddings(embeddings(), kept("embeddings.safetensors"), false, {});
  if (is_new("table.safetensors")) save_table(table(), kept("table.safetensors"), false, {});
  if (is_new("events.safetensors")) save_interactions(events(), kept("events.safetensors"), false, {});
}

}  // namespace
}  // namespace whitney
