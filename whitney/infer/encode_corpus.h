#pragma once

#include <optional>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/ids.h"
#include "whitney/data/labels.h"
#include "whitney/infer/encode_record.h"
#include "whitney/infer/encoder.h"

namespace whitney::infer {

/// A corpus as an encoder sees it, with its provenance.
struct EncodedCorpus {
  Ids ids;
  Encoding encoding;
  /// As of an Embeddings: method, options, metric, inputs.
  Value record = Value::object();
  /// Texts that a stopped run had encoded before.
  int64_t num_resumed = 0;
};

/// Encodes the texts of a corpus in blocks, as documents: without a prompt in the options, with the model's
/// document prompt if it has one. With `journal_path`, every finished block is kept there until
/// forget_journal: a run that was stopped goes on where it was and gives the same bytes, and blocks of
/// another model, other options or other texts are made anew, with a note. `model_path` is fingerprinted into
/// the record. Throws Error as Encoder::encode, with the text's id, and BlockJournal do.
WHITNEY_API EncodedCorpus encode_corpus(const Context& context, const Encoder& encoder,
                                        const std::string& model_path, const Corpus& corpus,
                                        const EncodeOptions& options,
                                        const std::optional<std::string>& journal_path = std::nullopt);

/// What encoding so many texts of so many bytes in all will take.
WHITNEY_API CostEstimate estimate_texts(const Context& context, const Encoder& encoder, int64_t num_texts,
                                        int64_t num_bytes, const EncodeOptions& options);
/// Throws Error with both figures when that is above the memory that the context allows.
WHITNEY_API void refuse_if_too_large(const Context& context, const Encoder& encoder, int64_t num_texts,
                                     int64_t num_bytes, const EncodeOptions& options);

/// Removes the journal: the output stands.
WHITNEY_API void forget_journal(const std::string& journal_path);

}  // namespace whitney::infer
