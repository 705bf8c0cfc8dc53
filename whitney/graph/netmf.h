#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// How the matrix of NetMF is computed: by powers of the transition matrix, or from its largest eigenpairs.
enum class NetMFForm : uint8_t { kAuto, kSmall, kLarge };
inline constexpr auto enum_names(NetMFForm) {
  return std::array<std::string_view, 3>{"auto", "small", "large"};
}

/// Options of NetMF (Qiu, Dong, Ma, Li, Wang, Tang 2018, arXiv 1710.02971).
struct NetMFOptions {
  int dim = 128;
  int window = 10;
  double negatives = 1;
  NetMFForm form = NetMFForm::kAuto;
  int rank = 256;
  int num_iterations = 5;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("window", window, Range{1, 1000}, "Steps of a walk that count, T in the paper");
    field("negatives", negatives, Range{1e-3, 1000}, "Negative samples of the skip-gram that it equals, b");
    field("form", form,
          "small: the matrix by powers, exact; large: from eigenpairs, faster on dense graphs of many nodes; "
          "auto: small up to 1e11 products (window x edges both ways x nodes), which take some 20 s of a "
          "thread");
    field("rank", rank, Range{1, 65536}, "Eigenpairs of the large form, h");
    field("num_iterations", num_iterations, Range{0, 100},
          "Rounds of the randomised singular value decomposition");
  }
};

/// Computes node vectors U Sigma^1/2 of log max(M, 1) for DeepWalk's implicit matrix M = vol / (b T) (sum_{r
/// = 1..T} P^r) D^-1, P = D^-1 A (algorithms 3 and 4 of the paper). In the large form each
/// component of the graph takes one of the eigenpairs, with a note where they take many. Rows of M are made
/// some at a time; up to 16,384 nodes the logarithms are kept as a dense matrix, beyond as the entries above
/// 0. Result: n x dim float32, metric cosine, decoder dot. Weights count; directions do not, with a note.
/// Nodes without edges get zero vectors. O(T nnz n) time (small) or O(n^2 rank) (large), and O(n^2 dim
/// num_iterations); memory: n^2 float32, or 8 bytes for each entry above 0.
WHITNEY_API Embeddings netmf(const Graph& graph, const NetMFOptions& options, const Context& context);

/// Tells what netmf will need; beyond 16,384 nodes as if a tenth of the entries were above 0.
WHITNEY_API CostEstimate estimate_netmf(const DataSize& size, const NetMFOptions& options,
                                        const Context& context);

}  // namespace whitney::graph
