#include "whitney/eval/reconstruction.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/readers.h"
#include "whitney/eval/line_plot.h"
#include "whitney/eval/node_vectors.h"
#include "whitney/eval/reconstruction_scores.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::Decoder;
using eval::HopFigures;
using eval::LinePlot;
using eval::ReconstructionFigures;

constexpr double kManyTies = 0.01, kNormalQuantile = 1.96;

/// One line of each table.
struct Measured {
  std::string method, decoder;
  ReconstructionFigures figures;

  std::string curve_name() const { return decoder.empty() ? method : concat(method, " (", decoder, ")"); }
};

Matrix random_vectors(int64_t n, int64_t dim, const Context& context) {
  Matrix result(n, dim);
  float* out = result.mutable_data<float>();
  for (int64_t v = 0; v < n; ++v) {
    RandomStream random(context.seed, "random-dummy", static_cast<uint64_t>(v));
    for (int64_t j = 0; j < dim; ++j) *out++ = static_cast<float>(random.normal());
  }
  return result;
}

/// Halves 1 and the number of edges that lead to a node, without its self-loop: by source_target, v scores by
/// its degree.
Matrix degree_vectors(const Graph& graph) {
  Matrix result = Matrix::zeros(graph.num_nodes(), 2);
  float* out = result.mutable_data<float>();
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    out[2 * u] = 1;
    for (const uint32_t v : graph.neighbors(u)) out[2 * int64_t{v} + 1] += int64_t{v} == u ? 0.0F : 1.0F;
  }
  return result;
}

