#include "whitney/core/error.h"

#include <string_view>

namespace whitney {

void fail_check(const char* file, int line, const char* condition, const std::string& text) {
  std::string_view name(file);
  if (const auto at = name.rfind("whitney/"); at != std::string_view::npos) name.remove_prefix(at);
  throw InternalError(concat("internal error at ", name, ":", line, ": ", condition, text.empty() ? "" : ": ",
                             text, " (please report)"));
}

}  // namespace whitney
