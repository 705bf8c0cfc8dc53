#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/labels.h"
#include "whitney/eval/qrels.h"

namespace whitney::eval {

/// The files of a retrieval test; empty where there is none.
struct RetrievalFiles {
  std::string corpus, queries, qrels;
};

/// Finds the files of a folder as BEIR lays it out, packed or not: corpus.jsonl; queries.jsonl or
/// queries.tsv; qrels/SPLIT.tsv (.txt, .jsonl), or qrels.tsv (.txt, .trec, .jsonl). A path that is no folder
/// is that of judgements alone. Throws Error when there is no such path.
WHITNEY_API RetrievalFiles find_retrieval_files(const std::string& path, const std::string& split);

/// Reads documents from JSON lines with _id or id, text, and perhaps title; with `title`, a document is
/// "title text" without blanks at its ends, as BEIR joins them. A document may have no text. Throws Error
/// that names file and line: a missing or repeated id, fields of another type, neither title nor text.
WHITNEY_API Corpus read_documents(const std::string& path, bool title, const Context& context);

/// Reads queries: JSON lines with _id or id and text, or lines of id<TAB>text, perhaps with a heading and
/// further columns. Throws Error as read_documents does.
WHITNEY_API Corpus read_queries(const std::string& path, const Context& context);

/// The same two of an open file, or of bytes in memory.
Corpus read_documents(data::InputStream& input, bool title, const Context& context);
Corpus read_queries(data::InputStream& input, const Context& context);

/// The texts of the judged queries, in the order of the judgements. Throws Error that names the line of a
/// judgement of an unknown query.
WHITNEY_API std::vector<std::string> texts_of(const Qrels& qrels, const Corpus& queries,
                                              const std::string& queries_path);

}  // namespace whitney::eval
