#pragma once

#include <optional>
#include <string>

namespace whitney::bench {

/// Gives the folder of the real data: WHITNEY_DATA, or ../shared/data beside the checkout.
std::string data_folder();

/// Gives the folder of a data set in it; nothing, with a line on stderr, where it is absent.
std::optional<std::string> find_data(const std::string& name);

}  // namespace whitney::bench
