#include "apps/whitney/verbs.h"

namespace whitney::app {

VerbCommand compress_verb() {
  VerbCommand verb;
  verb.name = "compress";
  verb.arguments = "CODEC INPUT -o OUTPUT [--option value ...]";
  verb.summary = "embeddings or model -> smaller, by a codec";
  verb.description = "Writes embeddings or a model in less space, with a measured loss of quality.";
  verb.examples = {"whitney compress pq texts.safetensors -o small.safetensors --num-subspaces 48"};
  verb.methods_of = Verb::kCompress;
  return verb;
}

}  // namespace whitney::app
