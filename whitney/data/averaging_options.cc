#include "whitney/data/averaging_options.h"

#include <algorithm>
#include <cmath>

namespace whitney {

std::vector<std::string> AveragingOptions::ineffective() const {
  const AveragingOptions standard;
  std::vector<std::string> names;
  if (kind != Averaging::kEma && ema_decay != standard.ema_decay) names.emplace_back("ema_decay");
  if (kind != Averaging::kSwa && swa_from != standard.swa_from) names.emplace_back("swa_from");
  if (kind != Averaging::kSwa && swa_epochs) names.emplace_back("swa_epochs");
  return names;
}

AveragingOptions AveragingOptions::resolved(int64_t epochs) const {
  AveragingOptions result = *this;
  if (kind == Averaging::kSwa && !swa_epochs) result.swa_epochs = epochs;
  return result;
}

std::optional<double> AveragingOptions::share_after_step(int64_t count) const {
  if (kind != Averaging::kEma) return {};
  if (count == 0) return 1;
  const auto t = static_cast<double>(count);
  return 1 - std::min(ema_decay, (1 + t) / (10 + t));
}

std::optional<double> AveragingOptions::share_after_epoch(int64_t count, int64_t epoch,
                                                          int64_t epochs) const {
  if (kind != Averaging::kSwa) return {};
  const int64_t all = swa_epochs.value_or(epochs);
  const auto wanted = static_cast<int64_t>(std::ceil(swa_from * static_cast<double>(all)));
  const int64_t first = std::min(wanted, all - 1);  // the last epoch at least
  if (count > epoch - first) return {};  // too early, or taken already by the run that this one goes on with
  return 1 / static_cast<double>(count + 1);
}

}  // namespace whitney
