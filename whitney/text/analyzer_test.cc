#include "whitney/text/analyzer.h"

#include <gtest/gtest.h>

namespace whitney::text {
namespace {

using Tokens = std::vector<Token>;

TEST(Analyzer, StemsLowersAndLeavesStopWordsOutButCountsThem) {
  EXPECT_EQ(Analyzer({}).analyze("The flows of a Supersonic gas."),
            (Tokens{{"flow", 1}, {"superson", 4}, {"gas", 5}}));
}

TEST(Analyzer, KeepsWordsAsTheyAreWhenAskedTo) {
  AnalyzerOptions options;
  options.lowercase = false;
  options.stemmer = Stemmer::kNone;
  options.stop_words = StopWords::kNone;
  EXPECT_EQ(Analyzer(options).analyze("The flows, Été"), (Tokens{{"The", 0}, {"flows", 1}, {"Été", 2}}));
}

TEST(Analyzer, CountsCharactersNotBytesForTheLeastLength) {
  AnalyzerOptions options;
  options.min_token_length = 3;
  EXPECT_EQ(Analyzer(options).analyze("ab été ça xyz"), (Tokens{{"été", 1}, {"xyz", 3}}));
}

TEST(Analyzer, GivesNothingOfNothing) {
  EXPECT_EQ(Analyzer({}).analyze(""), Tokens{});
  EXPECT_EQ(Analyzer({}).analyze("the of ... and"), Tokens{});
}

TEST(Analyzer, OptionsAreDeclaredOnce) {
  const auto specs = option_specs<AnalyzerOptions>();
  ASSERT_EQ(specs.size(), 4u);
  EXPECT_EQ(specs[1].choices, (std::vector<std::string>{"none", "english"}));
  EXPECT_EQ(specs[2].choices, (std::vector<std::string>{"none", "english", "english_long"}));
}

}  // namespace
}  // namespace whitney::text
