// Every plan finds the hits of every other, bit for bit.

#include "whitney/search/bm25_walk.h"

#include <gtest/gtest.h>

#include <map>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/search/bm25_cases_test.h"
#include "whitney/search/bm25_index.h"
#include "whitney/search/bm25_wand.h"

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

enum class Way { kScan, kMaxScore, kWand, kLookUp };

Hits walked(const Bm25Parts& parts, const std::string& query, Way way, const RowSet& allowed,
            int64_t excluded, int64_t k, Bm25WalkScratch& scratch) {
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  std::vector<Bm25Term> terms;
  double constant = 0;
  for (const auto& [word, times] : counted(split(query))) {
    const auto list = parts.words.find(word);
    if (!list) continue;
    terms.emplace_back(parts.lists, *list, times, scores.formula, &scratch.blocks);
    constant += times * scores.formula.constant(terms.back().cursor.count());
  }
  Bm25Walk walk(scores, terms, constant, scratch);
  Bm25Wand wand(scores, terms, constant, scratch);
  const bool all = allowed.size() == parts.rows.size();
  const std::vector<uint64_t> bits = all ? std::vector<uint64_t>() : allowed.bits(parts.rows.size());
  const Bm25Rows rows{bits, excluded};
  Hits hits;
  for (const uint64_t key : way == Way::kScan       ? walk.scan(rows, k)
                            : way == Way::kMaxScore ? walk.max_score(rows, k)
                            : way == Way::kWand     ? wand.run(rows, k)
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

TEST(Bm25Walk, EndsByEachPlanWhenItsTimeIsUpAndLeavesItsMemoryFit) {
  const Bm25Parts parts = parts_of(made_up_texts(22, 300), "lucene", true);
  const RowSet all = RowSet::range(0, 300);
  Bm25WalkScratch scratch;
  for (const Way way : {Way::kScan, Way::kMaxScore, Way::kWand, Way::kLookUp}) {
    scratch.watch = DeadlineWatch();
    const Hits whole = walked(parts, "w0 w1", way, all, -1, 5, scratch);
    EXPECT_EQ(whole.size(), 5);
    scratch.watch = DeadlineWatch(Deadline::after(0));
    EXPECT_TRUE(walked(parts, "w0 w1", way, all, -1, 5, scratch).empty());
    EXPECT_TRUE(scratch.watch.was_over());
    scratch.watch = DeadlineWatch(Deadline::after(1e9));
    EXPECT_EQ(walked(parts, "w0 w1", way, all, -1, 5, scratch), whole);
    EXPECT_FALSE(scratch.watch.was_over());
  }
}

class Bm25Plans : public testing::TestWithParam<const char*> {};

TEST_P(Bm25Plans, FindWhatAddingUpTextByTextFinds) {
  const Texts texts = made_up_texts(21, 700);
  for (const bool kept : {true, false}) {
    const Bm25Parts parts = parts_of(texts, GetParam(), kept);
    Bm25WalkScratch scratch;  // one for all, as searches share it
    for (uint64_t seed = 0; seed < static_cast<uint64_t>(fewer(24)); ++seed) {
      const std::string query = made_up_query(seed) + (seed % 3 == 0 ? " w0 w0 unheard" : "");
      const RowSet allowed = seed % 4 == 0 ? RowSet::range(0, 700) : every(seed % 4 == 1 ? 2 : 50, 700);
      const int64_t k = seed % 5 == 0 ? 1000 : 1 + static_cast<int64_t>(seed),
                    excluded = seed % 2 == 0 ? -1 : 4;
      const Hits expected = added_up(texts, parts, query, allowed, excluded, k);
      for (const Way way : {Way::kScan, Way::kMaxScore, Way::kWand, Way::kLookUp})
        EXPECT_EQ(walked(parts, query, way, allowed, excluded, k, scratch), expected)
            << query << ", plan " << static_cast<int>(way) << ", scores kept: " << kept;
    }
  }
}

// Some windows of each plan, and rows of no word between them.
TEST_P(Bm25Plans, AgreeOverManyWindows) {
  Texts texts = made_up_texts(22, fewer(12'000));
  texts.resize(55'000);
  for (const std::string& text : made_up_texts(23, fewer(25'000))) texts.push_back(text);
  Bm25WalkScratch scratch, scratch_of_made;
  const Bm25Parts kept = parts_of(texts, GetParam(), true), made = parts_of(texts, GetParam(), false);
  const auto n = static_cast<uint32_t>(texts.size());
  const RowSet all = RowSet::range(0, n), third = every(3, n);
  for (uint64_t seed = 100; seed < 100 + static_cast<uint64_t>(fewer(16)); ++seed) {
    const std::string query = made_up_query(seed);
    const RowSet& allowed = seed % 2 == 0 ? all : third;
    const int64_t k = seed % 4 == 0 ? 300 : 10;
    const Hits expected = walked(kept, query, Way::kLookUp, allowed, -1, k, scratch);
    for (const Way way : {Way::kScan, Way::kMaxScore, Way::kWand}) {
      EXPECT_EQ(walked(kept, query, way, allowed, -1, k, scratch), expected) << query;
      EXPECT_EQ(walked(made, query, way, allowed, -1, k, scratch_of_made), expected) << query;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, Bm25Plans,
                         testing::Values("lucene", "robertson", "atire", "bm25l", "bm25+"),
                         [](const auto& test) {
                           return test.param == std::string("bm25+") ? std::string("bm25plus") : test.param;
                         });

// What a file says may be anything: a plan ends, with an Error or with some hits.
TEST(Bm25Walk, EndsWhateverListsSay) {
  Bm25Parts parts = parts_of(made_up_texts(24, 3000), "lucene", true);
  const PostingLists whole = parts.lists;
  int64_t num_errors = 0;
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(fewer(120)); ++seed) {
    RandomStream stream(5, "damage", seed);
    const auto damaged = [&]<class T>(const Array<T>& values) {
      Array<T> copy = Array<T>::copy_of(values.span());
      char* bytes = reinterpret_cast<char*>(copy.mutable_data());
      bytes[stream.below(static_cast<uint64_t>(copy.size()) * sizeof(T))] ^=
          static_cast<char>(1 << stream.below(8));
      return copy;
    };
    parts.lists = whole;
    if (seed % 6 == 0) parts.lists.last_rows = damaged(whole.last_rows);
    if (seed % 6 == 1) parts.lists.best_scores = damaged(whole.best_scores);
    if (seed % 6 == 2) parts.lists.row_widths = damaged(whole.row_widths);
    if (seed % 6 == 3) parts.lists.starts = damaged(whole.starts);
    if (seed % 6 == 4) parts.lists.packed = damaged(whole.packed);
    if (seed % 6 == 5) parts.lists.counts = damaged(whole.counts);
    for (const Way way : {Way::kScan, Way::kMaxScore, Way::kWand}) {
      for (const char* query : {"w0 w1 w2", "w0 w3 w40", "w5"}) {
        try {
          Bm25WalkScratch scratch;
          walked(parts, query, way, RowSet::range(0, 3000), -1, 10, scratch);
        } catch (const Error&) {
          ++num_errors;
        }
      }
    }
  }
  EXPECT_GT(num_errors, 0);
}

TEST(Bm25Walk, SkipsWhatCannotBeAmongTheBest) {
  Texts texts(30'000, "often");
  texts[100] = texts[200] = "rare often";
  const Bm25Parts parts = parts_of(texts, "lucene", true);
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  const auto terms_of_query = [&] {
    std::vector<Bm25Term> terms;
    for (const char* word : {"often", "rare"})
      terms.emplace_back(parts.lists, *parts.words.find(word), 1, scores.formula);
    return terms;
  };
  Bm25WalkScratch scratch;
  const auto expect_both = [&](auto hits, const Bm25Counts& counts) {
    ASSERT_EQ(hits.size(), 2U);
    EXPECT_EQ(BestRows::row_of(hits[0]), 100U);
    EXPECT_EQ(BestRows::row_of(hits[1]), 200U);
    EXPECT_LT(counts.blocks, 40);  // of 236
  };
  std::vector<Bm25Term> terms = terms_of_query();
  Bm25Walk walk(scores, terms, 0, scratch);
  const auto by_walk = walk.max_score({}, 2);
  expect_both(by_walk, walk.counts());
  terms = terms_of_query();
  Bm25Wand wand(scores, terms, 0, scratch);
  const auto by_wand = wand.run({}, 2);
  expect_both(by_wand, wand.counts());
  EXPECT_LT(wand.counts().blocks, 5);
}

// Blocks of one word whose best scores are below those found are not looked at.
TEST(Bm25Wand, SkipsBlocksOfOneWord) {
  Texts texts(30'000, "often and other words of a long text");
  for (size_t row = 5000; row < 5020; ++row) texts[row] = "often";
  const Bm25Parts parts = parts_of(texts, "lucene", true);
  const Bm25Scores scores{parts.formula(), parts.lengths.span()};
  std::vector<Bm25Term> terms;
  terms.emplace_back(parts.lists, *parts.words.find("often"), 1, scores.formula);
  Bm25WalkScratch scratch;
  Bm25Wand wand(scores, terms, 0, scratch);
  const auto hits = wand.run({}, 20);
  ASSERT_EQ(hits.size(), 20U);
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(BestRows::row_of(hits[i]), 5000 + i);
  EXPECT_LT(wand.counts().blocks, 4);  // of 235
}

}  // namespace
}  // namespace whitney::search
