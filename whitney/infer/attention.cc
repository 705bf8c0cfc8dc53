#include "whitney/infer/attention.h"

#include <algorithm>
#include <array>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/infer/attention.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include "whitney/infer/norm-inl.h"
#include "whitney/infer/panel-inl.h"
#include "whitney/infer/softmax-inl.h"

#ifndef WHITNEY_INFER_ATTENTION_TASK_
#define WHITNEY_INFER_ATTENTION_TASK_
namespace whitney::infer {

// Some queries of one text, for all query heads that read one key and value head.
struct AttentionTask {
  const AttentionSettings* settings;
  const float* qkv;  // of the text
  float* out;        // of the text
  int64_t length;    // of the text
  int64_t prefix;    // of the text: so many tokens see each other
  int64_t kv_head;
  int64_t first_query;
  int64_t last_query;
};

// Queries of a task: enough that packing the keys costs nothing beside, few enough to share out long texts.
inline constexpr int64_t kTaskQueries = 480;
// Queries whose scores are kept at a time, a multiple of the register blocks' heights.
inline constexpr int64_t kMostQueries = 96;
inline constexpr int64_t kMostScores = 128 * 1024;

}  // namespace whitney::infer
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {

// Where a task's arrays are in the worker's memory, in floats.
struct Layout {
  int64_t width;         // columns of a panel
  int64_t first_key;     // the first key that any query of the task sees
  int64_t num_keys;      // packed
  int64_t score_stride;  // from query to query
  int64_t num_queries;   // at a time
  int64_t padded_dim;    // head_dim up to whole panels
  int64_t keys, values, rows, queries, scores, results, sums, size;
};

// One past the last key that any query before `last_query` sees: queries beyond the prefix see all of it.
HWY_INLINE int64_t LastKey(const AttentionTask& task, int64_t last_query) {
  return HWY_MIN(task.length, HWY_MAX(last_query + task.settings->reach_after, task.prefix));
}

Layout LayoutOf(const AttentionTask& task) {
  const AttentionSettings& s = *task.settings;
  Layout l;
  l.width = PanelWidth();
  l.first_key = HWY_MAX(0, task.first_query - s.reach_before);
  l.num_keys = LastKey(task, task.last_query) - l.first_key;
  const int64_t padded_keys = (l.num_keys + l.width - 1) / l.width * l.width;
  l.padded_dim = (s.head_dim + l.width - 1) / l.width * l.width;
  // An odd number of cache lines, so that rows under each other fall into different sets of L1.
  l.score_stride = padded_keys | 16;
  l.num_queries = HWY_MIN(kMostQueries, HWY_MAX(kMostScores / l.score_stride, 12) / 12 * 12);
  l.keys = 0;
  l.values = l.keys + padded_keys * s.head_dim;
  l.rows = l.values + l.num_keys * l.padded_dim;
  l.queries = l.rows + l.width * s.head_dim;
  l.scores = l.queries + l.num_queries * s.head_dim;
  l.results = l.scores + l.num_queries * l.score_stride;
  l.sums = l.results + l.num_queries * l.padded_dim;
  l.size = l.sums + l.num_queries;
  return l;
}

int64_t ScratchFloats(const AttentionTask& task) { return LayoutOf(task).size; }

// x'[i] = x[i] cos - x[i + half] sin, x'[i + half] = x[i + half] cos + x[i] sin, in place.
HWY_INLINE void Turn(const RotaryAngles& angles, int64_t position, float* row) {
  const hn::ScalableTag<float> d;
  const int64_t half = angles.half, lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* cosines = angles.cosines.data() + position * half;
  const float* sines = angles.sines.data() + position * half;
  int64_t i = 0;
  for (; i + lanes <= half; i += lanes) {
    const auto low = hn::LoadU(d, row + i), high = hn::LoadU(d, row + half + i);
    const auto cosine = hn::LoadU(d, cosines + i), sine = hn::LoadU(d, sines + i);
    hn::StoreU(hn::NegMulAdd(high, sine, hn::Mul(low, cosine)), d, row + i);
    hn::StoreU(hn::MulAdd(low, sine, hn::Mul(high, cosine)), d, row + half + i);
  }
  for (; i < half; ++i) {
    const float low = row[i], high = row[half + i];
    row[i] = low * cosines[i] - high * sines[i];
    row[half + i] = high * cosines[i] + low * sines[i];
  }
}

// Copies a head's query or key, normalised, turned and scaled.
HWY_INLINE void PrepareHead(const AttentionSettings& settings, const Norm* norm, int64_t position,
                            float scale, const float* from, float* to) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t dim = static_cast<size_t>(settings.head_dim);
  if (norm != nullptr) {
    NormalizeRow(*norm, from, to);
    from = to;
  }
  const V factor = hn::Set(d, scale);
  TransformValues(d, from, dim, to, [factor](V x, size_t) HWY_ATTR { return hn::Mul(x, factor); });
  if (settings.angles != nullptr) Turn(*settings.angles, position, to);
}

