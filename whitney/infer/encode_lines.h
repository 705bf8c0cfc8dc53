#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/infer/encoder.h"

namespace whitney::infer {

/// Fields of the objects that are read.
struct LineFields {
  /// Absent: "id" where an object has it, else the number of the row.
  std::optional<std::string> id;
  std::string text = "text";
};

/// What became of the lines.
struct EncodedLines {
  int64_t num_texts = 0;
  /// Texts that a stopped run had encoded before.
  int64_t num_resumed = 0;
};

/// Encodes the texts of JSON lines ("-": standard input) as they are read, and hands on lines in the same
/// order, a block at a time: {"id", "vector"}; of tokens and of windows of late chunking {"id", "vectors"}, a
/// list of lists; of words {"id", "indices", "values"}. Neither texts nor vectors of more than a block are
/// held. Without a prompt in the options, with the model's document prompt if it has one. With
/// `journal_path`, finished lines are kept there until forget_journal, and handed on when all are there: a
/// run that was stopped reads its input again from the beginning, encodes what was not kept, and gives the
/// same bytes. Throws Error that names file and line, and the id of a text that Encoder::encode refuses.
WHITNEY_API EncodedLines encode_lines(const Context& context, const Encoder& encoder, const std::string& path,
                                      const LineFields& fields, const EncodeOptions& options,
                                      const std::function<void(std::string_view lines)>& write,
                                      const std::optional<std::string>& journal_path = std::nullopt);

}  // namespace whitney::infer
