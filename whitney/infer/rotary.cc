#include "whitney/infer/rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "whitney/core/error.h"

namespace whitney::infer {
namespace {

// Llama 3's change: long waves are stretched by `factor`, short ones stay, those between are blended.
double llama3_frequency(double frequency, const RopeSettings& settings) {
  const double original = static_cast<double>(settings.original_max_positions);
  const double turns = original * frequency / (2 * std::numbers::pi);  // over the original length
  if (turns > settings.high_freq_factor) return frequency;
  if (turns < settings.low_freq_factor) return frequency / settings.factor;
  const double kept =
      (turns - settings.low_freq_factor) / (settings.high_freq_factor - settings.low_freq_factor);
  return (1 - kept) * frequency / settings.factor + kept * frequency;
}

std::vector<double> frequencies_of(const RopeSettings& settings, int64_t head_dim, std::string_view where) {
  const int64_t half =
      static_cast<int64_t>(std::llround(settings.partial_factor * static_cast<double>(head_dim))) / 2;
  if (half < 1 || 2 * half > head_dim) {
    fail(where, ": rotary positions turn a share of ", settings.partial_factor, " of a head's width ",
         head_dim, "; a share in (0, 1] that gives whole pairs is expected");
  }
  const bool is_ntk = settings.type == "ntk";
  const bool is_linear = settings.type == "linear", is_llama3 = settings.type == "llama3";
  // "dynamic" changes nothing within the trained length, beyond which no text is run.
  if (!is_ntk && !is_linear && !is_llama3 && settings.type != "default" && settings.type != "dynamic" &&
      settings.type != "factors") {
    fail(where, ": rotary positions are scaled by \"", settings.type,
         "\"; known are default, linear, ntk, dynamic, llama3");
  }
  if (!(settings.theta > 0) || !(settings.factor > 0)) {
    fail(where, ": rotary positions have theta ", settings.theta, " and factor ", settings.factor,
         "; numbers above 0 are expected");
  }
  if (settings.type == "factors" && std::ssize(settings.factors) < half) {
    fail(where, ": rotary positions have ", settings.factors.size(), " factors for ", half, " frequencies");
  }
  const double width = static_cast<double>(2 * half);
  const double theta = is_ntk ? settings.theta * settings.factor : settings.theta;
  std::vector<double> frequencies(static_cast<size_t>(half));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double& frequency = frequencies[i];
    frequency = std::pow(theta, -2.0 * static_cast<double>(i) / width);
    if (is_linear) frequency /= settings.factor;
    if (is_ntk) frequency /= std::pow(settings.factor, 2 / width);
    if (is_llama3) frequency = llama3_frequency(frequency, settings);
    if (settings.type == "factors") frequency /= settings.factors[i];
  }
  return frequencies;
}

std::shared_ptr<const RotaryAngles> angles_of(const std::vector<double>& frequencies, int64_t num_positions) {
  const int64_t half = std::ssize(frequencies);
  auto angles = std::make_shared<RotaryAngles>();
  *angles = {num_positions, half, Array<float>(num_positions * half), Array<float>(num_positions * half)};
  float* cosine = angles->cosines.mutable_data();
  float* sine = angles->sines.mutable_data();
  for (int64_t p = 0; p < num_positions; ++p) {
    for (double frequency : frequencies) {
      const double angle = static_cast<double>(p) * frequency;
      *cosine++ = static_cast<float>(std::cos(angle));
      *sine++ = static_cast<float>(std::sin(angle));
    }
  }
  return angles;
}

}  // namespace

RotaryPositions::RotaryPositions(const RopeSettings& settings, int64_t head_dim, std::string_view where)
    : frequencies_(frequencies_of(settings, head_dim, where)) {}

std::shared_ptr<const RotaryAngles> RotaryPositions::reach(int64_t num_positions) const {
  const std::scoped_lock lock(mutex_);
  if (angles_ == nullptr || angles_->num_positions < num_positions) {
    constexpr int64_t kLeast = 256;
    const int64_t doubled = angles_ == nullptr ? kLeast : 2 * angles_->num_positions;
    angles_ = angles_of(frequencies_, std::max(num_positions, doubled));
  }
  return angles_;
}

}  // namespace whitney::infer
