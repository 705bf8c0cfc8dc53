#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "whitney/core/context.h"

namespace whitney::python {

namespace nb = nanobind;

/// What every long call is told: threads, seed, and who hears of its progress. Work runs without the GIL;
/// Ctrl-C stops it at its next block border, when it runs on the main thread.
class Call {
 public:
  /// progress: None, or a callable (stage, done, total, unit). Throws Error for a negative number.
  Call(std::optional<int64_t> threads, std::optional<int64_t> seed, nb::object progress);

  /// Runs `work(context)`; notes go to Python's logger "whitney" afterwards. Throws what the work or the
  /// callable threw, and KeyboardInterrupt when the user stopped it.
  template <class Work>
  auto operator()(const Work& work) const {
    using Result = std::invoke_result_t<const Work&, const Context&>;
    if constexpr (std::is_void_v<Result>) {
      run([&](const Context& context) { work(context); });
    } else {
      std::optional<Result> result;
      run([&](const Context& context) { result.emplace(work(context)); });
      return std::move(*result);
    }
  }

 private:
  void run(const std::function<void(const Context&)>& work) const;

  int threads_;
  std::optional<uint64_t> seed_;
  nb::object progress_;
};

void bind_call(nb::module_& module);

}  // namespace whitney::python
