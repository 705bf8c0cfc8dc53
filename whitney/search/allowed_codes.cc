#include "whitney/search/allowed_codes.h"

#include <cstring>

namespace whitney::search {
namespace {

// A word of bits costs about what a listed row does: where fewer rows than words pass, they are listed.
constexpr int64_t kRowsOfWord = 64;
// Gathered codes stay in L1, or in L2 where one is long, while they are scored.
constexpr int64_t kGatheredBytes = int64_t{32} << 10, kLeastBatch = 32;
// What is asked for ahead: enough to cover the time memory takes, and no more than a core's requests in
// flight.
constexpr int64_t kAheadBytes = 4096, kLine = 64, kMostAhead = 32, kLeastAhead = 4;

}  // namespace

AllowedCodes::AllowedCodes(const codec::CodeRows& codes, int64_t code_bytes, const RowSet& rows,
                           SharedDeadlineWatch& watch)
    : codes_(codes), code_bytes_(code_bytes), num_rows_(codes.size()), batch_(kBatch), watch_(watch) {
  const int64_t passing = rows.size();
  if (passing >= num_rows_) return;
  batch_ = std::clamp(kGatheredBytes / std::max<int64_t>(1, code_bytes), kLeastBatch, kBatch);
  if (passing * kRowsOfWord < num_rows_) {
    form_ = Form::kList;
    list_ = rows.rows();
  } else {
    form_ = Form::kBits;
    bits_ = rows.bits(num_rows_);
  }
}

int64_t AllowedCodes::num_tasks() const {
  if (form_ == Form::kList) return (std::ssize(list_) + kTaskListed - 1) / kTaskListed;
  return (num_rows_ + kTaskRows - 1) / kTaskRows;
}

AllowedCodes::TaskRows AllowedCodes::rows_of(int64_t task, std::vector<uint32_t>& own) const {
  if (form_ == Form::kList) {
    const int64_t begin = task * kTaskListed;
    return {0, std::min(kTaskListed, std::ssize(list_) - begin), list_.data() + begin};
  }
  const int64_t begin = task * kTaskRows, end = std::min(begin + kTaskRows, num_rows_);
  if (form_ == Form::kAll) return {static_cast<uint32_t>(begin), end - begin, nullptr};
  own.resize(kTaskRows);
  uint32_t* out = own.data();
  for (int64_t row = begin; row < end; row += kRowsOfWord) {
    for (uint64_t bits = bits_[static_cast<size_t>(row / kRowsOfWord)]; bits != 0; bits &= bits - 1)
      *out++ = static_cast<uint32_t>(row + std::countr_zero(bits));
  }
  return {0, out - own.data(), own.data()};
}

CodeBatch AllowedCodes::batch(const TaskRows& rows, int64_t at, int64_t count, Gathered& gathered) const {
  CodeBatch batch;
  batch.count = count;
  batch.first = rows.rows == nullptr ? rows.first + static_cast<uint32_t>(at) : rows.rows[at];
  if (rows.rows != nullptr && int64_t{rows.rows[at + count - 1]} - rows.rows[at] + 1 != count)
    batch.rows = rows.rows + at;
  if (batch.rows == nullptr && !codes_.in_blocks()) {
    batch.codes = codes_.rows_from(batch.first);
    return batch;
  }
  gathered.resize(static_cast<size_t>(batch_ * code_bytes_));
  gather(rows, at, count, gathered.data());
  batch.codes = gathered.data();
  return batch;
}

void AllowedCodes::gather(const TaskRows& rows, int64_t at, int64_t count, uint8_t* out) const {
  if (codes_.in_blocks()) {
    for (int64_t i = at; i < at + count; ++i, out += code_bytes_) codes_.read(rows.rows[i], out);
    return;
  }
  const int64_t ahead = std::clamp(kAheadBytes / std::max<int64_t>(1, code_bytes_), kLeastAhead, kMostAhead);
  for (int64_t i = at; i < at + count; ++i, out += code_bytes_) {
    // Beyond this batch, too: its rows come next.
    if (i + ahead < rows.count) {
      const uint8_t* next = codes_.rows_from(rows.rows[i + ahead]);
      for (int64_t line = 0; line < code_bytes_; line += kLine) __builtin_prefetch(next + line);
      __builtin_prefetch(next + code_bytes_ - 1);
    }
    std::memcpy(out, codes_.rows_from(rows.rows[i]), static_cast<size_t>(code_bytes_));
  }
}

}  // namespace whitney::search
