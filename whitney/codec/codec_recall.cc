#include "whitney/codec/codec_recall.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/top_k.h"

namespace whitney::codec {
namespace {

constexpr int64_t kSampleRows = 10'000, kHits = 10, kRescored = 40;

using Entries = std::vector<TopK::Entry>;

// The codes of a sample and one query of it; keys are the kernel's values, of inner products negated.
class SampleQuery {
 public:
  SampleQuery(const Codec& codec, const SearchSample& sample, const Codes& codes, int64_t query)
      : codec_(codec),
        sample_(sample),
        codes_(codes),
        kernel_(sample.metric == Metric::kInnerProduct ? Kernel::kInnerProduct : Kernel::kSquaredL2),
        sign_(sample.metric == Metric::kInnerProduct ? -1.0F : 1.0F),
        number_(query),
        query_(sample.queries.row<float>(query).data()),
        keys_(static_cast<size_t>(sample.base.rows())) {
    const auto scorer = codec.scorer(kernel_, query_);
    if (codec.has_bounds()) {
      bounds_.resize(keys_.size());
      scorer->score_with_bounds(codes.codes.data(), std::ssize(keys_), keys_.data(), bounds_.data());
    } else {
      scorer->score(codes.codes.data(), std::ssize(keys_), keys_.data());
    }
    for (float& key : keys_) key *= sign_;
  }

  int64_t hits_by_codes() const { return count_hits(best(kHits)); }

  int64_t hits_rescored() const {
    const auto scorer = codec_.fine_scorer(kernel_, query_);
    return count_hits(ranked_again([&](uint32_t row) {
      return sign_ * scorer->score(codes_.codes.data() + row * codec_.code_bytes(),
                                   codes_.fine.data() + row * codec_.fine_bytes());
    }));
  }

  int64_t hits_with_vectors() const {
    return count_hits(ranked_again([&](uint32_t row) {
      return sign_ * distance(kernel_, query_, sample_.base.row<float>(row).data(), sample_.base.cols());
    }));
  }

 private:
  Entries best(int64_t count) const {
    TopK top(count);
    top.push_run(keys_, 0);
    return top.take();
  }

  // The 40 best; of a codec with bounds those that could be among the 10 best, by the least key that they
  // may have.
  Entries candidates() const {
    if (bounds_.empty()) return best(kRescored);
    TopK greatest(kHits);
    for (size_t i = 0; i < keys_.size(); ++i) greatest.push(keys_[i] + bounds_[i], static_cast<uint32_t>(i));
    const float limit = greatest.bound();
    Entries found;
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] - bounds_[i] <= limit) found.push_back({keys_[i] - bounds_[i], static_cast<uint32_t>(i)});
    }
    std::ranges::sort(found, [](const TopK::Entry& a, const TopK::Entry& b) {
      return a.key != b.key ? a.key < b.key : a.row < b.row;
    });
    return found;
  }

  Entries ranked_again(const auto& key_of) const {
    TopK top(kHits);
    for (const TopK::Entry& entry : candidates()) {
      if (!bounds_.empty() && entry.key > top.bound()) break;
      top.push(key_of(entry.row), entry.row);
    }
    return top.take();
  }

  int64_t count_hits(const Entries& found) const {
    const auto begin = sample_.truth.rows.begin() + number_ * sample_.truth.k, end = begin + sample_.truth.k;
    return std::ranges::count_if(
        found, [&](const TopK::Entry& entry) { return std::find(begin, end, int64_t{entry.row}) != end; });
  }

  const Codec& codec_;
  const SearchSample& sample_;
  const Codes& codes_;
  Kernel kernel_;
  float sign_;
  int64_t number_;
  const float* query_;
  std::vector<float> keys_, bounds_;
};

}  // namespace

SearchSample search_sample(const Rows& rows, Metric metric, int64_t num_queries, const Context& context) {
  const Matrix all = rows.sample(kSampleRows + num_queries, context);
  const int64_t held_out = std::min(num_queries, all.rows() / 2);
  if (held_out == 0) fail("a codec is chosen by searches among the vectors, and there is only one");
  std::vector<int64_t> order(static_cast<size_t>(all.rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  RandomStream random(context.seed, "held-out queries", 0);
  random.shuffle(std::span(order));
  const auto gather = [&](int64_t begin, int64_t end) {
    Matrix part(end - begin, all.cols());
    auto* out = part.mutable_data<float>();
    for (int64_t i = begin; i < end; ++i, out += all.cols())
      std::ranges::copy(all.row<float>(order[static_cast<size_t>(i)]), out);
    return part;
  };
  SearchSample sample{gather(held_out, all.rows()), gather(0, held_out), {}, metric};
  sample.truth =
      exact_search(sample.queries, sample.base, std::min(kHits, sample.base.rows()), metric, context);
  return sample;
}

CodecRecall measure_recall(const Codec& codec, const SearchSample& sample, const Context& context) {
  const Codes codes = encode_rows(codec, Rows(sample.base), context);
  const int64_t num_queries = sample.queries.rows();
  struct Hits {
    int64_t by_codes = 0, rescored = 0, with_vectors = 0;
  };
  std::vector<Hits> hits(static_cast<size_t>(num_queries));
  parallel_for(context, num_queries, [&](int64_t q) {
    const SampleQuery query(codec, sample, codes, q);
    Hits& found = hits[static_cast<size_t>(q)];
    found.by_codes = query.hits_by_codes();
    found.rescored = codec.fine_bytes() > 0 ? query.hits_rescored() : found.by_codes;
    found.with_vectors = query.hits_with_vectors();
  });
  Hits sum;
  for (const Hits& found : hits) {
    sum.by_codes += found.by_codes;
    sum.rescored += found.rescored;
    sum.with_vectors += found.with_vectors;
  }
  const auto all = static_cast<double>(num_queries * sample.truth.k);
  return {static_cast<double>(sum.by_codes) / all, static_cast<double>(sum.rescored) / all,
          static_cast<double>(sum.with_vectors) / all};
}

}  // namespace whitney::codec
