#include "whitney/recommend/unmet.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::recommend {
namespace {

std::vector<int64_t> user_degrees(const Interactions& events) {
  std::vector<int64_t> degrees;
  for (int64_t user = 0; user < events.num_users(); ++user) degrees.push_back(events.degree(user));
  return degrees;
}

void clear_rows(Matrix& rows, const std::vector<int64_t>& degrees) {
  auto* values = rows.mutable_data<float>();
  for (size_t row = 0; row < degrees.size(); ++row) {
    if (degrees[row] == 0) std::fill_n(values + static_cast<int64_t>(row) * rows.cols(), rows.cols(), 0.0F);
  }
}

}  // namespace

void clear_unmet(Factors& factors, const Interactions& train) {
  clear_rows(factors.users, user_degrees(train));
  clear_rows(factors.items, item_degrees(train));
}

void note_unmet(const Interactions& train, std::string_view method, const Context& context) {
  const auto text = [](int64_t count, const char* one) {
    return concat(count, " ", one, count == 1 ? "" : "s");
  };
  const auto users = std::ranges::count(user_degrees(train), 0),
             items = std::ranges::count(item_degrees(train), 0);
  if (users + items == 0) return;
  context.note(concat(method, ": ", text(users, "user"), " and ", text(items, "item"),
                      " without an event to learn from: their vectors are zero, and so are their scores"));
}

}  // namespace whitney::recommend
