#include "bench/text_lines.h"

#include <algorithm>

#include "whitney/data/input_stream.h"

namespace whitney::bench {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::vector<std::string> lines_of(const std::string& path) {
  Context context;
  context.threads = 1;
  auto input = data::InputStream::open(path, nullptr);
  const data::SharedBytes bytes = input.read_all(context);
  std::vector<std::string> lines = split(bytes.text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace whitney::bench
