#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <system_error>

#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/data/readers.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/encode_lines.h"
#include "whitney/infer/encoded_file.h"

namespace whitney::app {
namespace {

struct EncodeVerbOptions {
  std::optional<Path> output_file;
  std::optional<std::string> id_field;
  std::string text_field = "text";
  bool lines = false;
  infer::Precision precision = infer::Precision::kFloat32;
  infer::EncodeOptions encode;

  void fields(auto&& field) {
    field("output_file", output_file,
          "File to write; .safetensors keeps everything, .npy, .fvecs and others what they can, - is "
          "standard output");
    field("id_field", id_field, "Field of the id; absent: id, else row numbers");
    field("text_field", text_field, "Field of the text");
    field(
        "lines", lines,
        "Reads and writes JSON lines as a stream, a block of texts at a time, whatever the files' names: id "
        "and vector, or vectors (of tokens, of windows), or indices and values (of words); to standard "
        "output no "
        "work of a stopped run is kept");
    field(
        "precision", precision,
        "How weights are kept: int8 takes a quarter of the memory and less time, and moves vectors a little");
    encode.fields(field);
  }
};

// A pipe or a device keeps no work of a stopped run.
std::optional<std::string> journal_of(const std::string& output) {
  if (output == "-" || output.starts_with("/dev/")) return std::nullopt;
  return output + ".partial";
}

std::string shape_text(const infer::EncodedCorpus& encoded) {
  const infer::Encoding& encoding = encoded.encoding;
  const std::string texts = count_text(encoded.ids.size());
  if (!encoding.sparse_starts.empty())
    return concat(texts, " texts, ", count_text(std::ssize(encoding.sparse_words)), " weights of words");
  if (!encoding.starts.empty())
    return concat(texts, " texts, ", count_text(encoding.vectors.rows()), " x ", encoding.vectors.cols(),
                  " float32");
  return concat(texts, " x ", encoding.vectors.cols(), " float32");
}

// The same of lines, whose values are gone.
std::string shape_text(const infer::EncodedLines& encoded, const infer::Encoder& encoder,
                       const infer::EncodeOptions& options) {
  const std::string texts = count_text(encoded.num_texts);
  if (encoder.output(options) == infer::EncodeOutput::kSparse) return texts + " texts, weights of words";
  const bool is_one =
      encoder.output(options) == infer::EncodeOutput::kDense && options.long_texts != infer::LongTexts::kLate;
  return concat(texts, is_one ? " x " : " texts, vectors of ", encoder.dim(options), " float32");
}

// Runs `encode`; when it is interrupted, says where its work is kept.
template <class Encode>
auto encode_or_keep(Session& session, const std::optional<std::string>& journal, const Encode& encode) {
  try {
    return encode();
  } catch (const Cancelled&) {
    std::error_code ignored;
    if (journal && std::filesystem::exists(*journal, ignored))
      session.note(
          concat("what was finished is kept in ", *journal, ": the same command goes on from there"));
    throw;
  }
}

void note_resumed(Session& session, int64_t num_resumed, const std::optional<std::string>& journal) {
  if (num_resumed == 0) return;
  session.note(concat("went on behind ", count_text(num_resumed), " texts that a stopped run had encoded (",
                      *journal, ")"));
}

void print_lines(std::string_view lines) {
  if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size() || std::fflush(stdout) != 0)
    fail("cannot write to standard output: ", std::strerror(errno));
}

Outcome run_lines(const Command& command, const EncodeVerbOptions& options, const std::string& output,
                  Session& session) {
  const Stopwatch watch;
  const infer::Encoder encoder = infer::Encoder::open(session.context, command.inputs[0], options.precision);
  const infer::LineFields fields{options.id_field, options.text_field};
  const std::optional<std::string> journal = journal_of(output);
  const auto encode_to = [&](const std::function<void(std::string_view)>& write) {
    return encode_or_keep(session, journal, [&] {
      return infer::encode_lines(session.context, encoder, command.inputs[1], fields, options.encode, write,
                                 journal);
    });
  };
  if (output == "-") {
    encode_to(print_lines);
    return {};
  }
  // Made when all is encoded, so that a run that is killed before leaves its kept work alone.
  std::optional<AtomicFile> file;
  const auto opened = [&]() -> AtomicFile& {
    return file ? *file : file.emplace(output, command.common.force);
  };
  const infer::EncodedLines encoded = encode_to([&](std::string_view lines) { opened().write(lines); });
  note_resumed(session, encoded.num_resumed, journal);
  opened().commit();
  if (journal) infer::forget_journal(*journal);
  const int64_t dim = encoder.dim(options.encode);
  return written(
      output, shape_text(encoded, encoder, options.encode),
      Value::object({{"rows", encoded.num_texts}, {"dim", dim}, {"resumed_rows", encoded.num_resumed}}),
      watch.seconds(), session);
}

Outcome run_encode(const Command& command, Session& session) {
  const Stopwatch watch;
  const auto options = options_from<EncodeVerbOptions>(command.options);
  const std::string output = required_output(command, options.output_file);
  check_output(output, command.common.force);
  if (options.lines) return run_lines(command, options, output, session);
  const std::string& model_path = command.inputs[0];
  const infer::Encoder encoder = infer::Encoder::open(session.context, model_path, options.precision);
  const Corpus corpus =
      read_corpus(command.inputs[1], {options.id_field}, options.text_field, session.context);
  int64_t num_bytes = 0;
  for (const std::string& text : corpus.texts) num_bytes += std::ssize(text);
  infer::refuse_if_too_large(session.context, encoder, corpus.ids.size(), num_bytes, options.encode);
  const std::optional<std::string> journal = journal_of(output);
  const infer::EncodedCorpus encoded = encode_or_keep(session, journal, [&] {
    return infer::encode_corpus(session.context, encoder, model_path, corpus, options.encode, journal);
  });
  note_resumed(session, encoded.num_resumed, journal);
  infer::save(encoded, output, command.common.force, session.context);
  if (journal) infer::forget_journal(*journal);
  return written(output, shape_text(encoded),
                 Value::object({{"rows", encoded.ids.size()},
                                {"dim", encoded.encoding.vectors.cols()},
                                {"resumed_rows", encoded.num_resumed}}),
                 watch.seconds(), session);
}

Outcome estimate_encode(const Command& command, Session& session) {
  const auto options = options_from<EncodeVerbOptions>(command.options);
  const infer::Encoder encoder = infer::Encoder::open(session.context, command.inputs[0], options.precision);
  const DataSize size = estimate_size(command.inputs[1], DataKind::kCorpus, false);
  const CostEstimate cost =
      encoder.estimate(session.context, size.num_rows, size.nnz + 2 * size.num_rows, options.encode);
  Outcome outcome = estimate_outcome(cost, session.context, Value::object({{"rows", size.num_rows}}));
  outcome.text = concat("input: about ", count_text(size.num_rows), " texts\n") + outcome.text;
  return outcome;
}

}  // namespace

