#include "whitney/graph/typed_walks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/learner.h"
#include "whitney/graph/deepwalk.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Authors a, b, c write papers p, q at a venue v; x has no type.
Graph papers() {
  return graph_of(Ids::strings({"a", "b", "p", "q", "v", "c", "x"}),
                  {{0, 2}, {1, 2}, {1, 3}, {5, 3}, {2, 4}, {3, 4}, {0, 6}});
}

NodeTypes types_of_papers() {
  return {Ids::strings({"v", "a", "b", "c", "p", "q", "stranger"}),
          {2, 0, 0, 0, 1, 1, 1},
          {"author", "paper", "venue"}};
}

TEST(Metapath, NumbersTypesAndGoesRound) {
  const Metapath found = metapath_of(papers(), types_of_papers(),
                                     {"author", "paper", "venue", "paper", "author"}, "deepwalk", {});
  EXPECT_THAT(found.node_types, ElementsAre(0, 0, 1, 1, 2, 0, 3));
  EXPECT_THAT(found.path, ElementsAre(0, 1, 2, 1));
}

TEST(Metapath, TellsNodesWithoutATypeAndTypesWithoutANode) {
  Notes notes;
  Context context;
  context.progress = &notes;
  metapath_of(papers(), types_of_papers(), {"author", "paper", "author"}, "deepwalk", context);
  EXPECT_THAT(notes.sentences, ElementsAre("deepwalk: 1 of 7 nodes have no type: no walk comes to them",
                                           "deepwalk: 1 of 7 ids with a type are no nodes of the graph"));
}

TEST(Metapath, IsRefusedWhereItDoesNotCloseOrNamesAnUnknownType) {
  const auto error = [](const std::vector<std::string>& path) {
    return error_of([&] { metapath_of(papers(), types_of_papers(), path, "deepwalk", {}); });
  };
  EXPECT_THAT(error({"author", "paper"}), HasSubstr("author,paper, which ends with another type"));
  EXPECT_THAT(error({"author"}), HasSubstr("two types at least"));
  EXPECT_THAT(error({"author", "papr", "author"}),
              HasSubstr("\"papr\", which no node has; did you mean \"paper\"?"));
}

TEST(Metapath, OfTypesHasAFingerprintOfTheNodesAlone) {
  NodeTypes turned = types_of_papers();
  turned.names = {"venue", "paper", "author"};
  turned.types = {0, 2, 2, 2, 1, 1, 0};
  EXPECT_EQ(fingerprint_of_types(papers(), turned), fingerprint_of_types(papers(), types_of_papers()));
  turned.types[1] = 1;
  EXPECT_NE(fingerprint_of_types(papers(), turned), fingerprint_of_types(papers(), types_of_papers()));
}

class TypedDeepWalk : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(path_) << text; }
  Embeddings run(const Value::List& metapath, int threads = 1) {
    Context context;
    context.threads = threads;
    return learn("deepwalk", papers(),
                 Value::object({{"dim", 4}, {"node_types", path_}, {"metapath", metapath}}), context);
  }

 private:
  TemporaryFolder folder_;

 protected:
  std::string path_ = folder_.file("types.tsv");
};

TEST_F(TypedDeepWalk, ReadsTypesAndLeavesOtherNodesZero) {
  write("a\tauthor\nb\tauthor\nc\tauthor\np\tpaper\nq\tpaper\nv\tvenue\n");
  const Embeddings found = run({"author", "paper", "author"});
  for (const int64_t on_path : {0, 1, 2, 3, 5}) EXPECT_GT(norm(row_of(found.vectors, on_path)), 0) << on_path;
  for (const int64_t beside : {4, 6}) EXPECT_EQ(norm(row_of(found.vectors, beside)), 0) << beside;
  EXPECT_TRUE(found.record.at("options").at("node_types").is_null()) << "a record holds no path";
  EXPECT_EQ(found.record.at("node_types_fingerprint").as_string().size(), 16U);
  EXPECT_TRUE(same_bytes(found.vectors, run({"author", "paper", "author"}, 2).vectors));
  EXPECT_TRUE(same_bytes(found.vectors, run({"author", "paper", "author"}, 5).vectors));
}

TEST_F(TypedDeepWalk, NamesFileAndLineOfABadType) {
  write("a\tauthor\nb\n");
  EXPECT_THAT(error_of([&] { run({"author", "author"}); }), HasSubstr("types.tsv:2: \"b\" has no type"));
}

TEST_F(TypedDeepWalk, NeedsTypesForAMetapathAndAMetapathForTypes) {
  write("a\tauthor\n");
  EXPECT_THAT(error_of([&] {
                learn("deepwalk", papers(), Value::object({{"metapath", Value::List{"author", "author"}}}),
                      {});
              }),
              HasSubstr("\"node_types\""));
  DeepWalkOptions options;
  options.node_types = Path{path_};
  EXPECT_THAT(options.ineffective(), ElementsAre(HasSubstr("node_types has no effect")));
}

}  // namespace
}  // namespace whitney::graph
