#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace whitney::eval {

/// Okabe and Ito's colours of curves, which the colour-blind tell apart, and four more.
inline constexpr std::array<std::string_view, 10> kCurveColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                                   "#e69f00", "#56b4e9", "#000000", "#7f3c8d",
                                                                   "#a5aa99", "#80ba5a"};

/// A number as SVG has it, to four digits.
inline std::string svg_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// A text between tags.
inline std::string svg_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else
      result += c;
  }
  return result;
}

}  // namespace whitney::eval
