#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/data/interactions.h"
#include "whitney/data/labels.h"
#include "whitney/eval/item_ranks.h"

namespace whitney::bench {

/// The data of PinSage's benches: skills in job postings, as examples/jobs/skills.py splits them.
struct JobPostings {
  /// The items, whose texts are their ids.
  Corpus items;
  /// Training postings as users; items that only left-out postings have are items, too.
  Interactions train;
  /// Skills of test postings that follow one another.
  std::vector<eval::ItemPair> answers;
};

/// Reads jobs-skill2vec of WHITNEY_DATA; nothing, with a line on stderr, where it is absent. Throws Error
/// where the counts are not those of the method's card: 7,283 items, 39,048 postings, 320,529 events, 31,058
/// pairs.
std::optional<JobPostings> read_job_postings();

}  // namespace whitney::bench
