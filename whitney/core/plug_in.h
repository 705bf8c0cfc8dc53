#pragma once

#include <string>
#include <string_view>
#include <typeinfo>

#include "whitney/core/api.h"

namespace whitney {

/// Gives where the library of a part ("train") is looked for: the file that WHITNEY_TRAIN_PLUGIN names, else
/// libwhitney_train.so beside the library that this function stands in.
WHITNEY_API std::string plug_in_path(std::string_view part);

/// Tells whether that file is there; loads nothing.
WHITNEY_API bool has_plug_in(std::string_view part);

/// Throws Error that says for whom (`name`) and what to do when that file is not there, and nothing of it is
/// linked.
WHITNEY_API void require_plug_in(std::string_view part, std::string_view name);

/// Never loads a part's library into this process: whoever calls what is in it gets an Error that ends with
/// `reason`.
WHITNEY_API void keep_plug_in_out(std::string_view part, std::string_view reason);

namespace detail {

using AnyFunction = void (*)();
WHITNEY_API bool provide_function(std::string_view name, const char* version, const char* type,
                                  AnyFunction function);
WHITNEY_API AnyFunction find_function(std::string_view part, std::string_view name, const char* type);

}  // namespace detail

/// Makes a function of a part's library known by a name, that of the method which it runs. The value lets a
/// namespace-scope constant do it when the library is loaded.
template <class Result, class... Arguments>
bool provide_function(std::string_view name, Result (*function)(Arguments...)) {
  return detail::provide_function(name, kVersion, typeid(Result(Arguments...)).name(),
                                  reinterpret_cast<detail::AnyFunction>(function));
}

/// Finds what a part's library provides, and loads that library when nothing of this name is known yet:
/// whoever declares a method need not link what runs it. `Function` is the type of the function, such as
/// `decltype(run)`. Throws Error when the library is not there, cannot be loaded or belongs to another
/// version, and InternalError when the function has another type. May be called from several threads.
template <class Function>
Function* function_of_part(std::string_view part, std::string_view name) {
  return reinterpret_cast<Function*>(detail::find_function(part, name, typeid(Function).name()));
}

}  // namespace whitney
