#pragma once

#include <string>
#include <vector>

namespace whitney::bench {

/// Times the three plans of a bm25 search on queries of 1 to 32 words of the texts and k of 1 to 1,000, on
/// one thread, checks that their hits are the same, and prints what the rule that chooses among them comes
/// to. each_query: a file that gets a line per query, empty: none.
void compare_plans(const std::string& name, const std::vector<std::string>& texts,
                   const std::string& each_query);

}  // namespace whitney::bench
