#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/bm25_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney::search {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string saved_bytes(const Index& index) {
  const TemporaryFolder folder;
  index.save(folder.file("index.safetensors"), true, {});
  return bytes_of(folder.file("index.safetensors"));
}

Corpus corpus_of(const Texts& texts) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < texts.size(); ++i) ids.push_back("t" + std::to_string(i));
  return {Ids::strings(ids), texts};
}

Attributes lengths_of(const Texts& texts) {
  ColumnBuilder length("length");
  for (const std::string& text : texts) length.add_int(std::ssize(text), "");
  return {std::ssize(texts), {length.finish()}};
}

TEST(Bm25File, OpensAsItWasSavedWithIdsAndAttributes) {
  const Texts texts = made_up_texts(1, 700);
  const TemporaryFolder folder;
  const auto built = build_index("bm25", corpus_of(texts), lengths_of(texts), plain_words(), {});
  built->save(folder.file("a.safetensors"), false, {});
  const Searcher searcher = Searcher::open(folder.file("a.safetensors"));
  const Index& opened = searcher.index();
  EXPECT_TRUE(opened.holds_texts());
  EXPECT_EQ(opened.dim(), built->dim());
  EXPECT_EQ(opened.ids().text(699), "t699");
  for (const std::string query : {"w3 w40", "\"w0 w1\"", "w9*"})
    EXPECT_EQ(hits_of(opened, query, 50), hits_of(*built, query, 50)) << query;
  opened.save(folder.file("b.safetensors"), false, {});
  EXPECT_EQ(bytes_of(folder.file("a.safetensors")), bytes_of(folder.file("b.safetensors")));

  SearchRequest request;
  request.k = 700;
  request.filter = "length < 40";
  const Texts query = {"w0"};
  const SearchResult found = searcher.search_texts(query, request, {});
  EXPECT_GT(found.counts[0], 10);
  for (int64_t i = 0; i < found.counts[0]; ++i)
    EXPECT_LT(texts[static_cast<size_t>(found.neighbors.rows[static_cast<size_t>(i)])].size(), 40u);
}

TEST(Bm25File, IsTheSameForAnyNumberOfThreads) {
  // Some megabytes, so that there are several blocks.
  Texts texts = made_up_texts(2, 9000);
  Context context;
  context.threads = 1;
  const std::string expected = saved_bytes(*index_texts(texts, Value::object(), context));
  for (const int threads : {2, 5}) {
    context.threads = threads;
    EXPECT_EQ(saved_bytes(*index_texts(texts, Value::object(), context)), expected) << threads;
  }
}

TEST(Bm25File, HitsAreTheSameForAnyNumberOfThreads) {
  const auto index = index_texts(made_up_texts(2, 3000), plain_words());
  Texts queries;
  for (uint64_t seed = 0; seed < 50; ++seed) queries.push_back(made_up_query(seed));
  Context context;
  context.threads = 1;
  const SearchResult expected = index->search_texts(queries, {}, context);
  for (const int threads : {2, 5}) {
    context.threads = threads;
    const SearchResult found = index->search_texts(queries, {}, context);
    EXPECT_EQ(found.neighbors.rows, expected.neighbors.rows);
    EXPECT_EQ(found.counts, expected.counts);
  }
}

// The record tells of the making; the tensors must not.
std::string tensors_of(const Index& index) {
  const std::string bytes = saved_bytes(index);
  return bytes.substr(4096);
}

TEST(Bm25File, AfterChangesIsAsBuiltOfTheSameTexts) {
  for (const bool positions : {true, false}) {
    Value options = plain_words();
    options.set("positions", positions);
    const Corpus all = corpus_of(made_up_texts(3, 400));
    const auto part = [&](int64_t begin, int64_t end) {
      std::vector<int64_t> rows;
      for (int64_t row = begin; row < end; ++row) rows.push_back(row);
      return Corpus{all.ids.select(rows), Texts(all.texts.begin() + begin, all.texts.begin() + end)};
    };
    const auto expected = build_index("bm25", part(1, 300), Attributes(), options, {});
    auto changed = build_index("bm25", part(0, 200), Attributes(), options, {});
    changed->remove(Ids::strings({"t0"}), {});
    changed->add_texts(part(200, 300), Attributes(), {});
    EXPECT_EQ(tensors_of(*changed), tensors_of(*expected));
    EXPECT_THROW(changed->add_texts(part(299, 301), Attributes(), {}), Error);
    EXPECT_THROW(changed->remove(Ids::strings({"t0"}), {}), Error);
  }
}

