#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/hash.h"
#include "whitney/data/block_journal.h"
#include "whitney/infer/encoder.h"

namespace whitney::infer {

/// The texts of one block as they come: how many there are, where the block ends, and their fingerprint. All
/// of it depends on the texts alone, so that any run cuts them alike.
class BlockTexts {
 public:
  /// Takes the next text in, and what else tells its row from another; true when it is the block's last.
  bool add(std::string_view text, std::string_view id = {});
  int64_t size() const { return size_; }
  std::string fingerprint() const { return hasher_.digest(); }

 private:
  int64_t size_ = 0, num_bytes_ = 0;
  Hasher128 hasher_;
};

/// Finished blocks of a run that encodes texts, in a journal beside its output, so that a run that was
/// stopped goes on where it was. Each block knows of which texts it is: a run goes through its texts again,
/// from the first on, and what was kept of others is dropped. They may come from a pipe.
class KeptBlocks {
 public:
  /// Without a path nothing is kept. `form` is what the blocks hold. Blocks of another model, other options
  /// or another form are dropped with a note. `record` is that of the run (encode_record).
  KeptBlocks(const Context& context, std::optional<std::string> path, std::string_view form,
             const Value& record);

  bool keeps() const { return journal_.has_value(); }
  /// Whether the next block is here, of these very texts; if not, it and all behind it are dropped, and
  /// `append` follows.
  bool has_next(const BlockTexts& texts);
  /// Keeps the next block. Throws Error that names the file (a full disk); the blocks before stay.
  void append(const BlockTexts& texts, std::span<const std::byte> block);
  /// Blocks that has_next or append went through.
  int64_t size() const { return size_; }
  std::vector<std::byte> read(int64_t i) const;
  /// Texts that needed not be encoded.
  int64_t num_resumed() const { return num_resumed_; }

 private:
  const Context& context_;
  std::string path_;
  std::optional<BlockJournal> journal_;
  int64_t size_ = 0, num_resumed_ = 0;
};

}  // namespace whitney::infer
