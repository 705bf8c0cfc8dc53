#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/embeddings.h"

namespace whitney::eval {

/// What a word with several nodes is compared by.
enum class Senses : uint8_t {
  /// The mean of its nodes' vectors.
  kMean,
  /// The two nodes of two words that are most alike.
  kMax
};
inline constexpr auto enum_names(Senses) { return std::array<std::string_view, 2>{"mean", "max"}; }

/// The word of a node: its id in lower case (ASCII), without the ending of a WordNet synset
/// ("Botany.n.02": botany).
WHITNEY_API std::string word_of_id(std::string_view id);

/// The words of embeddings of nodes, sorted, and their vectors.
class WHITNEY_API WordVectors {
 public:
  WordVectors(const Embeddings& embeddings, const Context& context);

  int64_t size() const { return std::ssize(words_); }
  /// The place of a word, whatever its case.
  std::optional<int64_t> find(std::string_view word) const;
  /// Of two words by their places: cosine of the means, or the greatest of all pairs of their nodes.
  double similarity(int64_t a, int64_t b, Senses senses) const;
  /// One row for each word: the mean of its nodes' vectors, scaled to length 1.
  const Matrix& means() const { return means_; }

 private:
  std::span<const int64_t> nodes_of(int64_t word) const {
    return std::span(nodes_).subspan(size_t(starts_[size_t(word)]),
                                     size_t(starts_[size_t(word) + 1] - starts_[size_t(word)]));
  }
  std::vector<std::string> words_;
  /// nodes_[starts_[w]..starts_[w + 1]) are the rows of word w.
  std::vector<int64_t> starts_, nodes_;
  Matrix nodes_scaled_, means_;
};

}  // namespace whitney::eval
