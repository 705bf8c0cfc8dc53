#include "whitney/eval/text_pairs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::eval {
namespace {

using Texts = std::vector<std::string>;

class TextPairsTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
    return folder_.file(name);
  }
  TextPairs read(const std::string& name, const std::string& text, const TextPairFields& fields = {}) const {
    return read_text_pairs(write(name, text), fields, {});
  }
  std::string error(const std::string& name, const std::string& text,
                    const TextPairFields& fields = {}) const {
    const std::string sentence = error_of([&] { read(name, text, fields); });
    return sentence.substr(std::min(sentence.size(), sentence.find(name)));
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(TextPairsTest, ReadsTheLayoutOfTheStsBenchmark) {
  const TextPairs pairs = read("sts-test.tsv",
                               "main-captions\timages\t2014\t0011\t2.8\tThe \"boys\" look.\t\"Two boys.\n"
                               "main-news\theadlines\t2015\t7\t5.000\ta\tb\tlicence\tmore\n");
  EXPECT_EQ(pairs.first, (Texts{"The \"boys\" look.", "a"}));
  EXPECT_EQ(pairs.second, (Texts{"\"Two boys.", "b"}));
  EXPECT_EQ(pairs.scores, (std::vector<double>{2.8, 5}));
  EXPECT_EQ(pairs.lines, (std::vector<int64_t>{1, 2}));
}

TEST_F(TextPairsTest, ReadsTheColumnsOfSick) {
  const TextPairs pairs = read("SICK_trial.txt",
                               "pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\r\n"
                               "4\tOne runs\tNobody runs\t3.6\tCONTRADICTION\r\n");
  EXPECT_EQ(pairs.first, Texts{"One runs"});
  EXPECT_EQ(pairs.second, Texts{"Nobody runs"});
  EXPECT_EQ(pairs.scores, std::vector<double>{3.6});
}

TEST_F(TextPairsTest, ReadsPlainColumnsInAnyOrderAndFormat) {
  const auto check = [](const TextPairs& pairs) {
    EXPECT_EQ(pairs.first, (Texts{"a, b", "c"}));
    EXPECT_EQ(pairs.second, (Texts{"d", "e"}));
    EXPECT_EQ(pairs.scores, (std::vector<double>{1, -0.5}));
  };
  check(read("p.tsv", "a, b\td\t1\nc\te\t-0.5\n"));
  check(read("p.tsv", "score\tsentence2\tsentence1\n1\td\ta, b\n-0.5\te\tc\n"));
  check(read("p.csv", "sentence1,sentence2,score\n\"a, b\",d,1\nc,e,-0.5\n"));
  check(read("p.jsonl", R"({"score": 1, "sentence1": "a, b", "sentence2": "d", "id": [3]}
{"sentence1": "c", "sentence2": "e", "score": -0.5})"));
  check(read("p.jsonl", R"({"human": 1, "left": "a, b", "right": "d"}
{"left": "c", "right": "e", "human": -0.5})",
             {"left", "right", "human"}));
}

TEST_F(TextPairsTest, TakesIdsThatAreNumbers) {
  const TextPairs pairs = read("p.jsonl", R"({"id1": 7, "id2": 8, "score": 1})");
  EXPECT_EQ(pairs.first, Texts{"7"});
}

TEST_F(TextPairsTest, OffersTheNearestColumn) {
  const std::string text = "left\tright\tgold\na\tb\t1\n";
  EXPECT_EQ(error("p.tsv", text, {"lefft", "right", "gold"}),
            "p.tsv: there is no column \"lefft\"; did you mean \"left\"?");
  EXPECT_EQ(error("p.tsv", text, {"left", "right", std::nullopt}),
            "p.tsv: there is no column \"score\" (expected: columns sentence1, sentence2 and score; "
            "--score-field names another)");
  EXPECT_EQ(error("p.jsonl", R"({"sentence1": "a", "sentence2": "b", "score": 1}
{"sentence1": "a", "score": 1})"),
            "p.jsonl:2: there is no column \"sentence2\" (expected: columns sentence1, sentence2 and score; "
            "--second-field names another)");
}

TEST_F(TextPairsTest, NamesTheLineOfWhatIsWrong) {
  const std::string heading = "sentence1\tsentence2\tscore\n";
  EXPECT_EQ(error("p.tsv", heading + "a\tb\t1\nc\td\tgood\n"), "p.tsv:3: score \"good\" is not a number");
  EXPECT_EQ(error("p.tsv", heading + "a\tb\tnan\n"), "p.tsv:2: score \"nan\" is not a number");
  EXPECT_EQ(error("p.tsv", heading + "a\tb\n"),
            "p.tsv:2: 2 fields (expected: at least 3, separated by tabs)");
  EXPECT_EQ(error("p.csv", "sentence1,sentence2,score\na,b,c\n"), "p.csv:2: score \"c\" is not a number");
  EXPECT_EQ(error("p.jsonl", R"({"sentence1": "a", "sentence2": "b", "score": "1"})"),
            "p.jsonl:1: field \"score\" holds \"1\" (expected: a number)");
  EXPECT_EQ(error("p.jsonl", R"({"sentence1": ["a"], "sentence2": "b", "score": 1})"),
            "p.jsonl:1: field \"sentence1\" holds [\"a\"] (expected: a text)");
  EXPECT_EQ(error("p.tsv", heading), "p.tsv: there are no pairs in this file");
  EXPECT_EQ(error("p.tsv", ""), "p.tsv: there are no pairs in this file");
}

TEST(TextPairs, ReadsTheRealSetsAsTheyAre) {
  const char* data = std::getenv("WHITNEY_DATA");
  const std::string folder = data != nullptr ? data : "";
  const std::string sts = folder + "/sts-benchmark-open/", sick = folder + "/sick/";
  if (!std::filesystem::exists(sts) || !std::filesystem::exists(sick))
    GTEST_SKIP() << "no " << sts << " and " << sick << " (WHITNEY_DATA)";
  EXPECT_EQ(read_text_pairs(sts + "sts-train.tsv.gz", {}, {}).size(), 3749);
  EXPECT_EQ(read_text_pairs(sts + "sts-dev.tsv.gz", {}, {}).size(), 1000);
  const TextPairs test = read_text_pairs(sts + "sts-test.tsv.gz", {}, {});
  EXPECT_EQ(test.size(), 879);
  EXPECT_EQ(test.first[0], "The curious boys look in the shed.");
  EXPECT_EQ(test.scores[0], 2.8);
  EXPECT_EQ(read_text_pairs(sick + "SICK_train.txt.gz", {}, {}).size(), 4500);
  EXPECT_EQ(read_text_pairs(sick + "SICK_trial.txt.gz", {}, {}).size(), 500);
  const TextPairs annotated = read_text_pairs(sick + "SICK_test_annotated.txt.gz", {}, {});
  EXPECT_EQ(annotated.size(), 4927);
  EXPECT_EQ(annotated.scores[0], 3.3);
}

}  // namespace
}  // namespace whitney::eval
