#include "bench/dense_bench_peer.h"
#include "whitney/core/error.h"

#ifdef WHITNEY_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#endif

namespace whitney::bench {

#ifdef WHITNEY_ONEDNN

using dnnl::memory;

struct OnednnLayer::Parts {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul::primitive_desc described;
  dnnl::matmul product;
  memory a, weights, bias, out;

  void make(int64_t m, int64_t n, int64_t k, memory::data_type a_type, memory::data_type weight_type,
            const void* given_weights, const float* given_bias, const dnnl::primitive_attr& attributes) {
    const memory::desc rows({m, k}, a_type, memory::format_tag::ab);
    const memory::desc any({k, n}, weight_type, memory::format_tag::any);
    const memory::desc added({1, n}, memory::data_type::f32, memory::format_tag::ab);
    const memory::desc result({m, n}, memory::data_type::f32, memory::format_tag::ab);
    described = {dnnl::matmul::desc(rows, any, added, result), attributes, engine};
    product = dnnl::matmul(described);
    a = memory(rows, engine, nullptr);
    out = memory(result, engine, nullptr);
    bias = memory(added, engine, const_cast<float*>(given_bias));
    memory plain({{k, n}, weight_type, memory::format_tag::ba}, engine, const_cast<void*>(given_weights));
    weights = memory(described.weights_desc(), engine);
    dnnl::reorder(plain, weights).execute(stream, plain, weights);
    stream.wait();
  }
};

OnednnLayer::OnednnLayer(int64_t m, int64_t n, int64_t k, const float* weights, const float* bias, bool gelu)
    : parts_(std::make_unique<Parts>()) {
  dnnl::primitive_attr attributes;
  if (gelu) {
    dnnl::post_ops then;
    then.append_eltwise(1, dnnl::algorithm::eltwise_gelu_erf, 0, 0);
    attributes.set_post_ops(then);
  }
  parts_->make(m, n, k, memory::data_type::f32, memory::data_type::f32, weights, bias, attributes);
}

OnednnLayer::OnednnLayer(int64_t m, int64_t n, int64_t k, const int8_t* weights, const float* bias,
                         std::span<const float> scales)
    : parts_(std::make_unique<Parts>()) {
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(2, {scales.begin(), scales.end()});
  parts_->make(m, n, k, memory::data_type::u8, memory::data_type::s8, weights, bias, attributes);
}

OnednnLayer::~OnednnLayer() = default;

void OnednnLayer::multiply(const void* a, float* out) {
  parts_->a.set_data_handle(const_cast<void*>(a));
  parts_->out.set_data_handle(out);
  parts_->product.execute(parts_->stream, {{DNNL_ARG_SRC, parts_->a},
                                           {DNNL_ARG_WEIGHTS, parts_->weights},
                                           {DNNL_ARG_BIAS, parts_->bias},
                                           {DNNL_ARG_DST, parts_->out}});
  parts_->stream.wait();
}

std::string OnednnLayer::kernel() const { return parts_->described.impl_info_str(); }

bool OnednnLayer::is_there() { return true; }

std::string OnednnLayer::version() {
  const dnnl_version_t* version = dnnl_version();
  return concat(version->major, ".", version->minor, ".", version->patch);
}

#else

struct OnednnLayer::Parts {};
OnednnLayer::OnednnLayer(int64_t, int64_t, int64_t, const float*, const float*, bool) {}
OnednnLayer::OnednnLayer(int64_t, int64_t, int64_t, const int8_t*, const float*, std::span<const float>) {}
OnednnLayer::~OnednnLayer() = default;
void OnednnLayer::multiply(const void*, float*) {}
std::string OnednnLayer::kernel() const { return ""; }
bool OnednnLayer::is_there() { return false; }
std::string OnednnLayer::version() { return ""; }

#endif

}  // namespace whitney::bench
