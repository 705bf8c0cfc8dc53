#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/whitney/command.h"
#include "apps/whitney/session.h"
#include "whitney/data/artifact.h"
#include "whitney/search/searcher.h"

namespace whitney::app {

/// Who asks a recommender: one of these.
struct RecommendQuery {
  /// A user of the training events.
  std::optional<std::string> user;
  /// The items of somebody who is not among them.
  std::vector<std::string> items;
  /// Items that are like it.
  std::optional<std::string> item;
};

/// What every search is asked besides.
struct RecommendAsked {
  int64_t k = 10;
  std::string filter;
  bool keeps_seen = false;
  std::vector<std::string> show;
};

/// Answers `search MODEL --user U | --items I,J | --id I` from a recommender's file. Throws UsageError where
/// no one asks, Error that names the nearest known id.
Outcome recommended(const Artifact& artifact, const RecommendQuery& query, const RecommendAsked& asked,
                    Session& session);

/// Finds what a recommender's user, or who has some items, may want among the rows of an index of its items
/// (IndexedRecommendations). `query` names one of both. Throws UsageError where it does not, Error that names
/// the nearest known id.
SearchResult recommended_from_index(const Searcher& searcher, const std::string& model_path,
                                    const RecommendQuery& query, const SearchRequest& request,
                                    bool keeps_seen, Session& session);
/// What that is asked for, as results name it.
std::string name_of(const RecommendQuery& query);

}  // namespace whitney::app
