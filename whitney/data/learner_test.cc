#include "whitney/data/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct DegreesOptions {
  int dim = 2;
  void fields(auto&& field) { field("dim", dim, Range{1, 8}, "Width"); }
};

// Each node's degree, `dim` times.
Embeddings degrees(const Graph& graph, const DegreesOptions& options, const Context&) {
  Embeddings embeddings;
  embeddings.ids = graph.ids;
  embeddings.vectors = Matrix(graph.num_nodes(), options.dim);
  for (int64_t i = 0; i < graph.num_nodes() * options.dim; ++i) {
    embeddings.vectors.mutable_data<float>()[i] = static_cast<float>(graph.neighbors(i / options.dim).size());
  }
  embeddings.record.set("metric", "l2");
  return embeddings;
}

CostEstimate degrees_cost(const DataSize& size, const DegreesOptions& options, const Context&) {
  return {.peak_bytes = size.num_rows * options.dim * 1'000'000, .seconds = 0};
}

const bool kRegistered = [] {
  MethodInfo info;
  info.name = "degrees-for-test";
  return register_graph_learner<DegreesOptions>(std::move(info), degrees, degrees_cost);
}();

// Each node's degree as a column.
Table degree_table(const Graph& graph, const DegreesOptions&, const Context& context) {
  ColumnBuilder column("degree");
  for (int64_t i = 0; i < graph.num_nodes(); ++i)
    column.add_int(static_cast<int64_t>(graph.neighbors(i).size()), "");
  context.note("counted");
  return {.ids = graph.ids,
          .attributes = {graph.num_nodes(), {column.finish()}},
          .record = Value::object({{"quality", Value::object({{"largest", 2}})}})};
}

const bool kTableRegistered = [] {
  MethodInfo info;
  info.name = "degree-table-for-test";
  return register_graph_learner<DegreesOptions, Table>(std::move(info), degree_table, degrees_cost);
}();

// a - b - c.
Graph path_graph() {
  const std::vector<uint32_t> sources = {0, 1}, targets = {1, 2};
  return build_graph(Ids::strings({"a", "b", "c"}), {sources, targets, {}}, false, {});
}

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Learn, RecordsHowTheVectorsWereMade) {
  Context context;
  context.seed = 7;
  const Embeddings learned = learn("degrees-for-test", path_graph(), Value::object({{"dim", 3}}), context);
  EXPECT_THAT(learned.vectors.row<float>(1), ElementsAre(2, 2, 2));
  const Value& record = learned.record;
  EXPECT_EQ(record.at("program_version"), Value(kVersion));
  EXPECT_EQ(record.at("method"), Value("degrees-for-test"));
  EXPECT_EQ(record.at("options").to_json(), R"({"dim":3})");
  EXPECT_EQ(record.at("seed"), Value(7));
  EXPECT_EQ(record.at("metric"), Value("l2"));
  const Value& input = record.at("inputs").as_list().at(0);
  EXPECT_EQ(input.at("num_nodes"), Value(3));
  EXPECT_EQ(input.at("num_edges"), Value(2));
  EXPECT_EQ(input.at("fingerprint"), Value(fingerprint(path_graph())));
}

TEST(Learn, GivesEqualFilesForEqualRuns) {
  const TemporaryFolder folder;
  std::vector<std::string> files;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    const std::string path = folder.file(std::to_string(threads));
    save_embeddings(learn("degrees-for-test", path_graph(), {}, context), path, false, context);
    files.push_back(bytes_of(path));
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
}

TEST(Learn, KeepsASeedBeyond63BitsAsText) {
  Context context;
  context.seed = ~uint64_t{0};
  EXPECT_EQ(learn("degrees-for-test", path_graph(), {}, context).record.at("seed"),
            Value("18446744073709551615"));
}

TEST(Learn, RefusesDataOfAnotherKind) {
  EXPECT_THAT(error_of([] { learn("degrees-for-test", Table{}, {}, {}); }),
              HasSubstr("degrees-for-test learns from a graph, and was given a table"));
}

TEST(Learn, RefusesWhatCannotFitBeforeItBegins) {
  Context context;
  context.max_memory_bytes = 1'000'000;
  EXPECT_THAT(error_of([&] { learn("degrees-for-test", path_graph(), {}, context); }),
              HasSubstr("needs about 6.0 MB"));
}

TEST(Learn, SaysHowManySelfLoopsThereAreAndWhatBecomesOfThem) {
  const auto notes_of = [](const std::vector<uint32_t>& sources, const std::vector<uint32_t>& targets) {
    Notes notes;
    Context context;
    context.progress = &notes;
    learn("degrees-for-test", build_graph(Ids::row_numbers(3), {sources, targets, {}}, false, {}), {},
          context);
    return notes.sentences;
  };
  EXPECT_THAT(notes_of({0, 1, 2, 1}, {0, 2, 2, 1}),
              ElementsAre("the graph has 3 self-loops: most methods keep them as edges; graph_factorization, "
                          "struc2vec and degree_profile leave them out"));
  EXPECT_THAT(notes_of({0, 1}, {1, 2}), ElementsAre());
}

TEST(Learn, NamesUnknownMethodsAndOptions) {
  EXPECT_THAT(error_of([] { learn("degrees-for-tests", path_graph(), {}, {}); }),
              HasSubstr("degrees-for-test"));
  EXPECT_THAT(error_of([] { learn("degrees-for-test", path_graph(), Value::object({{"dims", 3}}), {}); }),
              HasSubstr("dim"));
}

TEST(Learn, MakesATableWithARecordThatItsFileKeeps) {
  const TemporaryFolder folder;
  const Learned learned = run_learner("degree-table-for-test", path_graph(), {}, {});
  const auto& table = std::get<Table>(learned);
  EXPECT_THAT(table.attributes.find("degree")->ints.span(), ElementsAre(1, 2, 1));
  EXPECT_EQ(table.record.at("method"), Value("degree-table-for-test"));
  EXPECT_EQ(table.record.at("quality").at("largest"), Value(2));
  save_table(table, folder.file("t.safetensors"), false, {});
  const Table kept = load_table(Artifact::open(folder.file("t.safetensors")));
  EXPECT_EQ(kept.record.to_json(), table.record.to_json());
  EXPECT_EQ(fingerprint(kept), fingerprint(table));
}

TEST(Learn, GivesNoTableWhereEmbeddingsAreAskedFor) {
  EXPECT_THAT(error_of([] { learn("degree-table-for-test", path_graph(), {}, {}); }),
              HasSubstr("degree-table-for-test makes a table, and embeddings are asked for"));
}

}  // namespace
}  // namespace whitney
