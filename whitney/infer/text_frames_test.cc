#include "whitney/infer/text_frames.h"

#include <gtest/gtest.h>

#include <string>

#include "whitney/core/error_of.h"

namespace whitney::infer {
namespace {

TEST(TextFrames, StandAroundTheirPlace) {
  const TextFrames frames = frames_of("Instruct: rank\nQuery: {}!");
  ASSERT_EQ(frames.frames.size(), 1u);
  EXPECT_EQ(frames.frames[0].before, "Instruct: rank\nQuery: ");
  EXPECT_EQ(frames.frames[0].behind, "!");
  EXPECT_FALSE(frames.asks_for_a_word);
}

TEST(TextFrames, TellTheTaskOfAnInstruction) {
  const TextFrames frames = frames_of("instruct:Find {} alike");
  ASSERT_EQ(frames.frames.size(), 1u);
  EXPECT_EQ(frames.frames[0].before, "Instruct: Find {} alike\nQuery: ");
  EXPECT_EQ(frames.frames[0].behind, "");
  EXPECT_FALSE(frames.asks_for_a_word);
  EXPECT_EQ(frames_of("instruct").frames[0].before,
            "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ");
  EXPECT_EQ(frames_of("instructive: {}").frames[0].before, "instructive: ");
}

TEST(TextFrames, OfPromptEolEndWithTheOpeningQuote) {
  const TextFrames frames = frames_of("prompt_eol");
  ASSERT_EQ(frames.frames.size(), 1u);
  EXPECT_EQ(frames.frames[0].before, "This sentence : \"");
  EXPECT_EQ(frames.frames[0].behind, "\" means in one word:\"");
  EXPECT_TRUE(frames.asks_for_a_word);
}

TEST(TextFrames, OfPromptEolIclStandBehindADemonstration) {
  const TextFrames frames = frames_of("prompt_eol_icl"), plain = frames_of("prompt_eol");
  ASSERT_EQ(frames.frames.size(), 1u);
  EXPECT_EQ(
      frames.frames[0].before,
      "This sentence : \"A jockey riding a horse.\" means in one word:\"Equestrian\".This sentence : \"");
  EXPECT_EQ(frames.frames[0].behind, plain.frames[0].behind);
  EXPECT_TRUE(frames.asks_for_a_word);
}

TEST(TextFrames, OfMetaEolAreEightThatAskForOneWord) {
  const TextFrames frames = frames_of("meta_eol");
  ASSERT_EQ(frames.frames.size(), 8u);
  EXPECT_TRUE(frames.asks_for_a_word);
  for (const TextFrame& frame : frames.frames) {
    EXPECT_TRUE(frame.before.ends_with("this sentence : \"")) << frame.before;
    EXPECT_TRUE(frame.behind.ends_with("in one word:\"")) << frame.behind;
  }
}

TEST(TextFrames, NeedAPlaceForTheText) {
  EXPECT_EQ(
      error_of([] { frames_of("prompt-eol"); }),
      "option \"frame\": \"prompt-eol\" has no place for the text (expected: {} where the text goes, or "
      "instruct, instruct:TASK, prompt_eol, prompt_eol_icl or meta_eol)");
}

// The rules of the card: . for ?, ' for ", . where neither . ? " nor ' ends the text.
TEST(OneSentence, EndsWithAFullStopOrAQuote) {
  EXPECT_EQ(one_sentence("A man plays"), "A man plays.");
  EXPECT_EQ(one_sentence("A man plays."), "A man plays.");
  EXPECT_EQ(one_sentence("Who plays?"), "Who plays.");
  EXPECT_EQ(one_sentence("He said \"go\""), "He said 'go'");
  EXPECT_EQ(one_sentence("Stop!"), "Stop!.");
  EXPECT_EQ(one_sentence(""), "");
}

}  // namespace
}  // namespace whitney::infer
