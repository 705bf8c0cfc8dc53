#include "whitney/infer/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney::infer {
namespace {

using Doubles = std::vector<double>;

// One head's vector of a token, turned by its position.
Doubles head_of(const AttentionSettings& s, std::span<const float> qkv, int64_t token, int64_t head,
                bool turns) {
  Doubles values;
  for (int64_t c = 0; c < s.head_dim; ++c) {
    values.push_back(qkv[static_cast<size_t>(token * s.row_values() + head * s.head_dim + c)]);
  }
  if (!turns || s.angles == nullptr) return values;
  const size_t half = static_cast<size_t>(s.angles->half);
  for (size_t i = 0; i < half; ++i) {
    const int64_t at = token * s.angles->half + static_cast<int64_t>(i);
    const double cosine = s.angles->cosines[at], sine = s.angles->sines[at];
    const double low = values[i], high = values[half + i];
    values[i] = low * cosine - high * sine;
    values[half + i] = high * cosine + low * sine;
  }
  return values;
}

// One text, straight from the definition, in double precision.
Doubles reference(const AttentionSettings& s, std::span<const float> qkv, int64_t length) {
  Doubles out(static_cast<size_t>(length * s.num_heads * s.head_dim));
  for (int64_t head = 0; head < s.num_heads; ++head) {
    const int64_t kv = s.num_heads + head / (s.num_heads / s.num_kv_heads);
    std::vector<Doubles> keys, values;
    for (int64_t j = 0; j < length; ++j) {
      keys.push_back(head_of(s, qkv, j, kv, true));
      values.push_back(head_of(s, qkv, j, kv + s.num_kv_heads, false));
    }
    for (int64_t i = 0; i < length; ++i) {
      const Doubles q = head_of(s, qkv, i, head, true);
      double* mean = out.data() + (i * s.num_heads + head) * s.head_dim;
      double total = 0;
      const int64_t prefix = s.prefixes == nullptr ? 0 : s.prefixes[0];
      const int64_t last = std::max(std::min(length - 1, i + s.reach_after), prefix - 1);
      for (int64_t j = std::max<int64_t>(0, i - s.reach_before); j <= last; ++j) {
        const double* k = keys[static_cast<size_t>(j)].data();
        const double* v = values[static_cast<size_t>(j)].data();
        double score = 0;
        for (size_t c = 0; c < q.size(); ++c) score += q[c] * k[c];
        score *= static_cast<double>(s.scale);
        if (s.bias != nullptr) score += s.bias[head * (2 * s.bias_reach - 1) + s.bias_reach - 1 + j - i];
        const double weight = std::exp(score);
        total += weight;
        for (size_t c = 0; c < q.size(); ++c) mean[c] += weight * v[c];
      }
      for (int64_t c = 0; c < s.head_dim; ++c) mean[c] /= total;
    }
  }
  return out;
}

std::vector<float> run(const AttentionSettings& s, const std::vector<int64_t>& starts,
                       std::span<const float> qkv, int threads = 1) {
  std::vector<float> out(static_cast<size_t>(starts.back() * s.num_heads * s.head_dim));
  AttentionScratch scratch;
  attend(with_threads(threads), s, starts, qkv.data(), scratch, out.data());
  return out;
}

void expect_reference(const AttentionSettings& s, int64_t length) {
  const std::vector<float> qkv = random_floats(length * s.row_values(), static_cast<uint64_t>(length), 1);
  const std::vector<float> out = run(s, {0, length}, qkv);
  const Doubles wanted = reference(s, qkv, length);
  double worst = 0;
  for (size_t i = 0; i < out.size(); ++i) worst = std::max(worst, std::abs(out[i] - wanted[i]));
  EXPECT_LT(worst, 3e-6) << length << " tokens, heads of " << s.head_dim;
}

AttentionSettings settings_of(int64_t heads, int64_t kv_heads, int64_t head_dim) {
  AttentionSettings s;
  s.num_heads = heads;
  s.num_kv_heads = kv_heads;
  s.head_dim = head_dim;
  s.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)));
  return s;
}

TEST(Attention, AgreesWithItsDefinition) {
  at_each_level([] {
    for (const int64_t head_dim : {1, 8, 20, 32, 64, 80}) {
      for (const int64_t length : {1, 2, 13, 33, 130}) expect_reference(settings_of(2, 2, head_dim), length);
    }
  });
}

TEST(Attention, LetsSeveralQueryHeadsReadOneKeyHead) {
  at_each_level([] { expect_reference(settings_of(6, 2, 16), 41); });
}

TEST(Attention, SeesNothingBeyondItsReach) {
  at_each_level([] {
    for (const int64_t length : {1, 7, 65, 200}) {
      AttentionSettings s = settings_of(2, 1, 16);
      s.reach_after = 0;
      expect_reference(s, length);
      s.reach_before = 3;
      expect_reference(s, length);
      s.reach_after = 64;
      expect_reference(s, length);
    }
  });
}