/// Sizes of precision@K, as far as there are pairs: 1, 2 and 5 times powers of ten, of which the table takes
/// the powers.
std::vector<int64_t> pair_counts(int64_t num_pairs) {
  std::vector<int64_t> result;
  for (int64_t decade = 10; decade <= 100'000; decade *= 10) {
    for (const int64_t factor : {1, 2, 5}) {
      if (factor * decade <= std::min<int64_t>(100'000, num_pairs)) result.push_back(factor * decade);
    }
  }
  return result;
}

/// How far above chance a figure is, of the way to 1; nothing where chance is 1 already (a complete graph).
double corrected(double value, double chance) {
  return 1 - chance < 1e-12 ? std::numeric_limits<double>::quiet_NaN() : (value - chance) / (1 - chance);
}

bool is_power_of_ten(int64_t value) {
  while (value % 10 == 0) value /= 10;
  return value == 1;
}

class Reconstruction {
 public:
  Reconstruction(const Graph& graph, const ReconstructionOptions& options, const Context& context)
      : graph_(graph), options_(options), context_(context) {
    plan_.max_hops = options.max_hops;
    plan_.sources = eval::sample_nodes(graph, options.sources, context);
    plan_.pair_counts = pair_counts(std::ssize(plan_.sources) * (graph.num_nodes() - 1));
    plan_.gem_compatible = options.gem_compatible;
  }

  void measure_methods(const std::vector<NamedEmbeddings>& methods) {
    std::vector<std::vector<Decoder>> decoders;
    for (const NamedEmbeddings& method : methods) {
      decoders.push_back(eval::chosen_decoders(options_.decoders, method.embeddings.record));
      total_ += std::ssize(decoders.back());
    }
    for (size_t i = 0; i < methods.size(); ++i) {
      const Matrix vectors = eval::vectors_of_nodes(methods[i].embeddings, graph_, context_);
      const infer::Activation activation = eval::activation_of(methods[i].embeddings.record);
      for (const Decoder decoder : decoders[i]) {
        measure(methods[i].name, std::string(name_of_enum(decoder)),
                eval::PairScores(vectors, decoder, context_, activation));
      }
    }
    const Matrix random = random_vectors(graph_.num_nodes(), methods[0].embeddings.dim(), context_);
    measure("random", "", eval::PairScores(random, Decoder::kDot, context_));
    measure("degree", "", eval::PairScores(degree_vectors(graph_), Decoder::kSourceTarget, context_));
    context_.advance("rankings", total_, total_, "decoders");
  }

  Report report() const {
    Report report;
    report.title = "Graph reconstruction";
    add_tables(report, "exact", &ReconstructionFigures::exact);
    add_tables(report, "cumulative", &ReconstructionFigures::cumulative);
    add_pair_tables(report);
    report.notes.push_back(concat(plan_.sources.size(), " of ", graph_.num_nodes(),
                                  " nodes were sources; each ranks all ", graph_.num_nodes() - 1, " others"));
    for (const Measured& measured : measured_) {
      if (measured.figures.tied <= kManyTies) continue;
      report.notes.push_back(concat(measured.curve_name(), ": ",
                                    std::round(1000 * measured.figures.tied) / 10,
                                    " % of ranked candidates share their score with another"));
    }
    return report;
  }

  std::string plot() const {
    LinePlot map{"Nodes exactly k hops away", "hops", "mAP", false, {}};
    LinePlot pairs{"Edges among the best K pairs", "K", "precision@K", true, {}};
    for (const Measured& measured : measured_) {
      LinePlot::Curve curve{measured.curve_name(), {}};
      LinePlot::Curve best{measured.curve_name(), {}};
      for (size_t k = 0; k < measured.figures.exact.size(); ++k)
        curve.points.emplace_back(double(k + 1), measured.figures.exact[k].map);
      for (size_t i = 0; i < plan_.pair_counts.size(); ++i)
        best.points.emplace_back(double(plan_.pair_counts[i]), measured.figures.precision_at[i]);
      map.curves.push_back(std::move(curve));
      pairs.curves.push_back(std::move(best));
    }
    LinePlot::Curve chance{"chance", {}}, density = chance;
    const ReconstructionFigures& any = measured_.front().figures;
    for (size_t k = 0; k < any.exact.size(); ++k)
      chance.points.emplace_back(double(k + 1), any.exact[k].chance_map);
    for (const int64_t count : plan_.pair_counts) density.points.emplace_back(double(count), any.density);
    map.curves.push_back(std::move(chance));
    pairs.curves.push_back(std::move(density));
    return eval::line_plots_svg({map, pairs});
  }

 private:
  using Sets = std::vector<HopFigures> ReconstructionFigures::*;
  using ValueOf = std::function<double(const HopFigures&)>;

  void measure(const std::string& name, const std::string& decoder_name, const eval::PairScores& scores) {
    context_.advance("rankings", std::ssize(measured_), total_, "decoders");
    measured_.push_back({name, decoder_name, measure_reconstruction(scores, graph_, plan_, context_)});
  }

  static Report::Row& add_row(Report& report, const std::string& measure, const std::string& neighborhood,
                              const std::string& method, const std::string& decoder) {
    Report::Row& row = report.rows.emplace_back();
    row.labels = Value::object(
        {{"measure", measure}, {"neighborhood", neighborhood}, {"method", method}, {"decoder", decoder}});
    return row;
  }

  static void add_hops(Report::Row& row, const std::vector<HopFigures>& sets, const ValueOf& value,
                       const ValueOf& error = {}) {
    for (size_t k = 0; k < sets.size(); ++k) {
      Report::Figure figure{concat("hop_", k + 1), "", value(sets[k])};
      if (error && error(sets[k]) > 0) {
        figure.low = figure.value - kNormalQuantile * error(sets[k]);
        figure.high = figure.value + kNormalQuantile * error(sets[k]);
      }
      row.figures.push_back(std::move(figure));
    }
  }

  void add_tables(Report& report, const std::string& sets_name, Sets sets) const {
    const auto add_table = [&](const char* measure, const ValueOf& value, const ValueOf& error = {}) {
      for (const Measured& measured : measured_) {
        Report::Row& row = add_row(report, measure, sets_name, measured.method, measured.decoder);
        add_hops(row, measured.figures.*sets, value, error);
      }
    };
    const auto add_chance = [&](const char* measure, const char* method, const ValueOf& value) {
      add_hops(add_row(report, measure, sets_name, method, ""), measured_.front().figures.*sets, value);
    };
    add_table(
        "map", [](const HopFigures& f) { return f.map; }, [](const HopFigures& f) { return f.map_error; });
    add_chance("map", "chance", [](const HopFigures& f) { return f.chance_map; });
    add_table("map_corrected", [](const HopFigures& f) { return corrected(f.map, f.chance_map); });
    add_tied(report, sets_name, sets);
    if (options_.gem_compatible) add_table("map_gem", [](const HopFigures& f) { return f.gem_map; });
    add_table(
        "precision", [](const HopFigures& f) { return f.precision; },
        [](const HopFigures& f) { return f.precision_error; });
    add_chance("precision", "chance", [](const HopFigures& f) { return f.chance_precision; });
    add_table("precision_corrected",
              [](const HopFigures& f) { return corrected(f.precision, f.chance_precision); });
    add_chance("neighbors", "graph", [](const HopFigures& f) { return f.mean_relevant; });
  }

  void add_tied(Report& report, const std::string& sets_name, Sets sets) const {
    for (const Measured& measured : measured_) {
      if (measured.figures.tied <= kManyTies) continue;
      const std::vector<HopFigures>& figures = measured.figures.*sets;
      add_hops(add_row(report, "map_optimistic", sets_name, measured.method, measured.decoder), figures,
               [](const HopFigures& f) { return f.optimistic_map; });
      add_hops(add_row(report, "map_pessimistic", sets_name, measured.method, measured.decoder), figures,
               [](const HopFigures& f) { return f.pessimistic_map; });
    }
  }

  // An edge is a node at hop 1.
  void add_pair_tables(Report& report) const {
    for (size_t i = 0; i < plan_.pair_counts.size(); ++i) {
      if (!is_power_of_ten(plan_.pair_counts[i])) continue;
      const std::string measure = concat("precision@", plan_.pair_counts[i]);
      for (const Measured& measured : measured_) {
        add_row(report, measure, "exact", measured.method, measured.decoder)
            .figures.push_back({"hop_1", "", measured.figures.precision_at[i]});
      }
      add_row(report, measure, "exact", "chance", "")
          .figures.push_back({"hop_1", "", measured_.front().figures.density});
    }
  }

  const Graph& graph_;
  const ReconstructionOptions& options_;
  const Context& context_;
  eval::ReconstructionPlan plan_;
  std::vector<Measured> measured_;
  int64_t total_ = 2;  // the dummies, to which the methods are added
};

Reconstruction measured(const std::vector<NamedEmbeddings>& methods, const Graph& graph,
                        const ReconstructionOptions& options, const Context& context) {
  if (methods.empty()) throw UsageError("reconstruction takes at least one file of embeddings");
  if (options.decoders.empty()) throw UsageError("decoders is empty: give at least one, such as dot");
  if (graph.num_nodes() < 2) {
    fail("a graph of ", graph.num_nodes(), " nodes has no pairs to rebuild (expected: 2 nodes or more)");
  }
  if (graph.weighted()) context.note("the weights of the edges have no effect: hops are counted");
  Reconstruction result(graph, options, context);
  result.measure_methods(methods);
  return result;
}

class ReconstructionTask : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings", "graph"}; }
  bool repeats_first() const override { return true; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<ReconstructionOptions>(resolved);
    if (options.plot) check_output(options.plot->value, options.force);
    const Graph graph = read_edge_list(paths.back(), {options.directed, {}}, context);
    const std::vector<NamedEmbeddings> methods =
        eval::read_named(std::span(paths).first(paths.size() - 1), context);
    const Reconstruction result = measured(methods, graph, options, context);
    if (options.plot) {
      AtomicFile file(options.plot->value, options.force);
      file.write(result.plot());
      file.commit();
    }
    return result.report();
  }
};

const bool registered = register_method(declare_method<ReconstructionOptions>(
    Verb::kEvaluate,
    {.name = "reconstruction",
     .class_name = "Reconstruction",
     .summary = "How much of a graph can be rebuilt from its node vectors, hop by hop",
     .description =
         "Each source ranks all other nodes by the score that a decoder gives their vectors; the ranking is "
         "held against the nodes exactly k hops away, and at most k: mean average precision, precision among "
         "as many as there are, and the share of edges among the best K pairs. Several files of embeddings "
         "make one table, and --plot a picture.\n"
         "This measures what vectors remember of the graph they were learned from, not what they predict: "
         "take link-prediction and node-classification beside it.\n"
         "On dense graphs most of this is chance: the mean average precision of a random order is in the "
         "table, each figure comes corrected for it, and so do random vectors and a ranking by degree. "
         "Figures of papers, made by GEM's or SDNE's scripts, are higher: --gem-compatible counts as GEM "
         "does.",
     .source = "Yip, Ravuru, Banerjee, Jha, Sheth, Chadha, Das: RESTORE, 2023, arXiv 2308.14659",
     .example = "whitney evaluate reconstruction nodes.safetensors edges.tsv --plot reconstruction.svg"},
    std::make_shared<ReconstructionTask>()));

}  // namespace

Report reconstruction(const std::vector<NamedEmbeddings>& methods, const Graph& graph,
                      const ReconstructionOptions& options, const Context& context) {
  if (options.plot) context.note("option \"plot\" has no effect on embeddings in memory");
  return measured(methods, graph, options, context).report();
}

}  // namespace whitney