VerbCommand encode_verb() {
  VerbCommand verb;
  verb.name = "encode";
  verb.arguments = "MODEL TEXTS -o OUTPUT [--option value ...]";
  verb.summary = "a model x data -> embeddings";
  verb.description =
      "Makes embeddings of texts with a trained model: a folder as Hugging Face and sentence-transformers "
      "keep it (config.json, tokenizer.json, model.safetensors) or a .gguf file. Texts are JSON lines, CSV, "
      "TSV or plain lines, packed or not; - is standard input. A run that was stopped goes on when the same "
      "command is given again, of the same texts where they come from a pipe: what it had finished is kept "
      "in OUTPUT.partial, unless OUTPUT is -. --lines holds a block of texts at a time instead of all.";
  verb.examples = {"whitney encode models/minilm texts.jsonl -o texts.safetensors",
                   "whitney encode models/minilm texts.tsv -o texts.npy --dim 128 --normalize",
                   "zcat texts.jsonl.gz | whitney encode models/minilm - -o - --lines >vectors.jsonl"};
  verb.min_inputs = verb.max_inputs = 2;
  verb.options = option_specs<EncodeVerbOptions>();
  verb.common = {"threads", "force", "max_memory"};
  verb.spare_word = "output_file";
  verb.run = run_encode;
  verb.estimate = estimate_encode;
  return verb;
}

}  // namespace whitney::app
