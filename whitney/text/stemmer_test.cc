#include "whitney/text/stemmer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace whitney::text {
namespace {

// The stems that Snowball 3.1 gives (PyStemmer 3.1.0).
using Stems = std::vector<std::pair<std::string, std::string>>;

void expect_stems(const Stems& stems) {
  for (const auto& [word, stem] : stems) {
    std::string stemmed = word;
    stem_english(stemmed);
    EXPECT_EQ(stemmed, stem) << word;
  }
}

TEST(EnglishStemmer, FollowsStep0And1aForPlurals) {
  expect_stems({{"caresses", "caress"},
                {"ties", "tie"},
                {"cries", "cri"},
                {"gas", "gas"},
                {"this", "this"},
                {"gaps", "gap"},
                {"kiwis", "kiwi"},
                {"bus", "bus"},
                {"pass", "pass"},
                {"cats", "cat"},
                {"cat's", "cat"},
                {"cats'", "cat"},
                {"dogs's", "dog"},
                {"skis", "ski"},
                {"'s", "'s"}});
}

TEST(EnglishStemmer, FollowsStep1bForPastAndParticiple) {
  expect_stems(
      {{"agreed", "agre"},      {"feed", "feed"},       {"agreedly", "agre"},      {"plastered", "plaster"},
       {"bled", "bled"},        {"motoring", "motor"},  {"sing", "sing"},          {"luxuriated", "luxuri"},
       {"troubled", "troubl"},  {"sized", "size"},      {"hopping", "hop"},        {"tanned", "tan"},
       {"falling", "fall"},     {"hissing", "hiss"},    {"fizzed", "fizz"},        {"failing", "fail"},
       {"filing", "file"},      {"hoping", "hope"},     {"added", "add"},          {"egging", "egg"},
       {"offed", "off"},        {"proceed", "proceed"}, {"proceeding", "proceed"}, {"exceeded", "exceed"},
       {"succeeds", "succeed"}, {"dying", "die"},       {"inning", "inning"},      {"outings", "outing"},
       {"canning", "canning"},  {"herring", "herring"}, {"earrings", "earring"},   {"evening", "evening"},
       {"pasting", "paste"}});
}

TEST(EnglishStemmer, FollowsStep1cForY) {
  expect_stems({{"cry", "cri"},
                {"by", "by"},
                {"say", "say"},
                {"happy", "happi"},
                {"enjoy", "enjoy"},
                {"yellow", "yellow"},
                {"yes", "yes"}});
}

TEST(EnglishStemmer, FollowsStep2) {
  expect_stems({{"relational", "relat"},    {"conditional", "condit"}, {"rational", "ration"},
                {"valenci", "valenc"},      {"hesitancy", "hesit"},    {"digitizer", "digit"},
                {"conformably", "conform"}, {"radically", "radic"},    {"differently", "differ"},
                {"vilely", "vile"},         {"analogously", "analog"}, {"vietnamization", "vietnam"},
                {"predication", "predic"},  {"operator", "oper"},      {"feudalism", "feudal"},
                {"decisiveness", "decis"},  {"hopefulness", "hope"},   {"callousness", "callous"},
                {"formality", "formal"},    {"sensitivity", "sensit"}, {"sensibility", "sensibl"},
                {"geologist", "geolog"},    {"analogies", "analog"},   {"mindlessly", "mindless"},
                {"carefully", "care"},      {"quickly", "quick"}});
}

TEST(EnglishStemmer, FollowsStep3) {
  expect_stems({{"triplicate", "triplic"},
                {"formative", "format"},
                {"formalize", "formal"},
                {"electricity", "electr"},
                {"electrical", "electr"},
                {"hopeful", "hope"},
                {"goodness", "good"},
                {"rationally", "ration"},
                {"emotional", "emot"}});
}

TEST(EnglishStemmer, FollowsStep4) {
  expect_stems({{"revival", "reviv"},
                {"allowance", "allow"},
                {"inference", "infer"},
                {"airliner", "airlin"},
                {"gyroscopic", "gyroscop"},
                {"adjustable", "adjust"},
                {"defensible", "defens"},
                {"irritant", "irrit"},
                {"replacement", "replac"},
                {"adjustment", "adjust"},
                {"dependent", "depend"},
                {"adoption", "adopt"},
                {"homologous", "homolog"},
                {"communism", "communism"},
                {"activate", "activ"},
                {"angularity", "angular"},
                {"effective", "effect"},
                {"bowdlerize", "bowdler"},
                {"session", "session"}});
}

TEST(EnglishStemmer, FollowsStep5) {
  expect_stems({{"probate", "probat"},
                {"rate", "rate"},
                {"cease", "ceas"},
                {"controll", "control"},
                {"roll", "roll"},
                {"tree", "tree"}});
}

TEST(EnglishStemmer, KeepsBeginningsApart) {
  expect_stems({{"generate", "generat"},
                {"general", "general"},
                {"generic", "generic"},
                {"communication", "communic"},
                {"commune", "commune"},
                {"arsenic", "arsenic"},
                {"arsenal", "arsenal"},
                {"past", "past"},
                {"pastes", "paste"},
                {"universe", "univers"},
                {"university", "universiti"},
                {"universal", "universal"},
                {"later", "later"},
                {"lateral", "lateral"},
                {"emergency", "emergenc"},
                {"organization", "organiz"},
                {"international", "internat"},
                {"internet", "internet"}});
}

TEST(EnglishStemmer, KnowsExceptions) {
  expect_stems({{"skies", "sky"},
                {"idly", "idl"},
                {"gently", "gentl"},
                {"ugly", "ugli"},
                {"early", "earli"},
                {"only", "onli"},
                {"singly", "singl"},
                {"sky", "sky"},
                {"news", "news"},
                {"howe", "howe"},
                {"atlas", "atlas"},
                {"cosmos", "cosmos"},
                {"bias", "bias"},
                {"andes", "andes"}});
}

TEST(EnglishStemmer, LeavesShortWordsAndCountsOtherLetters) {
  expect_stems({{"a", "a"},
                {"as", "as"},
                {"is", "is"},
                {"naïve", "naïv"},
                {"naïvely", "naïv"},
                {"café's", "café"},
                {"cafés", "café"},
                {"résumés", "résumé"},
                {"straßen", "straßen"},
                {"движение", "движение"},
                {"élèves", "élèves"},
                {"éd", "éd"},
                {"bedé", "bedé"},
                {"mp3", "mp3"},
                {"2nd", "2nd"}});
}

TEST(EnglishStemmer, LeavesNothingOfNothing) {
  std::string word;
  stem_english(word);
  EXPECT_EQ(word, "");
}

}  // namespace
}  // namespace whitney::text
