#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"

namespace whitney::app {
namespace {

Outcome run_serve(const Command&, Session&) {
  fail("this version has no server yet (`whitney search` answers from a file)");
}

}  // namespace

VerbCommand serve_verb() {
  VerbCommand verb;
  verb.name = "serve";
  verb.arguments = "FOLDER [--port PORT]";
  verb.summary = "a folder of collections -> HTTP";
  verb.description = "Serves collections over HTTP.";
  verb.examples = {"whitney serve ./collections --port 6333"};
  verb.max_inputs = 1;
  verb.is_ready = false;
  verb.takes_open_options = true;
  verb.run = run_serve;
  return verb;
}

}  // namespace whitney::app