HWY_INLINE void PackKeys(const AttentionTask& task, const Layout& l, float* memory) {
  const AttentionSettings& s = *task.settings;
  const int64_t stride = s.row_values(), dim = s.head_dim;
  const float* keys = task.qkv + (s.num_heads + task.kv_head) * dim;
  float* rows = memory + l.rows;
  for (int64_t first = 0; first < l.num_keys; first += l.width) {
    const int64_t count = HWY_MIN(l.width, l.num_keys - first);
    for (int64_t c = 0; c < count; ++c) {
      const int64_t position = l.first_key + first + c;
      PrepareHead(s, s.key_norm, position, 1.0f, keys + position * stride, rows + c * dim);
    }
    for (int64_t c = count * dim; c < l.width * dim; ++c) rows[c] = 0;
    TransposePanel(rows, dim, memory + l.keys + first * dim);
  }
}

HWY_INLINE void PackValues(const AttentionTask& task, const Layout& l, float* memory) {
  const AttentionSettings& s = *task.settings;
  const int64_t stride = s.row_values();
  const float* values = task.qkv + (s.num_heads + s.num_kv_heads + task.kv_head) * s.head_dim;
  float* to = memory + l.values;
  for (int64_t column = 0; column < l.padded_dim; column += l.width) {
    const int64_t count = HWY_MIN(l.width, s.head_dim - column);
    for (int64_t key = 0; key < l.num_keys; ++key, to += l.width) {
      const float* from = values + (l.first_key + key) * stride + column;
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
      for (int64_t c = count; c < l.width; ++c) to[c] = 0;
    }
  }
}

// row += added.
HWY_INLINE void AddTo(const float* added, int64_t size, float* row) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d), n = static_cast<size_t>(size);
  TransformValues(d, added, n, row, [&](V x, size_t i) HWY_ATTR {
    return hn::Add(x, i + lanes <= n ? hn::LoadU(d, row + i) : LoadTail(d, row + i, n - i));
  });
}

// Turns the scores of query i with keys [begin, end), counted from l.first_key, into weights, and gives their
// sum. Only the keys that i sees get one.
HWY_INLINE float WeighKeys(const AttentionTask& task, const Layout& l, int64_t head, int64_t i, int64_t begin,
                           int64_t end, float* scores) {
  const AttentionSettings& s = *task.settings;
  const int64_t first = HWY_MAX(begin, i - s.reach_before - l.first_key);
  const int64_t last = LastKey(task, i + 1) - l.first_key;
  if (s.bias != nullptr) {
    const float* bias = s.bias + head * (2 * s.bias_reach - 1) + s.bias_reach - 1 + l.first_key - i;
    AddTo(bias + first, last - first, scores + first);
  }
  const float sum = ExpOfScores(scores + first, last - first);
  for (int64_t j = begin; j < first; ++j) scores[j] = 0;
  for (int64_t j = last; j < end; ++j) scores[j] = 0;
  return sum;
}

