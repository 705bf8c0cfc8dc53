// Any bytes as a file that text tasks read; the first byte picks the reader.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/eval/qrels.h"
#include "whitney/eval/retrieval_data.h"
#include "whitney/eval/run_file.h"
#include "whitney/eval/text_pairs.h"

namespace {

void read(uint8_t choice, std::string_view bytes, const whitney::Context& context) {
  namespace eval = whitney::eval;
  const bool is_json = (choice & 8) != 0;
  auto input = whitney::data::InputStream::over(bytes, is_json              ? "t.jsonl"
                                                       : (choice & 16) != 0 ? "t.csv"
                                                                            : "t");
  switch (choice & 7) {
    case 0:
      eval::read_text_pairs(input, {}, context);
      break;
    case 1:
      eval::read_text_pairs(input, {"a", "b", "c"}, context);
      break;
    case 2:
      for (const eval::Qrels::Query& query : eval::read_qrels(input, context).queries)
        query.grade_of(query.judgements.front().document);
      break;
    case 3:
      eval::read_run(input, context);
      break;
    case 4:
      eval::read_documents(input, true, context);
      break;
    default:
      eval::read_queries(input, context);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  whitney::Context context;
  context.threads = 1;
  context.max_memory_bytes = int64_t{1} << 28;
  try {
    read(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}, context);
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
