#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/metric.h"
#include "whitney/search/deadline.h"

namespace whitney::search {

/// Throws UsageError where a search is asked for less than one hit.
void check_k(int64_t k);

/// The queries as float32. Throws Error for queries that no search can answer: another width, a value that is
/// NaN or infinite, results that do not fit the memory allowed; UsageError as check_k.
Matrix checked_queries(const MatrixView& queries, int64_t dim, int64_t k, const Context& context);

/// Throws Error: hits are missing because comparisons gave no number.
[[noreturn]] void fail_without_number();

/// As exact_search, among some rows of `base` (ascending, none twice): the same values, bit for bit. Few
/// queries read the rows where they are; many have them gathered, block by block. O(m rows d).
Neighbors scan_rows(const MatrixView& queries, const MatrixView& base, std::span<const uint32_t> rows,
                    int64_t k, Metric metric, const Context& context);

/// The same, slice by slice, until the deadline: then `is_partial` is set, and the k best so far are given.
Neighbors scan_rows_until(const Deadline& deadline, bool& is_partial, const MatrixView& queries,
                          const MatrixView& base, std::span<const uint32_t> rows, int64_t k, Metric metric,
                          const Context& context);

}  // namespace whitney::search
