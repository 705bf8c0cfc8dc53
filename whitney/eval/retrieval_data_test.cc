#include "whitney/eval/retrieval_data.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::eval {
namespace {

TEST(RetrievalData, JoinsTitleAndTextAsBeirDoes) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("c.jsonl")) << R"({"id": 5, "title": "A title", "text": "and text"}
{"id": 6, "title": "", "text": "alone"}
{"id": 7, "title": "No text", "text": ""}
{"id": 8, "text": null, "title": null, "year": 1960}
)" << R"({"id": 9, "title": null, "text": ""})";
  EXPECT_NE(error_of([&] { read_documents(folder.file("c.jsonl"), true, {}); }).find("c.jsonl:4"),
            std::string::npos);
  std::ofstream(folder.file("d.jsonl")) << R"({"id": 5, "title": "A title", "text": "and text"}
{"id": 6, "title": "", "text": "alone"}
{"id": 7, "title": "No text", "text": ""}
{"id": 8, "text": ""})";
  EXPECT_EQ(read_documents(folder.file("d.jsonl"), true, {}).texts,
            (std::vector<std::string>{"A title and text", "alone", "No text", ""}));
  EXPECT_EQ(read_documents(folder.file("d.jsonl"), false, {}).texts,
            (std::vector<std::string>{"and text", "alone", "", ""}));
}

// Judgements of the split asked for come before those of the folder itself; packed files count.
TEST(RetrievalData, FindsTheFilesOfAFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("qrels"));
  for (const char* name : {"corpus.jsonl.gz", "queries.tsv", "qrels/dev.txt", "qrels.trec"})
    std::ofstream(folder.file(name)) << "x";
  const RetrievalFiles dev = find_retrieval_files(folder.path(), "dev");
  EXPECT_EQ(dev.corpus, folder.file("corpus.jsonl.gz"));
  EXPECT_EQ(dev.queries, folder.file("queries.tsv"));
  EXPECT_EQ(dev.qrels, folder.file("qrels/dev.txt"));
  EXPECT_EQ(find_retrieval_files(folder.path(), "test").qrels, folder.file("qrels.trec"));
  const RetrievalFiles alone = find_retrieval_files(folder.file("qrels.trec"), "test");
  EXPECT_EQ(alone.corpus, "");
  EXPECT_EQ(alone.qrels, folder.file("qrels.trec"));
}

TEST(RetrievalData, ReadsQueriesOfLinesWithOrWithoutAHeading) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("q.tsv")) << "id\ttext\n7\tfish and chips\tmore\n\n8\ttext\n";
  const Corpus queries = read_queries(folder.file("q.tsv"), {});
  EXPECT_EQ(queries.texts, (std::vector<std::string>{"fish and chips", "text"}));
  EXPECT_EQ(queries.ids.integer(1), 8u);
}

TEST(RetrievalData, NamesTheJudgementOfAnUnknownQuery) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("q.tsv")) << "q1\tcat\nq2\tdog\n";
  std::ofstream(folder.file("qrels.txt")) << "q2 0 d1 1\nq3 0 d1 1\n";
  const Corpus queries = read_queries(folder.file("q.tsv"), {});
  Qrels qrels = read_qrels(folder.file("qrels.txt"), {});
  EXPECT_NE(
      error_of([&] { texts_of(qrels, queries, "q.tsv"); }).find("qrels.txt:2: query \"q3\" is not in q.tsv"),
      std::string::npos);
  qrels.queries.pop_back();
  EXPECT_EQ(texts_of(qrels, queries, "q.tsv"), (std::vector<std::string>{"dog"}));
}

}  // namespace
}  // namespace whitney::eval
