#pragma once

#include <array>
#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/text/analyzer.h"

namespace whitney {

/// Formulas of BM25, as Kamphuis, de Vries, Boytsov, Lin (ECIR 2020) tell them apart.
enum class Bm25Variant : uint8_t { kRobertson, kLucene, kAtire, kBm25l, kBm25plus };
inline constexpr auto enum_names(Bm25Variant) {
  return std::array{"robertson", "lucene", "atire", "bm25l", "bm25+"};
}

/// Options of bm25 (Robertson & Zaragoza 2009).
struct Bm25Options {
  double k1 = 1.2;
  double b = 0.75;
  double delta = 0.5;
  Bm25Variant variant = Bm25Variant::kLucene;
  bool positions = true;
  bool scores = true;
  text::AnalyzerOptions analyzer;

  void fields(auto&& field) {
    field("k1", k1, Range{0, 100}, "Saturation k1: how much a word's further occurrences in a text add");
    field("b", b, Range{0, 1}, "How much long texts are held to account for their length, 0 not at all");
    field("delta", delta, Range{0, 100}, "Least gain delta of a word that occurs, of bm25l and bm25+");
    field("variant", variant,
          "Formula: lucene has no negative weights; robertson sets them to 0; bm25l and bm25+ favour long "
          "texts");
    field("positions", positions, "Keep where words stand, which \"phrases in quotes\" need");
    field("scores", scores,
          "Keep what each word adds to each text, 4 bytes a word and text: searches are faster, the index "
          "larger");
    analyzer.fields(field);
  }
  std::vector<std::string> ineffective() const {
    if (delta == Bm25Options().delta || variant == Bm25Variant::kBm25l || variant == Bm25Variant::kBm25plus)
      return {};
    return {"option \"delta\" has no effect without --variant bm25l or bm25+"};
  }
};

/// Options of a search in a bm25 index.
struct Bm25SearchOptions {
  bool operators = true;

  void fields(auto&& field) {
    field("operators", operators,
          "Read \"a phrase\" in quotes as one that must stand in the text, and word* as any word that begins "
          "so; false: as plain words");
  }
};

}  // namespace whitney
