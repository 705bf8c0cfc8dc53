#include "whitney/infer/weight_type.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace whitney::infer {
namespace {

struct Entry {
  WeightType type;
  std::string_view name;
  BlockLayout layout;
};

// In the order of the enumerators.
constexpr std::array<Entry, 26> kEntries{
    {{WeightType::kF32, "F32", {1, 4}},         {WeightType::kF16, "F16", {1, 2}},
     {WeightType::kBF16, "BF16", {1, 2}},       {WeightType::kF64, "F64", {1, 8}},
     {WeightType::kF8_E4M3, "F8_E4M3", {1, 1}}, {WeightType::kF8_E5M2, "F8_E5M2", {1, 1}},
     {WeightType::kBool, "BOOL", {1, 1}},       {WeightType::kU8, "U8", {1, 1}},
     {WeightType::kI8, "I8", {1, 1}},           {WeightType::kU16, "U16", {1, 2}},
     {WeightType::kI16, "I16", {1, 2}},         {WeightType::kU32, "U32", {1, 4}},
     {WeightType::kI32, "I32", {1, 4}},         {WeightType::kU64, "U64", {1, 8}},
     {WeightType::kI64, "I64", {1, 8}},         {WeightType::kQ4_0, "Q4_0", {32, 18}},
     {WeightType::kQ4_1, "Q4_1", {32, 20}},     {WeightType::kQ5_0, "Q5_0", {32, 22}},
     {WeightType::kQ5_1, "Q5_1", {32, 24}},     {WeightType::kQ8_0, "Q8_0", {32, 34}},
     {WeightType::kQ2_K, "Q2_K", {256, 84}},    {WeightType::kQ3_K, "Q3_K", {256, 110}},
     {WeightType::kQ4_K, "Q4_K", {256, 144}},   {WeightType::kQ5_K, "Q5_K", {256, 176}},
     {WeightType::kQ6_K, "Q6_K", {256, 210}},   {WeightType::kQ8_K, "Q8_K", {256, 292}}}};

// ggml's numbers; 4, 5, 31-33 and 36-38 were given up.
constexpr std::array<std::string_view, 42> kGgmlNames{
    "F32",   "F16",    "Q4_0",  "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
    "IQ2_S", "IQ4_XS", "I8",    "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16",  "",       "",
    "",      "TQ1_0",  "TQ2_0", "",     "",     "",        "MXFP4",  "NVFP4",   "Q1_0"};

const Entry& entry_of(WeightType type) { return kEntries[static_cast<size_t>(type)]; }

}  // namespace

BlockLayout layout_of(WeightType type) { return entry_of(type).layout; }

std::string_view name_of(WeightType type) { return entry_of(type).name; }

WeightType weight_type_of(DType dtype) {
  for (const Entry& entry : kEntries) {
    if (entry.name == whitney::name_of(dtype)) return entry.type;
  }
  return WeightType::kU8;  // not reached: the table holds every DType
}

std::optional<WeightType> ggml_type(uint32_t number) {
  const std::string_view name = ggml_name(number);
  for (const Entry& entry : kEntries) {
    if (!name.empty() && entry.name == name) return entry.type;
  }
  return std::nullopt;
}

std::string_view ggml_name(uint32_t number) {
  return number < kGgmlNames.size() ? kGgmlNames[number] : std::string_view();
}

std::optional<WeightType> float8_type(std::string_view name) {
  if (name == kFloat8Names[0]) return WeightType::kF8_E4M3;
  return name == kFloat8Names[1] ? std::optional(WeightType::kF8_E5M2) : std::nullopt;
}

float float8_value(WeightType type, uint8_t bits) {
  if (type == WeightType::kF8_E5M2) return to_float(Float16{static_cast<uint16_t>(bits << 8)});
  const int exponent = bits >> 3 & 15, mantissa = bits & 7;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  // Subnormal: mantissa * 2^-9; else (8 + mantissa) * 2^(exponent - 10).
  const auto whole = static_cast<float>(exponent == 0 ? mantissa : 8 + mantissa);
  const float magnitude = std::ldexp(whole, exponent == 0 ? -9 : exponent - 10);
  return (bits & 0x80) != 0 ? -magnitude : magnitude;
}

bool is_readable(WeightType type) { return type <= WeightType::kF8_E5M2 || type >= WeightType::kQ4_0; }

}  // namespace whitney::infer
