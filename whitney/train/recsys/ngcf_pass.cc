#include "whitney/train/recsys/ngcf_pass.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/sparse.h"
#include "whitney/recommend/ngcf_layer.h"
#include "whitney/train/recsys/final_rows.h"

namespace whitney::recsys {

/// Bytes, for either type of values.
struct NgcfMemory::Arrays {
  struct OfLayer {
    Array<std::byte> sums, out, codes;
  };
  std::vector<OfLayer> layers;
  /// Gradients of a layer's vectors and of their sums; parts of those of its parameters.
  Array<std::byte> gradient, of_sums, parts;
};

NgcfMemory::NgcfMemory() : arrays_(std::make_unique<Arrays>()) {}
NgcfMemory::~NgcfMemory() = default;

namespace {

/// `count` values of an array, which grows where it must.
template <class T>
T* room(Array<std::byte>& array, int64_t count) {
  const auto bytes = count * static_cast<int64_t>(sizeof(T));
  if (array.size() < bytes) array = Array<std::byte>(bytes);
  return reinterpret_cast<T*>(array.mutable_data());
}

void multiply_rows(const Context& context, const SparseView& sparse, const float* dense, int64_t width,
                   float* out, const float* addend = nullptr) {
  multiply_sparse(context, sparse, {}, {dense, sparse.cols, width, width, DType::kF32}, out, nullptr, addend);
}
void multiply_rows(const Context& context, const SparseView& sparse, const double* dense, int64_t width,
                   double* out, const double* addend = nullptr) {
  nn::multiply_doubles(context, sparse, dense, width, out, addend);
}

}  // namespace

/// The layers of one step, forwards and back.
template <class T>
class NgcfLayers {
 public:
  NgcfLayers(NgcfPass pass, std::vector<torch::Tensor> parameters, std::shared_ptr<NgcfMemory> memory,
             const Context& context)
      : pass_(std::move(pass)),
        parameters_(std::move(parameters)),
        memory_(std::move(memory)),
        arrays_(*memory_->arrays_),
        context_(quiet(context)),
        num_layers_(pass_.options.layers.size()),
        num_nodes_(parameters_[0].size(0)),
        final_(num_rows(), widths(), pass_.options.normalize, parameters_[0].options(), quiet(context)) {
    arrays_.layers.resize(num_layers_);
  }

  /// The nodes' final vectors.
  torch::Tensor forward() {
    const T* vectors = parameters_[0].const_data_ptr<T>();
    for (size_t l = 0; l <= num_layers_; ++l) {
      if (l > 0 && l == num_layers_) {
        const torch::Tensor last = forward_last(vectors);
        const T* rows = last.template const_data_ptr<T>();
        final_.join(l, [&](int64_t i) { return rows + i * width(l); });
      } else {
        if (l > 0) vectors = forward_all(l, vectors);
        final_.join(l, [&](int64_t i) { return vectors + node(i) * width(l); });
      }
    }
    return final_.rows().detach();  // itself it would keep the graph that keeps this
  }

  /// The parameters' gradients, given that of what forward gave.
  std::vector<torch::Tensor> backward(const torch::Tensor& given) {
    WHITNEY_CHECK(!std::exchange(went_back_, true), "a step of ngcf goes back twice");
    for (const torch::Tensor& parameter : parameters_) {
      // That of the vectors is written as a whole.
      const bool is_written = gradients_.empty() && num_layers_ > 0;
      gradients_.push_back(is_written ? torch::empty_like(parameter) : torch::zeros_like(parameter));
    }
    const torch::Tensor packed = given.contiguous();
    if (num_layers_ > 0) backward_last(packed);
    for (size_t l = std::max<size_t>(num_layers_, 1); l-- > 0;) {
      T* gradient = gradient_of(l);
      final_.add_gradient(l, packed, [&](int64_t i) { return gradient + node(i) * width(l); });
      if (l > 0) backward_all(l);
    }
    return std::move(gradients_);
  }

 private:
  using Layer = recommend::NgcfLayer<T>;
  using Block = recommend::NgcfBlock<T>;
  using Rows = recommend::NgcfRows<T>;

