// Any bytes as a file of vectors: the first byte picks the format, the rest is the file. An Error or a
// matrix.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/bin_matrix.h"
#include "whitney/data/fvecs.h"
#include "whitney/data/idx.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/npy.h"
#include "whitney/data/vector_lines.h"
#include "whitney/data/word2vec.h"

using namespace whitney::data;  // NOLINT(google-build-using-namespace): a program of one function

namespace {

void read(char format, std::string_view text) {
  const SharedBytes file{nullptr, text};
  const std::string name = "fuzz";
  whitney::Context context;
  context.threads = 1;
  context.max_memory_bytes = int64_t{1} << 28;
  switch (format) {
    case 'n':
      static_cast<void>(read_npy(file, name).to_float32());
      break;
    case 'f':
      static_cast<void>(read_fvecs(file, whitney::DType::kF32, name, context));
      break;
    case 'b':
      static_cast<void>(read_bin_matrix(file, whitney::DType::kU8, name));
      break;
    case 'i':
      static_cast<void>(read_idx(file, name).to_float32());
      break;
    case 'w': {
      InputStream input = InputStream::over(text, name);
      static_cast<void>(read_word2vec_text(input, context));
      break;
    }
    case 'W':
      static_cast<void>(read_word2vec_binary(file, name, context));
      break;
    case 'j': {
      InputStream input = InputStream::over(text, name);
      static_cast<void>(read_vectors_json_lines(input, {}, context));
      break;
    }
    default:
      static_cast<void>(read_vectors_delimited(file, ',', name, {}, context));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read(text.front(), text.substr(1));
  } catch (const whitney::Error&) {
    return 0;  // the answer to a bad file
  }
  return 0;
}
