#include "apps/whitney/help.h"

#include <algorithm>

#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/learner.h"
#include "whitney/eval/task.h"
#include "whitney/search/index.h"

namespace whitney::app {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kNameColumn = 26;

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

// "  --dim                   Width d of a vector (int in [1, 65536]; default 128)".
std::string option_line(const OptionSpec& spec) {
  std::string left = "  " + dashed(spec.name);
  if (spec.name == "output" && spec.kind == OptionKind::kPath) left = "  -o, --output";
  std::string type = spec.type_text();
  const bool is_switch = spec.kind == OptionKind::kBool && !spec.is_list && !spec.is_optional;
  if (!is_switch) {
    if (!spec.default_value.is_null()) type += "; default " + default_text(spec);
  } else {
    type = spec.default_value.as_bool() ? "on; --no-" + dashed(spec.name).substr(2) + " turns it off" : "";
  }
  const std::string text = spec.help + (type.empty() ? "" : " (" + type + ")");
  const std::string block = wrapped(text, kNameColumn, kWidth);
  if (left.size() + 1 > kNameColumn) return left + "\n" + block;
  return padded(left, kNameColumn) + block.substr(kNameColumn);
}

std::string option_lines(const std::vector<OptionSpec>& specs) {
  std::string text;
  for (const OptionSpec& spec : specs) text += option_line(spec);
  return text;
}

std::string method_lines(const std::vector<const Method*>& methods) {
  std::string text;
  for (const Method* method : methods) {
    const std::string block = wrapped(method->info.summary, kNameColumn, kWidth);
    text += padded("  " + method->info.name, kNameColumn) + block.substr(kNameColumn);
  }
  return text;
}

std::vector<OptionSpec> common_options_of(const VerbCommand& verb) {
  std::vector<OptionSpec> specs = option_specs<CommonOptions>();
  std::erase_if(specs, [&](const OptionSpec& spec) {
    if (spec.name == "json" || spec.name == "quiet" || spec.name == "config") return false;
    return std::find(verb.common.begin(), verb.common.end(), spec.name) == verb.common.end();
  });
  return specs;
}

std::string verb_help(const VerbCommand& verb) {
  std::string text = concat("Usage: ", usage_of(verb), "\n\n", wrapped(verb.description, 0, kWidth));
  if (verb.methods_of) {
    const auto methods = Registry::instance().of(*verb.methods_of);
    text += methods.empty() ? "\nMethods: " + no_method_yet(verb.name) + "\n"
                            : concat("\nMethods (`whitney ", verb.name,
                                     " METHOD --help` has their options):\n", method_lines(methods));
  }
  if (!verb.options.empty()) text += "\nOptions:\n" + option_lines(verb.options);
  if (!verb.takes_command_line) {
    text += "\nCommon options:\n" + option_lines(common_options_of(verb)) +
            "  -h, --help              Show this help\n";
  }
  text += "\nExamples:\n";
  for (const std::string& example : verb.examples) text += "  " + example + "\n";
  return text;
}

std::string inputs_of(const Method& method) {
  const auto* task = dynamic_cast<const Task*>(method.runner.get());
  std::string text;
  if (task == nullptr) return text;
  for (const std::string& input : task->inputs()) {
    const bool repeats = text.empty() && task->repeats_first();
    text += (text.empty() ? "" : " ") + input + (repeats ? " ..." : "");
  }
  return text;
}

// Of a task that takes less, and learns by itself.
std::string other_inputs_of(const Method& method) {
  const auto* task = dynamic_cast<const Task*>(method.runner.get());
  std::string text;
  if (task == nullptr) return text;
  for (const std::string& input : task->inputs_to_learn_from()) text += (text.empty() ? "" : " ") + input;
  return text;
}

// Of an index: what its searches take.
std::vector<OptionSpec> search_options_of(const Method& method) {
  const auto* builder = dynamic_cast<const IndexBuilder*>(method.runner.get());
  return builder == nullptr ? std::vector<OptionSpec>() : builder->search_options();
}

// Whether this version can do anything with a verb.
bool is_ready(const VerbCommand& verb) {
  return verb.is_ready && (!verb.methods_of || !Registry::instance().of(*verb.methods_of).empty());
}

std::string table_cell(std::string text) {
  for (size_t at = text.find('|'); at != text.npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

// Python's keywords have no dots: encode__pooling stands for encode.pooling.
std::string keyword_of(std::string name) {
  for (size_t at = 0; (at = name.find('.', at)) != name.npos; at += 2) name.replace(at, 1, "__");
  return name;
}

std::string option_table(const std::vector<OptionSpec>& specs) {
  if (specs.empty()) return "None of its own.\n";
  std::string text = "| command line | Python | type | default | meaning |\n|---|---|---|---|---|\n";
  for (const OptionSpec& spec : specs) {
    text +=
        concat("| `", dashed(spec.name), "` | `", keyword_of(spec.name), "` | ", table_cell(spec.type_text()),
               " | ", spec.default_value.is_null() ? "none" : "`" + default_text(spec) + "`", " | ",
               table_cell(spec.help), " |\n");
  }
  return text;
}

// What an index is made of, in Python, and what it is asked.
std::string index_example(const Method& method) {
  const auto* builder = dynamic_cast<const IndexBuilder*>(method.runner.get());
  const IndexInput input = builder != nullptr ? builder->input() : IndexInput::kVectors;
  std::string name = "texts", made, asked = "\"play music\"";
  switch (input) {
    case IndexInput::kVectors:
      name = "nodes";
      made = "whitney.open(\"nodes.safetensors\")";
      asked = "nodes.vectors[:5]";
      break;
    case IndexInput::kTexts:
      made = "whitney.read_corpus(\"texts.jsonl\")";
      break;
    case IndexInput::kSparse:
    case IndexInput::kVectorSets:
      made = concat("whitney.encode(\"models/minilm\", \"texts.jsonl\", output=\"",
                    input == IndexInput::kSparse ? "sparse" : "tokens", "\")");
      asked += ", model=\"models/minilm\"";
      break;
  }
  const MethodInfo& info = method.info;
  return concat(name, " = ", made, "\nindex = whitney.", info.class_name, "().fit(", name,
                ").index_          # or whitney.index(\"", info.name, "\", ", name, ")\nhits = index.search(",
                asked, ", k=10)\n");
}

std::string learn_example(const Method& method) {
  const MethodInfo& info = method.info;
  const LearnedKind made = learner_of(method).output();
  if (made == LearnedKind::kModel) {
    return concat("events = whitney.read_interactions(\"events.tsv\")\nmodel = whitney.", info.class_name,
                  "().fit(events).recommender_       # or whitney.learn(\"", info.name,
                  "\", events)\nfound = model.recommend([\"some-user\"], k=10)\n");
  }
  if (made == LearnedKind::kItemModel) {
    return concat("model = whitney.learn(\"", info.name,
                  "\", \"events.tsv\", features=\"features.safetensors\")\n"
                  "model.save(\"model.safetensors\")\nitems = model.items       # Embeddings\n");
  }
  if (made == LearnedKind::kTable) {
    return concat("graph = whitney.read_graph(\"edges.tsv\")\ntable = whitney.", info.class_name,
                  "().fit(graph).table_       # or whitney.learn(\"", info.name, "\", graph)\n");
  }
  return concat("graph = whitney.read_graph(\"edges.tsv\")\nnodes = whitney.", info.class_name,
                "().fit_transform(graph)       # or whitney.learn(\"", info.name, "\", graph)\n");
}

std::string python_example(const Method& method) {
  const MethodInfo& info = method.info;
  switch (method.verb) {
    case Verb::kLearn:
      return learn_example(method);
    case Verb::kIndex:
      return index_example(method);
    case Verb::kCompress:
      return concat("nodes = whitney.open(\"nodes.safetensors\")\nsmall = whitney.compress(\"", info.name,
                    "\", nodes)\nhits = small.search(nodes.vectors[:5], k=10)\n");
    case Verb::kEvaluate: {
      std::string arguments = inputs_of(method);
      if (const size_t more = arguments.find(" ..."); more != arguments.npos) arguments.erase(more, 4);
      for (size_t at = arguments.find(' '); at != arguments.npos; at = arguments.find(' ', at + 2))
        arguments.insert(at, ",");
      return concat("report = whitney.evaluate(\"", info.name, "\", ", arguments,
                    ")     # each a path or the thing itself\n");
    }
    default:
      return "";
  }
}

}  // namespace

std::string wrapped(std::string_view text, size_t indent, size_t width) {
  const std::string margin(indent, ' ');
  std::string result;
  while (!text.empty()) {
    const size_t end_of_line = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end_of_line);
    text.remove_prefix(std::min(end_of_line + 1, text.size()));
    do {
      size_t cut = line.size();
      if (indent + cut > width) {
        cut = line.rfind(' ', width - indent);
        if (cut == line.npos || cut == 0) cut = std::min(line.find(' '), line.size());
      }
      result += line.empty() ? "\n" : margin + std::string(line.substr(0, cut)) + "\n";
      line.remove_prefix(std::min(cut + 1, line.size()));
    } while (!line.empty());
  }
  return result.empty() ? margin + "\n" : result;
}

std::string default_text(const OptionSpec& spec) {
  const Value& value = spec.default_value;
  if (value.is_null()) return "none";
  if (value.is_string()) return value.as_string().empty() ? "empty" : value.as_string();
  if (!value.is_list()) return value.to_json();
  std::string text;
  for (const Value& element : value.as_list()) {
    text += (text.empty() ? "" : ",") + (element.is_string() ? element.as_string() : element.to_json());
  }
  return text.empty() ? "empty" : text;
}

std::string general_help() {
  std::string text =
      "Usage: whitney VERB [METHOD] INPUTS -o OUTPUT [--option value ...]\n\n"
      "From raw data to embeddings, to an index, to a filtered search, and how far the vectors can be "
      "trusted.\n\n"
      "Verbs:\n";
  for (const VerbCommand& verb : verbs()) {
    text +=
        padded("  " + verb.name, 13) + verb.summary + (is_ready(verb) ? "" : " (not in this version)") + "\n";
  }
  text +=
      "\nA first round, from a list of edges (a line each: source, tab, target) to the nearest nodes of one "
      "of them:\n"
      "  whitney learn fastrp edges.tsv -o nodes.safetensors\n"
      "  whitney index hnsw nodes.safetensors -o nodes.hnsw.safetensors\n"
      "  whitney search nodes.hnsw.safetensors --id NODE -k 5\n"
      "\n'whitney VERB --help' explains a verb, 'whitney VERB METHOD --help' or 'whitney methods METHOD' a "
      "method.\n"
      "Results go to standard output, progress and notes to standard error.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n";
  return text;
}

std::string help_for(std::span<const std::string> words) {
  const VerbCommand* verb = nullptr;
  for (const std::string& word : words) {
    if (word.starts_with('-')) continue;
    if (verb == nullptr) {
      verb = find_verb(word);
      if (verb == nullptr) {
        const std::vector<std::string> only{word};
        parse_command(only);  // throws with the nearest verb
      }
      if (!verb->methods_of) break;
    } else if (const Method* method = Registry::instance().find(*verb->methods_of, word)) {
      return method_help(*method);
    } else if (word == words[1]) {
      Registry::instance().get(*verb->methods_of, word);  // throws with the nearest method
    }
  }
  return verb == nullptr ? general_help() : verb_help(*verb);
}

std::string python_name(const Method& method) {
  if (method.verb == Verb::kLearn || method.verb == Verb::kIndex)
    return concat("whitney.", method.info.class_name);
  return concat("whitney.", name_of(method.verb), "(\"", method.info.name, "\", ...)");
}

// Which library somebody needs who runs it.
static std::string part_text(const MethodInfo& info) {
  return concat("Runs in libwhitney_", info.part, ".so, which is loaded when it is called.");
}

std::string method_help(const Method& method) {
  const MethodInfo& info = method.info;
  std::string text = concat(info.name, " (verb ", name_of(method.verb), ", in Python ", python_name(method),
                            ")\n\n", wrapped(info.summary, 0, kWidth));
  if (!info.description.empty()) text += "\n" + wrapped(info.description, 0, kWidth);
  const std::string inputs = inputs_of(method);
  const std::string others = other_inputs_of(method);
  if (!inputs.empty())
    text += "\nInputs: " + inputs + (others.empty() ? "" : "; or, to learn from: " + others) + "\n";
  text += "\nOptions:\n" + (method.options.empty() ? "  none of its own\n" : option_lines(method.options));
  if (const auto specs = search_options_of(method); !specs.empty())
    text += "\nOptions of a search in it ('whitney search'):\n" + option_lines(specs);
  if (!info.part.empty()) text += "\n" + part_text(info) + "\n";
  text += concat("\nSource: ", info.source, "\nExample: ", info.example, "\n'whitney ", name_of(method.verb),
                 " --help' has the options that all its methods take.\n");
  return text;
}

std::string method_markdown(const Method& method) {
  const MethodInfo& info = method.info;
  std::string text =
      concat("# ", info.class_name, "\n\n", info.summary, "\n\nVerb `", name_of(method.verb), "`, method `",
             info.name, "`, in Python `", python_name(method), "`. Source: ", info.source, "\n");
  if (!info.description.empty()) text += "\n" + info.description + "\n";
  if (!info.part.empty()) text += "\n" + part_text(info) + "\n";
  text += concat("\n## Command line\n\n```sh\n", info.example, "\n```\n");
  const std::string inputs = inputs_of(method);
  if (!inputs.empty()) text += "\nInputs, in this order: `" + inputs + "`.\n";
  if (const std::string others = other_inputs_of(method); !others.empty())
    text += "Or, to learn from: `" + others + "`.\n";
  const std::string python = python_example(method);
  if (!python.empty()) text += concat("\n## Python\n\n```python\nimport whitney\n\n", python, "```\n");
  text += "\n## Options\n\n" + option_table(method.options);
  if (const auto specs = search_options_of(method); !specs.empty())
    text += "\n## Options of a search\n\n" + option_table(specs);
  return text;
}

Value method_value(const Method& method) {
  Value::List options;
  for (const OptionSpec& spec : method.options) {
    Value option =
        Value::object({{"name", spec.name}, {"type", spec.type_text()}, {"default", spec.default_value}});
    if (spec.range) option.set("range", Value::List{spec.range->low, spec.range->high});
    if (!spec.choices.empty()) option.set("choices", Value::List(spec.choices.begin(), spec.choices.end()));
    if (!spec.verb.empty()) option.set("verb", spec.verb);
    option.set("list", spec.is_list);
    option.set("optional", spec.is_optional);
    option.set("help", spec.help);
    options.push_back(std::move(option));
  }
  const MethodInfo& info = method.info;
  return Value::object({{"verb", name_of(method.verb)},
                        {"name", info.name},
                        {"class", info.class_name},
                        {"summary", info.summary},
                        {"description", info.description},
                        {"source", info.source},
                        {"example", info.example},
                        {"part", info.part},
                        {"options", std::move(options)}});
}

}  // namespace whitney::app
