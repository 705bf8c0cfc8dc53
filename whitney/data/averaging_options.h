#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"

namespace whitney {

/// What stands for the parameters when a model is evaluated and kept.
enum class Averaging : uint8_t { kNone, kEma, kSwa };
inline constexpr auto enum_names(Averaging) { return std::array{"none", "ema", "swa"}; }

/// A running mean of parameters, which often generalises better than the last ones: options of trained
/// methods. It begins with the first parameters that are taken, and then m = m + share (p - m).
struct AveragingOptions {
  Averaging kind = Averaging::kNone;
  double ema_decay = 0.999;
  double swa_from = 0.75;
  std::optional<int64_t> swa_epochs;

  void fields(auto&& field) {
    field("averaging", kind,
          "What is evaluated and kept: the last parameters, their exponential moving average over steps "
          "(ema), or their mean over the ends of epochs (swa, arXiv 1803.05407)");
    field("ema_decay", ema_decay, Range{0, 1}, "Weight of the past in ema; smaller in the first steps");
    field("swa_from", swa_from, Range{0, 1}, "Share of the epochs after which swa begins");
    field("swa_epochs", swa_epochs, Range{1, 1e9},
          "swa: the epochs of which swa_from is a share; absent: epochs. Give it where --epochs is to grow "
          "later on");
  }
  /// The names of those that others leave without effect.
  WHITNEY_API std::vector<std::string> ineffective() const;
  /// With the epochs of the training, for which an absent swa_epochs stands in swa: what a checkpoint is of,
  /// so that a run which goes on with more epochs has the average of one that had them at once.
  WHITNEY_API AveragingOptions resolved(int64_t epochs) const;
  /// ema: the share of the parameters after a step in a mean that was taken over `count` steps before, 1 - d
  /// with d = min(ema_decay, (1 + count) / (10 + count)), so that the start does not weigh on it; 1 at first.
  /// Absent: they are not taken.
  WHITNEY_API std::optional<double> share_after_step(int64_t count) const;
  /// swa: the same at the end of `epoch` (from 0): the plain mean (Izmailov et al. 2018, arXiv 1803.05407)
  /// from the first epoch after swa_from of swa_epochs, or of `epochs` where there is none, their last at the
  /// latest. Absent, too, where `count` holds this epoch already.
  WHITNEY_API std::optional<double> share_after_epoch(int64_t count, int64_t epoch, int64_t epochs) const;
};

}  // namespace whitney
