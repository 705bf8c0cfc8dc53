#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/matrix.h"

namespace whitney::python {

namespace nb = nanobind;

/// Any array in this machine's memory: buffer protocol or DLPack, writable or not.
using AnyArray = nb::ndarray<nb::ro, nb::device::cpu>;

/// Keeps what is Python's (an object, an imported array) alive for as long as somebody in C++ shows its
/// memory; it may be dropped on any thread.
template <class Kept>
std::shared_ptr<const void> keep_alive(Kept kept) {
  return std::shared_ptr<const Kept>(new Kept(std::move(kept)), [](const Kept* pointer) {
    if (!nb::is_alive()) return;  // the interpreter has gone, and its memory with it
    const nb::gil_scoped_acquire gil;
    delete pointer;
  });
}

/// A numpy array, read-only, over memory that `owner` keeps alive.
nb::object numpy_view(std::shared_ptr<const void> owner, const void* data,
                      std::initializer_list<size_t> shape, DType dtype);

template <class T>
nb::object numpy_view(const Array<T>& values) {
  return numpy_view(values.owner(), values.data(), {static_cast<size_t>(values.size())}, dtype_for<T>());
}

/// Hands a vector over to numpy, rows x cols, without copying it.
template <class T>
nb::object numpy_from(std::vector<T> values, std::initializer_list<size_t> shape) {
  auto owner = std::make_shared<std::vector<T>>(std::move(values));
  const T* data = owner->data();
  return numpy_view(std::move(owner), data, shape, dtype_for<T>());
}

/// Hands memory that nobody else sees over to numpy, which may write it.
nb::object numpy_own(std::shared_ptr<void> owner, void* data, std::initializer_list<size_t> shape,
                     DType dtype);

template <class T>
nb::object numpy_own(std::vector<T> values) {
  auto owner = std::make_shared<std::vector<T>>(std::move(values));
  T* data = owner->data();
  const size_t size = owner->size();
  return numpy_own(std::move(owner), data, {size}, dtype_for<T>());
}

/// The same of a matrix of float32, rows x cols.
nb::object numpy_own(Matrix matrix);

/// The values of a packed one-dimensional array of T, shown and not copied. Throws Error when it is something
/// else.
template <class T>
Array<T> array_view(nb::handle object, const char* what) {
  using Typed = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
  Typed array;
  if (!nb::try_cast<Typed>(object, array, false)) fail(what, " is no packed array of the right type");
  const auto size = static_cast<int64_t>(array.size());
  const T* data = array.data();
  if (size == 0) return Array<T>(0);
  return Array<T>::view(keep_alive(std::move(array)), data, size);
}

/// The memory of a two-dimensional array as a matrix, without a copy; nothing when its layout or type has to
/// be changed first. Throws Error when it has another number of dimensions.
std::optional<Matrix> matrix_view(nb::handle object);

void bind_matrix(nb::module_& module);

}  // namespace whitney::python
