#include "whitney/eval/node_vectors.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "whitney/core/error.h"
#include "whitney/data/readers.h"
#include "whitney/eval/labelled_rows.h"

namespace whitney::eval {
namespace {

std::string method_of(const Embeddings& embeddings) {
  const Value* method = embeddings.record.find("method");
  return method != nullptr && method->is_string() ? method->as_string() : "";
}

}  // namespace

Matrix vectors_of_nodes(const Embeddings& embeddings, const Graph& graph, const Context& context) {
  std::vector<int64_t> rows;
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    const std::optional<int64_t> row = graph.ids.is_integer() ? embeddings.ids.find(graph.ids.text(v))
                                                              : embeddings.ids.find(graph.ids.string(v));
    if (!row) {
      fail("the node \"", graph.ids.text(v), "\" of the graph has no vector",
           embeddings.path.empty() ? "" : concat(" in ", embeddings.path),
           " (expected: the embeddings of this graph's nodes)");
    }
    rows.push_back(*row);
  }
  if (const int64_t unused = embeddings.size() - std::ssize(rows); unused > 0) {
    context.note(concat(unused, " of ", embeddings.size(), " vectors belong to no node and are left out"));
  }
  return vectors_of(embeddings, rows);
}

std::vector<NamedEmbeddings> read_named(std::span<const std::string> paths, const Context& context) {
  std::vector<NamedEmbeddings> result;
  for (const std::string& path : paths) {
    NamedEmbeddings& named = result.emplace_back();
    named.embeddings = read_vectors(path, TableOptions(), context);
    named.embeddings.validate(context);
    named.name = method_of(named.embeddings);
  }
  std::vector<std::string> methods;
  for (const NamedEmbeddings& named : result) methods.push_back(named.name);
  for (size_t i = 0; i < result.size(); ++i) {
    if (methods[i].empty() || std::ranges::count(methods, methods[i]) > 1)
      result[i].name = std::filesystem::path(paths[i]).stem().string();
  }
  return result;
}

}  // namespace whitney::eval
