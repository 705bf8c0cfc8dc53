#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "whitney/data/labels.h"
#include "whitney/search/bm25.h"
#include "whitney/search/bm25_formula.h"
#include "whitney/search/bm25_scratch.h"
#include "whitney/search/bm25_words.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/posting_list.h"
#include "whitney/search/spare_scratch.h"

namespace whitney::search {

/// The parts of a bm25 index. List i of `lists` is that of word i.
struct Bm25Parts {
  Bm25Options options;
  IndexRows rows;
  SortedWords words;
  PostingLists lists;
  /// Words of each text, those left out not counted.
  Array<uint32_t> lengths;
  /// Their sum.
  int64_t num_tokens = 0;
  /// What searches leave for those that follow.
  std::shared_ptr<SpareScratch<Bm25Scratch>> scratch = std::make_shared<SpareScratch<Bm25Scratch>>();

  Bm25Formula formula() const {
    const auto n = static_cast<double>(lengths.size());
    return {options, lengths.size(), n > 0 ? static_cast<double>(num_tokens) / n : 0};
  }
  text::Analyzer analyzer() const { return text::Analyzer(options.analyzer); }
};

/// Indexes texts; `rows` are theirs. The same bytes for any number of threads.
Bm25Parts build_bm25(std::span<const std::string> texts, IndexRows rows, const Bm25Options& options,
                     const Context& context);
/// Gives what build_bm25 would for the texts of the rows in `kept` (ascending) followed by more texts; `rows`
/// are the rows of both. Unpacks and packs the whole index.
Bm25Parts rebuild_bm25(const Bm25Parts& parts, std::span<const int64_t> kept,
                       std::span<const std::string> more, IndexRows rows, const Context& context);

/// Answers queries of words; see Index::search_texts.
SearchResult search_bm25(const Bm25Parts& parts, std::span<const std::string> queries,
                         const SearchParams& params, const Context& context);

void save_bm25(const Bm25Parts& parts, const std::string& path, bool force, const Context& context);
/// Views the mapped file; lists are checked as searches follow them. Throws Error.
Bm25Parts open_bm25(const Artifact& artifact);

}  // namespace whitney::search
