#include "python/module_call.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::python {
namespace {

// A signal may arrive on any thread and at any time, so that what its handler touches lives for ever.
CancellationToken interruption;
struct sigaction before_interruption;
int interruptible_calls = 0;  // main thread only

extern "C" void interrupt(int signal, siginfo_t* info, void* context) {
  interruption.request();
  if ((before_interruption.sa_flags & SA_SIGINFO) != 0)
    before_interruption.sa_sigaction(signal, info, context);
  else
    before_interruption.sa_handler(signal);  // Python's own: it notes the signal for PyErr_CheckSignals
}

bool on_main_thread() { return syscall(SYS_gettid) == getpid(); }

// Python's handler only sets a flag that nobody reads while the work holds the main thread. For that time,
// ours stands before it and asks the work to stop. Where SIGINT is ignored or kills, it goes on doing so.
class Interruption {
 public:
  Interruption() : active_(on_main_thread()) {
    if (!active_ || interruptible_calls++ > 0) return;
    interruption.reset();
    struct sigaction current{};
    sigaction(SIGINT, nullptr, &current);
    const bool has_function = (current.sa_flags & SA_SIGINFO) != 0 ||
                              (current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN);
    if (!has_function) return;
    before_interruption = current;
    current.sa_flags |= SA_SIGINFO;
    current.sa_sigaction = interrupt;
    installed_ = sigaction(SIGINT, &current, nullptr) == 0;
  }
  ~Interruption() {
    if (!active_) return;
    --interruptible_calls;
    if (!installed_) return;
    struct sigaction current{};
    sigaction(SIGINT, nullptr, &current);
    // Somebody may have set another handler meanwhile: it stays.
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == interrupt)
      sigaction(SIGINT, &before_interruption, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  CancellationToken& token() { return active_ ? interruption : own_; }

 private:
  bool active_, installed_ = false;
  CancellationToken own_;
};

// Carries progress to a callable, ten times a second at most, and keeps notes until the call has ended.
class Listener : public Progress {
 public:
  Listener(nb::handle callable, CancellationToken& token) : callable_(callable), token_(token) {}

  void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) override {
    if (callable_.is_none()) return;
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const bool is_border = stage != stage_ || done == 0 || done == total;
    if (error_ || (!is_border && now - told_at_ < std::chrono::milliseconds(100))) return;
    stage_ = stage;
    told_at_ = now;
    const nb::gil_scoped_acquire gil;
    try {
      callable_(nb::str(stage.data(), stage.size()), done, total, nb::str(unit.data(), unit.size()));
    } catch (...) {
      error_ = std::current_exception();
      token_.request();
    }
  }

  void note(std::string_view sentence) override {
    const std::lock_guard lock(mutex_);
    notes_.emplace_back(sentence);
  }

  const std::exception_ptr& error() const { return error_; }

  void log_notes() const {
    if (notes_.empty()) return;
    const nb::object logger = nb::module_::import_("logging").attr("getLogger")("whitney");
    for (const std::string& note : notes_) logger.attr("warning")("%s", note);
  }

 private:
  nb::handle callable_;
  CancellationToken& token_;
  std::mutex mutex_;
  std::string stage_;
  std::chrono::steady_clock::time_point told_at_;
  std::exception_ptr error_;
  std::vector<std::string> notes_;
};

[[noreturn]] void raise_interruption() {
  if (PyErr_CheckSignals() == 0) PyErr_SetString(PyExc_KeyboardInterrupt, "");
  throw nb::python_error();
}

}  // namespace

Call::Call(std::optional<int64_t> threads, std::optional<int64_t> seed, nb::object progress)
    : threads_(static_cast<int>(threads.value_or(0))), progress_(std::move(progress)) {
  if (threads && (*threads < 1 || *threads > std::numeric_limits<int>::max()))
    fail("threads is ", *threads, "; give a number from 1 on, or None for as many as the machine allows");
  if (seed && *seed < 0) fail("seed is ", *seed, "; give a whole number from 0 on");
  if (seed) seed_ = static_cast<uint64_t>(*seed);
  if (!progress_.is_none() && PyCallable_Check(progress_.ptr()) == 0)
    fail("progress is neither True, False nor a callable (stage, done, total, unit)");
}

void Call::run(const std::function<void(const Context&)>& work) const {
  Interruption interruptible;
  Listener listener(progress_, interruptible.token());
  Context context;
  context.threads = threads_;
  context.seed = seed_.value_or(context.seed);
  context.progress = &listener;
  context.cancellation = &interruptible.token();
  bool cancelled = false;
  std::exception_ptr error;
  {
    const nb::gil_scoped_release released;
    try {
      work(context);
    } catch (const Cancelled&) {
      cancelled = true;
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (listener.error()) std::rethrow_exception(listener.error());
  if (cancelled) raise_interruption();
  listener.log_notes();
  if (error) std::rethrow_exception(error);
}

void bind_call(nb::module_& module) {
  nb::class_<Call>(module, "Call", "What a long call is told: threads, seed and who hears of its progress.")
      .def(nb::init<std::optional<int64_t>, std::optional<int64_t>, nb::object>(),
           nb::arg("threads").none() = nb::none(), nb::arg("seed").none() = nb::none(),
           nb::arg("progress").none() = nb::none());
}

}  // namespace whitney::python
