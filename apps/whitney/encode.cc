#include "apps/whitney/verbs.h"

namespace whitney::app {

VerbCommand encode_verb() {
  VerbCommand verb;
  verb.name = "encode";
  verb.arguments = "MODEL INPUT -o OUTPUT";
  verb.summary = "a model x data -> embeddings";
  verb.description = "Makes embeddings of new data with a trained model.";
  verb.examples = {"whitney encode models/minilm texts.jsonl -o texts.safetensors"};
  verb.methods_of = Verb::kEncode;
  return verb;
}

}  // namespace whitney::app
