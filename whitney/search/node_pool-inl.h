// NodePool by vectors, compiled once per SIMD level (see Highway's quick reference on files of this
// form).
#if defined(WHITNEY_SEARCH_NODE_POOL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_SEARCH_NODE_POOL_INL_H_
#undef WHITNEY_SEARCH_NODE_POOL_INL_H_
#else
#define WHITNEY_SEARCH_NODE_POOL_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "whitney/search/hnsw_scratch.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How many entries are below a key. The steps of a binary search wait for each other: the last 64 entries
// that may be the place are compared at once.
HWY_INLINE uint32_t PlaceOfKey(const NodePool& pool, uint64_t key) {
  constexpr uint32_t kAtOnce = 64;
  const hn::CappedTag<int64_t, 8> d;
  const auto lanes = static_cast<uint32_t>(hn::Lanes(d));
  const auto* data = reinterpret_cast<const int64_t*>(pool.keys.data());
  const auto wanted = static_cast<int64_t>(key);
  uint32_t low = 0, left = pool.size;
  while (left > kAtOnce) {
    const uint32_t half = left / 2;
    low += half & (0U - static_cast<uint32_t>(data[low + half - 1] < wanted));
    left -= half;
  }
  // From the end of the range on no key is below: neither entries nor what stands behind them.
  const auto target = hn::Set(d, wanted);
  uint32_t num_below = 0;
  for (uint32_t i = 0; i < left; i += lanes)
    num_below += static_cast<uint32_t>(hn::CountTrue(d, hn::Lt(hn::LoadU(d, data + low + i), target)));
  return low + num_below;
}

// As NodePool::insert. Each move of the entries behind would be a call, and its search wait for every step:
// on 96 dimensions the two took a third of a walk by lanes. Here the entries behind move in whole vectors.
HWY_INLINE uint32_t InsertKey(NodePool& pool, uint64_t key) {
  const hn::CappedTag<int64_t, 8> d;
  const auto lanes = static_cast<uint32_t>(hn::Lanes(d));
  auto* data = reinterpret_cast<int64_t*>(pool.keys.data());
  const auto wanted = static_cast<int64_t>(key);
  const uint32_t low = PlaceOfKey(pool, key);
  const uint32_t last = pool.size < pool.capacity ? pool.size : pool.capacity - 1;
  // Behind the first vector all that moves moves from the end on; the first one, read before, comes last.
  const auto first = hn::LoadU(d, data + low);
  uint32_t end = last;
  for (; end > low + lanes; end -= lanes)
    hn::StoreU(hn::LoadU(d, data + end - lanes), d, data + end - lanes + 1);
  hn::StoreU(first, d, data + low + 1);
  data[low] = wanted;
  data[pool.capacity] = static_cast<int64_t>(NodePool::kNoKey);
  pool.size = last + 1;
  if (low < pool.cursor) pool.cursor = low;
  return low;
}

// Puts a lower key in the place of one that the pool has, of a node that was not expanded; returns its place.
HWY_INLINE uint32_t LowerKey(NodePool& pool, uint64_t old_key, uint64_t key) {
  const hn::CappedTag<int64_t, 8> d;
  const auto lanes = static_cast<uint32_t>(hn::Lanes(d));
  auto* data = reinterpret_cast<int64_t*>(pool.keys.data());
  const uint32_t low = PlaceOfKey(pool, key);
  uint32_t end = PlaceOfKey(pool, old_key);
  for (; end >= low + lanes; end -= lanes)
    hn::StoreU(hn::LoadU(d, data + end - lanes), d, data + end - lanes + 1);
  for (; end > low; --end) data[end] = data[end - 1];
  data[low] = static_cast<int64_t>(key);
  if (low < pool.cursor) pool.cursor = low;
  return low;
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_SEARCH_NODE_POOL_INL_H_
