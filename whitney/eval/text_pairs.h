#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/input_stream.h"

namespace whitney::eval {

/// Names of the columns of a file of scored pairs.
struct TextPairFields {
  std::optional<std::string> first, second, score;
};

/// Pairs of texts, or of ids, and how alike people found them.
struct TextPairs {
  std::vector<std::string> first, second;
  std::vector<double> scores;
  /// The line of each in the file `name`, for errors.
  std::vector<int64_t> lines;
  std::string name;

  int64_t size() const { return static_cast<int64_t>(scores.size()); }
};

/// Reads scored pairs: JSON lines and CSV by extension, else lines with tabs (.tsv, .txt, or without an
/// extension), in which a quote is a character like others; gz, xz, zst. Columns that `fields` does not name
/// are found by their usual names: sentence1, sentence2, score; those of SICK (sentence_A, sentence_B,
/// relatedness_score); text1, text2; id1, id2. Lines with tabs need no heading when they are laid out as the
/// STS benchmark is (genre, source, year, id, score, sentence1, sentence2, perhaps more) or hold sentence1,
/// sentence2, score. Throws Error that names file, line and field, or the nearest known column.
WHITNEY_API TextPairs read_text_pairs(const std::string& path, const TextPairFields& fields,
                                      const Context& context);
/// The same of an open file, or of bytes in memory.
TextPairs read_text_pairs(data::InputStream& input, const TextPairFields& fields, const Context& context);

}  // namespace whitney::eval
