#include "whitney/data/stored_matrix.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/value.h"

namespace whitney::data {

namespace {

static_assert(std::endian::native == std::endian::little, "the formats store little-endian values");

constexpr int64_t kBlockValues = int64_t{1} << 18;

// True when `from` is a value of To; then `to` is it.
template <class To, class From>
bool convert_one(From from, To& to) {
  if constexpr (std::is_floating_point_v<To>) {
    to = static_cast<To>(from);
    if constexpr (std::is_integral_v<From> && sizeof(From) > 2) {
      constexpr auto kMostExact = int64_t{1} << 53;  // integers up to here are compared in double
      return std::cmp_less_equal(from, kMostExact) && std::cmp_greater_equal(from, -kMostExact) &&
             static_cast<double>(to) == static_cast<double>(from);
    }
    return true;
  } else if constexpr (std::is_floating_point_v<From>) {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<To>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<To>::max());
    const auto value = static_cast<double>(from);
    if (!(value >= kLow && value <= kHigh)) return false;
    to = static_cast<To>(from);
    return static_cast<double>(to) == value;
  } else {
    to = static_cast<To>(from);  // NOLINT(bugprone-signed-char-misuse): int8 is a number
    return std::in_range<To>(from);
  }
}

template <class From, class To>
Matrix convert(const Matrix& matrix, DType wanted, const Context& context,
               const std::function<void(int64_t row, int64_t col, double value)>& refuse) {
  Matrix result(matrix.rows(), matrix.cols(), wanted);
  To* out = result.mutable_data<To>();
  const auto* in = reinterpret_cast<const From*>(matrix.bytes().data());
  const int64_t cols = matrix.cols(), count = matrix.rows() * cols;
  parallel_blocks(context, count, kBlockValues, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (!convert_one(in[i], out[i])) refuse(i / cols, i % cols, static_cast<double>(in[i]));
    }
  });
  return result;
}

template <class To>
Matrix convert_to(const Matrix& matrix, DType wanted, const Context& context,
                  const std::function<void(int64_t row, int64_t col, double value)>& refuse) {
  switch (matrix.dtype()) {
    case DType::kF32:
      return convert<float, To>(matrix, wanted, context, refuse);
    case DType::kBool:
    case DType::kU8:
      return convert<uint8_t, To>(matrix, wanted, context, refuse);
    case DType::kI8:
      return convert<int8_t, To>(matrix, wanted, context, refuse);
    case DType::kU16:
      return convert<uint16_t, To>(matrix, wanted, context, refuse);
    case DType::kI16:
      return convert<int16_t, To>(matrix, wanted, context, refuse);
    case DType::kU32:
      return convert<uint32_t, To>(matrix, wanted, context, refuse);
    case DType::kI32:
      return convert<int32_t, To>(matrix, wanted, context, refuse);
    case DType::kU64:
      return convert<uint64_t, To>(matrix, wanted, context, refuse);
    case DType::kI64:
      return convert<int64_t, To>(matrix, wanted, context, refuse);
    case DType::kF16:
    case DType::kBF16:
    case DType::kF64:
      return convert_to<To>(matrix.to_float32(), wanted, context, refuse);
  }
  return {};
}

template <class Word, class Swap>
void swap_words(Matrix& matrix, const Swap& swap) {
  auto* words = matrix.mutable_data<Word>();
  const int64_t count = matrix.rows() * matrix.cols();
  std::transform(words, words + count, words, swap);
}

}  // namespace

std::string_view type_words(DType dtype) {
  static constexpr std::array<std::string_view, 13> kWords = {
      "bool",   "uint8", "int8",    "uint16", "int16", "float16", "bfloat16",
      "uint32", "int32", "float32", "uint64", "int64", "float64"};
  return kWords[static_cast<size_t>(dtype)];
}

Matrix matrix_in_file(const SharedBytes& file, int64_t begin, int64_t rows, int64_t cols, DType dtype,
                      const std::string& name) {
  const int64_t available = std::ssize(file.text) - begin;
  // No bytes could back such a number, and what is made for each row would be.
  if (rows > 0 && cols == 0) fail(name, ": the header tells of ", rows, " vectors of width 0");
  int64_t count = 0, needed = 0;
  const bool overflows = rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols, &count) ||
                         __builtin_mul_overflow(count, size_of(dtype), &needed);
  if (overflows || needed != available) {
    fail(name, ": the header tells of ", rows, " x ", cols, " values of ", type_words(dtype),
         ", which do not fit the ", std::max<int64_t>(available, 0), " bytes behind it",
         overflows || needed > available ? ": it is cut short or damaged" : "");
  }
  const auto* place = reinterpret_cast<const std::byte*>(file.text.data()) + begin;
  const auto bytes = Array<std::byte>::view(file.owner, place, needed);
  const bool suits = reinterpret_cast<uintptr_t>(place) % static_cast<uintptr_t>(size_of(dtype)) == 0;
  return {suits ? bytes : Array<std::byte>::copy_of(bytes.span()), rows, cols, dtype};
}

void swap_bytes(Matrix& matrix) {
  switch (size_of(matrix.dtype())) {
    case 2:
      return swap_words<uint16_t>(matrix, [](uint16_t word) { return __builtin_bswap16(word); });
    case 4:
      return swap_words<uint32_t>(matrix, [](uint32_t word) { return __builtin_bswap32(word); });
    case 8:
      return swap_words<uint64_t>(matrix, [](uint64_t word) { return __builtin_bswap64(word); });
    default:
      return;
  }
}

Matrix to_stored_type(const Matrix& matrix, DType wanted, const std::string& path,
                      const std::function<std::string(int64_t row)>& id_of, const Context& context) {
  if (matrix.dtype() == wanted) return matrix;
  const auto refuse = [&](int64_t row, int64_t col, double value) {
    fail(path, ": the format holds ", type_words(wanted), ", and the vector of \"", id_of(row), "\" (row ",
         row, ", counted from 0) has ", shortest(value), " in dimension ", col);
  };
  switch (wanted) {
    case DType::kF32:
      return convert_to<float>(matrix, wanted, context, refuse);
    case DType::kU8:
      return convert_to<uint8_t>(matrix, wanted, context, refuse);
    case DType::kI8:
      return convert_to<int8_t>(matrix, wanted, context, refuse);
    case DType::kI32:
      return convert_to<int32_t>(matrix, wanted, context, refuse);
    default:
      break;
  }
  WHITNEY_CHECK(false, "no format stores ", type_words(wanted));
  return {};
}

}  // namespace whitney::data