TEST(Bm25File, ChangesWorkOnAMappedFile) {
  const TemporaryFolder folder;
  const Texts texts = {"x y", "y z", "z z"};
  build_index("bm25", corpus_of(texts), lengths_of(texts), plain_words(), {})
      ->save(folder.file("a.safetensors"), false, {});
  const auto index = open_index(folder.file("a.safetensors"));
  index->remove(Ids::strings({"t1"}), {});
  EXPECT_EQ(rows_of(hits_of(*index, "z", 5)), std::vector<int64_t>{1});
  index->add_texts({Ids::strings({"t1"}), {"z z z"}}, lengths_of({"z z z"}), {});
  EXPECT_EQ(sorted_rows_of(hits_of(*index, "z", 5)), (std::vector<int64_t>{1, 2}));
}

// Damage may change what is found; it may not crash, hang or ask for much memory.
void search_all(const std::string& bytes) {
  try {
    const Artifact artifact = Artifact::from_bytes(
        Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), bytes.size()))), "index");
    const TemporaryFolder folder;
    std::ofstream(folder.file("x.safetensors"), std::ios::binary) << bytes;
    const auto index = open_index(folder.file("x.safetensors"));
    for (const std::string query : {"w0 w1 w2 w3 w30 w100", "\"w0 w1\"", "w1*"}) {
      for (const bool exact : {false, true}) hits_of(*index, query, 5, nullptr, exact);
    }
    auto changed = open_index(folder.file("x.safetensors"));
    changed->add_texts({Ids::strings({"new"}), {"w0"}}, {}, {});
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
  }
}

TEST(Bm25File, DamagedAnywhereIsAnErrorOrAnotherAnswer) {
  const auto index = build_index("bm25", corpus_of(made_up_texts(4, 300)), Attributes(), plain_words(), {});
  const std::string bytes = saved_bytes(*index);
  RandomStream stream(1, "damage", 0);
  for (uint32_t round = 0; round < 1500 / one_in(); ++round) {
    std::string damaged = bytes;
    const size_t at = 4096 + stream.below(bytes.size() - 4096);
    if (round % 3 == 0) {
      damaged[at] = static_cast<char>(0xFF);
    } else {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << stream.below(8)));
    }
    search_all(damaged);
  }
}

TEST(Bm25File, TruncatedIsAnError) {
  const auto index = build_index("bm25", corpus_of(made_up_texts(4, 30)), Attributes(), plain_words(), {});
  const std::string bytes = saved_bytes(*index);
  for (size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_THROW(
        Artifact::from_bytes(Array<std::byte>::copy_of(std::as_bytes(std::span(bytes.data(), size))), "x"),
        Error);
  }
}

TEST(Bm25File, TellsWhatItWasMadeOf) {
  const auto index = build_index("bm25", corpus_of({"a b"}), Attributes(), plain_words(), {});
  EXPECT_EQ(index->record().at("method").as_string(), "bm25");
  EXPECT_EQ(index->record().at("options").at("stemmer").as_string(), "none");
  EXPECT_EQ(index->record().at("inputs").as_list().at(0).at("kind").as_string(), "corpus");
}

TEST(Bm25File, RefusesIdsThatStandTwiceAndTextsThatAreMissing) {
  EXPECT_THROW(build_index("bm25", Corpus{Ids::strings({"a", "a"}), {"x", "y"}}, {}, Value::object(), {}),
               Error);
  EXPECT_THROW(build_index("bm25", Corpus{Ids::strings({"a", "b"}), {"x"}}, {}, Value::object(), {}), Error);
}

TEST(Bm25File, RefusesWhatDoesNotFitTheMemory) {
  Context context;
  context.max_memory_bytes = 1000;
  EXPECT_THROW(index_texts(made_up_texts(1, 100), Value::object(), context), Error);
}

}  // namespace
}  // namespace whitney::search
