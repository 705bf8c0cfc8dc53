#include "python/module_arrow.h"

#include <cstring>
#include <limits>
#include <string>

#include "whitney/core/dtype.h"
#include "whitney/core/error.h"

namespace whitney::python {
namespace {

template <class Struct>
std::shared_ptr<Struct> owned() {
  return std::shared_ptr<Struct>(new Struct(), [](Struct* pointer) {
    if (pointer->release != nullptr) pointer->release(pointer);
    delete pointer;
  });
}

template <class Struct>
Struct* pointer_in(nb::handle capsule, const char* name) {
  auto* pointer = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (pointer == nullptr) throw nb::python_error();
  return pointer;
}

// By the standard, what is moved is copied, and the place it came from is marked as released.
template <class Struct>
std::shared_ptr<Struct> moved(Struct* from) {
  auto result = owned<Struct>();
  *result = *from;
  from->release = nullptr;
  return result;
}

std::vector<ArrowChunk> chunks_of_stream(nb::handle object) {
  const nb::object capsule = object.attr("__arrow_c_stream__")();
  const auto stream = moved(pointer_in<ArrowArrayStream>(capsule, "arrow_array_stream"));
  const auto check = [&](int code) {
    if (code == 0) return;
    const char* text = stream->get_last_error(stream.get());
    fail("Arrow gives no data: ", text != nullptr ? text : std::strerror(code));
  };
  const auto schema = owned<ArrowSchema>();
  check(stream->get_schema(stream.get(), schema.get()));
  std::vector<ArrowChunk> chunks;
  while (true) {
    const auto array = owned<ArrowArray>();
    check(stream->get_next(stream.get(), array.get()));
    if (array->release == nullptr) break;
    chunks.push_back({schema, array});
  }
  // An empty stream still has a type.
  if (chunks.empty()) chunks.push_back({schema, std::make_shared<ArrowArray>()});
  return chunks;
}

using Kind = ArrowCells::Kind;

Kind kind_of(std::string_view format) {
  if (format.size() == 1) {
    switch (format[0]) {
      case 'n':
        return Kind::kNull;
      case 'b':
        return Kind::kBool;
      case 'u':
      case 'U':
        return Kind::kText;
      default:
        if (std::string_view("cCsSiIlL").find(format[0]) != std::string_view::npos) return Kind::kInt;
        return std::string_view("efg").find(format[0]) != std::string_view::npos ? Kind::kReal : Kind::kOther;
    }
  }
  if (format == "vu") return Kind::kText;
  if (format == "tdD" || format == "tdm" || format.starts_with("ts")) return Kind::kDate;
  return format == "+l" || format == "+L" || format.starts_with("+w:") ? Kind::kList : Kind::kOther;
}

bool bit(const void* bits, int64_t place) {
  return (static_cast<const uint8_t*>(bits)[place / 8] >> (place % 8) & 1) != 0;
}

int64_t floor_divide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

// Views of 16 bytes: the length, then up to 12 bytes in place, or 4 of them with the buffer and the place in
// it.
std::string_view text_by_view(const ArrowArray& array, int64_t place) {
  const char* view = static_cast<const char*>(array.buffers[1]) + 16 * place;
  int32_t fields[4];
  std::memcpy(fields, view, sizeof(fields));
  if (fields[0] <= 12) return {view + 4, static_cast<size_t>(fields[0])};
  return {static_cast<const char*>(array.buffers[2 + fields[2]]) + fields[3], static_cast<size_t>(fields[0])};
}

template <class Offset>
std::pair<int64_t, int64_t> between(const void* offsets, int64_t place) {
  const auto* all = static_cast<const Offset*>(offsets);
  return {all[place], all[place + 1]};
}

}  // namespace

std::vector<ArrowChunk> arrow_chunks(nb::handle object) {
  if (nb::hasattr(object, "__arrow_c_stream__")) return chunks_of_stream(object);
  const auto capsules = nb::cast<nb::tuple>(object.attr("__arrow_c_array__")());
  return {{moved(pointer_in<ArrowSchema>(capsules[0], "arrow_schema")),
           moved(pointer_in<ArrowArray>(capsules[1], "arrow_array"))}};
}

ArrowCells::ArrowCells(const ArrowSchema& schema, const ArrowArray& array)
    : array_(array), schema_(schema), format_(schema.format), kind_(kind_of(format_)) {}

bool ArrowCells::has(int64_t row) const {
  if (kind_ == Kind::kNull) return false;
  return array_.n_buffers == 0 || array_.buffers[0] == nullptr || bit(array_.buffers[0], array_.offset + row);
}

bool ArrowCells::has_all() const {
  if (array_.null_count == 0) return true;
  for (int64_t row = 0; row < length(); ++row) {
    if (!has(row)) return false;
  }
  return true;
}

int64_t ArrowCells::integer(int64_t row) const {
  switch (format_[0]) {
    case 'c':
      return values<int8_t>()[row];
    case 'C':
      return values<uint8_t>()[row];
    case 's':
      return values<int16_t>()[row];
    case 'S':
      return values<uint16_t>()[row];
    case 'i':
      return values<int32_t>()[row];
    case 'I':
      return values<uint32_t>()[row];
    case 'l':
      return values<int64_t>()[row];
    default: {
      const uint64_t value = values<uint64_t>()[row];
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        fail("row ", row, ": the integer ", value, " is beyond 2^63 - 1");
      return static_cast<int64_t>(value);
    }
  }
}

double ArrowCells::real(int64_t row) const {
  switch (format_[0]) {
    case 'e':
      return to_float(Float16{values<uint16_t>()[row]});
    case 'f':
      return values<float>()[row];
    default:
      return values<double>()[row];
  }
}

bool ArrowCells::boolean(int64_t row) const { return bit(array_.buffers[1], array_.offset + row); }

std::string_view ArrowCells::text(int64_t row) const {
  const int64_t place = array_.offset + row;
  if (format_ == "vu") return text_by_view(array_, place);
  const auto [begin, end] = format_ == "u" ? between<int32_t>(array_.buffers[1], place)
                                           : between<int64_t>(array_.buffers[1], place);
  return {static_cast<const char*>(array_.buffers[2]) + begin, static_cast<size_t>(end - begin)};
}

int64_t ArrowCells::date(int64_t row) const {
  constexpr int64_t kDay = 86'400'000'000;
  if (format_ == "tdD") return values<int32_t>()[row] * kDay;
  const int64_t value = values<int64_t>()[row];
  switch (format_ == "tdm" ? 'm' : format_[2]) {
    case 's':
      return value * 1'000'000;
    case 'm':
      return value * 1'000;
    case 'n':
      return floor_divide(value, 1'000);
    default:
      return value;
  }
}

std::pair<int64_t, int64_t> ArrowCells::list(int64_t row) const {
  const int64_t place = array_.offset + row;
  if (format_ == "+l") return between<int32_t>(array_.buffers[1], place);
  if (format_ == "+L") return between<int64_t>(array_.buffers[1], place);
  const int64_t width = std::stoll(std::string(format_.substr(3)));
  return {place * width, (place + 1) * width};
}

ArrowCells ArrowCells::elements() const { return {*schema_.children[0], *array_.children[0]}; }

}  // namespace whitney::python
