#include <cstdio>

#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/data/readers.h"

namespace whitney::app {
namespace {

struct CompressOptions {
  std::optional<Path> output;
  std::optional<Metric> metric;

  void fields(auto&& field) {
    field("output", output, "File to write, .safetensors; - is standard output");
    field("metric", metric,
          "How vectors are compared; absent: the one in the embeddings' record, else cosine, under which "
          "codes are "
          "of vectors of norm 1");
  }
};

// A line for each codec that was tried, the chosen one first, its options as they would be typed.
std::string trials_text(const Value::List& trials) {
  std::string text =
      "                           recall@10 of   second       full\n"
      "  bytes       file  error         codes    level    vectors  codec\n";
  for (const Value& trial : trials) {
    char line[128];
    const double rescored = trial.at("recall_rescored").as_real();
    std::snprintf(line, sizeof line, "%7lld  %9s  %.6f  %8.4f  %7.4f  %9.4f  ",
                  static_cast<long long>(trial.at("bytes_per_vector").as_int()),
                  size_text(trial.at("file_bytes").as_int()).c_str(), trial.at("relative_error").as_real(),
                  trial.at("recall").as_real(), rescored, trial.at("recall_with_vectors").as_real());
    text += line + trial.at("method").as_string();
    for (const auto& [name, value] : trial.at("options").as_object())
      text += concat(" ", dashed(name), " ", value.is_string() ? value.as_string() : value.to_json());
    text += "\n";
  }
  return text;
}

Outcome run_compress(const Command& command, Session& session) {
  const Stopwatch watch;
  const auto options = options_from<CompressOptions>(command.options);
  const std::string output = required_output(command, options.output);
  check_output(output, command.common.force);
  Embeddings embeddings = read_vectors(command.inputs[0], {}, session.context);
  if (options.metric) embeddings.record.set("metric", name_of_enum(*options.metric));
  const int64_t before = embeddings.dim() * size_of(embeddings.vectors.dtype());
  const CompressedEmbeddings compressed =
      compress(command.method->info.name, embeddings, command.method_options, session.context);
  const std::string& method = compressed.record.at("method").as_string();
  save_compressed(compressed, output, command.common.force, session.context);
  const double error = compressed.record.at("quality").at("relative_error").as_real();
  const int64_t after = compressed.bytes_per_vector();
  Outcome outcome =
      written(output,
              concat(count_text(compressed.size()), " x ", compressed.dim(), " by ", method, ", ", after,
                     " bytes a vector instead of ", before, ", relative error ", shortest(error)),
              Value::object({{"rows", compressed.size()},
                             {"dim", compressed.dim()},
                             {"method", method},
                             {"bytes_per_vector", after},
                             {"relative_error", error}}),
              watch.seconds(), session);
  if (!compressed.trials.empty() && output != "-") {
    outcome.text = trials_text(compressed.trials) + outcome.text;
    outcome.json.set("trials", compressed.trials);
  }
  return outcome;
}

Outcome estimate_compress(const Command& command, Session& session) {
  const VectorsSize size = estimate_vectors_size(command.inputs[0]);
  // As compress() asks for: the rows and their copies as float32.
  const int64_t bytes = 2 * size.rows * size.dim * static_cast<int64_t>(sizeof(float));
  return estimate_outcome({bytes, 0}, session.context,
                          Value::object({{"rows", size.rows}, {"dim", size.dim}}));
}

}  // namespace

VerbCommand compress_verb() {
  VerbCommand verb;
  verb.name = "compress";
  verb.arguments = "[CODEC] EMBEDDINGS -o OUTPUT [--option value ...]";
  verb.summary = "embeddings -> smaller, by a codec";
  verb.description =
      "Writes embeddings in less space and tells what that loses: the relative error is 0 where nothing is "
      "lost and 1 "
      "where all is. Ids and attributes are kept. 'whitney search' reads the result as it is and compares "
      "with the "
      "codes; everything else, such as convert or index, reads the vectors that the codes stand for. With "
      "--budget and no "
      "codec named, the codec auto picks the one that finds the most in so many bytes.";
  verb.examples = {"whitney compress texts.safetensors --budget 64MB -o small.safetensors",
                   "whitney compress lvq texts.safetensors -o small.safetensors --bits 4x8",
                   "whitney search small.safetensors --id X --rescore 50 --vectors texts.safetensors"};
  verb.methods_of = Verb::kCompress;
  verb.implied = {.option = "budget", .method = "auto"};
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<CompressOptions>();
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.spare_word = "output";
  verb.run = run_compress;
  verb.estimate = estimate_compress;
  return verb;
}

}  // namespace whitney::app