  int64_t width(size_t l) const { return l == 0 ? pass_.options.dim : pass_.options.layers[l - 1]; }
  std::vector<int64_t> widths() const {
    std::vector<int64_t> widths;
    for (size_t l = 0; l <= num_layers_; ++l) widths.push_back(width(l));
    return widths;
  }
  static Context quiet(Context context) {
    context.progress = nullptr;
    return context;
  }
  int64_t num_rows() const { return std::ssize(pass_.nodes); }
  int64_t node(int64_t row) const { return pass_.nodes[static_cast<size_t>(row)]; }
  size_t first_parameter(size_t l) const { return 1 + (l - 1) * (pass_.options.biases ? 4 : 2); }

  Layer layer(size_t l) const {
    const auto at = [&](size_t i) {
      return parameters_[first_parameter(l) + i].template const_data_ptr<T>();
    };
    const NgcfOptions& options = pass_.options;
    Layer layer{.before = width(l - 1), .after = width(l), .weights1 = at(0), .weights2 = at(1)};
    if (options.biases) layer.bias1 = at(2), layer.bias2 = at(3);
    layer.self_message = options.self_message;
    layer.two_activations = options.two_activations;
    layer.slope = options.slope;
    layer.keep = 1 - output_dropout(options);
    return layer;
  }

  void draw(size_t l, int64_t row, int64_t rows, uint8_t* codes) const {
    const double share = output_dropout(pass_.options);
    if (share == 0) return;
    recommend::draw_left_out(pass_.seed, pass_.dropout + std::to_string(l), row * width(l), rows * width(l),
                             1 - share, codes);
  }

  /// Calls body(part, begin, end) for runs of rows, on all threads: as many as depend on the rows alone.
  template <class Body>
  void each_part(const Layer& layer, int64_t rows, const Body& body) const {
    const int64_t part = part_rows(layer, rows);
    parallel_blocks(context_, rows, part,
                    [&](int64_t begin, int64_t end) { body(begin / part, begin, end); });
  }
  static int64_t part_rows(const Layer& layer, int64_t rows) {
    constexpr int64_t kParts = 32;
    const int64_t block = Block::most_rows(layer.before, layer.after), blocks = (rows + block - 1) / block;
    return block * std::max<int64_t>(1, (blocks + kParts - 1) / kParts);
  }
  /// Calls body(begin, end) for the blocks of a run.
  template <class Body>
  static void each_block(const Layer& layer, int64_t begin, int64_t end, const Body& body) {
    const int64_t block = Block::most_rows(layer.before, layer.after);
    for (int64_t at = begin; at < end; at += block) body(at, std::min(at + block, end));
  }

  /// Takes as many rows as `matrix` has through a layer.
  void forward_rows(size_t l, const SparseView& matrix, const T* vectors, const T* own, T* out) {
    const Layer layer = this->layer(l);
    auto& kept = arrays_.layers[l - 1];
    T* sums = room<T>(kept.sums, matrix.rows * layer.before);
    auto* codes = room<uint8_t>(kept.codes, matrix.rows * layer.after);
    multiply_rows(context_, matrix, vectors, layer.before, sums);
    each_part(layer, matrix.rows, [&](int64_t /*part*/, int64_t first, int64_t last) {
      Block block(layer);
      each_block(layer, first, last, [&](int64_t begin, int64_t end) {
        draw(l, begin, end - begin, codes + begin * layer.after);
        block.forward(rows_at(l, begin, end, matrix.rows, own), out + begin * layer.after);
      });
    });
  }

  /// A block [begin, end) of a layer's `num_rows` rows.
  Rows rows_at(size_t l, int64_t begin, int64_t end, int64_t num_rows, const T* own) {
    const int64_t before = width(l - 1);
    const torch::Tensor& self = l == num_layers_ ? some_self_ : graph(l).self;
    return {.rows = end - begin,
            .next_rows = std::min(end - begin, num_rows - end),
            .sums = sums_of(l) + begin * before,
            .own = own + begin * before,
            .codes = codes_of(l) + begin * width(l),
            .self = self.defined() ? self.template const_data_ptr<T>() + begin : nullptr};
  }
  const LayerGraph& graph(size_t l) const { return pass_.graphs[l - 1]; }
  T* sums_of(size_t l) { return reinterpret_cast<T*>(arrays_.layers[l - 1].sums.mutable_data()); }
  uint8_t* codes_of(size_t l) {
    return reinterpret_cast<uint8_t*>(arrays_.layers[l - 1].codes.mutable_data());
  }

