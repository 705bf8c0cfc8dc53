#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/item_model.h"
#include "whitney/graph/visit_counts.h"
#include "whitney/infer/convolve.h"
#include "whitney/linalg/sparse_matrix.h"

namespace whitney::infer {

/// What makes an embedding of features and a graph, besides weights: the shape of a PinSage model (arXiv
/// 1806.01973) and how it looks around.
struct PinSageSettings {
  /// f: values of an item's features, without those that the model adds.
  int64_t features = 0;
  /// K; 0: the head alone, on the features.
  int64_t layers = 2;
  /// m: values of a projected neighbour. d: of a vector.
  int64_t hidden = 128;
  int64_t dim = 128;
  graph::VisitOptions visits = {};
  /// Neighbourhoods by truncated_page_rank instead of walks.
  bool exact = false;
  /// Of the walks.
  uint64_t seed = 42;
  NeighborPooling pooling = NeighborPooling::kImportance;
  /// Adds log(1 + contexts of the item) / log(1 + all contexts) to the features.
  bool log_degree = true;
  /// Vectors have length 1, and their scores are cosines.
  bool normalize = true;

  /// Values that the first layer, or the head, reads.
  int64_t inputs() const { return features + (log_degree ? 1 : 0); }

  WHITNEY_API Value to_value() const;
  /// Throws Error that names the member that is missing or out of range.
  static PinSageSettings from_value(const Value& value);

  /// The names and shapes of the weights, in order: of layer k from 1 convolve<k>.neighbor.weight (m x
  /// inputs), .neighbor.bias, .weight (d x (inputs + m)), .bias; then head1.weight, head1.bias,
  /// head2.weight. A bias is one row.
  struct Shape {
    std::string name;
    int64_t rows = 0, cols = 0;
  };
  WHITNEY_API std::vector<Shape> shapes() const;
};

/// The neighbourhoods of all items: rows of alpha, or of equal weights for NeighborPooling::kMean. A function
/// of the graph and the settings.
WHITNEY_API SparseMatrix pinsage_neighborhoods(const graph::ItemContexts& graph,
                                               const PinSageSettings& settings, const Context& context);

/// What the model adds to the features: its value of log_degree for each item.
WHITNEY_API std::vector<float> pinsage_degrees(const graph::ItemContexts& graph);

/// The features of items in their order: items x f, float32. Throws Error that names the file where it is
/// known and the first item that has none, or a value that is not finite.
WHITNEY_API Matrix features_of_items(const Ids& items, const Embeddings& features, const Context& context);

/// A trained PinSage: makes vectors of any items that have features, also of those it has never seen, by the
/// contexts that they share with others. Runs without libtorch. Const use from many threads is safe.
class WHITNEY_API PinSageModel {
 public:
  /// Packs the weights. Throws Error where the form is another one, or settings and weights do not fit.
  explicit PinSageModel(const ItemModel& model);

  const PinSageSettings& settings() const { return settings_; }
  const std::vector<Convolve>& layers() const { return layers_; }
  const ConvolveHead& head() const { return head_; }

  /// The vectors of all items of a graph (items x d, float32), layer by layer, each item once a layer.
  /// features: items x f, any numeric type. Throws Error when sizes differ.
  Matrix embed(const MatrixView& features, const graph::ItemContexts& graph, const Context& context) const;
  /// As above, with neighbourhoods that are at hand.
  Matrix embed(const MatrixView& features, const graph::ItemContexts& graph, const SparseView& neighborhoods,
               const Context& context) const;
  /// What the first layer reads of items: the features (items x f, any numeric type) as float32, and behind
  /// them `degrees` (pinsage_degrees of them) where the model adds these.
  Matrix inputs(const MatrixView& features, std::span<const float> degrees, const Context& context) const;
  /// The vectors of items by what the last layer made of them, or by `inputs` where there is no layer.
  Matrix finish(const MatrixView& h, const Context& context) const;
  /// As embed, with the items' ids and the record: rows of ids, features and graph are the same items.
  Embeddings embed(const Ids& ids, const MatrixView& features, const graph::ItemContexts& graph,
                   const Context& context) const;

 private:
  PinSageSettings settings_;
  std::vector<Convolve> layers_;
  ConvolveHead head_;
};

/// The form of the models' files.
inline constexpr std::string_view kPinSageForm = "pinsage";

}  // namespace whitney::infer
