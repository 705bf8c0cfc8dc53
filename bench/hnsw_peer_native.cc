#include "bench/hnsw_peer_native.h"

#include <hnswlib/hnswlib.h>

namespace whitney::bench {
namespace {

class BitmapFilter : public hnswlib::BaseFilterFunctor {
 public:
  explicit BitmapFilter(std::span<const uint64_t> bits) : bits_(bits) {}
  bool operator()(hnswlib::labeltype id) override {
    return id / 64 < bits_.size() && ((bits_[id / 64] >> (id % 64)) & 1) != 0;
  }

 private:
  std::span<const uint64_t> bits_;
};

void write_ids(std::priority_queue<std::pair<float, hnswlib::labeltype>> found, int64_t k, int64_t* ids) {
  for (int64_t i = 0; i < k; ++i) ids[i] = -1;
  for (int64_t i = 0; !found.empty(); ++i, found.pop()) ids[i] = static_cast<int64_t>(found.top().second);
}

}  // namespace

struct HnswlibIndex::Parts {
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph;
};

HnswlibIndex::HnswlibIndex(int64_t dim, int64_t num_rows, int m, int ef_construction, bool inner_product)
    : parts_(std::make_unique<Parts>()) {
  const auto width = static_cast<size_t>(dim);
  if (inner_product)
    parts_->space = std::make_unique<hnswlib::InnerProductSpace>(width);
  else
    parts_->space = std::make_unique<hnswlib::L2Space>(width);
  parts_->graph = std::make_unique<hnswlib::HierarchicalNSW<float>>(
      parts_->space.get(), static_cast<size_t>(num_rows), static_cast<size_t>(m),
      static_cast<size_t>(ef_construction));
}

HnswlibIndex::~HnswlibIndex() = default;

void HnswlibIndex::add(const float* row, int64_t id) {
  parts_->graph->addPoint(row, static_cast<size_t>(id));
}

void HnswlibIndex::set_ef(int64_t ef) { parts_->graph->setEf(static_cast<size_t>(ef)); }

void HnswlibIndex::search(const float* query, int64_t k, int64_t* ids) const {
  write_ids(parts_->graph->searchKnn(query, static_cast<size_t>(k)), k, ids);
}

void HnswlibIndex::search_allowed(const float* query, int64_t k, std::span<const uint64_t> bits,
                                  int64_t* ids) const {
  BitmapFilter filter(bits);
  write_ids(parts_->graph->searchKnn(query, static_cast<size_t>(k), &filter), k, ids);
}

int64_t HnswlibIndex::size_bytes() const { return static_cast<int64_t>(parts_->graph->indexFileSize()); }

}  // namespace whitney::bench
