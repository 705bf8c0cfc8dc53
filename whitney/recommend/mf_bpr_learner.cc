#include <algorithm>
#include <utility>

#include "whitney/data/learner.h"
#include "whitney/recommend/mf_bpr.h"

namespace whitney::recommend {
namespace {

RecommenderModel learn_mf_bpr(const Interactions& events, const MfBprOptions& options,
                              const Context& context) {
  MfBprFit fit = fit_mf_bpr(events, options, context);
  RecommenderModel model{history_of(events), std::move(fit.factors)};
  if (fit.best) model.record.set("training", fit.best->to_value(options.refit));
  return model;
}

CostEstimate estimate_mf_bpr(const DataSize& size, const MfBprOptions& options, const Context& context) {
  constexpr int64_t kStripe = 16, kMostThreads = 16;
  const int64_t rows = size.num_rows + size.num_items,
                width = (options.dim + kStripe - 1) / kStripe * kStripe;
  // Tables as they are trained and as they are given; pairs as drawn, by each thread, and sorted.
  const int64_t tables = rows * (width + options.dim) * 4, pairs = 2 * size.nnz * 8, lists = rows * 8;
  // 50 ns for the draws of a step and the misses of its rows, and 0.5 ns for a value.
  const double step = 50e-9 + 0.5e-9 * static_cast<double>(options.dim);
  const double threads = static_cast<double>(std::min<int64_t>(context.num_threads(), kMostThreads));
  // With a validation: the parts of a split, and the best vectors beside those of now.
  const int64_t validation = options.validation > 0 ? size.nnz * 5 + 2 * rows * options.dim * 4 : 0;
  return {interactions_bytes(size) + tables + pairs + lists + validation,
          static_cast<double>(size.nnz) * options.epochs * step / threads};
}

// clang-format off
const bool registered = register_recommender<MfBprOptions>(
    {.name = "mf_bpr",
     .class_name = "MFBPR",
     .summary = "Vectors of users and items that rank what users took above the rest, by Bayesian personalised ranking",
     .description =
         "Matrix factorisation by stochastic gradient descent: a step takes a user, an item of theirs and one that is "
         "not, and moves the three vectors so that the first item scores above the second. Only the order of items "
         "counts, not how often they were taken; values of events are not looked at. It is the plain baseline of "
         "recommenders that are trained by gradients: quick, and on most data below rp3beta and ials, which are to be "
         "tried first. Tune regularization and epochs on a validation split: --validation 0.1 stops by recall@20 of held-out "
         "items, and --refit then learns from all for as long.\n"
         "Blocks of users are trained at once, each with a block of items of its own, dealt anew in every epoch: the "
         "same bytes at any number of threads, of which 16 are of use. Negative items avoid what the user took for "
         "training, nothing else.",
     .source = "Rendle, Freudenthaler, Gantner, Schmidt-Thieme: BPR: Bayesian Personalized Ranking from Implicit "
               "Feedback, UAI 2009, arXiv 1205.2618; blocks: Gemulla, Nijkamp, Haas, Sismanis, KDD 2011",
     .example = "whitney learn mf_bpr events.tsv -o model.safetensors --dim 64"},
    learn_mf_bpr, estimate_mf_bpr);
// clang-format on

}  // namespace
}  // namespace whitney::recommend
