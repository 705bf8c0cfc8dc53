#include "whitney/data/interactions_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/interactions_reader.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Interactions three_events(Ids users, std::vector<float> values, std::vector<int64_t> times) {
  const std::vector<uint32_t> user_rows = {0, 1, 1}, item_rows = {1, 0, 1};
  return build_interactions(std::move(users), Ids::integers({10, 20}), {user_rows, item_rows, values, times},
                            {});
}

Interactions read_back(const std::string& path) {
  return std::move(read_interactions({path}, {}, {}).front());
}

TEST(InteractionsWriter, WritesWhatIsReadBack) {
  const TemporaryFolder folder;
  const Ids users = Ids::strings({"a b", "ann,x"});
  const std::vector<float> ratings = {0.1F, 3, -2.5e-7F};
  const std::vector<int64_t> times = {1'700'000'000, 0, -5};
  for (const auto& values : {std::vector<float>(), ratings}) {
    for (const auto& seconds : {std::vector<int64_t>(), times}) {
      const Interactions events = three_events(users, values, seconds);
      const std::string path = folder.path() + "/events.tsv";
      write_interactions(events, path, true, {});
      EXPECT_EQ(fingerprint(read_back(path)), fingerprint(events));
    }
  }
}

TEST(InteractionsWriter, ChoosesCommasByTheExtensionAndRefusesIdsThatHoldThem) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/events.csv";
  write_interactions(three_events(Ids::integers({1, 2}), {}, {}), path, false, {});
  EXPECT_EQ(read_back(path).size(), 3);
  EXPECT_THAT(
      error_of([&] { write_interactions(three_events(Ids::strings({"a,b", "c"}), {}, {}), path, true, {}); }),
      AllOf(HasSubstr("events.csv: the user \"a,b\" cannot stand"), HasSubstr(".safetensors")));
  EXPECT_THAT(
      error_of([&] { write_interactions(three_events(Ids::strings({"#a", "c"}), {}, {}), path, true, {}); }),
      HasSubstr("\"#a\""));
  EXPECT_EQ(read_back(path).size(), 3);  // the refused ones left it as it was
}

TEST(InteractionsWriter, RefusesAnExtensionOfAnotherFormat) {
  const TemporaryFolder folder;
  const Interactions events = three_events(Ids::integers({1, 2}), {}, {});
  for (const char* name : {"p.npy", "p", "p.inter"})
    EXPECT_THAT(error_of([&] { write_interactions(events, folder.file(name), false, {}); }),
                HasSubstr("no format of events (expected: .tsv, .csv or .safetensors)"));
}

}  // namespace
}  // namespace whitney
