#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/ids.h"
#include "whitney/data/labels.h"
#include "whitney/eval/qrels.h"
#include "whitney/eval/retrieval.h"
#include "whitney/eval/retrieval_data.h"
#include "whitney/eval/run_file.h"

namespace whitney::eval {

/// A retrieval test: judgements, and the texts of queries and documents, read when they are first asked for.
class RetrievalTest {
 public:
  /// Reads the judgements of a folder or file, where the options name no others. Throws Error that names the
  /// file.
  RetrievalTest(const Context& context, const std::string& path, const RetrievalOptions& options);
  const Qrels& qrels() const { return qrels_; }
  /// One text a judged query, in the order of the judgements. Throws Error when there is no file of queries
  /// or it lacks one.
  const std::vector<std::string>& query_texts();
  /// Throws Error when there is no file of documents.
  const Corpus& corpus();

 private:
  const Context& context_;
  bool title_;
  std::string path_;
  RetrievalFiles files_;
  Qrels qrels_;
  std::optional<std::vector<std::string>> query_texts_;
  std::optional<Corpus> corpus_;
};

/// What a source finds for the judged queries.
struct Answer {
  TrecRun run;
  /// The documents that were searched, where the source tells.
  std::optional<Ids> documents;
};

/// Asks a source: "bm25" (an index of the test's documents), a model, an index of texts or of vectors,
/// embeddings, or a run file. The num_hits best of each query, ordered as trec_eval orders them. Throws Error
/// as the readers do, and where queries cannot be encoded.
Answer ask(const Context& context, const std::string& source, RetrievalTest& test,
           const RetrievalOptions& options, int64_t num_hits);

/// Fuses what two sources found.
Answer fuse_answers(const Answer& first, const Answer& second, const RetrievalOptions& options);

}  // namespace whitney::eval
