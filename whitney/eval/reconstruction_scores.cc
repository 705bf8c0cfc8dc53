#include "whitney/eval/reconstruction_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "whitney/core/array.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/eval/reconstruction_hops.h"
#include "whitney/eval/reconstruction_ranking.h"
#include "whitney/eval/reconstruction_top_pairs.h"

namespace whitney::eval {
namespace {

/// What a worker keeps from block to block. No result depends on which worker has which block.
struct Scratch {
  HopRanking ranking;
  TopPairs pairs;
  Array<float> scores;
  std::vector<uint8_t> hops;
};

class Measurement {
 public:
  Measurement(const PairScores& scores, const Graph& graph, const ReconstructionPlan& plan,
              const Context& context)
      : scores_(scores),
        graph_(graph),
        plan_(plan),
        context_(context),
        hop_sets_(graph, plan.max_hops),
        chance_(graph.num_nodes() - 1),
        num_sets_(2 * size_t(plan.max_hops)),
        rankings_(plan.sources.size() * num_sets_),
        ties_(plan.sources.size()),
        scratch_(size_t(context.num_threads())) {}

  ReconstructionFigures run() {
    const auto q = std::ssize(plan_.sources), block = HopSets::kMaxSources;
    parallel_for_workers(context_, (q + block - 1) / block, [&](int worker, int64_t b) {
      auto& scratch = scratch_[size_t(worker)];
      if (!scratch) scratch = make_scratch();
      measure_block(*scratch, b * block, std::min((b + 1) * block, q));
    });
    return figures();
  }

 private:
  std::unique_ptr<Scratch> make_scratch() const {
    const int64_t most = plan_.pair_counts.empty() ? 1 : plan_.pair_counts.back();
    return std::make_unique<Scratch>(
        Scratch{HopRanking(plan_.max_hops, plan_.gem_compatible, graph_.directed, scores_.has_zero()),
                TopPairs(most),
                {},
                {}});
  }

  void measure_block(Scratch& scratch, int64_t begin, int64_t end) {
    const auto n = static_cast<size_t>(graph_.num_nodes()), count = static_cast<size_t>(end - begin);
    const auto sources = std::span(plan_.sources).subspan(size_t(begin), count);
    scratch.hops.resize(count * n);
    hop_sets_.find(sources, scratch.hops);
    const size_t at_once =
        std::clamp(static_cast<size_t>(plan_.scores_at_once) / n, std::min<size_t>(8, count), count);
    for (size_t i = 0; i < count; ++i) {
      if (i % at_once == 0) {
        const size_t some = std::min(at_once, count - i);
        if (scratch.scores.size() < int64_t(some * n)) scratch.scores = Array<float>(int64_t(at_once * n));
        scores_.score(sources.subspan(i, some), scratch.scores.mutable_span().first(some * n));
      }
      const auto scores = scratch.scores.span().subspan(i % at_once * n, n);
      const auto hops = std::span<const uint8_t>(scratch.hops).subspan(i * n, n);
      const size_t place = size_t(begin) + i;
      ties_[place] = scratch.ranking.measure(sources[i], scores, hops,
                                             std::span(rankings_).subspan(place * num_sets_, num_sets_));
      if (!plan_.pair_counts.empty()) scratch.pairs.add(int64_t(place), sources[i], scores, hops);
    }
  }

  ReconstructionFigures figures() {
    ReconstructionFigures result;
    for (size_t set = 0; set < num_sets_; ++set)
      (set < num_sets_ / 2 ? result.exact : result.cumulative).push_back(figures_of(set));
    int64_t ranked = 0, tied = 0, edges = 0;
    for (const RankingTies& ties : ties_) ranked += ties.ranked, tied += ties.tied;
    for (size_t i = 0; i < plan_.sources.size(); ++i) edges += rankings_[i * num_sets_].relevant;
    result.tied = ranked == 0 ? 0 : static_cast<double>(tied) / static_cast<double>(ranked);
    const double pairs =
        static_cast<double>(plan_.sources.size()) * static_cast<double>(graph_.num_nodes() - 1);
    result.density = static_cast<double>(edges) / pairs;
    if (plan_.pair_counts.empty()) return result;
    TopPairs best(plan_.pair_counts.back());
    for (const auto& scratch : scratch_) {
      if (scratch) best.add(scratch->pairs);
    }
    result.precision_at = best.precision_at(plan_.pair_counts);
    return result;
  }

