#include "whitney/data/interactions_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/damaged_artifact_test.h"
#include "whitney/data/input_size.h"
#include "whitney/data/interactions_writer.h"
#include "whitney/data/text_scan.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// User "10" has no event, nor has item "#c"; neither the ids nor their order could stand in lines.
Interactions four_events(const std::vector<float>& values = {1, 5, 2.5F, -3},
                         const std::vector<int64_t>& times = {}) {
  const std::vector<uint32_t> users = {0, 0, 2, 2}, items = {0, 2, 1, 2};
  return build_interactions(Ids::strings(std::vector<std::string>{"b\tb", "10", "9"}),
                            Ids::strings(std::vector<std::string>{"x ", "#c", "a"}),
                            {users, items, values, times}, {});
}

Interactions read(const std::string& path, const InteractionsOptions& options = {}) {
  return std::move(read_interactions({path}, options, {}).front());
}

/// What is said of a file of these events.
std::string said(const Interactions& events) {
  const TemporaryFolder folder;
  save_interactions(events, folder.file("events.safetensors"), false, {});
  return error_of([&] { read(folder.file("events.safetensors")); });
}

TEST(InteractionsFile, HoldsEventsWhole) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.safetensors");
  for (const auto& values : {std::vector<float>(), {1, 5, 2.5F, -3}}) {
    for (const auto& times : {std::vector<int64_t>(), {4, 3, -2, 1'700'000'000}}) {
      const Interactions events = four_events(values, times);
      write_interactions(events, path, true, {});
      const Interactions found = read(path);
      EXPECT_EQ(fingerprint(found), fingerprint(events));
      EXPECT_EQ(found.users, events.users);
      EXPECT_EQ(found.items, events.items);
      EXPECT_EQ(found.source, path);
    }
  }
  const DataSize size = estimate_size(path, DataKind::kInteractions, false);
  EXPECT_EQ(size.num_rows, 3);
  EXPECT_EQ(size.num_items, 3);
  EXPECT_EQ(size.nnz, 4);
}

TEST(InteractionsFile, OfNoEventIsReadBack) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.safetensors");
  const Interactions none = build_interactions(Ids::integers({7}), Ids::integers({}), {}, {});
  save_interactions(none, path, false, {});
  EXPECT_EQ(fingerprint(read(path)), fingerprint(none));
}

TEST(InteractionsFile, LeavesOutLowValuesAndRefusesThoseOutside) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.safetensors");
  save_interactions(four_events({1, 5, 2.5F, -3}, {4, 3, 2, 1}), path, false, {});
  const Interactions high = read(path, {.min_value = 2});
  EXPECT_THAT(high.values.span(), ElementsAre(5, 2.5F));
  EXPECT_THAT(high.times.span(), ElementsAre(3, 2));
  EXPECT_EQ(high.num_users(), 3);
  EXPECT_THAT(error_of([&] { read(path, {.value_range = {1, 5}}); }),
              HasSubstr("events.safetensors: event 3 has the value -3"));
  save_interactions(four_events({}), path, true, {});
  EXPECT_EQ(read(path, {.min_value = 1.5, .value_range = {2, 3}}).size(), 4);  // there are no values
}

TEST(InteractionsFile, ComparesValuesAsLinesDo) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.safetensors");
  save_interactions(four_events({0.7F, 0.9F, 0.8F, 0.1F}), path, false, {});
  EXPECT_EQ(read(path, {.min_value = 0.7}).size(), 3);
  EXPECT_EQ(read(path, {.value_range = {0.1, 0.9}}).size(), 4);
}

TEST(InteractionsFile, NamesTheIdThatIsWrong) {
  Interactions events = four_events();
  events.users = Ids::strings(std::vector<std::string>{"b", "10", "b"});
  EXPECT_THAT(said(events),
              HasSubstr("events.safetensors: the id \"b\" stands twice among the users, in rows "
                        "0 and 2"));
  events = four_events();
  events.items = Ids::integers({4, 5, 5});
  EXPECT_THAT(said(events), HasSubstr("events.safetensors: the id \"5\" stands twice among the items"));
  events = four_events();
  events.items = Ids::strings(std::vector<std::string>{"a", "\xff", "c"});
  EXPECT_THAT(said(events),
              HasSubstr("events.safetensors: the id \"\\xff\" of row 1 of the items is not UTF-8"));
  events = four_events();
  const std::vector<uint64_t> offsets = {0, uint64_t{1} << 40, 2, 3};
  events.users = Ids::mapped_strings(Array<uint64_t>::copy_of(offsets),
                                     Array<char>::copy_of(std::vector<char>{'a', 'b', 'c'}));
  EXPECT_THAT(said(events), HasSubstr("events.safetensors: the offsets of the id of row 0"));
}

TEST(InteractionsFile, NamesTheFileThatHoldsNoEvents) {
  const TemporaryFolder folder;
  Embeddings vectors;
  vectors.ids = Ids::integers({1});
  vectors.vectors = Matrix::zeros(1, 2);
  save_embeddings(vectors, folder.file("vectors.safetensors"), false, {});
  EXPECT_THAT(error_of([&] { read(folder.file("vectors.safetensors")); }),
              HasSubstr("vectors.safetensors: is of kind embeddings and holds no events"));
}

TEST(InteractionsFile, SaysWhichRowsDoNotFit) {
  Interactions events = four_events();
  events.targets = Array<uint32_t>::copy_of(std::vector<uint32_t>{2, 0, 1, 2});
  EXPECT_THAT(said(events), HasSubstr("events.safetensors: the items of user row 0 do not rise"));
  events.targets = Array<uint32_t>::copy_of(std::vector<uint32_t>{0, 2, 1, 3});
  EXPECT_THAT(said(events), HasSubstr("the items of user row 2 do not rise within the 3 items"));
  events = four_events();
  events.offsets = Array<int64_t>::copy_of(std::vector<int64_t>{0, 3, 2, 4});
  EXPECT_THAT(said(events), HasSubstr("do not lie one behind the other in the 4 events"));
  events = four_events();
  events.times = Array<int64_t>::copy_of(std::vector<int64_t>{1, 2});
  EXPECT_THAT(said(events), HasSubstr("\"events.times\" has 2 entries for 4 events"));
  events = four_events();
  events.values = Array<float>::copy_of(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN(), 3, 4});
  EXPECT_THAT(said(events), HasSubstr("the value of event 1 is no finite number"));
}

// A file with a bit flipped or its end missing: an error that names it, or events.
TEST(InteractionsFile, SurvivesDamage) {
  const TemporaryFolder folder;
  save_interactions(four_events({1, 2, 3, 4}, {4, 3, 2, 1}), folder.file("events"), false, {});
  read_damaged(folder.file("events"), [](const Artifact& artifact) {
    const Interactions events = load_interactions(artifact);
    static_cast<void>(fingerprint(transposed(events)));
    for (const Ids* ids : {&events.users, &events.items}) {  // as messages about a row would
      for (int64_t row = 0; row < ids->size(); ++row) static_cast<void>(data::quoted(ids->text(row)));
    }
  });
}

}  // namespace
}  // namespace whitney
