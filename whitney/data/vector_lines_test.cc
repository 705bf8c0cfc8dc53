#include "whitney/data/vector_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VectorLinesTest : public testing::Test {
 protected:
  Embeddings read(const std::string& name, const std::string& text, const TableOptions& options = {}) {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    Context context;
    context.progress = &notes_;
    return read_vectors(folder_.file(name), options, context);
  }
  std::string error(const std::string& name, const std::string& text, const TableOptions& options = {}) {
    return error_of([&] { read(name, text, options); });
  }
  TemporaryFolder folder_;
  Notes notes_;
};

TEST_F(VectorLinesTest, ReadsVectorsIdsAndAttributesOfJsonLines) {
  const Embeddings read = this->read("a.jsonl",
                                     R"({"id":"x","vector":[1,0.5],"year":2019,"tags":["b","a"]}
{"id":"y","vector":[-1,2e-1],"name":"Why"}
)");
  EXPECT_EQ(read.ids, Ids::strings({"x", "y"}));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(-1, 0.2F));
  EXPECT_THAT(read.attributes.names(), ElementsAre("year", "tags", "name"));
  EXPECT_EQ(read.attributes.find("year")->value(0), Value(2019));
  EXPECT_TRUE(read.attributes.find("year")->value(1).is_null());
  EXPECT_EQ(read.attributes.find("name")->value(1), Value("Why"));
  EXPECT_NO_THROW(read.validate());
}

TEST_F(VectorLinesTest, NumbersTheRowsOfJsonLinesWithoutIds) {
  const Embeddings read = this->read("a.jsonl", "{\"embedding\":[1]}\n{\"embedding\":[2]}\n");
  EXPECT_EQ(read.ids, Ids::row_numbers(2));
  EXPECT_TRUE(read.attributes.empty());
}

TEST_F(VectorLinesTest, TakesTheIdOfJsonLinesFromTheFieldAskedFor) {
  const Embeddings read = this->read("a.jsonl", R"({"id":1,"isbn":"978","vector":[1]})", {"isbn"});
  EXPECT_EQ(read.ids, Ids::strings({"978"}));
  EXPECT_EQ(read.attributes.find("id")->value(0), Value(1));
  EXPECT_THAT(error("b.jsonl", R"({"id":1,"vector":[1]})", {"isbn"}), HasSubstr("b.jsonl:1: field \"isbn\""));
}

TEST_F(VectorLinesTest, LeavesOutWhatNoAttributeHoldsAndSaysSo) {
  const Embeddings read = this->read("a.jsonl", R"({"vector":[1],"payload":1,"n":1}
{"vector":[1],"payload":{"deep":1},"n":2}
)");
  EXPECT_THAT(read.attributes.names(), ElementsAre("n"));
  EXPECT_THAT(notes_.text(),
              HasSubstr("left out, as no attribute can hold it: \"payload\" (line 2 holds an object)"));
}

TEST_F(VectorLinesTest, NamesTheLineOfABadVectorOfJsonLines) {
  const std::string good = "{\"vector\":[1,2]}\n";
  EXPECT_THAT(error("a.jsonl", good + "{\"vector\":[1]}\n"),
              HasSubstr("a.jsonl:2: the vector has 1 values, those before it 2"));
  EXPECT_THAT(error("a.jsonl", good + "{\"name\":\"x\"}\n"), HasSubstr("a.jsonl:2: no vector"));
  EXPECT_THAT(error("a.jsonl", good + "{\"vector\":[1,\"x\"]}\n"), HasSubstr("a.jsonl:2"));
  EXPECT_THAT(error("a.jsonl", "{\"vector\":[]}\n"), HasSubstr("the vector is empty"));
  EXPECT_THAT(error("a.jsonl", ""), HasSubstr("holds no vector"));
}

TEST_F(VectorLinesTest, TakesNumberedColumnsAtTheEndAsTheVector) {
  const Embeddings read = this->read("a.csv", "id,name,year,v0,v1\nx,Ex,2019,1,0.5\ny,,2020,-1,2e-1\n");
  EXPECT_EQ(read.ids, Ids::strings({"x", "y"}));
  EXPECT_THAT(read.vectors.row<float>(0), ElementsAre(1, 0.5));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(-1, 0.2F));
  EXPECT_THAT(read.attributes.names(), ElementsAre("name", "year"));
  EXPECT_EQ(this->read("b.tsv", "id\t1\t2\t3\nx\t1\t2\t3\n").dim(), 3);
  EXPECT_EQ(this->read("c.csv", "year,dim_0,dim_1\n2019,1,2\n").attributes.names(),
            std::vector<std::string>{"year"});
}

