#include "whitney/data/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/stored_matrix.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kPreambleBytes = 10;
constexpr size_t kHeaderMultiple = 64;
// Rows of a block between two looks at cancellation while writing.
constexpr int64_t kBlockBytes = int64_t{1} << 24;

constexpr std::array<std::pair<std::string_view, DType>, 12> kTypes = {{{"f2", DType::kF16},
                                                                        {"f4", DType::kF32},
                                                                        {"f8", DType::kF64},
                                                                        {"i1", DType::kI8},
                                                                        {"u1", DType::kU8},
                                                                        {"b1", DType::kBool},
                                                                        {"i2", DType::kI16},
                                                                        {"u2", DType::kU16},
                                                                        {"i4", DType::kI32},
                                                                        {"u4", DType::kU32},
                                                                        {"i8", DType::kI64},
                                                                        {"u8", DType::kU64}}};

struct Header {
  DType dtype = DType::kF32;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<int64_t> shape;
  int64_t data_start = 0;
};

// The header is the text of a Python dictionary with the keys descr, fortran_order and shape, in any order.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  Header parse() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = take_string();
      expect(':');
      if (key == "descr") {
        take_type(header);
        has_descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = take_flag();
        has_order = true;
      } else if (key == "shape") {
        header.shape = take_shape();
        has_shape = true;
      } else {
        fail(name_, ": the header holds the unknown key ", quoted(key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_descr || !has_order || !has_shape)
      fail(name_, ": the header lacks ", !has_descr ? "descr" : !has_order ? "fortran_order" : "shape");
    return header;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(name_, ": the header has ", quoted(rest_.substr(0, 20)), " where ", c, " is due");
  }
  std::string_view take_string() {
    skip_blanks();
    const char quote = rest_.starts_with('"') ? '"' : '\'';
    expect(quote);
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) fail(name_, ": the header has a text without an end");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool take_flag() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail(name_, ": fortran_order is ", quoted(rest_.substr(0, 10)), " (expected: True or False)");
  }
  void take_type(Header& header) {
    skip_blanks();
    if (rest_.starts_with('[')) fail(name_, ": is an array of records, not of numbers");
    const std::string_view descr = take_string();
    const std::string_view code = descr.empty() ? descr : descr.substr(1);
    const auto* known = std::ranges::find(kTypes, code, &std::pair<std::string_view, DType>::first);
    if (known == kTypes.end() || std::string_view("<>|=").find(descr.front()) == std::string_view::npos) {
      fail(name_, ": descr is ", quoted(descr),
           " (expected: f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 or b1, behind < or >)");
    }
    header.dtype = known->second;
    header.big_endian = descr.front() == '>';
  }
  std::vector<int64_t> take_shape() {
    std::vector<int64_t> shape;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      uint64_t size = 0;
      const char* end = scan_integer(rest_.data(), rest_.data() + rest_.size(), size);
      if (end == nullptr || size > INT64_MAX)
        fail(name_, ": shape holds ", quoted(rest_.substr(0, 20)), " where a size is due");
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      accept('L');  // written by Python 2
      shape.push_back(static_cast<int64_t>(size));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view rest_;
  const std::string& name_;
};

Header parse_header(std::string_view file, const std::string& name) {
  if (!file.starts_with(kMagic) || file.size() < kPreambleBytes)
    fail(name, ": is no .npy file (it does not begin as one)");
  const auto version = static_cast<unsigned char>(file[kMagic.size()]);
  if (version < 1 || version > 3) fail(name, ": is of .npy version ", int{version}, " (expected: 1, 2 or 3)");
  const size_t length_bytes = version == 1 ? 2 : 4, text_start = kMagic.size() + 2 + length_bytes;
  uint32_t length = 0;
  if (file.size() < text_start) fail(name, ": is cut short inside its header");
  std::memcpy(&length, file.data() + kMagic.size() + 2, length_bytes);
  if (length > file.size() - text_start) {
    fail(name, ": the header claims ", length, " bytes, the file has ", file.size() - text_start,
         ": it is cut short or damaged");
  }
  Header header = HeaderParser(file.substr(text_start, length), name).parse();
  header.data_start = static_cast<int64_t>(text_start + length);
  return header;
}

// Columns behind one another become rows, a tile at a time, so that both sides stay in the cache.
Matrix transpose(const Matrix& columns) {
  constexpr int64_t kTile = 32;
  const int64_t rows = columns.cols(), cols = columns.rows(), size = size_of(columns.dtype());
  Matrix result(rows, cols, columns.dtype());
  auto* out = result.mutable_data<std::byte>();
  const std::byte* in = columns.bytes().data();
  for (int64_t row = 0; row < rows; row += kTile) {
    for (int64_t col = 0; col < cols; col += kTile) {
      for (int64_t r = row; r < std::min(rows, row + kTile); ++r) {
        for (int64_t c = col; c < std::min(cols, col + kTile); ++c) {
          std::memcpy(out + (r * cols + c) * size, in + (c * rows + r) * size, static_cast<size_t>(size));
        }
      }
    }
  }
  return result;
}

std::string_view code_of(DType dtype) {
  const auto* known = std::ranges::find(kTypes, dtype, &std::pair<std::string_view, DType>::second);
  WHITNEY_CHECK(known != kTypes.end());
  return known->first;
}

}  // namespace

Matrix read_npy(const SharedBytes& file, const std::string& name) {
  const Header header = parse_header(file.text, name);
  if (header.shape.size() != 2) {
    fail(name, ": the array has ", header.shape.size(),
         header.shape.size() == 1 ? " dimension" : " dimensions",
         " where 2 are due (rows, width; reshape(1, -1) makes a single vector of one)");
  }
  const int64_t rows = header.shape[0], cols = header.shape[1];
  if (rows > 0 && cols == 0) fail(name, ": the header tells of ", rows, " vectors of width 0");
  Matrix matrix = header.fortran_order
                      ? matrix_in_file(file, header.data_start, cols, rows, header.dtype, name)
                      : matrix_in_file(file, header.data_start, rows, cols, header.dtype, name);
  if (header.big_endian) swap_bytes(matrix);
  if (header.fortran_order) matrix = transpose(matrix);
  switch (header.dtype) {
    case DType::kF64:
    case DType::kI16:
    case DType::kU16:
      return matrix.to_float32();
    case DType::kBool:
      return {matrix.bytes(), rows, cols, DType::kU8};
    default:
      return matrix;
  }
}

void write_npy(const Matrix& matrix, AtomicFile& file, const Context& context) {
  if (matrix.dtype() == DType::kBF16) return write_npy(matrix.to_float32(), file, context);
  std::string header =
      concat("{'descr': '", size_of(matrix.dtype()) == 1 ? '|' : '<', code_of(matrix.dtype()),
             "', 'fortran_order': False, 'shape': (", matrix.rows(), ", ", matrix.cols(), "), }");
  const size_t total =
      (kPreambleBytes + header.size() + 1 + kHeaderMultiple - 1) / kHeaderMultiple * kHeaderMultiple;
  header.resize(total - kPreambleBytes - 1, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  file.write(kMagic);
  file.write(std::string_view("\x01\x00", 2));
  file.write(&length, sizeof length);
  file.write(header);
  const Array<std::byte>& bytes = matrix.bytes();
  for (int64_t begin = 0; begin < bytes.size(); begin += kBlockBytes) {
    context.advance("write", begin, bytes.size(), "bytes");
    context.check_cancelled();
    file.write(bytes.data() + begin, std::min(kBlockBytes, bytes.size() - begin));
  }
}

}  // namespace whitney::data
