#pragma once

#include <span>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/labels.h"

namespace whitney::eval {

/// Takes away the labels called by one of `names` ("-1": unlabelled), and the ids that have no other, which a
/// note counts.
WHITNEY_API Labels without_labels(const Labels& labels, std::span<const std::string> names,
                                  const Context& context);

}  // namespace whitney::eval