// Queries [first, last) of one head against the packed keys and values.
HWY_INLINE void AttendQueries(const AttentionTask& task, const Layout& l, int64_t head, int64_t first,
                              int64_t last, float* memory) {
  const AttentionSettings& s = *task.settings;
  const int64_t dim = s.head_dim, count = last - first, stride = s.row_values();
  for (int64_t i = 0; i < count; ++i) {
    PrepareHead(s, s.query_norm, first + i, s.scale, task.qkv + (first + i) * stride + head * dim,
                memory + l.queries + i * dim);
  }
  // The keys that any of these queries sees, from a panel's border on.
  const int64_t begin = HWY_MAX(0, first - s.reach_before - l.first_key) / l.width * l.width;
  const int64_t end = LastKey(task, last) - l.first_key;
  float* scores = memory + l.scores;
  for (int64_t key = begin; key < end; key += l.width) {
    MultiplyPanel(memory + l.queries, dim, count, memory + l.keys + key * dim, dim, scores + key,
                  l.score_stride);
  }
  float* sums = memory + l.sums;
  for (int64_t i = 0; i < count; ++i) {
    sums[i] = WeighKeys(task, l, head, first + i, begin, end, scores + i * l.score_stride);
  }
  for (int64_t column = 0; column < l.padded_dim; column += l.width) {
    MultiplyPanel(scores + begin, l.score_stride, count,
                  memory + l.values + column * l.num_keys + begin * l.width, end - begin,
                  memory + l.results + column, l.padded_dim);
  }
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < count; ++i) {
    const auto factor = hn::Set(d, 1.0f / sums[i]);
    TransformValues(d, memory + l.results + i * l.padded_dim, static_cast<size_t>(dim),
                    task.out + (first + i) * s.num_heads * dim + head * dim,
                    [factor](hn::Vec<decltype(d)> x, size_t) HWY_ATTR { return hn::Mul(x, factor); });
  }
}

void RunTask(const AttentionTask& task, float* memory) {
  const Layout l = LayoutOf(task);
  PackKeys(task, l, memory);
  PackValues(task, l, memory);
  const int64_t group = task.settings->num_heads / task.settings->num_kv_heads;
  for (int64_t head = task.kv_head * group; head < (task.kv_head + 1) * group; ++head) {
    for (int64_t first = task.first_query; first < task.last_query; first += l.num_queries) {
      AttendQueries(task, l, head, first, HWY_MIN(first + l.num_queries, task.last_query), memory);
    }
  }
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::infer {
HWY_EXPORT(ScratchFloats);
HWY_EXPORT(RunTask);

namespace {

std::vector<AttentionTask> tasks_of(const AttentionSettings& settings, std::span<const int64_t> starts,
                                    const float* qkv, float* out) {
  std::vector<AttentionTask> tasks;
  for (size_t s = 0; s + 1 < starts.size(); ++s) {
    const int64_t length = starts[s + 1] - starts[s];
    const int64_t num_blocks = (length + kTaskQueries - 1) / kTaskQueries;
    for (int64_t kv_head = 0; kv_head < settings.num_kv_heads; ++kv_head) {
      for (int64_t block = 0; block < num_blocks; ++block) {
        tasks.push_back({&settings, qkv + starts[s] * settings.row_values(),
                         out + starts[s] * settings.num_heads * settings.head_dim, length,
                         settings.prefixes == nullptr ? 0 : settings.prefixes[s], kv_head,
                         length * block / num_blocks, length * (block + 1) / num_blocks});
      }
    }
  }
  return tasks;
}

}  // namespace

void attend(const Context& context, const AttentionSettings& settings, std::span<const int64_t> starts,
            const float* qkv, AttentionScratch& scratch, float* out) {
  WHITNEY_CHECK(settings.num_heads % settings.num_kv_heads == 0, settings.num_heads, " query heads, ",
                settings.num_kv_heads, " key heads");
  const std::vector<AttentionTask> tasks = tasks_of(settings, starts, qkv, out);
  scratch.workers.resize(std::max(scratch.workers.size(), static_cast<size_t>(context.num_threads())));
  parallel_for_workers(context, std::ssize(tasks), [&](int worker, int64_t t) {
    const AttentionTask& task = tasks[static_cast<size_t>(t)];
    Array<float>& memory = scratch.workers[static_cast<size_t>(worker)];
    const int64_t floats = HWY_DYNAMIC_DISPATCH(ScratchFloats)(task);
    if (memory.size() < floats) memory = Array<float>(floats);
    HWY_DYNAMIC_DISPATCH(RunTask)(task, memory.mutable_data());
  });
}

}  // namespace whitney::infer
#endif  // HWY_ONCE
