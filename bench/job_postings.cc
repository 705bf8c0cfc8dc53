#include "bench/job_postings.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "bench/data_folder.h"
#include "whitney/core/error.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"
#include "whitney/text/unicode.h"

namespace whitney::bench {
namespace {

constexpr size_t kTestEvery = 10, kLeastPostings = 10, kFewestSkills = 2, kMostSkills = 100;

/// Each posting's skills in lower case and in order, none twice.
std::vector<std::vector<std::string>> read_postings(const std::string& path) {
  data::InputStream input = data::InputStream::open(path);
  const data::SharedBytes bytes = input.read_all({});
  std::vector<std::vector<std::string>> postings;
  for (std::string_view text = bytes.text; !text.empty();) {
    std::string_view line = data::take_line(text);
    line.remove_prefix(line.find('\t') + 1);
    std::vector<std::string>& skills = postings.emplace_back();
    for (bool more = true; more;) {
      const size_t end = line.find('|');
      std::string skill;
      text::append_lower_case(line.substr(0, end), skill);
      if (std::ranges::find(skills, skill) == skills.end()) skills.push_back(skill);
      more = end != std::string_view::npos;
      if (more) line.remove_prefix(end + 1);
    }
  }
  return postings;
}

bool is_test(size_t posting) { return posting % kTestEvery == 0; }

/// The rows of the skills that are items, in the order of the posting.
std::vector<uint32_t> rows_of(const std::vector<std::string>& skills,
                              const std::map<std::string, uint32_t>& rows) {
  std::vector<uint32_t> kept;
  for (const std::string& skill : skills) {
    if (const auto found = rows.find(skill); found != rows.end()) kept.push_back(found->second);
  }
  return kept;
}

void check_count(const char* what, int64_t found, int64_t expected) {
  if (found != expected) fail("jobs-skill2vec: ", found, " ", what, " (expected: ", expected, ")");
}

}  // namespace

std::optional<JobPostings> read_job_postings() {
  const std::optional<std::string> folder = find_data("jobs-skill2vec");
  if (!folder) return std::nullopt;
  const auto postings = read_postings(*folder + "/jobs_50k.tsv.gz");
  std::map<std::string, size_t> counts;
  for (size_t i = 0; i < postings.size(); ++i) {
    if (is_test(i)) continue;
    for (const std::string& skill : postings[i]) ++counts[skill];
  }
  std::map<std::string, uint32_t> rows;
  std::vector<std::string> items;
  for (const auto& [skill, count] : counts) {
    if (count < kLeastPostings) continue;
    rows[skill] = static_cast<uint32_t>(items.size());
    items.push_back(skill);
  }

  JobPostings data;
  std::vector<uint32_t> users, targets;
  uint32_t num_users = 0;
  for (size_t i = 0; i < postings.size(); ++i) {
    const std::vector<uint32_t> kept = rows_of(postings[i], rows);
    if (is_test(i)) {
      for (size_t at = 1; at < kept.size(); ++at) data.answers.push_back({kept[at - 1], kept[at]});
    } else if (kept.size() >= kFewestSkills && kept.size() <= kMostSkills) {
      users.insert(users.end(), kept.size(), num_users++);
      targets.insert(targets.end(), kept.begin(), kept.end());
    }
  }
  data.items = {Ids::strings(items), items};
  data.train = build_interactions(Ids::row_numbers(num_users), data.items.ids, {users, targets, {}, {}}, {});
  check_count("items", data.items.ids.size(), 7283);
  check_count("training postings", data.train.num_users(), 39048);
  check_count("events", data.train.size(), 320529);
  check_count("pairs", std::ssize(data.answers), 31058);
  return data;
}

}  // namespace whitney::bench
