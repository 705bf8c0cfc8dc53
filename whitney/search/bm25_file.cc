#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/search/artifact_numbers.h"
#include "whitney/search/bm25_index.h"

namespace whitney::search {
namespace {

constexpr int64_t kMostRows = 4294967295;

PostingLists read_lists(const Artifact& artifact, int64_t num_rows, bool has_scores) {
  PostingLists lists;
  lists.num_rows = num_rows;
  lists.has_scores = has_scores;
  lists.counts = numbers_in<uint32_t>(artifact, "bm25.counts");
  lists.first_blocks = numbers_in<uint64_t>(artifact, "bm25.first_blocks");
  lists.last_rows = numbers_in<uint32_t>(artifact, "bm25.last_rows");
  lists.best_scores = numbers_in<float>(artifact, "bm25.best_scores");
  lists.row_widths = numbers_in<uint8_t>(artifact, "bm25.row_widths");
  lists.count_widths = numbers_in<uint8_t>(artifact, "bm25.count_widths");
  lists.starts = numbers_in<uint64_t>(artifact, "bm25.starts");
  lists.packed = numbers_in<uint32_t>(artifact, "bm25.packed");
  if (artifact.find("bm25.positions") != nullptr) {
    lists.position_widths = numbers_in<uint8_t>(artifact, "bm25.position_widths");
    lists.position_starts = numbers_in<uint64_t>(artifact, "bm25.position_starts");
    lists.positions = numbers_in<uint32_t>(artifact, "bm25.positions");
  }
  lists.check_shapes();
  return lists;
}

}  // namespace

void save_bm25(const Bm25Parts& parts, const std::string& path, bool force, const Context& context) {
  Value record = parts.rows.record;
  record.set("bm25", Value::object({{"num_rows", parts.rows.size()},
                                    {"num_words", parts.words.size()},
                                    {"num_tokens", parts.num_tokens},
                                    {"scores", parts.lists.has_scores}}));
  ArtifactWriter writer("index", std::move(record));
  const PostingLists& lists = parts.lists;
  add_numbers(writer, "bm25.packed", lists.packed);
  if (lists.has_positions()) {
    add_numbers(writer, "bm25.positions", lists.positions);
    add_numbers(writer, "bm25.position_starts", lists.position_starts);
    add_numbers(writer, "bm25.position_widths", lists.position_widths);
  }
  add_numbers(writer, "bm25.starts", lists.starts);
  add_numbers(writer, "bm25.last_rows", lists.last_rows);
  add_numbers(writer, "bm25.best_scores", lists.best_scores);
  add_numbers(writer, "bm25.row_widths", lists.row_widths);
  add_numbers(writer, "bm25.count_widths", lists.count_widths);
  add_numbers(writer, "bm25.first_blocks", lists.first_blocks);
  add_numbers(writer, "bm25.counts", lists.counts);
  add_numbers(writer, "bm25.lengths", parts.lengths);
  add_numbers(writer, "bm25.words.offsets", parts.words.offsets());
  if (!parts.words.slots().empty()) add_numbers(writer, "bm25.words.slots", parts.words.slots());
  writer.add("bm25.words.bytes", DType::kU8, {parts.words.bytes().size()},
             Array<std::byte>::view(parts.words.bytes().owner(),
                                    reinterpret_cast<const std::byte*>(parts.words.bytes().data()),
                                    parts.words.bytes().size()));
  add_index_rows(writer, parts.rows);
  writer.write(path, force, context);
}

Bm25Parts open_bm25(const Artifact& artifact) {
  const Value& description = described_index(artifact, "bm25");
  Bm25Parts parts;
  parts.options = options_from<Bm25Options>(
      resolve_options(Registry::instance().get(Verb::kIndex, "bm25"), options_of_index(artifact, "bm25")));
  const int64_t num_rows = described_count(artifact, "bm25", "num_rows", kMostRows);
  const int64_t num_words = described_count(artifact, "bm25", "num_words", kMostRows);
  parts.num_tokens = described_count(artifact, "bm25", "num_tokens", int64_t{1} << 62);
  // Files of the first days have neither scores in their lists nor a hash table.
  const Value* scores = description.find("scores");
  parts.lists = read_lists(artifact, num_rows, scores != nullptr && scores->is_bool() && scores->as_bool());
  parts.lengths = numbers_in<uint32_t>(artifact, "bm25.lengths");
  const Array<uint8_t> bytes = numbers_in<uint8_t>(artifact, "bm25.words.bytes");
  parts.words = SortedWords(
      numbers_in<uint64_t>(artifact, "bm25.words.offsets"),
      Array<char>::view(bytes.owner(), reinterpret_cast<const char*>(bytes.data()), bytes.size()),
      artifact.find("bm25.words.slots") == nullptr ? Array<uint32_t>()
                                                   : numbers_in<uint32_t>(artifact, "bm25.words.slots"));
  if (parts.lengths.size() != num_rows || parts.words.size() != num_words ||
      parts.lists.num_lists() != num_words)
    fail(artifact.path(), ": the tensors of its words and texts do not fit its record");
  parts.rows = read_index_rows(artifact, num_rows);
  return parts;
}

}  // namespace whitney::search
