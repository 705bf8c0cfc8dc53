#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"

namespace whitney::app {
namespace {

Outcome run_estimate(const Command& command, Session& session) {
  const Command other = parse_command(command.inputs);
  if (other.verb->estimate == nullptr) {
    fail("there is nothing to estimate for \"", other.verb->name, "\": it takes little time and memory");
  }
  return other.verb->estimate(other, session);
}

}  // namespace

VerbCommand estimate_verb() {
  VerbCommand verb;
  verb.name = "estimate";
  verb.arguments = "VERB [METHOD] INPUTS [--option value ...]";
  verb.summary = "peak memory and an idea of the time of another command line";
  verb.description =
      "Tells what another command line would cost, without running it: sizes come from the headers of the "
      "files, or from a "
      "sample of their lines.";
  verb.examples = {"whitney estimate learn fastrp edges.tsv --dim 512"};
  verb.takes_command_line = true;
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.run = run_estimate;
  return verb;
}

}  // namespace whitney::app
