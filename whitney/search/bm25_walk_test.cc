// Every plan finds the hits of every other, bit for bit.

#include "whitney/search/bm25_walk.h"

#include <gtest/gtest.h>

#include <map>

#include "whitney/search/bm25_cases_test.h"
#include "whitney/search/bm25_index.h"

namespace whitney::search {
namespace {

Bm25Parts parts_of(const Texts& texts, const std::string& variant, bool scores) {
  Bm25Options options;
  options.analyzer.stemmer = text::Stemmer::kNone;
  options.analyzer.stop_words = text::StopWords::kNone;
  options.scores = scores;
  options.positions = false;
  for (size_t i = 0; i < enum_names(Bm25Variant()).size(); ++i) {
    if (enum_names(Bm25Variant())[i] == variant) options.variant = static_cast<Bm25Variant>(i);
  }
  IndexRows rows;
  rows.ids = Ids::row_numbers(std::ssize(texts));
  rows.live = RowSet::range(0, static_cast<uint32_t>(texts.size()));
  return build_bm25(texts, std::move(rows), options, {});
}

std::map<std::string, int> counted(const Texts& words) {
  std::map<std::string, int> counts;
  for (const std::string& word : words) ++counts[word];
  return counts;
}

enum class Way { kScan, kMaxScore, kLookUp };

Hits walked(const Bm25Parts& parts, const std::string& query, Way way, const RowSet& allowed,
            int64_t excluded, int64_t k, Bm25WalkScratch& scratch) {
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  std::vector<Bm25Term> terms;
  double constant = 0;
  for (const auto& [word, times] : counted(split(query))) {
    const auto list = parts.words.find(word);
    if (!list) continue;
    terms.emplace_back(parts.lists, *list, times, scores.formula);
    constant += times * scores.formula.constant(terms.back().cursor.count());
  }
  Bm25Walk walk(scores, terms, constant, scratch);
  const bool all = allowed.size() == parts.rows.size();
  const std::vector<uint64_t> bits = all ? std::vector<uint64_t>() : allowed.bits(parts.rows.size());
  const Bm25Rows rows{bits, excluded};
  Hits hits;
  for (const uint64_t key : way == Way::kScan       ? walk.scan(rows, k)
                            : way == Way::kMaxScore ? walk.max_score(rows, k)
                                                    : walk.look_up(allowed.rows(), excluded, k))
    hits.emplace_back(BestRows::row_of(key), BestRows::score_of(key));
  return hits;
}

// Sums the formula up text by text, in the order of the query's words.
Hits added_up(const Texts& texts, const Bm25Parts& parts, const std::string& query, const RowSet& allowed,
              int64_t excluded, int64_t k) {
  std::vector<std::map<std::string, int>> counts;
  for (const std::string& text : texts) counts.push_back(counted(split(text)));
  std::map<std::string, int64_t> texts_with;
  for (const auto& own : counts) {
    for (const auto& word : own) ++texts_with[word.first];
  }
  const Bm25Formula formula = parts.formula();
  std::vector<std::pair<float, int64_t>> scored;
  for (size_t row = 0; row < texts.size(); ++row) {
    if (static_cast<int64_t>(row) == excluded || !allowed.contains(static_cast<uint32_t>(row))) continue;
    double sum = 0, constant = 0;
    bool has_word = false;
    for (const auto& [word, times] : counted(split(query))) {
      if (!texts_with.contains(word)) continue;
      const double weight = formula.weight(texts_with[word]);
      constant += times * formula.constant(texts_with[word]);
      if (!counts[row].contains(word)) continue;
      has_word = true;
      sum += times * static_cast<double>(formula.score(weight, static_cast<uint32_t>(counts[row][word]),
                                                       static_cast<uint32_t>(split(texts[row]).size())));
    }
    if (has_word) scored.emplace_back(-static_cast<float>(sum + constant), row);
  }
  std::ranges::sort(scored);
  Hits hits;
  for (size_t i = 0; i < std::min(scored.size(), static_cast<size_t>(k)); ++i)
    hits.emplace_back(scored[i].second, -scored[i].first);
  return hits;
}

class Bm25Plans : public testing::TestWithParam<const char*> {};

TEST_P(Bm25Plans, FindWhatAddingUpTextByTextFinds) {
  const Texts texts = made_up_texts(21, 700);
  Bm25WalkScratch scratch;  // one for all, as searches share it
  for (const bool kept : {true, false}) {
    const Bm25Parts parts = parts_of(texts, GetParam(), kept);
    for (uint64_t seed = 0; seed < 24; ++seed) {
      const std::string query = made_up_query(seed) + (seed % 3 == 0 ? " w0 w0 unheard" : "");
      const RowSet allowed = seed % 4 == 0 ? RowSet::range(0, 700) : every(seed % 4 == 1 ? 2 : 50, 700);
      const int64_t k = seed % 5 == 0 ? 1000 : 1 + static_cast<int64_t>(seed),
                    excluded = seed % 2 == 0 ? -1 : 4;
      const Hits expected = added_up(texts, parts, query, allowed, excluded, k);
      for (const Way way : {Way::kScan, Way::kMaxScore, Way::kLookUp})
        EXPECT_EQ(walked(parts, query, way, allowed, excluded, k, scratch), expected)
            << query << ", plan " << static_cast<int>(way) << ", scores kept: " << kept;
    }
  }
}

// Some windows of each plan, and rows of no word between them.
TEST_P(Bm25Plans, AgreeOverManyWindows) {
  Texts texts = made_up_texts(22, 12'000);
  texts.resize(55'000);
  for (const std::string& text : made_up_texts(23, 25'000)) texts.push_back(text);
  Bm25WalkScratch scratch;
  const Bm25Parts kept = parts_of(texts, GetParam(), true), made = parts_of(texts, GetParam(), false);
  const RowSet all = RowSet::range(0, 80'000), third = every(3, 80'000);
  for (uint64_t seed = 100; seed < 116; ++seed) {
    const std::string query = made_up_query(seed);
    const RowSet& allowed = seed % 2 == 0 ? all : third;
    const int64_t k = seed % 4 == 0 ? 300 : 10;
    const Hits expected = walked(kept, query, Way::kLookUp, allowed, -1, k, scratch);
    for (const Way way : {Way::kScan, Way::kMaxScore}) {
      EXPECT_EQ(walked(kept, query, way, allowed, -1, k, scratch), expected) << query;
      EXPECT_EQ(walked(made, query, way, allowed, -1, k, scratch), expected) << query;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Bm25Plans,
                         testing::Values("lucene", "robertson", "atire", "bm25l", "bm25+"),
                         [](const auto& test) {
                           return test.param == std::string("bm25+") ? std::string("bm25plus") : test.param;
                         });

TEST(Bm25Walk, SkipsWhatCannotBeAmongTheBest) {
  Texts texts(30'000, "often");
  texts[100] = texts[200] = "rare often";
  const Bm25Parts parts = parts_of(texts, "lucene", true);
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  std::vector<Bm25Term> terms;
  for (const char* word : {"often", "rare"})
    terms.emplace_back(parts.lists, *parts.words.find(word), 1, scores.formula);
  Bm25WalkScratch scratch;
  Bm25Walk walk(scores, terms, 0, scratch);
  const auto hits = walk.max_score({}, 2);
  ASSERT_EQ(hits.size(), 2U);
  EXPECT_EQ(BestRows::row_of(hits[0]), 100U);
  EXPECT_EQ(BestRows::row_of(hits[1]), 200U);
  EXPECT_LT(walk.counts().blocks, 40);  // of 236
}

}  // namespace
}  // namespace whitney::search
