#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/value.h"

namespace whitney::infer {

/// Rotary positions: inverse frequency i of head width d is theta^(-2i/d), changed as `type` says.
struct RopeSettings {
  double theta = 10000;
  /// "default", "linear", "dynamic", "ntk", "yarn", "llama3", "longrope" ... as the file says, or "factors"
  /// (GGUF): inverse frequency i is divided by factors[i].
  std::string type = "default";
  double factor = 1;
  /// llama3: wavelengths between original_max_positions / high and / low are blended.
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  int64_t original_max_positions = 0;
  std::vector<double> factors;
  /// The share of a head's width that turns.
  double partial_factor = 1;
};

/// A config.json, asked by field: an error names the file, the field, and what would be right. A null counts
/// as missing.
class ModelConfig {
 public:
  /// Wraps an object; `where` begins errors. Throws Error when it is no object.
  ModelConfig(Value root, std::string where);
  /// Reads a JSON file.
  static ModelConfig read(const std::string& path);

  bool has(std::string_view field) const;
  /// Each throws Error when the field is missing (without fallback) or of another kind. Integers take reals
  /// without fraction too.
  int64_t integer(std::string_view field) const;
  int64_t integer(std::string_view field, int64_t fallback) const;
  double real(std::string_view field) const;
  double real(std::string_view field, double fallback) const;
  bool flag(std::string_view field) const;
  bool flag(std::string_view field, bool fallback) const;
  std::string text(std::string_view field) const;
  std::string text(std::string_view field, std::string_view fallback) const;
  std::vector<std::string> texts(std::string_view field) const;
  std::vector<int64_t> integers(std::string_view field) const;
  std::vector<double> reals(std::string_view field) const;
  /// As integer, and throws Error when it is not in [least, most]: sizes and counts.
  int64_t size(std::string_view field, int64_t least = 1, int64_t most = int64_t{1} << 31) const;
  int64_t size_or(std::string_view field, int64_t fallback, int64_t least = 1,
                  int64_t most = int64_t{1} << 31) const;
  /// A nested object, or nothing.
  std::optional<ModelConfig> section(std::string_view field) const;

  /// "model_type"; where it is missing, nothing can be known: throws Error.
  std::string model_type() const;
  /// The classes that saved it, "BertModel"; may be empty.
  std::vector<std::string> architectures() const;
  /// Rotary positions from `rope_theta` and `rope_scaling`, or from `rope_parameters`, which may hold one
  /// object per kind of layer ("full_attention"). `theta` is the fallback.
  RopeSettings rope(double theta, std::string_view layer_kind = "") const;

  const Value& root() const { return root_; }
  const std::string& where() const { return where_; }
  /// Throws Error: `where`: "field" is VALUE, but WANTED.
  [[noreturn]] void fail_field(std::string_view field, std::string_view wanted) const;

 private:
  const Value* find(std::string_view field) const;
  const Value& at(std::string_view field) const;

  Value root_;
  std::string where_;
};

}  // namespace whitney::infer
