#include "whitney/search/bm25.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/search/bm25_cases_test.h"
#include "whitney/search/deadline_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney {
namespace {

using search::Hits;
using search::hits_of;
using search::index_texts;
using search::made_up_texts;
using search::plain_words;
using search::Texts;

// Lengths 3, 2 and 1, on average 2; "b" stands in two texts, twice in the first.
const Texts kTexts = {"b b a", "c b", "a"};

float score_of(const std::string& variant, const std::string& query, double k1 = 1.2, double b = 0.75) {
  Value options = plain_words();
  options.set("variant", variant).set("k1", k1).set("b", b);
  return hits_of(*index_texts(kTexts, options), query, 1).at(0).second;
}

TEST(Bm25, ScoresByHandAsEachVariantSays) {
  // Text 0 for "b": t = 2, L = 1 - .75 + .75 * 3 / 2 = 1.375, K = 1.65; n = 3, c = 2.
  EXPECT_FLOAT_EQ(score_of("lucene", "b"), static_cast<float>(std::log(1 + 1.5 / 2.5) * 2 / 3.65));
  EXPECT_FLOAT_EQ(score_of("robertson", "c"),
                  static_cast<float>(std::log(2.5 / 1.5) * 1 / (1.2 + 1)));  // text 1: L = 1, c = 1
  EXPECT_FLOAT_EQ(score_of("robertson", "b"), 0);                            // log(1.5 / 2.5) < 0
  EXPECT_FLOAT_EQ(score_of("atire", "b"), static_cast<float>(std::log(3.0 / 2) * 2 * 2.2 / 3.65));
  EXPECT_FLOAT_EQ(score_of("bm25+", "b"), static_cast<float>(std::log(4.0 / 2) * (2 * 2.2 / 3.65 + 0.5)));
  const double shifted = 2 / 1.375 + 0.5;
  EXPECT_FLOAT_EQ(score_of("bm25l", "b"),
                  static_cast<float>(std::log(4 / 2.5) * 2.2 * shifted / (1.2 + shifted)));
}

TEST(Bm25, WithoutK1CountsAWordOnceAndWithoutBNoLength) {
  EXPECT_FLOAT_EQ(score_of("lucene", "b", 0), static_cast<float>(std::log(1.6)));
  EXPECT_FLOAT_EQ(score_of("lucene", "b", 1.2, 0), static_cast<float>(std::log(1.6) * 2 / 3.2));
}

TEST(Bm25, AWordTwiceInTheQueryCountsTwice) {
  const auto index = index_texts(kTexts, plain_words());
  EXPECT_EQ(hits_of(*index, "b b", 1).at(0).second, 2 * hits_of(*index, "b", 1).at(0).second);
}

TEST(Bm25, FindsOnlyTextsThatHaveAWordOfTheQuery) {
  const auto index = index_texts({"wing flow", "", "heat", "flow", "..."}, plain_words());
  EXPECT_EQ(search::rows_of(hits_of(*index, "flow", 10)), (std::vector<int64_t>{3, 0}));
  EXPECT_TRUE(hits_of(*index, "unheard of", 10).empty());
  EXPECT_TRUE(hits_of(*index, "", 10).empty());
  EXPECT_EQ(hits_of(*index, "unheard flow", 10), hits_of(*index, "flow", 10));
}

TEST(Bm25, AnIndexOfNothingOrOfEmptyTextsFindsNothing) {
  EXPECT_TRUE(hits_of(*index_texts({}, plain_words()), "flow", 3).empty());
  EXPECT_TRUE(hits_of(*index_texts({"", "the"}, Value::object()), "the flow", 3).empty());
}

TEST(Bm25, EqualScoresAreOrderedByRow) {
  const auto index = index_texts({"x y", "x y", "y x", "x z z", "x y"}, plain_words());
  EXPECT_EQ(search::rows_of(hits_of(*index, "x y", 3)), (std::vector<int64_t>{0, 1, 2}));
}

TEST(Bm25, StemsAndLeavesStopWordsOutByDefault) {
  const auto index = index_texts({"The flows of heated gases", "a wing"}, Value::object());
  EXPECT_EQ(search::rows_of(hits_of(*index, "the heat flowing", 5)), std::vector<int64_t>{0});
  EXPECT_TRUE(hits_of(*index, "the of a", 5).empty());
}

TEST(Bm25, APhraseMustStandInTheText) {
  const auto index = index_texts({"theory of thin shells", "thin theory shells",
                                  "shells of theory thin shells thin", "theory thin shells"},
                                 Value::object());
  EXPECT_EQ(search::sorted_rows_of(hits_of(*index, "\"thin shells\"", 9)), (std::vector<int64_t>{0, 2, 3}));
  // The stop word between them counts as a word.
  EXPECT_EQ(search::sorted_rows_of(hits_of(*index, "\"theory of thin\"", 9)), std::vector<int64_t>{0});
  EXPECT_EQ(search::sorted_rows_of(hits_of(*index, "\"theory thin\" \"shells thin\"", 9)),
            std::vector<int64_t>{2});
  EXPECT_TRUE(hits_of(*index, "theory \"thin unheard\"", 9).empty());
  // Its words score as others do.
  EXPECT_EQ(hits_of(*index, "\"theory of thin\"", 1).at(0).second,
            hits_of(*index, "theory thin", 9).at(2).second);
}

TEST(Bm25, APhraseOfOneWordIsARequiredWord) {
  const auto index = index_texts({"heat", "flow heat", "flow"}, plain_words());
  EXPECT_EQ(search::sorted_rows_of(hits_of(*index, "\"heat\" flow", 9)), (std::vector<int64_t>{0, 1}));
}

TEST(Bm25, APhraseNeedsPositions) {
  Value options = plain_words();
  options.set("positions", false);
  const auto index = index_texts({"thin shells"}, options);
  EXPECT_EQ(hits_of(*index, "\"thin\"", 9).size(), 1u);
  try {
    hits_of(*index, "\"thin shells\"", 9);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("positions"), std::string::npos);
  }
}

