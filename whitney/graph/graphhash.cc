#include "whitney/graph/graphhash.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/leiden.h"
#include "whitney/graph/louvain.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNoBucket = UINT32_MAX;
/// The search for a resolution ends this near to the number of rows, or after so many clusterings.
constexpr double kNearEnough = 0.99;
constexpr int kMostClusterings = 14;

/// Of each node its row of its side's table.
struct Buckets {
  std::vector<uint32_t> of_node;
  int64_t users = 0, items = 0;
  double modularity = 0, resolution = 0;
  int64_t size() const { return users + items; }
};

bool is_user(const ModularityGraph& rows, size_t node) { return rows.x[node] > 0; }
bool is_item(const ModularityGraph& rows, size_t node) { return rows.y[node] > 0; }

/// Clusters hold users and items; the labels of either side are numbered by themselves, in the same order.
Buckets split_sides(const ModularityGraph& rows, const Communities& found, double resolution) {
  Buckets buckets;
  buckets.modularity = found.modularity;
  buckets.resolution = resolution;
  const auto num_labels = static_cast<size_t>(found.num_communities);
  std::vector<uint32_t> user_bucket(num_labels, kNoBucket), item_bucket(num_labels, kNoBucket);
  for (size_t v = 0; v < found.labels.size(); ++v) {
    if (is_user(rows, v)) user_bucket[found.labels[v]] = 0;
    if (is_item(rows, v)) item_bucket[found.labels[v]] = 0;
  }
  const auto number = [](std::vector<uint32_t>& bucket_of_label) {
    uint32_t next = 0;
    for (uint32_t& bucket : bucket_of_label) bucket = bucket == kNoBucket ? kNoBucket : next++;
    return int64_t{next};
  };
  buckets.users = number(user_bucket);
  buckets.items = number(item_bucket);
  for (size_t v = 0; v < found.labels.size(); ++v) {
    const uint32_t label = found.labels[v];
    buckets.of_node.push_back(is_user(rows, v)   ? user_bucket[label]
                              : is_item(rows, v) ? item_bucket[label]
                                                 : kNoBucket);
  }
  return buckets;
}

Buckets cluster(const ModularityGraph& rows, const GraphHashOptions& options, double resolution,
                const Context& context) {
  const Communities found =
      options.method == BucketMethod::kLeiden
          ? leiden_communities(rows, {.resolution = resolution, .null_model = NullModel::kBipartite}, context)
          : louvain_communities(rows,
                                {.resolution = resolution,
                                 .null_model = NullModel::kBipartite,
                                 .tolerance = options.tolerance,
                                 .shuffle = options.shuffle,
                                 .iterations = 1},
                                context);
  return split_sides(rows, found, resolution);
}

/// The clustering of most rows that `buckets` allows: bisection on the logarithm of the resolution, in which
/// the number of rows rises but for some noise.
Buckets search_resolution(const ModularityGraph& rows, const GraphHashOptions& options,
                          const Context& context) {
  const int64_t wanted = *options.buckets;
  Buckets best = cluster(rows, options, 0, context);  // connected parts
  if (best.size() > wanted) {
    fail("option \"buckets\" is ", wanted, ", and the graph has ", best.size() / 2,
         " parts without an edge between them, of users and of items each (expected: at least ", best.size(),
         ")");
  }
  double low = 0, high = 0;
  for (int i = 0; i < kMostClusterings; ++i) {
    context.check_cancelled();
    const double tried = low == 0 ? (high == 0 ? 1 : high / 16) : high == 0 ? low * 8 : std::sqrt(low * high);
    Buckets found = cluster(rows, options, tried, context);
    context.advance("clusterings", i + 1, kMostClusterings, "clusterings");
    const bool fits = found.size() <= wanted;
    (fits ? low : high) = tried;
    if (fits && found.size() >= best.size()) best = std::move(found);
    if (static_cast<double>(best.size()) >= kNearEnough * static_cast<double>(wanted)) break;
    if (fits && best.size() == rows.num_nodes()) break;  // a row for each
  }
  return best;
}

