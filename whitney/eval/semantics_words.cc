#include "whitney/eval/semantics_words.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "whitney/linalg/distance.h"

namespace whitney::eval {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return result;
}

// ".n.02": a point, a letter, a point, digits.
std::string_view without_synset_ending(std::string_view id) {
  size_t end = id.size();
  while (end > 0 && is_digit(id[end - 1])) --end;
  if (end == id.size() || end < 4 || id[end - 1] != '.' || id[end - 3] != '.') return id;
  return std::isalpha(static_cast<unsigned char>(id[end - 2])) != 0 ? id.substr(0, end - 3) : id;
}

}  // namespace

std::string word_of_id(std::string_view id) { return lower(without_synset_ending(id)); }

WordVectors::WordVectors(const Embeddings& embeddings, const Context& context) {
  std::map<std::string, std::vector<int64_t>> rows;
  for (int64_t row = 0; row < embeddings.size(); ++row)
    rows[word_of_id(embeddings.ids.text(row))].push_back(row);
  Matrix sums = Matrix::zeros(std::ssize(rows), embeddings.dim());
  float* out = sums.mutable_data<float>();
  std::vector<float> vector(static_cast<size_t>(embeddings.dim()));
  starts_ = {0};
  for (auto& [word, nodes] : rows) {
    for (const int64_t node : nodes) {
      copy_row_as_float(embeddings.vectors, node, vector.data());
      for (size_t j = 0; j < vector.size(); ++j) out[j] += vector[j];
    }
    out += embeddings.dim();
    words_.push_back(word);
    nodes_.insert(nodes_.end(), nodes.begin(), nodes.end());
    starts_.push_back(std::ssize(nodes_));
  }
  normalize_rows(context, sums, means_);  // of the sum as of the mean
  normalize_rows(context, embeddings.vectors.to_float32(), nodes_scaled_);
}

std::optional<int64_t> WordVectors::find(std::string_view word) const {
  const std::string wanted = lower(word);
  const auto place = std::ranges::lower_bound(words_, wanted);
  if (place == words_.end() || *place != wanted) return std::nullopt;
  return place - words_.begin();
}

double WordVectors::similarity(int64_t a, int64_t b, Senses senses) const {
  const auto cosine = [](const Matrix& rows, int64_t i, int64_t j) {
    return double{
        distance(Kernel::kInnerProduct, rows.row<float>(i).data(), rows.row<float>(j).data(), rows.cols())};
  };
  if (senses == Senses::kMean) return cosine(means_, a, b);
  double most = -1;
  for (const int64_t i : nodes_of(a)) {
    for (const int64_t j : nodes_of(b)) most = std::max(most, cosine(nodes_scaled_, i, j));
  }
  return most;
}

}  // namespace whitney::eval
