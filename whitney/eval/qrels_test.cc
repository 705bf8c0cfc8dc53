#include "whitney/eval/qrels.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::eval {
namespace {

class QrelsTest : public testing::Test {
 protected:
  Qrels read(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
    return read_qrels(folder_.file(name), {});
  }
  std::string error(const std::string& name, const std::string& text) const {
    const std::string sentence = error_of([&] { read(name, text); });
    return sentence.substr(std::min(sentence.size(), sentence.find(name)));
  }

 private:
  TemporaryFolder folder_;
};

void expect_two_queries(const Qrels& qrels) {
  ASSERT_EQ(qrels.queries.size(), 2U);
  EXPECT_EQ(qrels.queries[0].id, "q2");
  EXPECT_EQ(qrels.queries[0].grade_of("d1"), 2);
  EXPECT_EQ(qrels.queries[0].grade_of("d0"), -1);
  EXPECT_EQ(qrels.queries[0].grade_of("d7"), 0);
  EXPECT_TRUE(qrels.queries[0].has_relevant());
  EXPECT_EQ(qrels.queries[1].id, "q1");
  EXPECT_FALSE(qrels.queries[1].has_relevant());
}

TEST_F(QrelsTest, ReadsTheFormsOfTrecAndBeir) {
  expect_two_queries(read("a.txt", "q2 0 d1 2\nq1\t0 \td1\t0\n\nq2 Q0  d0 -1\r\n"));
  expect_two_queries(read("b.tsv", "query-id\tcorpus-id\tscore\nq2\td1\t2\nq1\td1\t0\nq2\td0\t-1\n"));
  expect_two_queries(read("c.tsv", "q2\td1\t2\nq1\td1\t0\nq2\td0\t-1\n"));
  expect_two_queries(read("d.jsonl", R"({"query-id": "q2", "corpus-id": "d1", "score": 2}
{"query-id": "q1", "corpus-id": "d1", "score": 0, "id": []}
{"query-id": "q2", "corpus-id": "d0", "score": -1})"));
}

TEST_F(QrelsTest, KeepsBlanksInIdsBetweenTabs) {
  EXPECT_EQ(read("a.tsv", "1\tOvid Rahm\t1\n").queries[0].grade_of("Ovid Rahm"), 1);
  EXPECT_EQ(read("a.jsonl", R"({"query-id": 17, "corpus-id": "Ovid Rahm", "score": 1})").queries[0].id, "17");
}

TEST_F(QrelsTest, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(error("a.txt", "1 0 d1 1\n1 0 d2 yes\n"), "a.txt:2: grade \"yes\" is not a whole number");
  EXPECT_EQ(error("a.txt", "1 0 d1 0.5\n"), "a.txt:1: grade \"0.5\" is not a whole number");
  EXPECT_EQ(error("a.txt", "1 0 d1 1\n1 d2 1\n"),
            "a.txt:2: 3 fields (expected: query, iteration, document, grade as TREC has them, or query-id, "
            "corpus-id, score as BEIR)");
  EXPECT_NE(error("a.txt", "1 0 d1 1 tag\n").find("a.txt:1: 5 fields"), std::string::npos);
  EXPECT_EQ(error("a.txt", "1 0 d1 1\n2 0 d1 1\n1 0 d1 0\n"),
            "a.txt:3: document \"d1\" of query \"1\" has been judged in line 1 already");
  EXPECT_NE(error("a.txt", "query-id corpus-id score\n").find("no judgements"), std::string::npos);
  EXPECT_NE(
      error("a.jsonl", R"({"query-id": "1", "score": 1})").find("a.jsonl:1: field \"corpus-id\" is missing"),
      std::string::npos);
  EXPECT_EQ(error("a.jsonl", R"({"query-id": "1", "corpus-id": "d", "score": 0.5})"),
            "a.jsonl:1: field \"score\" holds 0.5 (expected: a whole number)");
  EXPECT_EQ(error("a.jsonl", R"({"query-id": [1], "corpus-id": "d", "score": 1})"),
            "a.jsonl:1: field \"query-id\" holds [1] (expected: an id)");
}

TEST(Qrels, ReadsTheRealFilesAsTheyAre) {
  const char* data = std::getenv("WHITNEY_DATA");
  const std::string folder = data != nullptr ? data : "";
  const std::string cranfield = folder + "/cranfield/qrels.txt";
  const std::string limit = folder + "/limit/small/qrels.jsonl.gz";
  if (!std::filesystem::exists(cranfield) || !std::filesystem::exists(limit))
    GTEST_SKIP() << "no " << cranfield << " and " << limit << " (WHITNEY_DATA)";
  EXPECT_EQ(read_qrels(cranfield, {}).queries.size(), 225U);
  const Qrels small = read_qrels(limit, {});
  EXPECT_EQ(small.queries.size(), 1000U);
  EXPECT_EQ(small.queries[0].judgements.size(), 2U);
}

}  // namespace
}  // namespace whitney::eval
