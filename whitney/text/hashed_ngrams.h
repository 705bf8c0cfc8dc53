#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"
#include "whitney/data/learner.h"

namespace whitney::text {

/// Options of hashed n-grams (Weinberger, Dasgupta, Langford, Smola, Attenberg, ICML 2009, arXiv 0902.2206).
struct HashedNgramsOptions {
  int dim = 4096;
  int words = 1;
  int least_characters = 3;
  int most_characters = 5;
  bool idf = true;
  bool is_signed = true;
  bool normalize = true;
  std::optional<Path> idf_of;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 1 << 24}, "Width d of a vector: places that n-grams are hashed to");
    field("words", words, Range{0, 16}, "Words of the longest run that counts; 0: no words");
    field("least_characters", least_characters, Range{1, 64}, "Characters of the shortest piece of a word");
    field("most_characters", most_characters, Range{0, 64}, "Characters of the longest one; 0: no pieces");
    field("idf", idf, "Weigh an n-gram by how few texts have it: 1 + log((1 + n) / (1 + texts with it))");
    field("signed", is_signed,
          "Add half of the n-grams negatively, so that those that meet in a place cancel out in the mean");
    field("normalize", normalize, "Vectors of length 1; a text without n-grams stays zero");
    field("idf_of", idf_of,
          "File of the texts that n-grams are counted in for idf, so that new texts get vectors like theirs; "
          "absent: the texts themselves");
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// The n-grams of a text, one entry each time that one occurs: hashes of 64 bits, in the text's order.
/// A text is taken in lower case and cut at white space; punctuation belongs to words, so that c, c# and c++
/// differ. Of words: each run of 1..words of them, with a blank between. Of characters: each run of
/// least..most characters of a word with a blank before and behind it, and the whole where that is shorter.
/// The hash is XXH3 (64 bits) of "w" or "c" and the n-gram in UTF-8.
WHITNEY_API void ngram_hashes(std::string_view text, const HashedNgramsOptions& options,
                              std::vector<uint64_t>& hashes);

/// Makes vectors of texts, n x dim float32: each n-gram adds its count in the text, times its idf, at place
/// (lower 32 bits of its hash) * dim / 2^32, negatively where the highest bit of the hash is set. Texts
/// without n-grams are counted in a note. The same bytes at any number of threads; nothing is random.
/// O(bytes of the texts). Throws Error for an unknown file of idf_of, UsageError where no n-gram counts.
WHITNEY_API Embeddings hashed_ngrams(const Corpus& corpus, const HashedNgramsOptions& options,
                                     const Context& context);

}  // namespace whitney::text
