#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "whitney/data/graph.h"
#include "whitney/data/input_stream.h"

/// Interactions of users and items of the real data, as directed graphs: users first, then items.
namespace whitney::graph {

/// Reads train.txt.gz (`user item item ...`) or data1.txt.gz (`user item count`) of a data set under
/// WHITNEY_DATA; nothing where it is absent.
inline std::optional<Graph> read_interactions(const std::string& name) {
  const char* root = std::getenv("WHITNEY_DATA");
  const std::string folder = std::string(root == nullptr ? "" : root) + "/" + name;
  const bool is_list = std::filesystem::exists(folder + "/train.txt.gz");
  const std::string path = folder + (is_list ? "/train.txt.gz" : "/data1.txt.gz");
  if (root == nullptr || !std::filesystem::exists(path)) return std::nullopt;
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  data::InputStream input = data::InputStream::open(path);
  std::istringstream lines{std::string(input.read_all(Context()).text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    uint32_t user = 0, item = 0;
    fields >> user;
    while (fields >> item) {
      pairs.emplace_back(user, item);
      if (!is_list) break;  // the third field is a count
    }
  }
  std::ranges::sort(pairs);
  const auto repeated = std::ranges::unique(pairs);
  pairs.erase(repeated.begin(), repeated.end());
  // Users and items are numbered by their own numbers, those without an interaction left out.
  std::map<uint32_t, uint32_t> users, items;
  for (const auto& [user, item] : pairs) users[user], items[item];
  uint32_t next = 0;
  for (auto& [user, number] : users) number = next++;
  for (auto& [item, number] : items) number = next++;
  std::vector<uint32_t> sources, targets;
  for (const auto& [user, item] : pairs) sources.push_back(users[user]), targets.push_back(items[item]);
  return build_graph(Ids::row_numbers(next), {sources, targets, {}}, true, Context());
}

}  // namespace whitney::graph
