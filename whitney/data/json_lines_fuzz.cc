// Any bytes as JSON lines, plain or packed; the first byte picks the options.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/data/json_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  whitney::data::JsonLinesOptions options;
  options.id_required = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.vector_fields = {"vector"};
  if ((data[0] & 4) != 0) options.only = {"a"};
  whitney::Context context;
  context.threads = 1;
  context.max_memory_bytes = int64_t{1} << 28;
  try {
    auto input =
        whitney::data::InputStream::over({reinterpret_cast<const char*>(data) + 1, size - 1}, "t.jsonl");
    whitney::data::IdCollector ids;
    std::vector<whitney::ColumnBuilder> builders;
    int64_t num_rows = 0;
    whitney::data::read_json_lines(input, options, context,
                                   [&](whitney::data::JsonRow& row, const std::vector<std::string>& names) {
                                     whitney::data::collect_id(row, "t.jsonl", "id", num_rows, ids);
                                     while (builders.size() < names.size())
                                       builders.emplace_back(names[builders.size()]);
                                     for (const auto& [number, value] : row.fields) {
                                       builders[number].add_missing(num_rows - builders[number].size());
                                       builders[number].add(value, "t.jsonl");
                                     }
                                     ++num_rows;
                                   });
    ids.finish("t.jsonl");
    for (whitney::ColumnBuilder& builder : builders) {
      builder.add_missing(num_rows - builder.size());
      builder.finish().validate(num_rows);
    }
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
