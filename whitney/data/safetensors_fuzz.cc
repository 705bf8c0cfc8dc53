// Any bytes as a safetensors file: an Error or values that can be followed, hashed and checked.

#include <cstddef>
#include <cstdint>
#include <span>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/interactions_file.h"

namespace {

using whitney::Artifact;
using whitney::Column;

// Reads what a search or a report would.
void follow(const whitney::Ids& ids, const whitney::Attributes& attributes) {
  for (int64_t row = 0; row < ids.size(); ++row) static_cast<void>(ids.find(ids.text(row)));
  for (const Column& column : attributes.columns) {
    for (int64_t row = 0; row < attributes.num_rows; ++row) static_cast<void>(column.value(row).to_json());
    static_cast<void>(column.find_code("a"));
  }
}

template <class Body>
void tolerate(const Body& body) {
  try {
    body();
  } catch (const whitney::Error&) {
    return;  // the answer to a bad file
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tolerate([&] {
    const auto bytes = std::as_bytes(std::span(data, size));
    const Artifact artifact = Artifact::from_bytes(whitney::Array<std::byte>::copy_of(bytes), "fuzz");
    whitney::Context context;
    context.threads = 1;
    tolerate([&] { artifact.verify(context); });
    tolerate([&] {
      const whitney::Table table = whitney::load_table(artifact);
      follow(table.ids, table.attributes);
    });
    tolerate([&] {
      const whitney::Embeddings embeddings = whitney::load_embeddings(artifact);
      static_cast<void>(embeddings.vectors.to_float32());
      follow(embeddings.ids, embeddings.attributes);
    });
    tolerate([&] { whitney::load_embeddings(artifact).validate(context); });
    tolerate([&] {
      const whitney::Interactions events = whitney::load_interactions(artifact);
      follow(events.users, {});
      static_cast<void>(whitney::fingerprint(whitney::transposed(events)));
    });
  });
  return 0;
}
