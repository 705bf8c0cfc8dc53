#include "whitney/data/edge_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

EdgeList parse(std::string_view text, const EdgeListOptions& options = {}, const Context& context = {}) {
  auto input = InputStream::over(text, "edges.tsv");
  return parse_edge_list(input, options, context);
}

std::string error_of(std::string_view text, const EdgeListOptions& options = {}) {
  try {
    parse(text, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> ids_of(const EdgeList& list) {
  std::vector<std::string> ids;
  for (int64_t row = 0; row < list.ids.size(); ++row) ids.push_back(list.ids.text(row));
  return ids;
}

// Edges as "source target weight".
std::vector<std::string> edges_of(const EdgeList& list) {
  std::vector<std::string> edges;
  for (int64_t e = 0; e < list.sources.size(); ++e) {
    std::string edge = list.ids.text(list.sources[e]) + " " + list.ids.text(list.targets[e]);
    if (!list.weights.empty()) edge += concat(" ", list.weights[e]);
    edges.push_back(edge);
  }
  return edges;
}

TEST(EdgeListReader, NumbersIdsByFirstAppearance) {
  const EdgeList list = parse("7\t3\n3\t12\n7\t12\n");
  EXPECT_TRUE(list.ids.is_integer());
  EXPECT_THAT(ids_of(list), ElementsAre("7", "3", "12"));
  EXPECT_THAT(list.sources.span(), ElementsAre(0, 1, 0));
  EXPECT_THAT(list.targets.span(), ElementsAre(1, 2, 2));
  EXPECT_THAT(list.weights.span(), IsEmpty());
}

TEST(EdgeListReader, ReadsWeightsInTheThirdField) {
  EXPECT_THAT(edges_of(parse("1\t2\t0.5\n2\t3\t1e2\n")), ElementsAre("1 2 0.5", "2 3 100"));
  EXPECT_THAT(edges_of(parse("a b 2\n")), ElementsAre("a b 2"));
  EXPECT_THAT(edges_of(parse("1,2,+3\n")), ElementsAre("1 2 3"));
}

TEST(EdgeListReader, LeavesTheThirdFieldWhenAskedTo) {
  EXPECT_THAT(edges_of(parse("a\tb\tfriends\t2010\nb\tc\n", {.directed = false, .weighted = false})),
              ElementsAre("a b", "b c"));
}

TEST(EdgeListReader, ReadsCommas) {
  EXPECT_THAT(edges_of(parse("a b, c\n\"d, e\",\"say \"\"f\"\"\"\n")),
              ElementsAre("a b c", "d, e say \"f\""));
}

TEST(EdgeListReader, ReadsSnapFiles) {
  const EdgeList list = parse("# Directed graph: wiki-Vote\n# FromNodeId\tToNodeId\n30\t1412\n30\t3352\n");
  EXPECT_THAT(edges_of(list), ElementsAre("30 1412", "30 3352"));
}

TEST(EdgeListReader, SkipsCommentsAndBlankLines) {
  EXPECT_THAT(edges_of(parse("% KONECT\n\n1 2\n  \n # between\n2 3\n")), ElementsAre("1 2", "2 3"));
}

TEST(EdgeListReader, TakesRunsOfBlanksAsOneSeparator) {
  EXPECT_THAT(edges_of(parse("1   2\n 3\t4 \n5 \t 6\t\n")), ElementsAre("1 2", "3 4", "5 6"));
}

TEST(EdgeListReader, KeepsSpacesInsideFieldsBetweenTabs) {
  EXPECT_THAT(edges_of(parse("New York\tSan Francisco\nSan Francisco\tLos Angeles\n")),
              ElementsAre("New York San Francisco", "San Francisco Los Angeles"));
}

TEST(EdgeListReader, SkipsAHeadingAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  EXPECT_THAT(edges_of(parse("source,target,weight\n1,2,0.5\n", {}, context)), ElementsAre("1 2 0.5"));
  EXPECT_THAT(notes.sentences,
              ElementsAre(HasSubstr("edges.tsv:1: taken as a heading"), HasSubstr("third field")));
  EXPECT_THAT(edges_of(parse("paper\tcites\n1\t2\n")), ElementsAre("1 2"));
  EXPECT_THAT(edges_of(parse("# c\nx y w\na b 1\n")), ElementsAre("a b 1"));
}

TEST(EdgeListReader, TakesWordsInTheFirstLineAsAnEdge) {
  EXPECT_THAT(edges_of(parse("anna\tbert\nbert\tcara\n")), ElementsAre("anna bert", "bert cara"));
}

TEST(EdgeListReader, TakesALineOfASingleIdAsAnIsolatedNode) {
  const EdgeList list = parse("5\n1 2\n9\n2 3\n1\n");
  EXPECT_THAT(ids_of(list), ElementsAre("5", "1", "2", "9", "3"));
  EXPECT_THAT(edges_of(list), ElementsAre("1 2", "2 3"));
  EXPECT_THAT(ids_of(parse("alone\n")), ElementsAre("alone"));
  EXPECT_THAT(ids_of(parse("a\tb\nalone at home\n")), ElementsAre("a", "b", "alone at home"));
}

TEST(EdgeListReader, ReadsLineEndsOfWindowsAndALastLineWithoutOne) {
  EXPECT_THAT(edges_of(parse("1 2\r\n2 3\r\n3 4")), ElementsAre("1 2", "2 3", "3 4"));
  EXPECT_THAT(edges_of(parse("a,b,1\r\nb,c,2")), ElementsAre("a b 1", "b c 2"));
  EXPECT_THAT(edges_of(parse("1\t2\t3\r\n2\t3\t4\r")), ElementsAre("1 2 3", "2 3 4"));
}

TEST(EdgeListReader, DropsAByteOrderMark) {
  EXPECT_TRUE(parse("\xEF\xBB\xBF"
                    "1 2\n")
                  .ids.is_integer());
}

TEST(EdgeListReader, MakesAllIdsTextWhenOneIs) {
  const EdgeList list = parse("1 2\n2 x\n1 3\n");
  EXPECT_FALSE(list.ids.is_integer());
  EXPECT_THAT(ids_of(list), ElementsAre("1", "2", "x", "3"));
  EXPECT_THAT(edges_of(list), ElementsAre("1 2", "2 x", "1 3"));
}

TEST(EdgeListReader, KeepsIntegersThatAreNotPrintedSoAsText) {
  EXPECT_THAT(ids_of(parse("1 01\n01 -1\n")), ElementsAre("1", "01", "-1"));
  EXPECT_TRUE(parse("18446744073709551615 0\n").ids.is_integer());
  EXPECT_FALSE(parse("18446744073709551616 0\n").ids.is_integer());
}

TEST(EdgeListReader, NamesTheLineOfABadWeight) {
  EXPECT_THAT(error_of("1\t2\t1\n# c\n2\t3\tabc\n"),
              HasSubstr("edges.tsv:3: weight \"abc\" is not a number"));
  EXPECT_THAT(error_of("1\t2\t1\n2\t3\tnan\n"), HasSubstr("edges.tsv:2: weight \"nan\" is not a finite"));
  EXPECT_THAT(error_of("1\t2\tinf\n"), HasSubstr("edges.tsv:1: weight \"inf\" is not a finite"));
  EXPECT_THAT(error_of("1\t2\t1e39\n"), HasSubstr("float32"));
  EXPECT_THAT(error_of("1\t2\t0\n"), HasSubstr("weight \"0\" is not above zero"));
  EXPECT_THAT(error_of("a\tb\t-2\n"), HasSubstr("weight \"-2\" is not above zero"));
}

TEST(EdgeListReader, NamesTheLineOfAMissingField) {
  EXPECT_THAT(error_of("1\t2\t1\n2\t3\n"), HasSubstr("edges.tsv:2: the weight is missing"));
  EXPECT_THAT(error_of("1\t2\n", {.directed = false, .weighted = true}),
              HasSubstr("edges.tsv:1: the weight is missing"));
  EXPECT_THAT(error_of("a\tb\na\t\n"), HasSubstr("edges.tsv:2: field 2 (the target) is empty"));
  EXPECT_THAT(error_of("a,b\n,b\n"), HasSubstr("edges.tsv:2: field 1 (the source) is empty"));
}

TEST(EdgeListReader, NamesTheLineOfAFieldTooMany) {
  EXPECT_THAT(error_of("1 2\n2 3 4\n"), HasSubstr("edges.tsv:2: 3 fields, expected 2"));
  EXPECT_THAT(error_of("1 2 3\n2 3 4 5\n"), HasSubstr("edges.tsv:2: 4 fields, expected 3"));
}

TEST(EdgeListReader, NamesAThirdFieldThatIsNoWeight) {
  EXPECT_THAT(error_of("a\tlikes\tb\n"), AllOf(HasSubstr("edges.tsv:1:"), HasSubstr("\"b\" is no weight")));
}

TEST(EdgeListReader, NamesTheLineOfAnOpenQuote) {
  EXPECT_THAT(error_of("a,b\n\"c,d\n"), HasSubstr("edges.tsv:2: a quote is opened"));
  EXPECT_THAT(error_of("\"a\"b,c\n"), HasSubstr("edges.tsv:1: text follows a closed quote"));
}

TEST(EdgeListReader, RefusesWhatIsNoText) {
  EXPECT_THAT(error_of(std::string_view("a b\n\0c d\n", 9)), HasSubstr("edges.tsv:2: the id \"\\x00c\""));
  EXPECT_THAT(error_of("\xFF\xFE"
                       "1 2\n"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(error_of("a b\nb \xC3\x28\n"), AllOf(HasSubstr("edges.tsv:2:"), HasSubstr("not UTF-8")));
}

TEST(EdgeListReader, SaysThatThereIsNothingToRead) {
  EXPECT_THAT(error_of(""), HasSubstr("edges.tsv: the file is empty"));
  EXPECT_THAT(error_of("# nothing\n\n"), HasSubstr("edges.tsv: no edge and no node"));
}

// Several rounds and blocks of edges, some ids small and some large, with whatever in between.
std::string many_lines(bool text_ids) {
  std::ostringstream text;
  uint64_t state = 7;
  const auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % bound;
  };
  for (int line = 0; line < 60'000; ++line) {
    if (next(97) == 0) text << "# comment\n";
    if (next(89) == 0) text << next(4000) << "\n";
    const uint64_t shift = next(50) == 0 ? 40 : 0;
    text << (text_ids ? "n" : "") << (next(3000) << shift) << (next(2) == 0 && !text_ids ? " " : "\t")
         << next(5000) << (next(31) == 0 ? "\r\n" : "\n");
  }
  return text.str();
}

// A plain reference: a line at a time, ids in a map.
struct PlainList {
  std::vector<std::string> ids;
  std::vector<uint32_t> ends;
};

PlainList plain_parse(const std::string& text) {
  PlainList list;
  std::map<std::string, uint32_t> numbers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::vector<uint32_t> ends;
    for (std::string word; words >> word;) {
      const auto [place, is_new] = numbers.try_emplace(word, static_cast<uint32_t>(numbers.size()));
      if (is_new) list.ids.push_back(word);
      ends.push_back(place->second);
    }
    if (ends.size() == 2) list.ends.insert(list.ends.end(), ends.begin(), ends.end());
  }
  return list;
}

void expect_as_plain(const std::string& text, int threads) {
  Context context;
  context.threads = threads;
  const EdgeList list = parse(text, {}, context);
  const PlainList plain = plain_parse(text);
  EXPECT_EQ(ids_of(list), plain.ids);
  std::vector<uint32_t> ends;
  for (int64_t e = 0; e < list.sources.size(); ++e) {
    ends.push_back(list.sources[e]);
    ends.push_back(list.targets[e]);
  }
  EXPECT_EQ(ends, plain.ends);
}

TEST(EdgeListReader, ReadsTheSameGraphAtAnyThreadCount) {
  const std::string integers = many_lines(false);
  for (const int threads : {1, 2, 5}) expect_as_plain(integers, threads);
}

TEST(EdgeListReader, ReadsTheSameGraphOfTextIdsAtAnyThreadCount) {
  const std::string texts = many_lines(true);
  for (const int threads : {1, 2, 5}) expect_as_plain(texts, threads);
}

TEST(EdgeListReader, ReadsTheSameGraphWhenTextIdsComeLate) {
  const std::string text = many_lines(false) + "late 5\n17 late\n";
  for (const int threads : {1, 5}) expect_as_plain(text, threads);
}

TEST(EdgeListReader, NamesTheFirstBadLineOfManyAtAnyThreadCount) {
  std::string text = "1 2\n";
  for (int line = 2; line < 80'000; ++line)
    text += line == 30'001 || line == 70'001 ? "3 4 5\n" : "12345 67890\n";
  for (const int threads : {1, 5}) {
    Context context;
    context.threads = threads;
    EXPECT_THAT([&] { parse(text, {}, context); },
                testing::ThrowsMessage<Error>(HasSubstr("edges.tsv:30001: 3 fields, expected 2")));
  }
}

std::string written(const std::vector<std::string>& ids, const std::vector<std::pair<int, int>>& edges,
                    char separator, bool weighted) {
  std::ostringstream text;
  for (size_t e = 0; e < edges.size(); ++e) {
    text << ids[static_cast<size_t>(edges[e].first)] << separator
         << ids[static_cast<size_t>(edges[e].second)];
    if (weighted) text << separator << 0.25 * static_cast<double>(e + 1);
    text << '\n';
  }
  return text.str();
}

RC_GTEST_PROP(EdgeListReader, ReadsBackWhatWasWritten, (bool weighted)) {
  const char separator = *rc::gen::element('\t', ' ', ',');
  const auto letters =
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b', 'Z', '_', ':', '.')));
  const auto ids = *rc::gen::unique<std::vector<std::string>>(
      3, rc::gen::map(letters, [](std::string id) { return "n" + id; }));
  const auto edges = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 3))));
  const EdgeList list = parse(written(ids, edges, separator, weighted));
  RC_ASSERT(list.sources.size() == std::ssize(edges));
  RC_ASSERT(list.weights.size() == (weighted ? std::ssize(edges) : 0));
  for (size_t e = 0; e < edges.size(); ++e) {
    const auto i = static_cast<int64_t>(e);
    RC_ASSERT(list.ids.text(list.sources[i]) == ids[static_cast<size_t>(edges[e].first)]);
    RC_ASSERT(list.ids.text(list.targets[i]) == ids[static_cast<size_t>(edges[e].second)]);
    if (weighted) RC_ASSERT(list.weights[i] == 0.25F * static_cast<float>(e + 1));
  }
}

