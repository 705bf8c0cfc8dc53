#include "whitney/text/hashed_ngrams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "whitney/core/error_of.h"
#include "whitney/core/hash.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::text {
namespace {

std::vector<uint64_t> sorted(std::vector<uint64_t> hashes) {
  std::ranges::sort(hashes);
  return hashes;
}

std::vector<uint64_t> hashes_of(const std::vector<std::string>& ngrams) {
  std::vector<uint64_t> hashes;
  for (const std::string& ngram : ngrams) hashes.push_back(hash64(ngram));
  return sorted(hashes);
}

std::vector<uint64_t> found_in(std::string_view text, const HashedNgramsOptions& options) {
  std::vector<uint64_t> hashes;
  ngram_hashes(text, options, hashes);
  return sorted(hashes);
}

HashedNgramsOptions words_only(int most) {
  HashedNgramsOptions options;
  options.words = most;
  options.most_characters = 0;
  return options;
}

Corpus corpus_of(const std::vector<std::string>& texts) {
  return {Ids::row_numbers(std::ssize(texts)), texts};
}

size_t place_of(const std::string& ngram, int dim) {
  return (hash64(ngram) & 0xFFFFFFFF) * static_cast<uint64_t>(dim) >> 32;
}

TEST(NgramHashes, AreRunsOfWordsInLowerCaseWithTheirPunctuation) {
  EXPECT_EQ(found_in(" C++  and\tC#", words_only(2)),
            hashes_of({"wc++", "wc++ and", "wand", "wand c#", "wc#"}));
  EXPECT_EQ(found_in("go go", words_only(1)), hashes_of({"wgo", "wgo"}));
  EXPECT_TRUE(found_in(" \t ", words_only(3)).empty());
}

TEST(NgramHashes, ArePiecesOfWordsWithTheBlankAround) {
  HashedNgramsOptions options;
  options.words = 0;
  options.least_characters = 3;
  options.most_characters = 4;
  EXPECT_EQ(found_in("sql", options), hashes_of({"c sq", "csql", "cql ", "c sql", "csql "}));
  // Two words are two; characters are counted, not bytes; what is shorter than 3 with its blanks is whole.
  options.most_characters = 3;
  EXPECT_EQ(found_in("Éa r", options), hashes_of({"c éa", "céa ", "c r "}));
  options.least_characters = options.most_characters = 5;
  EXPECT_EQ(found_in("r", options), hashes_of({"c r "}));
}

TEST(HashedNgrams, WeighCountsByRarityAtTheHashedPlace) {
  HashedNgramsOptions options = words_only(1);
  options.dim = 64;
  options.normalize = false;
  // a in 2 of 3 texts, b in 2, c in 1; idf = 1 + log(4 / (1 + texts)).
  const Embeddings found = hashed_ngrams(corpus_of({"a a b", "a", "b c"}), options, {});
  std::vector<float> expected(64);
  const auto add = [&](const std::string& ngram, double weight) {
    expected[place_of(ngram, 64)] += static_cast<float>(hash64(ngram) >> 63 != 0 ? -weight : weight);
  };
  add("wa", 2 * (1 + std::log(4.0 / 3)));
  add("wb", 1 + std::log(4.0 / 3));
  ASSERT_NE(place_of("wa", 64), place_of("wb", 64));
  const auto row = found.vectors.row<float>(0);
  EXPECT_EQ(std::vector<float>(row.begin(), row.end()), expected);
  EXPECT_FLOAT_EQ(std::abs(found.vectors.row<float>(2)[place_of("wc", 64)]),
                  static_cast<float>(1 + std::log(2.0)));
}

TEST(HashedNgrams, HaveLengthOneOrAreZeroWithANote) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Embeddings found = hashed_ngrams(corpus_of({"data entry", "", "entry"}), {}, context);
  const auto length = [&](int64_t row) {
    const auto values = found.vectors.row<float>(row);
    return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  };
  EXPECT_NEAR(length(0), 1, 1e-6);
  EXPECT_EQ(length(1), 0);
  EXPECT_EQ(notes.sentences, std::vector<std::string>{"1 of 3 texts have no n-gram: their vectors are zero"});
  EXPECT_EQ(found.record.at("metric"), Value("cosine"));
}