TEST(Bm25, APrefixCountsAsOneWord) {
  // computer, computing and computed are taken as one that stands in two texts, three times in the first.
  const Texts texts = {"computer computing computed x", "computer", "x"};
  const Texts as_one = {"c c c x", "c", "x"};
  EXPECT_EQ(hits_of(*index_texts(texts, plain_words()), "comput*", 9),
            hits_of(*index_texts(as_one, plain_words()), "c", 9));
  EXPECT_TRUE(hits_of(*index_texts(texts, plain_words()), "compux*", 9).empty());
}

TEST(Bm25, APrefixLongerThanTheStemFindsTheStem) {
  const auto index = index_texts({"computers", "wing"}, Value::object());
  EXPECT_EQ(search::rows_of(hits_of(*index, "computers*", 9)), std::vector<int64_t>{0});
}

// Words of texts, split at spaces.
struct CountedWords {
  explicit CountedWords(const Texts& texts) {
    for (const std::string& text : texts) {
      auto& own = counts.emplace_back();
      lengths.push_back(0);
      for (const std::string& word : search::split(text)) ++own[word], ++lengths.back();
      for (const auto& [word, count] : own) ++frequencies[word];
    }
  }
  std::vector<std::map<std::string, int>> counts;
  std::map<std::string, int> frequencies;
  std::vector<double> lengths;
};

// Scores by the formula, text by text.
Hits brute_force(const CountedWords& words, const std::string& query, const RowSet* allowed) {
  const double n = static_cast<double>(words.lengths.size());
  const double average = std::accumulate(words.lengths.begin(), words.lengths.end(), 0.0) / n;
  std::vector<std::pair<double, int64_t>> scored;
  for (size_t row = 0; row < words.lengths.size(); ++row) {
    if (allowed != nullptr && !allowed->contains(static_cast<uint32_t>(row))) continue;
    double score = 0;
    bool has_word = false;
    for (const std::string& word : search::split(query)) {
      const auto found = words.counts[row].find(word);
      if (found == words.counts[row].end()) continue;
      has_word = true;
      const double t = found->second, c = words.frequencies.at(word);
      const double length = 0.25 + 0.75 * words.lengths[row] / average;
      score += std::log(1 + (n - c + 0.5) / (c + 0.5)) * t / (t + 1.2 * length);
    }
    if (has_word) scored.emplace_back(-static_cast<float>(score), row);
  }
  std::ranges::sort(scored);
  Hits hits;
  for (const auto& [score, row] : scored) hits.emplace_back(row, static_cast<float>(-score));
  return hits;
}

// The rows may be in another order where scores differ by a rounding.
void expect_best(const Hits& found, const Hits& all, int64_t k) {
  ASSERT_EQ(found.size(), std::min(all.size(), static_cast<size_t>(k)));
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i].second, all[i].second, 1e-5);
}