TEST_F(VectorLinesTest, TakesAColumnOfListsAsTheVector) {
  const Embeddings read = this->read("a.csv", "id,vector,year\n5,\"[1, 0.5]\",2019\n6,[2 3],2020\n");
  EXPECT_EQ(read.ids, Ids::integers({5, 6}));
  EXPECT_THAT(read.vectors.row<float>(0), ElementsAre(1, 0.5));
  EXPECT_THAT(read.vectors.row<float>(1), ElementsAre(2, 3));
  EXPECT_THAT(read.attributes.names(), ElementsAre("year"));
}

TEST_F(VectorLinesTest, ReadsValuesWithoutAHeading) {
  const Embeddings named = this->read("a.tsv", "x\t1\t0.5\ny\t-1\t2\n");
  EXPECT_EQ(named.ids, Ids::strings({"x", "y"}));
  EXPECT_THAT(named.vectors.row<float>(1), ElementsAre(-1, 2));
  EXPECT_EQ(notes_.text(), "");
  const Embeddings plain = this->read("b.tsv", "0.5\t1\n-1\t2\n");
  EXPECT_EQ(plain.dim(), 2);
  EXPECT_EQ(plain.ids, Ids::row_numbers(2));
  EXPECT_THAT(notes_.text(), HasSubstr("no heading"));
}

TEST_F(VectorLinesTest, NamesTheLineOfABadCell) {
  EXPECT_THAT(error("a.tsv", "x\t1\t2\ny\t1\n"), HasSubstr("a.tsv:2: has 2 columns, the first line 3"));
  EXPECT_THAT(error("a.tsv", "x\t1\t2\ny\t1\tz\n"), HasSubstr("a.tsv:2: column 3 holds \"z\""));
  EXPECT_THAT(error("a.csv", "id,v0,v1\nx,1,2\ny,1,\n"),
              HasSubstr("a.csv:3: the row of \"y\" has no value, or NaN, in the column \"v1\""));
  EXPECT_THAT(error("a.csv", "id,v0,v1\nx,1,two\n"), HasSubstr("the column \"v1\" is of type string"));
  EXPECT_THAT(error("a.csv", "id,vector\nx,\"[1,2]\"\ny,\"[1]\"\n"),
              HasSubstr("a.csv:3: the vector has 1 values"));
  EXPECT_THAT(error("a.csv", "id,vector\nx,red\n"),
              HasSubstr("has no list of finite numbers such as [0.1, 0.2]"));
  EXPECT_THAT(error("a.csv", "id,v0,v1\n\nx,1,2\n\"y\n\",1,nan\nz,1,3\n"),
              HasSubstr("a.csv:4: the row of \"y\n\" has no value, or NaN, in the column \"v1\""));
  EXPECT_THAT(error("a.csv", "id,v0,v1\nx,1,1e40\n"),
              HasSubstr("a.csv:2: the row of \"x\" holds no finite number of float32 in the column \"v1\""));
  EXPECT_THAT(error("a.csv", "id,year\nx,2019\n"), HasSubstr("no column holds vectors"));
  EXPECT_THAT(error("a.csv", ""), HasSubstr("is empty"));
}

TEST_F(VectorLinesTest, WritesJsonLinesThatPeopleRead) {
  Embeddings embeddings =
      read("a.jsonl", R"({"id":"x","vector":[0.1,-3],"year":2019,"tags":["b","a"],"name":null})");
  write_vectors(embeddings, folder_.file("b.jsonl"), false, {});
  std::ifstream stream(folder_.file("b.jsonl"));
  std::string line;
  std::getline(stream, line);
  EXPECT_EQ(line, R"({"id":"x","year":2019,"tags":["a","b"],"name":null,"vector":[0.1,-3]})");
}

TEST_F(VectorLinesTest, WritesNumberedColumns) {
  Embeddings embeddings = read("a.jsonl", R"({"id":"x","vector":[0.1,-3],"code":"007","tags":["b","a"]})");
  write_vectors(embeddings, folder_.file("b.csv"), false, {});
  std::ifstream stream(folder_.file("b.csv"));
  std::string heading, line;
  std::getline(stream, heading);
  std::getline(stream, line);
  EXPECT_EQ(heading, "id,code,tags,v0,v1");
  EXPECT_EQ(line, R"(x,"007","[""a"",""b""]",0.1,-3)");
}

}  // namespace
}  // namespace whitney::data
