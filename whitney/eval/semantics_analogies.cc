#include "whitney/eval/semantics_analogies.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/distance.h"

namespace whitney::eval {
namespace {

constexpr int64_t kBlock = 16;

double distance_of(const MatrixView& words, const AnalogyQuestion& question) {
  const auto [a, b, c, e] = question;
  double sum = 0;
  for (size_t j = 0; j < size_t(words.cols); ++j) {
    const double difference = (double{words.row<float>(b)[j]} - words.row<float>(a)[j]) -
                              (double{words.row<float>(e)[j]} - words.row<float>(c)[j]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

struct Answers {
  double add = 0, mul = 0;
};

/// cosines: three rows of n, of a, b and c.
Answers answer(const AnalogyQuestion& question, const float* cosines, int64_t n) {
  constexpr float kEpsilon = 0.001F;
  const float *to_a = cosines, *to_b = to_a + n, *to_c = to_b + n;
  float best_add = -std::numeric_limits<float>::infinity(), best_mul = best_add;
  int64_t add = -1, mul = -1;
  for (int64_t w = 0; w < n; ++w) {
    if (w == question[0] || w == question[1] || w == question[2]) continue;
    const float sum = to_b[w] - to_a[w] + to_c[w];
    const float product = (to_b[w] + 1) * (to_c[w] + 1) / 4 / ((to_a[w] + 1) / 2 + kEpsilon);
    if (sum > best_add) best_add = sum, add = w;
    if (product > best_mul) best_mul = product, mul = w;
  }
  return {add == question[3] ? 1.0 : 0.0, mul == question[3] ? 1.0 : 0.0};
}

Answers answer_block(const MatrixView& words, std::span<const AnalogyQuestion> questions) {
  Matrix asked(3 * std::ssize(questions), words.cols);
  float* to = asked.mutable_data<float>();
  for (const AnalogyQuestion& question : questions) {
    for (const size_t part : {0, 1, 2}) to = std::ranges::copy(words.row<float>(question[part]), to).out;
  }
  std::vector<float> cosines(static_cast<size_t>(asked.rows() * words.rows));
  distance_many_to_many(Kernel::kInnerProduct, asked, words, cosines.data());
  Answers sum;
  for (size_t i = 0; i < questions.size(); ++i) {
    const Answers one = answer(questions[i], cosines.data() + int64_t(3 * i) * words.rows, words.rows);
    sum.add += one.add, sum.mul += one.mul;
  }
  return sum;
}

}  // namespace

AnalogyFigures answer_analogies(const MatrixView& words, std::span<const AnalogyQuestion> questions,
                                const Context& context) {
  const auto sum = ordered_reduce<Answers>(
      context, std::ssize(questions), kBlock, {},
      [&](int64_t begin, int64_t end) {
        return answer_block(words, questions.subspan(size_t(begin), size_t(end - begin)));
      },
      [](const Answers& a, const Answers& b) { return Answers{a.add + b.add, a.mul + b.mul}; });
  AnalogyFigures figures;
  RandomStream random(context.seed, "analogies", 0);
  const auto draw = [&] { return questions[random.below(questions.size())][random.below(4)]; };
  for (const AnalogyQuestion& question : questions) {
    figures.distance += distance_of(words, question);
    AnalogyQuestion drawn;
    for (int64_t& word : drawn) word = draw();
    figures.random_distance += distance_of(words, drawn);
  }
  const auto count = static_cast<double>(questions.size());
  return {sum.add / count, sum.mul / count, figures.distance / count, figures.random_distance / count};
}

}  // namespace whitney::eval
