#include "whitney/search/bm25_plan.h"

namespace whitney::search {
namespace {

constexpr int64_t kFewestToSkip = 200'000;

}  // namespace

Bm25Plan choose_plan(std::span<const Bm25Term> terms, int64_t /*num_rows*/, int64_t /*k*/) {
  int64_t num_postings = 0;
  for (const Bm25Term& term : terms) num_postings += term.cursor.count();
  return num_postings < kFewestToSkip ? Bm25Plan::kScan : Bm25Plan::kMaxScore;
}

}  // namespace whitney::search
