#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "whitney/codec/block_layout.h"
#include "whitney/codec/code_rows.h"
#include "whitney/core/context.h"
#include "whitney/core/parallel.h"
#include "whitney/search/deadline.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// Codes that are scored at once, one behind the other, and the rows they are of, ascending: neighbours from
/// `first` on, or, where `rows` is not null, any.
struct CodeBatch {
  const uint8_t* codes = nullptr;
  int64_t count = 0;
  uint32_t first = 0;
  const uint32_t* rows = nullptr;
  uint32_t row(int64_t i) const { return rows == nullptr ? first + static_cast<uint32_t>(i) : rows[i]; }
};

/// The rows of codes that a search may return, cut into tasks by nothing but their numbers: all rows, those
/// whose bits are set, or, where they are few, a list.
class AllowedCodes {
 public:
  static constexpr int64_t kBatch = 1024;
  static constexpr int64_t kLanes = kFastScanLanes;
  /// The most rows of a task.
  static constexpr int64_t kTaskRows = 16'384;

  AllowedCodes(const codec::CodeRows& codes, int64_t code_bytes, const RowSet& rows,
               SharedDeadlineWatch& watch);

  int64_t num_tasks() const;
  /// Whether blocks that hold codes are worth scoring: few rows are better scored one by one.
  bool by_blocks() const { return codes_.in_blocks() && form_ != Form::kList; }
  /// The allowed lanes of block b.
  uint32_t lanes(int64_t b) const {
    if (form_ == Form::kBits) return static_cast<uint32_t>(bits_[static_cast<size_t>(b / 2)] >> (b % 2 * 32));
    const int64_t count = num_rows_ - b * kLanes;
    return count >= kLanes ? ~uint32_t{0} : (uint32_t{1} << count) - 1;
  }

  /// Calls body(task, batch): a batch stays in cache while all queries pass. Rows that are not neighbours
  /// have their codes gathered, those of the rows to come asked for ahead. Ends when time is up.
  template <class Body>
  void each_batch(const Context& context, const Body& body) const {
    parallel_for(context, num_tasks(), [&](int64_t task) {
      Gathered gathered;
      std::vector<uint32_t> own;
      const auto rows = rows_of(task, own);
      for (int64_t at = 0; at < rows.count && !watch_.is_over(); at += batch_)
        body(task, batch(rows, at, std::min(batch_, rows.count - at), gathered));
    });
  }
  /// Calls body(task, first, count) for runs of neighbouring blocks that hold allowed rows.
  template <class Body>
  void each_block_batch(const Context& context, const Body& body) const {
    const int64_t num_blocks = (num_rows_ + kLanes - 1) / kLanes;
    constexpr int64_t kTaskBlocks = kTaskRows / kLanes, kMost = kBatch / kLanes;
    parallel_for(context, num_tasks(), [&](int64_t task) {
      const int64_t end = std::min((task + 1) * kTaskBlocks, num_blocks);
      int64_t next_look = task * kTaskBlocks;
      for (int64_t first = next_look, last = 0; first < end; first = last) {
        last = first + 1;
        if (lanes(first) == 0) continue;
        while (last < end && last - first < kMost && lanes(last) != 0) ++last;
        if (first >= next_look) {
          if (watch_.is_over()) return;
          next_look = first + kMost;
        }
        body(task, first, last - first);
      }
    });
  }

 private:
  static constexpr int64_t kTaskListed = 2048;
  enum class Form : uint8_t { kAll, kBits, kList };
  using Gathered = std::vector<uint8_t>;
  // Rows of a task: neighbours from `first` on, or those listed.
  struct TaskRows {
    uint32_t first = 0;
    int64_t count = 0;
    const uint32_t* rows = nullptr;
  };

  TaskRows rows_of(int64_t task, std::vector<uint32_t>& own) const;
  CodeBatch batch(const TaskRows& rows, int64_t at, int64_t count, Gathered& gathered) const;
  void gather(const TaskRows& rows, int64_t at, int64_t count, uint8_t* out) const;

  const codec::CodeRows& codes_;
  int64_t code_bytes_, num_rows_, batch_;
  SharedDeadlineWatch& watch_;
  Form form_ = Form::kAll;
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> list_;
};

}  // namespace whitney::search
