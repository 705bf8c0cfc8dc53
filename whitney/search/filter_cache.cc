#include "whitney/search/filter_cache.h"

#include <algorithm>
#include <utility>

namespace whitney::search {

std::shared_ptr<const EvaluatedFilter> FilterCache::find(const std::string& text) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(kept_, text, &Kept::text);
  if (found == kept_.end()) return nullptr;
  found->last_use = ++num_uses_;
  return found->evaluated;
}

void FilterCache::keep(const std::string& text, std::shared_ptr<const EvaluatedFilter> evaluated) {
  if (text.size() > kLongest) return;
  const std::lock_guard lock(mutex_);
  // Two searches may have evaluated it at once.
  auto place = std::ranges::find(kept_, text, &Kept::text);
  if (place == kept_.end() && kept_.size() < kMost) place = kept_.insert(place, Kept());
  if (place == kept_.end()) place = std::ranges::min_element(kept_, {}, &Kept::last_use);
  *place = {text, std::move(evaluated), ++num_uses_};
}

void FilterCache::clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace whitney::search