Column side_column(const ModularityGraph& rows) {
  ColumnBuilder side("side");
  for (size_t v = 0; v < rows.x.size(); ++v) {
    if (is_user(rows, v) || is_item(rows, v))
      side.add(Value(is_user(rows, v) ? "user" : "item"), "");
    else
      side.add_missing();
  }
  return side.finish();
}

Column bucket_column(const Buckets& buckets) {
  ColumnBuilder bucket("bucket");
  for (const uint32_t row : buckets.of_node) {
    if (row == kNoBucket)
      bucket.add_missing();
    else
      bucket.add_int(row, "");
  }
  return bucket.finish();
}

}  // namespace

std::vector<std::string> GraphHashOptions::ineffective() const {
  std::vector<std::string> sentences;
  const GraphHashOptions standard;
  if (buckets && resolution != standard.resolution)
    sentences.emplace_back("option \"resolution\" has no effect with buckets, for which it is searched");
  if (method == BucketMethod::kLeiden) {
    if (tolerance != standard.tolerance)
      sentences.emplace_back("option \"tolerance\" has no effect with method leiden");
    if (shuffle) sentences.emplace_back("option \"shuffle\" has no effect with method leiden, which draws");
  }
  return sentences;
}

Table graphhash(const Graph& graph, const GraphHashOptions& options, const Context& context) {
  const ModularityGraph rows = make_modularity_graph(graph, NullModel::kBipartite, context);
  const Buckets buckets = options.buckets ? search_resolution(rows, options, context)
                                          : cluster(rows, options, options.resolution, context);
  const auto num_users = std::ranges::count_if(rows.x, [](double x) { return x > 0; });
  const auto num_items = std::ranges::count_if(rows.y, [](double y) { return y > 0; });
  if (const int64_t left = graph.num_nodes() - num_users - num_items; left > 0)
    context.note(concat(left, left == 1 ? " node has" : " nodes have", " no edge and no bucket"));
  const double all = static_cast<double>(num_users + num_items);
  Table table;
  table.ids = graph.ids;
  table.attributes = {graph.ids.size(), {side_column(rows), bucket_column(buckets)}};
  table.record.set(
      "quality", Value::object({{"resolution", buckets.resolution},
                                {"user_buckets", buckets.users},
                                {"item_buckets", buckets.items},
                                {"rows_saved", all == 0 ? 0 : 1 - static_cast<double>(buckets.size()) / all},
                                {"modularity", buckets.modularity}}));
  return table;
}

namespace {

CostEstimate estimate_graphhash(const DataSize& size, const GraphHashOptions& options, const Context&) {
  const double passes = options.buckets ? 4.0 * kMostClusterings : 4;
  return estimate_communities(size, passes, {.share = first_level_share(size)});
}

// clang-format off
const bool registered = register_graph_learner<GraphHashOptions, Table>(
    {.name = "graphhash",
     .class_name = "GraphHash",
     .summary = "Which users, and which items, share a row of an embedding table: clusters of their interactions",
     .description =
         "Most of a recommender's memory is a row for each user and each item. This gives each the number of a row that "
         "it shares with others, so that those of one cluster by bipartite modularity do: they behave alike, and sharing "
         "costs little, where hashing shares at random. --buckets says how many rows both tables may have together.\n"
         "The input is a bipartite graph: users are the sources of a directed graph, else the first column; ids of users "
         "and items must differ. Use training interactions alone. The output is a table with the columns side and "
         "bucket; nodes without an edge have neither.",
     .source = "Wu et al.: GraphHash: Graph Clustering Enables Parameter Efficiency in Recommender Systems, WWW 2025, "
               "arXiv 2412.17245; Barber 2007, arXiv 0707.1616",
     .example = "whitney learn graphhash interactions.tsv -o buckets.tsv --buckets 10000"},
    graphhash, estimate_graphhash);
// clang-format on

}  // namespace

}  // namespace whitney::graph
