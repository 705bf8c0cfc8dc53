#include "whitney/codec/codec_choices.h"

#include <algorithm>
#include <set>
#include <utility>

namespace whitney::codec {
namespace {

class Choices {
 public:
  Choices(int64_t dim, int64_t num_rows, int64_t bytes) : dim_(dim), num_rows_(num_rows), bytes_(bytes) {}

  std::vector<CodecChoice> take() {
    scalar();
    rabitq();
    product();
    shortened();
    return std::move(all_);
  }

 private:
  static constexpr int64_t kFloat = 4, kCentroids = 256, kSmallCentroids = 16;

  // Bytes that are left for each row beside `fitted` ones; 1 at least: what does not fit is found out later.
  int64_t bytes_of_row(int64_t fitted) const { return std::max<int64_t>(1, (bytes_ - fitted) / num_rows_); }

  void add(std::string_view method, Value options = Value::object(), const Value& effort = Value::object()) {
    Value quick = options;
    for (const auto& [name, value] : effort.as_object()) quick.set(name, value);
    all_.push_back({method, std::move(options), std::move(quick)});
  }

  void scalar() {
    for (const char* method : {"f16", "bf16"}) add(method);
    for (const char* method : {"sq8", "sq4"}) {
      add(method);
      add(method, Value::object({{"per_dimension", false}}));
    }
    for (const char* bits : {"8x8", "8x4", "4x8", "8", "4x4", "4"})
      add("lvq", Value::object({{"bits", bits}}));
    for (const char* method : {"sq8", "sq4"}) add("rotation", Value::object({{"codec", method}}));
    for (const char* bits : {"8", "4x8", "4x4", "4"})
      add("rotation", Value::object({{"codec", "lvq"}, {"codec.bits", bits}}));
  }

  void rabitq() {
    for (int bits = 1; bits <= 8; ++bits) add("rabitq", Value::object({{"bits", bits}}));
    // Means are dear where there are few rows.
    add("rabitq", Value::object({{"bits", 1}, {"num_centroids", 1}}));
  }

  // Codebooks: as many parts as fit, of 4 dimensions (of 8 bits) or 2 (of 4 bits) at least, for beyond that
  // scalar codes of as many bytes find more.
  void product() {
    const int64_t book = kFloat * kCentroids * dim_, small_book = kFloat * kSmallCentroids * dim_;
    const int64_t rotation = kFloat * dim_ * (dim_ + 1);
    const auto parts = [&](int64_t fitted, int64_t in_a_byte) {
      const int64_t most = std::max<int64_t>(1, dim_ * in_a_byte / 4);
      return std::min(in_a_byte * bytes_of_row(fitted), most);
    };
    const auto pq = [](int64_t count, const char* bits) {
      return Value::object({{"num_subspaces", count}, {"bits", bits}});
    };
    const auto quick = Value::object({{"max_iterations", 1}});
    const auto quick_opq = Value::object({{"max_iterations", 1}, {"num_rounds", 0}});
    add("pq", pq(parts(book, 1), "8"), quick);
    add("pq", pq(parts(small_book, 2), "4"), quick);
    add("opq", pq(parts(book + rotation, 1), "8"), quick_opq);
    add("opq", pq(parts(small_book + rotation, 2), "4"), quick_opq);
    // Takes time in proportion to its bytes, and is for few of them.
    constexpr int64_t kMostStages = 16;
    const int64_t stages = std::max<int64_t>(1, bytes_ / (num_rows_ + book));
    if (stages <= kMostStages) {
      add("rvq", Value::object({{"num_stages", stages}}),
          Value::object({{"max_iterations", 1}, {"refinements", 0}, {"beam_size", 1}}));
    }
  }

  // Fewer dimensions: shares of them, and as many as fit, of 8 and of 4 bits.
  void shortened() {
    constexpr int64_t kHead = 4;  // of an lvq code
    for (const bool is_pca : {true, false}) {
      const int64_t column = is_pca ? kFloat * dim_ : 0;
      for (const int bits : {8, 4}) {
        // w columns, their mean and lvq's, and (w bits / 8 + head) bytes a row.
        const int64_t left = bytes_ - column - kHead * num_rows_;
        const int64_t fitting = 8 * std::max<int64_t>(0, left) / (num_rows_ * bits + 8 * (column + kFloat));
        for (const int64_t width : std::set<int64_t>{dim_ / 2, dim_ / 4, dim_ / 8, fitting}) {
          if (width < 1 || width >= dim_) continue;
          add(is_pca ? "pca" : "matryoshka",
              Value::object({{"dim", width}, {"codec", "lvq"}, {"codec.bits", bits == 8 ? "8" : "4"}}));
        }
      }
    }
  }

  int64_t dim_, num_rows_, bytes_;
  std::vector<CodecChoice> all_;
};

}  // namespace

std::vector<CodecChoice> codec_choices(int64_t dim, int64_t num_rows, int64_t bytes) {
  return Choices(dim, num_rows, bytes).take();
}

}  // namespace whitney::codec
