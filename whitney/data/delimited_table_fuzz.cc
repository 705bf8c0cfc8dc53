// Any bytes as CSV, TSV or RecBole's form of it; the first byte picks the options.

#include "whitney/data/delimited_table.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/recbole_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  whitney::TableOptions options;
  if ((data[0] & 1) != 0) options.id_field = "a";
  whitney::Context context;
  context.threads = 1;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const whitney::Table table = (data[0] & 4) != 0
                                     ? whitney::data::read_recbole_table(text, "t.item", options, context)
                                     : whitney::data::read_delimited_table(
                                           text, (data[0] & 2) != 0 ? '\t' : ',', "t.csv", options, context);
    WHITNEY_CHECK(table.ids.size() == table.attributes.num_rows);
    table.attributes.validate();
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