TEST(EdgeListReader, StopsWhenAsked) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  EXPECT_THROW(parse("1 2\n", {}, context), Cancelled);
}

TEST(ReadEdgeList, BuildsTheGraphOfAFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("g.txt")) << "a b 2\nb a 3\nc\n";
  const Graph undirected = read_edge_list(folder.file("g.txt"), {}, {});
  EXPECT_EQ(undirected.num_nodes(), 3);
  EXPECT_THAT(undirected.weights.span(), ElementsAre(5.0F, 5.0F));
  const Graph directed =
      read_edge_list(folder.file("g.txt"), {.directed = true, .weighted = std::nullopt}, {});
  EXPECT_THAT(directed.weights.span(), ElementsAre(2.0F, 3.0F));
}

TEST(ReadEdgeList, NamesAFileThatIsMissingOrAFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { read_edge_list(folder.file("none.tsv"), {}, {}); },
              testing::ThrowsMessage<Error>(HasSubstr("none.tsv: cannot be opened")));
  EXPECT_THAT([&] { read_edge_list(folder.path(), {}, {}); },
              testing::ThrowsMessage<Error>(HasSubstr("this is a folder")));
}

TEST(ReadEdgeList, ReadsBlogCatalogAsItsAuthorsCountedIt) {
  const char* const data = std::getenv("WHITNEY_DATA");
  const std::string path =
      std::string(data != nullptr ? data : "../shared/data") + "/blogcatalog/edges.txt.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << " (set WHITNEY_DATA)";
  const Graph graph = read_edge_list(path, {}, {});
  EXPECT_EQ(graph.num_nodes(), 10'312);
  EXPECT_EQ(graph.num_edges(), 333'983);
}

}  // namespace
}  // namespace whitney::data
