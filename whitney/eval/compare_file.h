#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney::eval {

/// What a comparison's file asks for. Each part keeps its place in the file ("comparison.toml:3").
struct Comparison {
  struct Graph {
    std::string name, where;
    /// Inputs of tasks by their names ("graph", "labels", "tests"): paths as they stand in the file.
    Value inputs = Value::object();
    bool directed = false;
  };
  struct Method {
    std::string name, where;
    /// A learner and its options; or, when the file is not empty, embeddings that are there: `{graph}` in its
    /// path stands for the graph's name.
    std::string learner;
    Value options = Value::object();
    std::string file;
  };
  struct Task {
    std::string name, where;
    /// The task of `evaluate`.
    std::string task;
    Value options = Value::object();
    /// Names of figures, or texts of labels, whose lines are kept; none: all lines.
    std::vector<std::string> show;
  };
  /// Of the file, from which all its paths start.
  std::string folder;
  /// None: the seed of the run.
  std::vector<uint64_t> seeds;
  std::vector<Graph> graphs;
  std::vector<Method> methods;
  std::vector<Task> tasks;
};

/// Reads a comparison from TOML:
///   seeds = [1, 2, 3]               # absent: the seed of the run
///   [graphs.rings]                  # a graph, and other inputs of tasks
///   graph = "edges.tsv"
///   labels = "labels.tsv"
///   directed = false
///   [methods.wide]                  # a learner (absent: named like the table), and its options
///   method = "fastrp"
///   dim = 512
///   [methods.kept]                  # or embeddings of a file
///   file = "{graph}.safetensors"
///   [tasks.node-classification]     # a task of `evaluate` (`task = `, absent: named like the table),
///   train_ratios = [0.1, 0.5]       # its options,
///   show = ["micro_f1"]             # and which figures are kept
/// Graphs, methods and tasks stand in the order of the file; paths are relative to the file's folder. Throws
/// Error that names file and line.
WHITNEY_API Comparison read_comparison(const std::string& path);

}  // namespace whitney::eval