TEST(Bm25, FindsWhatAScanOfTheTextsFinds) {
  const Texts texts = made_up_texts(7, 5000);
  const auto index = index_texts(texts, plain_words());
  const CountedWords words(texts);
  const RowSet third = search::every(3, 5000), few = search::every(1000, 5000);
  for (const std::string query :
       {"w0", "w0 w3 w40", "w1 w2 w3 w4 w5 w6", "w900 w2", "w7 w7 w31 w150 w999", "w450"}) {
    for (const RowSet* allowed : {static_cast<const RowSet*>(nullptr), &third, &few}) {
      const Hits all = brute_force(words, query, allowed);
      for (const int64_t k : {int64_t{1}, int64_t{10}, int64_t{500}, int64_t{20'000}})
        expect_best(hits_of(*index, query, k, allowed), all, k);
    }
  }
}

TEST(Bm25, SkippingChangesNoBitOfWhatIsFound) {
  for (const std::string variant : {"lucene", "robertson", "atire", "bm25l", "bm25+"}) {
    Value options = plain_words();
    options.set("variant", variant);
    const auto index = index_texts(made_up_texts(11, fewer(8000)), options);
    const RowSet half = search::every(2, static_cast<uint32_t>(fewer(8000)));
    for (uint64_t seed = 0; seed < static_cast<uint64_t>(fewer(20)); ++seed) {
      const std::string query = search::made_up_query(seed);
      const int64_t k = 1 + static_cast<int64_t>(seed % 4) * 7;
      EXPECT_EQ(hits_of(*index, query, k), hits_of(*index, query, k, nullptr, true))
          << variant << ": " << query;
      EXPECT_EQ(hits_of(*index, query, k, &half), hits_of(*index, query, k, &half, true))
          << variant << ": " << query;
    }
  }
}

TEST(Bm25, TakesATextOfTenMegabytes) {
  std::string text;
  const size_t size = 10'000'000 / one_in();
  for (int64_t i = 0; text.size() < size; ++i) text += "w" + std::to_string(i % 5000) + " w0 ";
  const Texts texts = {text, "w7 lonely"};
  const auto index = index_texts(texts, plain_words());
  EXPECT_EQ(hits_of(*index, "lonely", 5).front().first, 1);
  EXPECT_EQ(hits_of(*index, "w4999", 5).front().first, 0);
}

TEST(Bm25, AFilterLeavesTheHitsThatSatisfyIt) {
  const auto index = index_texts(made_up_texts(3, 5000), plain_words());
  for (const uint32_t step : {2U, 17U, 600U}) {
    const RowSet allowed = search::every(step, 5000);
    Hits expected;
    for (const auto& hit : hits_of(*index, "w2 w30 w200", 5000)) {
      if (hit.first % step == 0 && expected.size() < 10) expected.push_back(hit);
    }
    EXPECT_EQ(hits_of(*index, "w2 w30 w200", 10, &allowed), expected) << step;
  }
}

TEST(Bm25, TheRowLeftOutMakesRoomForTheNext) {
  const auto index = index_texts({"x", "x x", "x y"}, plain_words());
  SearchParams params;
  params.k = 2;
  const Texts query = {"x"};
  const auto all = index->search_texts(query, params, {});
  params.excluded = {all.neighbors.rows[0]};
  const auto without = index->search_texts(query, params, {});
  EXPECT_EQ(without.neighbors.rows[0], all.neighbors.rows[1]);
  EXPECT_EQ(without.counts, std::vector<int64_t>{2});
}

TEST(Bm25, EndsWhenItsTimeIsUpAndSaysSo) {
  Value options = plain_words();
  options.set("positions", true);
  const auto index = index_texts(made_up_texts(6, 500), options);
  const Texts queries = {"w0 w1 w2", "\"w0 w1\"", "w1*", "w5"};
  SearchParams params;
  params.options = Value::object({{"operators", true}});
  const SearchResult late = search::expect_ends_in_time(
      params, [&](const SearchParams& asked) { return index->search_texts(queries, asked, {}); });
  EXPECT_EQ(late.counts, std::vector<int64_t>(4, 0));
}

TEST(Bm25, ExplainsWhatASearchDid) {
  const auto index = index_texts(made_up_texts(5, 9000), plain_words());
  const auto explain = [&](const std::string& query, int64_t k, const RowSet* allowed = nullptr) {
    SearchParams params;
    params.k = k;
    params.explain = true;
    params.allowed = allowed;
    return index->search_texts({&query, 1}, params, {}).explain;
  };
  const RowSet few = search::every(1000, 9000);
  EXPECT_EQ(explain("w0 w1 w2 w3", 10).at("plan").as_string(), "scan");
  EXPECT_EQ(explain("w0 w1 w2 w3", 1).at("plan").as_string(), "max score");
  EXPECT_EQ(explain("w0 w0", 10).at("plan").as_string(), "block-max wand");
  EXPECT_EQ(explain("w0 w1 w2 w3", 10, &few).at("plan").as_string(), "look up");
  const Value scan = explain("w0 w1 w2 w3", 10);
  EXPECT_EQ(scan.at("estimates").at("words").as_int(), 4);
  EXPECT_LT(scan.at("actuals").at("candidates").as_int(), scan.at("estimates").at("postings").as_int());
  EXPECT_EQ(scan.at("actuals").at("queries_scanned").as_int(), 1);
  EXPECT_EQ(scan.at("actuals").at("queries_by_wand").as_int(), 0);
}

TEST(Bm25, VectorsAndTextsAreToldApart) {
  const auto index = index_texts(kTexts, plain_words());
  EXPECT_TRUE(index->holds_texts());
  EXPECT_THROW(index->search(Matrix(1, 4), {}, {}), Error);
  EXPECT_THROW(build_index("flat", Corpus{Ids::row_numbers(1), {"a"}}, {}, Value::object(), {}), Error);
}

TEST(Bm25, SaysWhenDeltaHasNoEffect) {
  Bm25Options options;
  EXPECT_TRUE(options.ineffective().empty());
  options.delta = 1;
  EXPECT_EQ(options.ineffective().size(), 1u);
  options.variant = Bm25Variant::kBm25l;
  EXPECT_TRUE(options.ineffective().empty());
}

}  // namespace
}  // namespace whitney