  HopFigures figures_of(size_t set) const {
    std::vector<const SourceRanking*> of;
    for (size_t i = 0; i < plan_.sources.size(); ++i) {
      const SourceRanking& ranking = rankings_[i * num_sets_ + set];
      if (ranking.relevant > 0) of.push_back(&ranking);
    }
    const auto count = static_cast<double>(of.size());
    const auto mean = [&](const auto& value) {
      double sum = 0;
      for (const SourceRanking* ranking : of) sum += value(*ranking);
      return of.empty() ? std::numeric_limits<double>::quiet_NaN() : sum / count;
    };
    const double sampled =
        static_cast<double>(plan_.sources.size()) / static_cast<double>(graph_.num_nodes());
    const auto error = [&](double SourceRanking::* value, double center) {
      double squares = 0;
      for (const SourceRanking* ranking : of)
        squares += (ranking->*value - center) * (ranking->*value - center);
      return of.size() < 2 ? 0 : std::sqrt(squares / (count - 1) / count * (1 - sampled));
    };
    HopFigures result;
    result.num_sources = std::ssize(of);
    result.mean_relevant = mean([](const SourceRanking& r) { return static_cast<double>(r.relevant); });
    result.map = mean([](const SourceRanking& r) { return r.average_precision; });
    result.optimistic_map = mean([](const SourceRanking& r) { return r.optimistic; });
    result.pessimistic_map = mean([](const SourceRanking& r) { return r.pessimistic; });
    result.gem_map = mean([](const SourceRanking& r) { return r.gem_average_precision; });
    result.precision = mean([](const SourceRanking& r) { return r.precision; });
    result.map_error = error(&SourceRanking::average_precision, result.map);
    result.precision_error = error(&SourceRanking::precision, result.precision);
    result.chance_map = mean([&](const SourceRanking& r) { return chance_.of(r.relevant); });
    result.chance_precision = result.mean_relevant / static_cast<double>(graph_.num_nodes() - 1);
    return result;
  }

  const PairScores& scores_;
  const Graph& graph_;
  const ReconstructionPlan& plan_;
  const Context& context_;
  HopSets hop_sets_;
  ChanceAveragePrecision chance_;
  size_t num_sets_;
  /// For each source its num_sets_ rankings.
  std::vector<SourceRanking> rankings_;
  std::vector<RankingTies> ties_;
  std::vector<std::unique_ptr<Scratch>> scratch_;
};

}  // namespace

ReconstructionFigures measure_reconstruction(const PairScores& scores, const Graph& graph,
                                             const ReconstructionPlan& plan, const Context& context) {
  return Measurement(scores, graph, plan, context).run();
}

std::vector<int64_t> sample_nodes(const Graph& graph, int64_t count, const Context& context) {
  const int64_t n = graph.num_nodes();
  std::vector<int64_t> nodes(static_cast<size_t>(n));
  std::iota(nodes.begin(), nodes.end(), 0);
  if (count >= n) return nodes;
  RandomStream random(context.seed, "sources", 0);
  random.shuffle(std::span(nodes));
  std::ranges::stable_sort(nodes, {}, [&](int64_t v) { return graph.neighbors(v).size(); });
  const double step = static_cast<double>(n) / static_cast<double>(count), first = random.uniform();
  std::vector<int64_t> drawn;
  for (int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<int64_t>((static_cast<double>(i) + first) * step);
    drawn.push_back(nodes[size_t(std::min(place, n - 1))]);
  }
  std::ranges::sort(drawn);
  return drawn;
}

}  // namespace whitney::eval
