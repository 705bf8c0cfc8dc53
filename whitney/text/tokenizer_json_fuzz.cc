// Any bytes as a tokenizer.json. One that opens encodes and decodes a text of everything.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The text holds parts of the input too, so that its tokens are met.
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const std::string text = "Playing a [CLS]\xC3\xA9t\xC3\xA9 <s>\xE2\x96\x81 \xF0\x9F\x98\x80 12's\n\n" +
                           std::string(json.substr(0, 64)) + std::string(json.substr(json.size() / 2, 64));
  try {
    const auto tokenizer = whitney::text::Tokenizer::parse(json, "tokenizer.json");
    const auto ids = tokenizer.encode(text);
    tokenizer.decode(ids);
    tokenizer.encode(text, {.add_special_tokens = false, .max_length = 3});
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
