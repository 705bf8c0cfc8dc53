#include "python/module_arrays.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <array>
#include <string>

namespace whitney::python {
namespace {

using DLType = nb::dlpack::dtype;
using Code = nb::dlpack::dtype_code;

DLType dlpack_type(DType dtype) {
  const auto type = [&](Code code) {
    return DLType{static_cast<uint8_t>(code), static_cast<uint8_t>(8 * size_of(dtype)), 1};
  };
  switch (dtype) {
    case DType::kBool:
      return type(Code::Bool);
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
    case DType::kU64:
      return type(Code::UInt);
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
    case DType::kI64:
      return type(Code::Int);
    case DType::kBF16:
      return type(Code::Bfloat);
    default:
      return type(Code::Float);
  }
}

// The types that a matrix of vectors may have as it is.
std::optional<DType> vector_type(DLType type) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kI8, DType::kU8}) {
    if (dlpack_type(dtype) == type) return dtype;
  }
  return std::nullopt;
}

bool is_packed(const AnyArray& array) {
  const auto rows = static_cast<int64_t>(array.shape(0)), cols = static_cast<int64_t>(array.shape(1));
  return (cols <= 1 || array.stride(1) == 1) && (rows <= 1 || array.stride(0) == cols);
}

// numpy knows no bfloat16: such values leave as float32.
nb::object matrix_as_numpy(const Matrix& matrix) {
  const Matrix known = matrix.dtype() == DType::kBF16 ? matrix.to_float32() : matrix;
  return numpy_view(known.bytes().owner(), known.bytes().data(),
                    {static_cast<size_t>(known.rows()), static_cast<size_t>(known.cols())}, known.dtype());
}

}  // namespace

nb::object numpy_view(std::shared_ptr<const void> owner, const void* data,
                      std::initializer_list<size_t> shape, DType dtype) {
  using Owner = std::shared_ptr<const void>;
  static const int64_t kNothing = 0;  // numpy wants an address also where there is nothing
  const nb::capsule capsule(new Owner(std::move(owner)),
                            [](void* pointer) noexcept { delete static_cast<Owner*>(pointer); });
  const nb::ndarray<nb::numpy, nb::ro> array(data != nullptr ? data : &kNothing, shape, capsule, {},
                                             dlpack_type(dtype));
  return nb::cast(array);
}

nb::object numpy_own(std::shared_ptr<void> owner, void* data, std::initializer_list<size_t> shape,
                     DType dtype) {
  using Owner = std::shared_ptr<void>;
  static int64_t nothing = 0;
  const nb::capsule capsule(new Owner(std::move(owner)),
                            [](void* pointer) noexcept { delete static_cast<Owner*>(pointer); });
  const nb::ndarray<nb::numpy> array(data != nullptr ? data : &nothing, shape, capsule, {},
                                     dlpack_type(dtype));
  return nb::cast(array);
}

nb::object numpy_own(Matrix matrix) {
  auto owner = std::make_shared<Matrix>(std::move(matrix));
  void* data = owner->mutable_data<float>();
  const auto rows = static_cast<size_t>(owner->rows()), cols = static_cast<size_t>(owner->cols());
  return numpy_own(std::move(owner), data, {rows, cols}, DType::kF32);
}

std::optional<Matrix> matrix_view(nb::handle object) {
  AnyArray array;
  if (!nb::try_cast<AnyArray>(object, array, false)) return std::nullopt;
  if (array.ndim() != 2) return std::nullopt;
  const auto rows = static_cast<int64_t>(array.shape(0)), cols = static_cast<int64_t>(array.shape(1));
  const std::optional<DType> dtype = vector_type(array.dtype());
  if (!dtype) return std::nullopt;
  if (rows == 0 || cols == 0) return Matrix(rows, cols, *dtype);  // strides mean nothing then
  if (!is_packed(array)) return std::nullopt;
  const auto* data = static_cast<const std::byte*>(array.data());
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(size_of(*dtype)) != 0) return std::nullopt;
  return Matrix(Array<std::byte>::view(keep_alive(std::move(array)), data, rows * cols * size_of(*dtype)),
                rows, cols, *dtype);
}

void bind_matrix(nb::module_& module) {
  nb::class_<Matrix>(module, "Matrix", "Rows x columns of one type, packed; shares memory where it can.")
      .def_prop_ro("rows", &Matrix::rows)
      .def_prop_ro("cols", &Matrix::cols)
      .def_prop_ro("dtype", [](const Matrix& matrix) { return std::string(name_of(matrix.dtype())); })
      .def("numpy", &matrix_as_numpy, "The same memory as a numpy array, read-only (bfloat16: as float32).");
  module.def(
      "matrix_view", &matrix_view, nb::arg("array"),
      "The memory of a packed 2-d array as a Matrix; None when its type or layout has to be changed first.");
}

}  // namespace whitney::python
