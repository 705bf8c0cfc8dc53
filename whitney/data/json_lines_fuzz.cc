// Any bytes as JSON lines, plain or packed; the first byte picks the options.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/json_columns.h"

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
    whitney::data::JsonColumns columns("t.jsonl");
    int64_t num_rows = 0;
    whitney::data::read_json_lines(input, options, context,
                                   [&](whitney::data::JsonRow& row, const std::vector<std::string>& names) {
                                     whitney::data::collect_id(row, "t.jsonl", "id", num_rows++, ids);
                                     columns.add(row, names);
                                   });
    ids.finish("t.jsonl");
    columns.finish(context).validate();
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
