#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/recommend/mf_bpr.h"

namespace whitney::recommend {

/// mf_bpr, an epoch at a time.
class WHITNEY_API MfBprRun {
 public:
  /// Keeps references to all three. Throws Error when no user has an item and lacks another.
  MfBprRun(const Interactions& events, const MfBprOptions& options, const Context& context);
  ~MfBprRun();
  MfBprRun(const MfBprRun&) = delete;
  MfBprRun& operator=(const MfBprRun&) = delete;

  /// Throws Error where a vector is no longer a number.
  void run_epoch();
  int epoch() const { return epoch_; }
  Factors factors() const;

 private:
  class Training;
  [[noreturn]] void fail_not_finite(const char* side, const std::string& id) const;

  const Interactions& events_;
  const MfBprOptions& options_;
  std::unique_ptr<Training> training_;
  Array<float> users_, items_;
  int64_t width_ = 0;
  int epoch_ = 0;
};

}  // namespace whitney::recommend
