#include "whitney/graph/piece_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;

struct Told {
  Notes notes;
  Context context;
  Told() { context.progress = &notes; }
};

TEST(PieceNotes, PassesASentenceWithoutNumbersOnOnceAndAtOnce) {
  Told told;
  PieceNotes pieces(told.context, "base");
  for (const char* name : {"part 0", "part 1"})
    PieceNotes::Listener(pieces, name).note("struc2vec: weights have no effect");
  EXPECT_THAT(told.notes.sentences, ElementsAre("base: struc2vec: weights have no effect"));
  pieces.tell_counted();
  EXPECT_EQ(told.notes.sentences.size(), 1U);
}

TEST(PieceNotes, TellsOneOfTheSentencesThatDifferInNumbersWhateverTheirOrder) {
  Told told;
  PieceNotes pieces(told.context, "base");
  PieceNotes::Listener(pieces, "part 2").note("prone: 7 of 40 nodes got a zero vector");
  PieceNotes::Listener(pieces, "part 1").note("prone: 12 of 41 nodes got a zero vector");
  PieceNotes::Listener(pieces, "part 3").note("prone: 1 of 5 nodes got a zero vector");
  PieceNotes::Listener(pieces, "part 3").note("hope: 1 of 5 nodes is alone");
  EXPECT_TRUE(told.notes.sentences.empty());
  pieces.tell_counted();
  EXPECT_THAT(
      told.notes.sentences,
      ElementsAre("base, part 3: hope: 1 of 5 nodes is alone",
                  "base, part 1: prone: 12 of 41 nodes got a zero vector (and alike of 2 other pieces)"));
}

TEST(PieceNotes, PassesNoProgressOn) {
  Told told;
  PieceNotes pieces(told.context, "base");
  PieceNotes::Listener(pieces, "part 0").advance("walks", 3, 4, "walks");
  EXPECT_EQ(told.notes.total, 0);
}

}  // namespace
}  // namespace whitney::graph
