#include "whitney/core/plug_in.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

#include "whitney/core/error.h"

namespace whitney {
namespace {

struct Provided {
  std::string version, type;
  detail::AnyFunction function;
};

// A library that is being loaded provides its functions meanwhile: loading has a lock of its own.
struct Functions {
  std::mutex lock, loading;
  std::map<std::string, Provided, std::less<>> by_name;
  /// Reasons, by part.
  std::map<std::string, std::string, std::less<>> kept_out;
};

Functions& functions() {
  static Functions all;
  return all;
}

const Provided* find(std::string_view name) {
  Functions& all = functions();
  const std::lock_guard hold(all.lock);
  const auto found = all.by_name.find(name);
  return found == all.by_name.end() ? nullptr : &found->second;  // a map's places stay
}

// "WHITNEY_TRAIN": the option of the build that makes a part; with _PLUGIN, the variable that names its file.
std::string option_name(std::string_view part) {
  std::string name = "WHITNEY_";
  for (const char c : part) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

// Says why nothing can be run, in words of the one who asked.
void load(std::string_view part, std::string_view name) {
  const std::string path = plug_in_path(part);
  if (const auto kept_out = functions().kept_out.find(part); kept_out != functions().kept_out.end())
    fail(name, " needs ", path, ", which is not loaded into this process: ", kept_out->second);
  require_plug_in(part, name);
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr)
    fail(name, " needs ", path, ", which cannot be loaded: ", dlerror());
}

}  // namespace

std::string plug_in_path(std::string_view part) {
  if (const char* named = std::getenv((option_name(part) + "_PLUGIN").c_str());
      named != nullptr && *named != 0)
    return named;
  Dl_info here{};
  static const char anchor = 0;
  const bool known = dladdr(&anchor, &here) != 0 && here.dli_fname != nullptr;
  const std::filesystem::path folder = known ? std::filesystem::path(here.dli_fname).parent_path() : "";
  return (folder / concat("libwhitney_", part, ".so")).string();
}

bool has_plug_in(std::string_view part) {
  std::error_code error;
  return std::filesystem::is_regular_file(plug_in_path(part), error);
}

void require_plug_in(std::string_view part, std::string_view name) {
  if (find(name) != nullptr) return;
  const std::string path = plug_in_path(part);
  if (!has_plug_in(part)) {
    fail(name, " needs the part \"", part, "\" of Whitney, and ", path, " does not exist: configure with -D",
         option_name(part), "=ON to build it, or let ", option_name(part), "_PLUGIN name the file");
  }
}

void keep_plug_in_out(std::string_view part, std::string_view reason) {
  const std::lock_guard hold(functions().loading);
  functions().kept_out.emplace(part, reason);
}

namespace detail {

bool provide_function(std::string_view name, const char* version, const char* type, AnyFunction function) {
  Functions& all = functions();
  const std::lock_guard hold(all.lock);
  const bool is_new = all.by_name.emplace(name, Provided{version, type, function}).second;
  WHITNEY_CHECK(is_new, "the function ", name, " is provided twice");
  return true;
}

AnyFunction find_function(std::string_view part, std::string_view name, const char* type) {
  if (find(name) == nullptr) {
    const std::lock_guard hold(functions().loading);
    if (find(name) == nullptr) load(part, name);
  }
  const Provided* provided = find(name);
  const std::string_view version = provided == nullptr ? "another" : std::string_view(provided->version);
  if (version != kVersion) {
    fail(name, " needs ", plug_in_path(part), ", which belongs to version ", version,
         " of Whitney and not to ", kVersion, ": build or install both together");
  }
  WHITNEY_CHECK(provided->type == type, name, " is provided as ", provided->type, " and asked for as ", type);
  return provided->function;
}

}  // namespace detail
}  // namespace whitney
