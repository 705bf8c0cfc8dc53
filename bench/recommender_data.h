#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/python_peer.h"
#include "whitney/core/matrix.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/interactions.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/recommend/recommender.h"

namespace whitney::bench {

/// Training and test events of a real data set.
struct EventSplit {
  Interactions train, test;
};

/// Reads a data set of WHITNEY_DATA by its name; nothing, with a line on stderr, where it is absent.
std::optional<EventSplit> read_event_split(const std::string& name);

/// Recommenders of implicit (bench/implicit_peer.py), given some events, on so many threads. Not there where
/// Python lacks it.
class ImplicitPeer {
 public:
  ImplicitPeer(const Interactions& train, int threads);
  bool is_there() const { return peer_->is_there(); }
  const std::string& versions() const { return peer_->versions(); }
  /// Lists of all users from these vectors: their items; the seconds that finding them took.
  double lists(const Matrix& users, const Matrix& items, int64_t k, std::vector<int32_t>& found);
  /// Learns by a question of the script; the seconds that it took, and the vectors.
  double learn(const Value& question, Matrix& users, Matrix& items);

 private:
  TemporaryFolder folder_;
  int64_t num_users_, num_items_;
  std::optional<PythonPeer> peer_;
};

/// Recall and nDCG at 20 of vectors, all items ranked but those of the training events.
struct Quality {
  double recall = 0, ndcg = 0;
};
Quality quality_of(const EventSplit& data, const Matrix& users, const Matrix& items);

}  // namespace whitney::bench