  const T* forward_all(size_t l, const T* vectors) {
    T* out = room<T>(arrays_.layers[l - 1].out, num_nodes_ * width(l));
    forward_rows(l, graph(l).matrix.matrix().view(), vectors, vectors, out);
    return out;
  }

  torch::Tensor forward_last(const T* vectors) {
    const int64_t before = width(num_layers_ - 1);
    select_rows(graph(num_layers_).matrix.matrix().view(), pass_.nodes, some_rows_);
    some_self_ = some_of(graph(num_layers_).self);
    own_ = torch::empty({num_rows(), before}, parameters_[0].options());
    T* own = own_.template mutable_data_ptr<T>();
    for (int64_t i = 0; i < num_rows(); ++i)
      std::copy_n(vectors + node(i) * before, before, own + i * before);
    torch::Tensor result = torch::empty({num_rows(), width(num_layers_)}, parameters_[0].options());
    forward_rows(num_layers_, some_rows_.view(), vectors, own, result.template mutable_data_ptr<T>());
    return result;
  }

  /// The values of the pass' nodes.
  torch::Tensor some_of(const torch::Tensor& values) const {
    if (!values.defined()) return {};
    torch::Tensor some = torch::empty({num_rows()}, values.options());
    for (int64_t i = 0; i < num_rows(); ++i) {
      some.template mutable_data_ptr<T>()[i] = values.template const_data_ptr<T>()[node(i)];
    }
    return some;
  }

  /// Where the gradient of E_l is written.
  T* gradient_of(size_t l) {
    return l == 0 ? gradients_[0].template mutable_data_ptr<T>()
                  : room<T>(arrays_.gradient, num_nodes_ * width(l));
  }

  /// Takes rows back through a layer. Their sums' place takes the gradient of their own vectors, for nothing
  /// else reads it any more.
  void backward_rows(size_t l, int64_t rows, const T* given, const T* own, T* of_sums) {
    Layer layer = this->layer(l);
    const torch::Tensor turned1 = parameters_[first_parameter(l)].t().contiguous(),
                        turned2 = parameters_[first_parameter(l) + 1].t().contiguous();
    layer.turned1 = turned1.const_data_ptr<T>();
    layer.turned2 = turned2.const_data_ptr<T>();
    T* sums = sums_of(l);
    const int64_t of_weights = layer.before * layer.after, of_part = 2 * (of_weights + layer.after),
                  part_rows = NgcfLayers::part_rows(layer, rows),
                  num_parts = (rows + part_rows - 1) / part_rows;
    T* parts = room<T>(arrays_.parts, num_parts * of_part);
    each_part(layer, rows, [&](int64_t part, int64_t first, int64_t last) {
      T* begin_of_part = parts + part * of_part;
      std::fill_n(begin_of_part, of_part, T(0));
      recommend::NgcfLayerGradient<T> gradient{begin_of_part, begin_of_part + of_weights, nullptr, nullptr};
      if (layer.bias1 != nullptr) {
        gradient.bias1 = begin_of_part + 2 * of_weights;
        gradient.bias2 = gradient.bias1 + layer.after;
      }
      Block block(layer);
      each_block(layer, first, last, [&](int64_t begin, int64_t end) {
        block.backward(rows_at(l, begin, end, rows, own), given + begin * layer.after,
                       of_sums + begin * layer.before, sums + begin * layer.before, gradient);
      });
    });
    add_parts(l, parts, num_parts, of_part);
  }

  /// Adds the parts of the gradients of a layer's parameters, in order.
  void add_parts(size_t l, const T* parts, int64_t num_parts, int64_t of_part) {
    for (size_t p = 0; p < (pass_.options.biases ? 4U : 2U); ++p) {
      torch::Tensor& gradient = gradients_[first_parameter(l) + p];
      T* sum = gradient.template mutable_data_ptr<T>();
      for (int64_t part = 0; part < num_parts; ++part) {
        for (int64_t i = 0; i < gradient.numel(); ++i) sum[i] += parts[part * of_part + i];
      }
      parts += gradient.numel();
    }
  }

