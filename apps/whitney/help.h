#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apps/whitney/command.h"
#include "whitney/core/registry.h"

namespace whitney::app {

/// The verbs with one line each, and how to go on.
std::string general_help();
/// The help of a verb, or of a method when the words name one ("learn fastrp"). Throws UsageError for unknown
/// ones.
std::string help_for(std::span<const std::string> words);
/// How Python calls a method: by its class, or where its verb has none by the verb's function.
std::string python_name(const Method& method);
/// The page of a method: what it does, its options with types, defaults and ranges, source and example.
std::string method_help(const Method& method);
/// The same as Markdown, with the call from Python.
std::string method_markdown(const Method& method);
/// The declaration as a value, for `methods --json`.
Value method_value(const Method& method);
/// Writes a default as people type it: `128`, `0.1,0.5`, `cosine`, `none`.
std::string default_text(const OptionSpec& spec);
/// Breaks text into lines of at most `width` columns, each after `indent` spaces.
std::string wrapped(std::string_view text, size_t indent, size_t width = 100);

}  // namespace whitney::app
