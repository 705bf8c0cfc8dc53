#include "whitney/recommend/mf_bpr.h"

#include <utility>

#include "whitney/recommend/held_out.h"
#include "whitney/recommend/mf_bpr_run.h"
#include "whitney/recommend/unmet.h"

namespace whitney::recommend {
namespace {

/// Runs all epochs, or until looks at held-out items are no better for long enough; `best` is filled in by
/// looks.
Factors trained(const Interactions& events, const Interactions& held_out, const MfBprOptions& options,
                BestEpoch& best, const char* stage, const Context& context) {
  MfBprRun run(events, options, context);
  Factors kept;
  while (run.epoch() < options.epochs && !best.stopped_early) {
    context.check_cancelled();
    run.run_epoch();
    context.advance(stage, run.epoch(), options.epochs, "epochs");
    if (held_out.size() == 0 || run.epoch() % options.evaluate_every != 0) continue;
    Factors now = run.factors();
    const double recall = held_out_recall(now, events, held_out, context);
    if (recall > best.recall) {
      best.recall = recall;
      best.best_epoch = run.epoch();
      kept = std::move(now);
    }
    best.stopped_early = run.epoch() - best.best_epoch >= options.patience * options.evaluate_every &&
                         run.epoch() < options.epochs;
  }
  best.epochs = run.epoch();
  if (best.recall > 0) return kept;
  best.best_epoch = run.epoch();
  return run.factors();
}

}  // namespace

std::vector<std::string> MfBprOptions::ineffective() const {
  if (validation > 0) return {};
  return {"evaluate_every", "patience", "refit"};
}

MfBprFit fit_mf_bpr(const Interactions& events, const MfBprOptions& options, const Context& context) {
  BestEpoch best;
  if (options.validation == 0) {
    note_unmet(events, "mf_bpr", context);
    return {trained(events, {}, options, best, "epochs", context), {}};
  }
  Factors factors;
  {
    const InteractionsSplit parts = hold_out(events, options.validation, context);
    best.split_checksum = parts.checksum;
    factors = trained(parts.train, parts.validation, options, best, "epochs", context);
    if (!options.refit) note_unmet(parts.train, "mf_bpr", context);
  }
  if (options.refit) {
    MfBprOptions all = options;
    all.epochs = best.best_epoch;
    BestEpoch nothing;
    factors = trained(events, {}, all, nothing, "refit epochs", context);
    note_unmet(events, "mf_bpr", context);
  }
  return {std::move(factors), best};
}

Factors mf_bpr(const Interactions& events, const MfBprOptions& options, const Context& context) {
  return fit_mf_bpr(events, options, context).factors;
}

}  // namespace whitney::recommend
