#include "whitney/search/fusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "whitney/core/error.h"

namespace whitney {
namespace {

bool is_number(std::string_view id) {
  return !id.empty() && id.find_first_not_of("0123456789") == id.npos && (id[0] != '0' || id.size() == 1);
}

// Numbers by value, before texts, which go by bytes.
bool id_before(std::string_view a, std::string_view b) {
  const bool a_is_number = is_number(a), b_is_number = is_number(b);
  if (a_is_number != b_is_number) return a_is_number;
  if (a_is_number && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

// The weight of each search, with a sum of 1.
std::vector<double> shares_of(const FusionOptions& options, size_t num_searches) {
  if (options.weights.empty()) {
    if (num_searches == 2) return {options.weight, 1 - options.weight};
    if (options.weight != FusionOptions().weight)
      fail("weight is the first of two searches' share, and ", num_searches,
           " searches are fused (expected: weights, one for each)");
    return std::vector<double>(num_searches, 1 / static_cast<double>(num_searches));
  }
  if (options.weights.size() != num_searches)
    fail(options.weights.size(), " weights for ", num_searches, " searches (expected: one for each)");
  const double sum = std::accumulate(options.weights.begin(), options.weights.end(), 0.0);
  if (!(sum > 0)) fail("the weights of the searches are all 0 (expected: one above 0 at least)");
  std::vector<double> shares = options.weights;
  for (double& share : shares) share /= sum;
  return shares;
}

// What each hit of a ranking adds. Equal shares of reciprocal ranks count once each.
std::vector<double> gains(const RankedHits& hits, const FusionOptions& options, double share,
                          double num_searches) {
  std::vector<double> result(hits.values.size());
  if (options.fusion == Fusion::kRrf) {
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = num_searches * share / (options.rrf_k + static_cast<double>(i + 1));
    return result;
  }
  if (result.empty()) return result;
  // The values are sorted: the ends are the best and the worst.
  const double best = hits.values.front(), worst = hits.values.back();
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = share * (best == worst ? 1 : (hits.values[i] - worst) / (best - worst));
  return result;
}

std::vector<FusedHit> fuse_all(std::span<const RankedHits* const> searches, const FusionOptions& options,
                               int64_t k) {
  const std::vector<double> shares = shares_of(options, searches.size());
  std::vector<FusedHit> fused;
  std::unordered_map<std::string_view, size_t> places;
  for (size_t s = 0; s < searches.size(); ++s) {
    const RankedHits& hits = *searches[s];
    WHITNEY_CHECK(hits.ids.size() == hits.values.size(), hits.ids.size(), " ids of ", hits.values.size(),
                  " hits");
    const std::vector<double> gained = gains(hits, options, shares[s], static_cast<double>(searches.size()));
    for (size_t i = 0; i < hits.ids.size(); ++i) {
      const auto [found, is_new] = places.try_emplace(hits.ids[i], fused.size());
      if (is_new) fused.push_back({hits.ids[i], 0, std::vector<std::optional<int64_t>>(searches.size())});
      fused[found->second].score += gained[i];
      fused[found->second].ranks[s] = static_cast<int64_t>(i) + 1;
    }
  }
  const auto better = [](const FusedHit& a, const FusedHit& b) {
    return a.score != b.score ? a.score > b.score : id_before(a.id, b.id);
  };
  const auto kept = std::min<ptrdiff_t>(std::ssize(fused), k);
  std::partial_sort(fused.begin(), fused.begin() + kept, fused.end(), better);
  fused.resize(static_cast<size_t>(kept));
  return fused;
}

}  // namespace

std::vector<std::string> FusionOptions::ineffective() const {
  const FusionOptions plain;
  std::vector<std::string> sentences;
  if (!weights.empty() && weight != plain.weight)
    sentences.emplace_back("option \"--weight\" has no effect with --weights");
  if (fusion != Fusion::kRrf && rrf_k != plain.rrf_k)
    sentences.emplace_back("option \"--rrf-k\" has no effect without --fusion rrf");
  return sentences;
}

RankedHits ranked_hits(const Index& index, const SearchResult& result, int64_t q) {
  RankedHits hits;
  for (int64_t i = 0; i < result.counts[static_cast<size_t>(q)]; ++i) {
    const auto at = static_cast<size_t>(q * result.neighbors.k + i);
    hits.ids.push_back(index.ids().text(result.neighbors.rows[at]));
    hits.values.push_back(result.neighbors.values[at]);
  }
  return hits;
}

std::vector<FusedHit> fuse(std::span<const RankedHits> searches, const FusionOptions& options, int64_t k) {
  std::vector<const RankedHits*> all;
  for (const RankedHits& hits : searches) all.push_back(&hits);
  return fuse_all(all, options, k);
}

std::vector<FusedHit> fuse(const RankedHits& first, const RankedHits& second, const FusionOptions& options,
                           int64_t k) {
  return fuse_all(std::array{&first, &second}, options, k);
}

}  // namespace whitney