  void backward_last(const torch::Tensor& given) {
    const size_t l = num_layers_;
    const int64_t before = width(l - 1);
    torch::Tensor of_rows = torch::zeros({num_rows(), width(l)}, parameters_[0].options());
    T* given_rows = of_rows.template mutable_data_ptr<T>();
    final_.add_gradient(l, given, [&](int64_t i) { return given_rows + i * width(l); });
    T* of_sums = room<T>(arrays_.of_sums, num_nodes_ * before);
    backward_rows(l, num_rows(), given_rows, own_.template const_data_ptr<T>(), of_sums);
    SparseMatrix columns;
    transpose(some_rows_.view(), columns);
    T* gradient = gradient_of(l - 1);
    multiply_rows(context_, columns.view(), of_sums, before, gradient);
    const T* of_own = sums_of(l);
    for (int64_t i = 0; i < num_rows(); ++i) {
      for (int64_t c = 0; c < before; ++c) gradient[node(i) * before + c] += of_own[i * before + c];
    }
  }

  void backward_all(size_t l) {
    const int64_t before = width(l - 1);
    const T* own = l == 1 ? parameters_[0].const_data_ptr<T>()
                          : reinterpret_cast<const T*>(arrays_.layers[l - 2].out.data());
    T* of_sums = room<T>(arrays_.of_sums, num_nodes_ * before);
    backward_rows(l, num_nodes_, gradient_of(l), own, of_sums);
    multiply_rows(context_, graph(l).matrix.transpose().view(), of_sums, before, gradient_of(l - 1),
                  sums_of(l));
  }

  NgcfPass pass_;
  std::vector<torch::Tensor> parameters_;
  std::shared_ptr<NgcfMemory> memory_;
  NgcfMemory::Arrays& arrays_;
  Context context_;
  size_t num_layers_;
  int64_t num_nodes_;
  FinalRows<T> final_;
  /// Of the last layer: its graph's rows, and the vectors before it.
  SparseMatrix some_rows_;
  torch::Tensor some_self_, own_;
  std::vector<torch::Tensor> gradients_;
  bool went_back_ = false;
};

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Layers : torch::CustomClassHolder {
  std::function<torch::Tensor()> forward;
  std::function<variable_list(const torch::Tensor&)> backward;
};

template <class T>
c10::intrusive_ptr<Layers> layers_of(NgcfPass pass, const variable_list& parameters,
                                     const std::shared_ptr<NgcfMemory>& memory, const Context& context) {
  const auto own = std::make_shared<NgcfLayers<T>>(std::move(pass), parameters, memory, context);
  auto layers = c10::make_intrusive<Layers>();
  layers->forward = [own] { return own->forward(); };
  layers->backward = [own](const torch::Tensor& given) { return own->backward(given); };
  return layers;
}

struct RowsFunction : torch::autograd::Function<RowsFunction> {
  static torch::Tensor forward(AutogradContext* saved, const c10::intrusive_ptr<Layers>& layers,
                               at::TensorList /*parameters*/) {
    saved->saved_data["layers"] = c10::IValue::make_capsule(layers);
    return layers->forward();
  }
  static variable_list backward(AutogradContext* saved, const variable_list& given) {
    const auto kept = saved->saved_data["layers"].toCapsule();
    variable_list gradients = static_cast<const Layers&>(*kept).backward(given[0]);
    gradients.insert(gradients.begin(), torch::Tensor());  // of `layers`
    return gradients;
  }
};

}  // namespace

torch::Tensor ngcf_rows(NgcfPass pass, const std::vector<torch::Tensor>& parameters,
                        std::shared_ptr<NgcfMemory>& memory, const Context& context) {
  if (!memory || memory.use_count() > 1) memory = std::make_shared<NgcfMemory>();
  variable_list detached;  // a step must not keep the graph that it is a part of
  for (const torch::Tensor& parameter : parameters) detached.push_back(parameter.detach().contiguous());
  const bool is_double = parameters[0].scalar_type() == torch::kFloat64;
  WHITNEY_CHECK(is_double || parameters[0].scalar_type() == torch::kFloat32, "layers of float32 or float64");
  return RowsFunction::apply(is_double ? layers_of<double>(std::move(pass), detached, memory, context)
                                       : layers_of<float>(std::move(pass), detached, memory, context),
                             at::TensorList(parameters));
}

}  // namespace whitney::recsys
