#include "whitney/eval/semantics_relations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/link_prediction.h"
#include "whitney/eval/reconstruction_hops.h"
#include "whitney/eval/reconstruction_scores.h"
#include "whitney/eval/trec_lines.h"

namespace whitney::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Numbers names by first appearance.
class Numbers {
 public:
  int64_t of(std::string_view name) {
    const auto [place, is_new] = numbers_.try_emplace(std::string(name), std::ssize(names_));
    if (is_new) names_.emplace_back(name);
    return place->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, int64_t> numbers_;
  std::vector<std::string> names_;
};

void sort_relations(Triples& result, const std::vector<std::string>& names) {
  result.relations = names;
  std::ranges::sort(result.relations);
  for (Triples::Triple& triple : result.triples) {
    const auto place = std::ranges::lower_bound(result.relations, names[size_t(triple.relation)]);
    triple.relation = place - result.relations.begin();
  }
}

double distance_of(const MatrixView& vectors, int64_t u, int64_t v) {
  return std::sqrt(double{distance(Kernel::kSquaredL2, vectors.row<float>(u).data(),
                                   vectors.row<float>(v).data(), vectors.cols)});
}

}  // namespace

Triples read_triples(const std::string& path, const Context& context) {
  data::InputStream input = data::InputStream::open(path, context.cancellation);
  const data::SharedBytes bytes = input.read_all(context);
  TrecLines lines(data::without_byte_order_mark(bytes.text, path), path);
  Triples result;
  Numbers nodes, relations;
  std::vector<uint32_t> sources, targets;
  for (std::vector<std::string_view> fields; lines.next(fields);) {
    if (fields.size() != 3) {
      fail(path, ":", lines.line(), ": ", fields.size(), fields.size() == 1 ? " field" : " fields",
           " (expected: head, relation and tail)");
    }
    const int64_t head = nodes.of(fields[0]), tail = nodes.of(fields[2]);
    result.triples.push_back({head, relations.of(fields[1]), tail});
    sources.push_back(static_cast<uint32_t>(head)), targets.push_back(static_cast<uint32_t>(tail));
  }
  if (result.triples.empty())
    fail(path, ": there are no triples in this file (expected: head, relation, tail)");
  sort_relations(result, relations.names());
  result.graph = build_graph(Ids::strings(nodes.names()), {sources, targets, {}}, false, context);
  return result;
}

std::vector<RelationFigures> measure_relations(const MatrixView& vectors, const Triples& triples) {
  const auto num_relations = triples.relations.size(), dim = static_cast<size_t>(vectors.cols);
  std::vector<std::vector<double>> sums(num_relations, std::vector<double>(dim, 0));
  std::vector<double> total(dim, 0), offset(dim);
  std::vector<RelationFigures> result(num_relations);
  int64_t num_all = 0;
  for (const Triples::Triple& triple : triples.triples) {
    double squares = 0;
    for (size_t j = 0; j < dim; ++j) {
      offset[j] = double{vectors.row<float>(triple.tail)[j]} - vectors.row<float>(triple.head)[j];
      squares += offset[j] * offset[j];
    }
    if (squares == 0) continue;
    ++num_all, ++result[size_t(triple.relation)].num_triples;
    for (size_t j = 0; j < dim; ++j) {
      sums[size_t(triple.relation)][j] += offset[j] / std::sqrt(squares);
      total[j] += offset[j] / std::sqrt(squares);
    }
  }
  for (size_t r = 0; r < num_relations; ++r) {
    double own = 0, others = 0;
    for (size_t j = 0; j < dim; ++j) {
      own += sums[r][j] * sums[r][j];
      others += sums[r][j] * (total[j] - sums[r][j]);
    }
    // |sum of m unit offsets|^2 is m and twice the sum over pairs.
    const auto m = static_cast<double>(result[r].num_triples), rest = static_cast<double>(num_all) - m;
    result[r].within = m < 2 ? kNone : (own - m) / (m * (m - 1));
    result[r].across = m < 1 || rest < 1 ? kNone : others / (m * rest);
  }
  return result;
}

HopDistances measure_hop_distances(const MatrixView& vectors, const Graph& graph, int64_t num_sources,
                                   const Context& context) {
  constexpr int kHops = 3;
  const std::vector<int64_t> sources = sample_nodes(graph, num_sources, context);
  const auto n = static_cast<size_t>(graph.num_nodes());
  const HopSets hop_sets(graph, kHops);
  std::vector<std::vector<float>> nearness(kHops);
  std::vector<uint8_t> hops;
  for (size_t begin = 0; begin < sources.size(); begin += HopSets::kMaxSources) {
    context.check_cancelled();
    const size_t count = std::min<size_t>(HopSets::kMaxSources, sources.size() - begin);
    hops.resize(count * n);
    hop_sets.find(std::span(sources).subspan(begin, count), hops);
    for (size_t s = 0; s < count; ++s) {
      std::vector<std::vector<int64_t>> at(kHops);
      for (size_t v = 0; v < n; ++v) {
        if (const uint8_t hop = hops[s * n + v]; hop > 0) at[size_t(hop) - 1].push_back(int64_t(v));
      }
      RandomStream random(context.seed, "hop-distances", static_cast<uint64_t>(sources[begin + s]));
      for (size_t hop = 0; hop < kHops; ++hop) {
        if (at[hop].empty()) continue;
        const int64_t v = at[hop][random.below(at[hop].size())];
        nearness[hop].push_back(static_cast<float>(-distance_of(vectors, sources[begin + s], v)));
      }
    }
  }
  HopDistances result;
  for (const std::vector<float>& of : nearness) {
    double sum = 0;
    for (const float x : of) sum -= double{x};
    result.means.push_back(of.empty() ? kNone : sum / static_cast<double>(of.size()));
  }
  const bool known = !nearness[0].empty() && !nearness[2].empty();
  result.auc = known ? score_links(nearness[0], nearness[2], {}).auc : kNone;
  return result;
}

}  // namespace whitney::eval
