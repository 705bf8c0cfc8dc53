// Vectors by a file's extension: which format reads and writes it, and what it cannot keep.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/bin_matrix.h"
#include "whitney/data/file_format.h"
#include "whitney/data/fvecs.h"
#include "whitney/data/idx.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/npy.h"
#include "whitney/data/readers.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/stored_matrix.h"
#include "whitney/data/vector_lines.h"
#include "whitney/data/word2vec.h"

namespace whitney {
namespace {

using data::FileFormat;

constexpr std::string_view kKnown =
    ".safetensors, .npy, .fvecs, .ivecs, .bvecs, .fbin, .u8bin, .i8bin, .ibin, .idx, *-ubyte, .txt, .vec or "
    ".w2v (word2vec "
    "text), .bin (word2vec binary), .tsv, .csv or .jsonl";

bool holds_vectors(FileFormat format) {
  return format != FileFormat::kUnknown && format != FileFormat::kRecbole;
}

// The type that a binary format holds by its name.
std::optional<DType> stored_type(FileFormat format) {
  switch (format) {
    case FileFormat::kFvecs:
    case FileFormat::kFbin:
    case FileFormat::kWord2vecText:
    case FileFormat::kWord2vecBinary:
    case FileFormat::kJsonLines:
    case FileFormat::kCsv:
    case FileFormat::kTsv:
      return DType::kF32;
    case FileFormat::kBvecs:
    case FileFormat::kU8bin:
      return DType::kU8;
    case FileFormat::kI8bin:
      return DType::kI8;
    case FileFormat::kIvecs:
    case FileFormat::kIbin:
      return DType::kI32;
    default:
      return std::nullopt;
  }
}

// What holds neither ids nor attributes; the ids are row numbers.
Embeddings with_row_numbers(Matrix vectors, const std::string& name) {
  data::check_num_rows(vectors.rows(), name, "vectors");
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(vectors.rows());
  embeddings.vectors = std::move(vectors);
  return embeddings;
}

Embeddings read_bytes(const data::SharedBytes& file, const std::string& path, FileFormat format,
                      const TableOptions& options, const Context& context) {
  switch (format) {
    case FileFormat::kCsv:
      return data::read_vectors_delimited(file, ',', path, options, context);
    case FileFormat::kTsv:
      return data::read_vectors_delimited(file, '\t', path, options, context);
    case FileFormat::kNpy:
      return with_row_numbers(data::read_npy(file, path), path);
    case FileFormat::kIdx:
      return with_row_numbers(data::read_idx(file, path), path);
    case FileFormat::kFvecs:
    case FileFormat::kIvecs:
    case FileFormat::kBvecs:
      return with_row_numbers(data::read_fvecs(file, *stored_type(format), path, context), path);
    case FileFormat::kWord2vecBinary:
      return data::read_word2vec_binary(file, path, context);
    default:
      return with_row_numbers(data::read_bin_matrix(file, *stored_type(format), path), path);
  }
}

Embeddings read_format(const std::string& path, const data::FileName& name, const TableOptions& options,
                       const Context& context) {
  // A plain artifact is mapped; its values are looked at when somebody asks for it.
  if (name.format == FileFormat::kSafetensors) return load_embeddings(Artifact::read(path, context));
  data::InputStream input = data::InputStream::open(path, context.cancellation);
  if (name.format == FileFormat::kJsonLines) return data::read_vectors_json_lines(input, options, context);
  if (name.format == FileFormat::kWord2vecText) return data::read_word2vec_text(input, context);
  return read_bytes(input.read_all(context), path, name.format, options, context);
}

bool are_row_numbers(const Ids& ids) {
  if (!ids.is_integer()) return ids.size() == 0;
  for (int64_t row = 0; row < ids.size(); ++row) {
    if (ids.integer(row) != static_cast<uint64_t>(row)) return false;
  }
  return true;
}

void note_losses(const Embeddings& embeddings, FileFormat format, const std::string& path,
                 const Context& context) {
  const bool is_table =
      format == FileFormat::kJsonLines || format == FileFormat::kCsv || format == FileFormat::kTsv;
  if (is_table) return;
  const bool has_words = format == FileFormat::kWord2vecText || format == FileFormat::kWord2vecBinary;
  const bool ids_lost = !has_words && !are_row_numbers(embeddings.ids);
  const bool attributes_lost = !embeddings.attributes.empty();
  if (!ids_lost && !attributes_lost) return;
  context.note(concat(path, ": the format holds no ", ids_lost ? "ids" : "",
                      ids_lost && attributes_lost ? " and no " : "", attributes_lost ? "attributes" : "",
                      "; they are left out"));
}

void write_format(const Embeddings& embeddings, const std::string& path, FileFormat format, AtomicFile& file,
                  const Context& context) {
  switch (format) {
    case FileFormat::kNpy:
      return data::write_npy(embeddings.vectors, file, context);
    case FileFormat::kFvecs:
    case FileFormat::kIvecs:
    case FileFormat::kBvecs:
      return data::write_fvecs(embeddings.vectors, file, context);
    case FileFormat::kWord2vecText:
      return data::write_word2vec_text(embeddings, path, file, context);
    case FileFormat::kWord2vecBinary:
      return data::write_word2vec_binary(embeddings, path, file, context);
    case FileFormat::kJsonLines:
      return data::write_vectors_json_lines(embeddings, file, context);
    case FileFormat::kCsv:
      return data::write_vectors_delimited(embeddings, ',', file, context);
    case FileFormat::kTsv:
      return data::write_vectors_delimited(embeddings, '\t', file, context);
    default:
      return data::write_bin_matrix(embeddings.vectors, file, context);
  }
}

}  // namespace

Embeddings read_vectors(const std::string& path, const TableOptions& options, const Context& context) {
  if (path == "-")
    fail("standard input has no name, whose end would tell the format of the vectors: name a file");
  const data::FileName name = data::file_format(path, data::TxtMeaning::kWord2vec);
  if (!holds_vectors(name.format))
    fail(path, ": its name tells no format of vectors (expected: ", kKnown, ")");
  Embeddings embeddings = read_format(path, name, options, context);
  embeddings.path = path;
  if (name.format == FileFormat::kSafetensors) return embeddings;
  try {
    check_finite(embeddings.vectors, embeddings.ids, context);
  } catch (const Error& error) {
    throw Error(concat(path, ": ", error.what()));
  }
  return embeddings;
}

void write_vectors(const Embeddings& embeddings, const std::string& path, bool force,
                   const Context& context) {
  const data::FileName name = data::file_format(path, data::TxtMeaning::kWord2vec);
  data::check_not_packed(path, name);
  // Standard output has no name and gets what keeps everything.
  if (name.format == FileFormat::kSafetensors || path == "-")
    return save_embeddings(embeddings, path, force, context);
  if (!holds_vectors(name.format))
    fail(path, ": its name tells no format of vectors (expected: ", kKnown, ")");
  if (name.format == FileFormat::kIdx)
    fail(path, ": Whitney reads IDX but does not write it; write .npy or .u8bin");
  if (embeddings.ids.size() != embeddings.size())
    fail("there are ", embeddings.ids.size(), " ids for ", embeddings.size(), " vectors");
  check_output(path, force);
  Embeddings stored = embeddings;
  if (const auto type = stored_type(name.format)) {
    stored.vectors = data::to_stored_type(
        embeddings.vectors, *type, path, [&](int64_t row) { return embeddings.ids.text(row); }, context);
  }
  note_losses(embeddings, name.format, path, context);
  AtomicFile file(path, force);
  write_format(stored, path, name.format, file, context);
  context.check_cancelled();
  file.commit();
}

}  // namespace whitney