TEST(Attention, LetsTheTokensOfAPrefixSeeEachOther) {
  at_each_level([] {
    AttentionSettings s = settings_of(2, 1, 16);
    s.reach_after = 0;
    const std::vector<std::pair<int64_t, int64_t>> cases{{1, 1},   {7, 3},     {65, 64},
                                                         {200, 5}, {200, 200}, {1100, 700}};
    for (const auto& [length, prefix] : cases) {
      s.prefixes = &prefix;
      expect_reference(s, length);
    }
    const int64_t prefix = 20;
    s.prefixes = &prefix;
    s.reach_before = 3;
    expect_reference(s, 70);
  });
}

TEST(Attention, CutsLongTextsInTasksWithoutATrace) {
  at_each_level([] {
    AttentionSettings s = settings_of(1, 1, 8);
    expect_reference(s, 1100);
    s.reach_before = s.reach_after = 20;
    expect_reference(s, 1100);
  });
}

TEST(Attention, TurnsQueriesAndKeysByTheirPositions) {
  const RotaryPositions rotary(RopeSettings{}, 20, "here");
  const auto angles = rotary.reach(60);
  at_each_level([&] {
    AttentionSettings s = settings_of(2, 1, 20);
    s.angles = angles.get();
    expect_reference(s, 60);
  });
}

TEST(Attention, AddsABiasByDistance) {
  const std::vector<float> bias = random_floats(2 * (2 * 70 - 1), 8, 1);
  at_each_level([&] {
    AttentionSettings s = settings_of(2, 2, 16);
    s.bias = bias.data();
    s.bias_reach = 70;
    expect_reference(s, 45);
    s.reach_after = 0;
    expect_reference(s, 70);
  });
}

TEST(Attention, GivesATextTheSameBitsInAnyBatch) {
  const std::vector<int64_t> lengths{5, 1, 0, 130, 33, 600, 7};
  const std::vector<int64_t> prefixes{2, 1, 0, 100, 0, 9, 7};
  AttentionSettings s = settings_of(4, 2, 24);
  s.reach_after = 10;
  at_each_level([&] {
    std::vector<float> qkv, alone;
    std::vector<int64_t> starts{0};
    for (size_t text = 0; text < lengths.size(); ++text) {
      const int64_t length = lengths[text];
      s.prefixes = &prefixes[text];
      const std::vector<float> rows =
          random_floats(length * s.row_values(), static_cast<uint64_t>(length), 1);
      const std::vector<float> out = run(s, {0, length}, rows);
      qkv.insert(qkv.end(), rows.begin(), rows.end());
      alone.insert(alone.end(), out.begin(), out.end());
      starts.push_back(starts.back() + length);
    }
    s.prefixes = prefixes.data();
    for (const int threads : {1, 2, 5}) EXPECT_EQ(run(s, starts, qkv, threads), alone);
  });
}

TEST(Rotary, TurnsByThePositionTimesTheFrequency) {
  RopeSettings settings;
  settings.theta = 100;
  const RotaryPositions rotary(settings, 4, "here");
  ASSERT_EQ(rotary.frequencies().size(), 2u);
  EXPECT_DOUBLE_EQ(rotary.frequencies()[0], 1);
  EXPECT_DOUBLE_EQ(rotary.frequencies()[1], 0.1);  // 100^(-2/4)
  const auto angles = rotary.reach(4);
  EXPECT_FLOAT_EQ(angles->cosines[3 * 2 + 1], static_cast<float>(std::cos(0.3)));
  EXPECT_FLOAT_EQ(angles->sines[3 * 2], static_cast<float>(std::sin(3.0)));
}

TEST(Rotary, StretchesLongWavesAsLlama3) {
  RopeSettings settings;
  settings.theta = 10000;
  settings.type = "llama3";
  settings.factor = 8;
  settings.low_freq_factor = 1;
  settings.high_freq_factor = 4;
  settings.original_max_positions = 64;
  const std::vector<double> changed = RotaryPositions(settings, 8, "here").frequencies();
  // Frequencies 1, 0.1, 0.01, 0.001 turn 10.19, 1.019, 0.102 and 0.0102 times over 64 positions.
  EXPECT_DOUBLE_EQ(changed[0], 1);
  const double turns = 64 * 0.1 / (2 * std::acos(-1.0)), kept = (turns - 1) / 3;
  EXPECT_NEAR(changed[1], (1 - kept) * 0.1 / 8 + kept * 0.1, 1e-12);
  EXPECT_NEAR(changed[2], 0.01 / 8, 1e-15);
  EXPECT_NEAR(changed[3], 0.001 / 8, 1e-15);
}

}  // namespace
}  // namespace whitney::infer
