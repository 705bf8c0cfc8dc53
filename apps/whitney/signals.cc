#include "apps/whitney/signals.h"

#include <unistd.h>
#include <csignal>

namespace whitney::app {
namespace {

constexpr int kInterrupted = 130;
CancellationToken token;

extern "C" void interrupt(int) {
  if (token.requested()) _exit(kInterrupted);
  token.request();
}

}  // namespace

const CancellationToken& interruption() { return token; }

void catch_interruptions() {
  struct sigaction action{};
  action.sa_handler = interrupt;
  sigemptyset(&action.sa_mask);
  // No SA_RESTART: a read that waits for standard input comes back.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    // What the caller chose to ignore (nohup) stays ignored.
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

}  // namespace whitney::app
