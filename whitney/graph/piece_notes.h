#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "whitney/core/context.h"

namespace whitney::graph {

/// What a method says of the pieces of a run, each sentence once. A sentence without numbers holds for all
/// pieces (weights have no effect) and is passed on at once. Of sentences that differ in their numbers alone
/// (so many nodes got a zero vector), one is kept, with the piece that it is about, and told at the end.
class PieceNotes {
 public:
  /// Hears one piece: notes go to the run, and progress to nobody, for the run tells its own.
  class Listener : public Progress {
   public:
    /// Both must outlive it.
    Listener(PieceNotes& notes, std::string_view piece) : notes_(notes), piece_(piece) {}
    void advance(std::string_view, int64_t, int64_t, std::string_view) override {}
    void note(std::string_view sentence) override { notes_.hear(piece_, sentence); }

   private:
    PieceNotes& notes_;
    std::string_view piece_;
  };

  /// whose: who says it, as what is told begins ("base").
  PieceNotes(const Context& context, std::string_view whose) : context_(context), whose_(whose) {}
  /// Tells the sentences with numbers, each of the piece whose name is first, whatever the order they came
  /// in.
  void tell_counted() const;

 private:
  struct Heard {
    std::string piece, sentence;
    int64_t times = 0;
  };
  void hear(std::string_view piece, std::string_view sentence);

  const Context& context_;
  std::string whose_;
  std::mutex hearing_;
  /// By their words without the numbers.
  std::map<std::string, Heard, std::less<>> heard_;
};

}  // namespace whitney::graph