TEST(HashedNgrams, OfNewTextsAreThoseOfTheOldOnesTable) {
  TemporaryFolder folder;
  const std::vector<std::string> old = {"java developer", "java", "sales manager", "data"};
  std::ofstream file(folder.path() + "/old.txt");
  for (const std::string& text : old) file << text << "\n";
  file.close();
  HashedNgramsOptions options;
  const Embeddings all = hashed_ngrams(corpus_of(old), options, {});
  const Embeddings alone = hashed_ngrams(corpus_of({old[0]}), options, {});
  options.idf_of = Path{folder.path() + "/old.txt"};
  const Embeddings with_table = hashed_ngrams(corpus_of({old[0]}), options, {});
  EXPECT_TRUE(std::ranges::equal(with_table.vectors.row<float>(0), all.vectors.row<float>(0)));
  EXPECT_FALSE(std::ranges::equal(alone.vectors.row<float>(0), all.vectors.row<float>(0)));
}

// Two texts of 40 words of which 20 are common have the product 20 in the mean over words: signs let
// strangers that meet in one of 32 places cancel out.
TEST(HashedNgrams, SignsKeepSimilaritiesRightInTheMean) {
  RandomStream random(5, "hashed ngrams test", 0);
  HashedNgramsOptions options = words_only(1);
  options.dim = 32;
  options.idf = options.normalize = false;
  const auto mean_dot = [&](bool is_signed) {
    options.is_signed = is_signed;
    double sum = 0;
    constexpr int kPairs = 400;
    for (int pair = 0; pair < kPairs; ++pair) {
      std::string first, second;
      for (int i = 0; i < 60; ++i) {
        const std::string word = std::to_string(random.next_u64()) + " ";
        if (i < 40) first += word;
        if (i >= 20) second += word;
      }
      const Embeddings found = hashed_ngrams(corpus_of({first, second}), options, {});
      const auto a = found.vectors.row<float>(0), b = found.vectors.row<float>(1);
      sum += std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    }
    return sum / kPairs;
  };
  // Of the 40 * 40 - 20 pairs of strangers one in 32 meets and adds +1 or -1; 190 pairs of common words come
  // twice, so that the variance is (1200 + 190 * 4) / 32 = 61.25. 5 sigma over 400 texts are 1.96. Unsigned
  // strangers add 1580 / 32.
  EXPECT_NEAR(mean_dot(true), 20, 1.96);
  EXPECT_NEAR(mean_dot(false), 20 + 1580.0 / 32, 5);
}

TEST(HashedNgrams, AreTheSameAtAnyNumberOfThreads) {
  RandomStream random(9, "hashed ngrams test", 1);
  std::vector<std::string> texts;
  for (int64_t i = 0; i < fewer(1200); ++i) {
    std::string& text = texts.emplace_back();
    for (uint64_t word = random.below(5); word > 0; --word) text += std::to_string(random.below(500)) + " ";
  }
  HashedNgramsOptions options;
  options.dim = 100;
  const auto vectors = [&](int threads) {
    Context context;
    context.threads = threads;
    const Embeddings found = hashed_ngrams(corpus_of(texts), options, context);
    const auto bytes = found.vectors.bytes().span();
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  const auto expected = vectors(1);
  EXPECT_EQ(vectors(2), expected);
  EXPECT_EQ(vectors(5), expected);
}

TEST(HashedNgrams, RefuseOptionsUnderWhichNothingCounts) {
  HashedNgramsOptions options = words_only(0);
  EXPECT_NE(error_of([&] { hashed_ngrams(corpus_of({"a"}), options, {}); }).find("no n-gram counts"),
            std::string::npos);
  options.most_characters = 2;
  EXPECT_EQ(error_of([&] { hashed_ngrams(corpus_of({"a"}), options, {}); }),
            "option \"least_characters\" is 3, above most_characters, 2");
}

}  // namespace
}  // namespace whitney::text
