#include <limits>
#include <utility>

#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"

namespace whitney {
namespace {

constexpr std::string_view kCodes = "codec.codes", kFine = "codec.fine", kZeroRows = "codec.zero_rows";

Array<uint8_t> codes_of(const Artifact& artifact, std::string_view name, int64_t rows, int64_t bytes) {
  const TensorView& tensor = artifact.tensor(name);
  if (tensor.shape != std::vector<int64_t>{rows, bytes}) {
    fail(artifact.path(), ": tensor \"", name, "\" is not of ", rows, " x ", bytes, " values");
  }
  return tensor.as<uint8_t>();
}

int64_t recorded_dim(const Artifact& artifact) {
  constexpr int64_t kMostDim = int64_t{1} << 24;
  const Value* dim = artifact.record().find("dim");
  if (dim == nullptr || !dim->is_int() || dim->as_int() < 1 || dim->as_int() > kMostDim)
    fail(artifact.path(), ": the record tells no width of the vectors (\"dim\")");
  return dim->as_int();
}

CompressedEmbeddings open_compressed(const Artifact& artifact) {
  const Value* name = artifact.record().find("method");
  const Value* options = artifact.record().find("options");
  if (name == nullptr || !name->is_string() || options == nullptr || !options->is_object())
    fail(artifact.path(), ": holds codes, and its record names no codec");
  const Method* method = Registry::instance().find(Verb::kCompress, name->as_string());
  if (method == nullptr) {
    fail(artifact.path(), ": its vectors are compressed by the codec ", name->as_string(),
         ", which this program does not have");
  }
  CompressedEmbeddings result;
  const Value resolved = resolve_options(*method, *options);
  result.codec =
      codec::codec_method(name->as_string()).open({artifact, "codec.", recorded_dim(artifact), resolved});
  const TensorView& codes = artifact.tensor(kCodes);
  const int64_t rows = codes.shape.empty() ? 0 : codes.shape[0];
  if (rows > int64_t{std::numeric_limits<uint32_t>::max()} - 1)
    fail(artifact.path(), ": has ", rows, " rows, which are too many");
  result.codes.codes = codes_of(artifact, kCodes, rows, result.codec->code_bytes());
  if (result.codec->fine_bytes() > 0)
    result.codes.fine = codes_of(artifact, kFine, rows, result.codec->fine_bytes());
  if (const TensorView* zero = artifact.find(kZeroRows)) {
    result.zero_rows = zero->as<uint32_t>();
    for (int64_t i = 0; i < result.zero_rows.size(); ++i) {
      const int64_t row = result.zero_rows[i];
      if (row >= rows || (i > 0 && row <= result.zero_rows[i - 1]))
        fail(artifact.path(), ": tensor \"", kZeroRows, "\" holds no ascending rows of ", rows);
    }
  }
  result.ids = read_ids(artifact, rows);
  result.attributes = read_attributes(artifact, rows);
  result.record = provenance_of(artifact.record());
  result.path = artifact.path();
  return result;
}

Matrix decoded_vectors(const Artifact& artifact) {
  return load_compressed(artifact).decode(Context()).vectors;
}

// What reads embeddings reads compressed ones, decoded: the reader stands below the codecs.
const bool decoder_set = set_code_decoder(decoded_vectors);

// What stands behind the codes.
void add_rest(const CompressedEmbeddings& compressed, ArtifactWriter& writer) {
  if (!compressed.codec->plain_type()) {
    if (!compressed.zero_rows.empty())
      writer.add(std::string(kZeroRows), {compressed.zero_rows.size()}, compressed.zero_rows);
    compressed.codec->save(writer, "codec.");
  }
  writer.add_ids(compressed.ids);
  writer.add_attributes(compressed.attributes);
}

}  // namespace

bool holds_codes(const Artifact& artifact) {
  return artifact.kind() == "embeddings" && artifact.find("vectors") == nullptr &&
         artifact.find(kCodes) != nullptr;
}

CompressedEmbeddings load_compressed(const Artifact& artifact) {
  try {
    return open_compressed(artifact);
  } catch (const UsageError& error) {
    fail(artifact.path(), ": the options in its record do not fit: ", error.what());
  }
}

int64_t file_bytes(const CompressedEmbeddings& compressed) {
  const int64_t rows = compressed.size();
  const codec::Codec& codec = *compressed.codec;
  std::vector<ArtifactWriter::LaterTensor> codes;
  if (const std::optional<DType> type = codec.plain_type()) {
    codes.push_back({"vectors", *type, {rows, codec.dim()}});
  } else {
    codes.push_back({std::string(kCodes), DType::kU8, {rows, codec.code_bytes()}});
    if (codec.fine_bytes() > 0) codes.push_back({std::string(kFine), DType::kU8, {rows, codec.fine_bytes()}});
  }
  ArtifactWriter writer("embeddings", compressed.record);
  add_rest(compressed, writer);
  return writer.size_bytes(codes);
}

void save_compressed(const CompressedEmbeddings& compressed, const std::string& path, bool force,
                     const Context& context) {
  if (compressed.codec->plain_type()) {
    save_embeddings(compressed.decode(context), path, force, context);
    return;
  }
  ArtifactWriter writer("embeddings", compressed.record);
  const codec::Codec& codec = *compressed.codec;
  writer.add(std::string(kCodes), {compressed.size(), codec.code_bytes()}, compressed.codes.codes);
  if (codec.fine_bytes() > 0)
    writer.add(std::string(kFine), {compressed.size(), codec.fine_bytes()}, compressed.codes.fine);
  add_rest(compressed, writer);
  writer.write(path, force, context);
}

}  // namespace whitney
