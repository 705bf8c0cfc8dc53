#include "whitney/eval/run_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::eval {
namespace {

using Ids = std::vector<std::string>;

class RunFile : public testing::Test {
 protected:
  TrecRun read(const std::string& text) const {
    std::ofstream(folder_.file("a.run")) << text;
    return read_run(folder_.file("a.run"), {});
  }
  std::string error(const std::string& text) const {
    const std::string sentence = error_of([&] { read(text); });
    return sentence.substr(std::min(sentence.size(), sentence.find("a.run")));
  }

  TemporaryFolder folder_;
};

TEST_F(RunFile, OrdersHitsByScoreThenByTheLaterNameWhateverTheRanksTell) {
  const TrecRun run = read("1 Q0 d1 1 0.5 t\n2 Q0 d1 1 -3 t\n1 Q0 d10 2 2e0 t\n1\tQ0\td2\t3\t0.5\tt\n");
  ASSERT_EQ(run.queries.size(), 2U);
  EXPECT_EQ(run.queries[0].hits.ids, (Ids{"d10", "d2", "d1"}));
  EXPECT_EQ(run.queries[0].hits.values, (std::vector<float>{2, 0.5, 0.5}));
  EXPECT_EQ(run.queries[1].id, "2");
}

TEST_F(RunFile, ComparesScoresAsFloat32) {
  EXPECT_EQ(read("1 Q0 d1 1 1.0000000001 t\n1 Q0 d2 2 1 t\n").queries[0].hits.ids, (Ids{"d2", "d1"}));
}

TEST_F(RunFile, ReadsBackWhatItWrites) {
  const std::vector<float> values = {3.4e38F, 1.0F / 3, 0.1F, 1e-42F, -0.25F};
  const TrecRun run{{{"q", {{"e", "d", "c", "b", "a"}, values}}, {"r", {{"x"}, {1}}}}};
  write_run(run, "mine", folder_.file("b.run"));
  const TrecRun back = read_run(folder_.file("b.run"), {});
  EXPECT_EQ(back.queries[0].hits.ids, run.queries[0].hits.ids);
  EXPECT_EQ(back.queries[0].hits.values, values);
  std::ifstream file(folder_.file("b.run"));
  std::string line;
  std::getline(file, line);
  std::getline(file, line);
  EXPECT_EQ(line, "q Q0 d 2 0.33333334 mine");
  EXPECT_NE(error_of([&] { write_run(run, "mine", folder_.file("b.run")); }), "no error");
}

TEST_F(RunFile, RefusesIdsThatTheFormCannotHold) {
  const TrecRun run{{{"q", {{"Ovid Rahm"}, {1}}}}};
  const std::string sentence = error_of([&] { write_run(run, "mine", folder_.file("b.run")); });
  EXPECT_NE(sentence.find("the id \"Ovid Rahm\" holds a blank"), std::string::npos);
  EXPECT_NE(error_of([&] { read_run(folder_.file("b.run"), {}); }), "no error");
}

TEST_F(RunFile, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(error("1 Q0 d1 1 0.5\n"), "a.run:1: 5 fields (expected: query, Q0, document, rank, score, tag)");
  EXPECT_EQ(error("1 Q0 d1 1 0.5 t\n1 Q0 d2 2 high t\n"), "a.run:2: score \"high\" is not a number");
  EXPECT_EQ(error("1 Q0 d1 1 nan t\n"), "a.run:1: score \"nan\" is not a number");
  EXPECT_EQ(error("1 Q0 d1 1 0.5 t\n2 Q0 d1 1 0.5 t\n1 Q0 d1 2 0.25 t\n"),
            "a.run:3: document \"d1\" of query \"1\" stands in line 1 already");
  EXPECT_NE(error("\n").find("there are no hits"), std::string::npos);
}

}  // namespace
}  // namespace whitney::eval
