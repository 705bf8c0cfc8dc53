// The bm25 indexes of format version 1 that are kept in tests/data/format-v1: every later program must open
// and search them. bm25_first is of the first layout, whose lists keep no scores and whose words no hash
// table.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "whitney/core/temporary_folder.h"
#include "whitney/search/bm25_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney::search {
namespace {

// Where ctest tells, else above the folder that the test runs in; empty when neither has them.
std::string kept_folder() {
  if (const char* root = std::getenv("WHITNEY_ROOT")) return std::string(root) + "/tests/data/format-v1";
  for (std::filesystem::path up = std::filesystem::current_path();; up = up.parent_path()) {
    if (std::filesystem::exists(up / "tests/data/format-v1")) return (up / "tests/data/format-v1").string();
    if (up == up.parent_path()) return {};
  }
}

const Texts kTexts = {"The flow over a thin wing heats it, and a heated wing bends",
                      "Theory of thin shells: shells, thin shells",
                      "",
                      "Été: la théorie des coques minces",
                      "Heat and flow",
                      "Flow flows, flowing flow; computing computers compute flow"};
const Texts kQueries = {"flow", "thin shells", "\"thin shells\"", "comp*", "théorie heat", "unheard"};

class Bm25FormatV1 : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (kept_folder().empty())
      GTEST_SKIP() << "no tests/data/format-v1 above this folder and no WHITNEY_ROOT";
  }
  static std::unique_ptr<Index> kept() {
    return open_index(kept_folder() + "/" + GetParam() + ".safetensors");
  }
};

TEST_P(Bm25FormatV1, FindsWhatAnIndexOfItsTextsFinds) {
  const auto index = kept(), anew = index_texts(kTexts, Value::object());
  EXPECT_EQ(index->ids().text(5), "t5");
  for (const std::string& query : kQueries) {
    for (const bool exact : {false, true})
      EXPECT_EQ(hits_of(*index, query, 6, nullptr, exact), hits_of(*anew, query, 6)) << query;
  }
}

TEST_P(Bm25FormatV1, CanBeChangedAndSavedAnew) {
  auto index = kept();
  index->add_texts({Ids::strings({"t6"}), {"shells flow"}}, {}, {});
  index->remove(Ids::strings({"t0"}), {});
  const TemporaryFolder folder;
  index->save(folder.file("anew.safetensors"), false, {});
  Texts texts(kTexts.begin() + 1, kTexts.end());
  texts.push_back("shells flow");
  const auto opened = open_index(folder.file("anew.safetensors")), anew = index_texts(texts, Value::object());
  for (const std::string& query : kQueries)
    EXPECT_EQ(hits_of(*opened, query, 6), hits_of(*anew, query, 6)) << query;
}

INSTANTIATE_TEST_SUITE_P(Kept, Bm25FormatV1, testing::Values("bm25_first", "bm25"));

}  // namespace
}  // namespace whitney::search
