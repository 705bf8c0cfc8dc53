#include "whitney/codec/compressed.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::codec {
namespace {

struct MethodCase {
  const char* method;
  Value options;
};

std::vector<MethodCase> all_codecs() {
  return {{"f16", Value::object()},
          {"bf16", Value::object()},
          {"sq8", Value::object()},
          {"sq4", Value::object()},
          {"lvq", Value::object()},
          {"lvq", Value::object({{"bits", "4x8"}})},
          {"matryoshka", Value::object({{"dim", 5}})},
          {"all_but_the_top", Value::object({{"num_components", 2}})},
          {"standardize", Value::object({{"codec", "lvq"}})},
          {"pq", Value::object({{"num_subspaces", 3}, {"bits", "4"}})},
          {"opq", Value::object({{"num_subspaces", 3}, {"bits", "4"}, {"num_rounds", 3}})},
          {"pca", Value::object({{"dim", 6}})},
          {"rabitq", Value::object({{"bits", 3}})},
          {"rotation", Value::object({{"codec", "lvq"}, {"codec.bits", "4x4"}})},
          {"rvq", Value::object({{"num_stages", 2}, {"max_iterations", 2}, {"refinements", 1}})}};
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<float> values_of(const Matrix& matrix) {
  const Matrix floats = matrix.to_float32();
  const float* data = floats.row<float>(0).data();
  return {data, data + floats.rows() * floats.cols()};
}

Embeddings named_vectors() {
  Embeddings embeddings = embeddings_of(normal_vectors(300, 13), "l2");
  std::vector<std::string> names;
  for (int64_t i = 0; i < embeddings.size(); ++i) names.push_back("row " + std::to_string(i));
  embeddings.ids = Ids::strings(names);
  embeddings.record.set("method", "made up");
  return embeddings;
}

TEST(Compressed, SavesAndReadsEveryCodec) {
  const TemporaryFolder folder;
  const Embeddings embeddings = named_vectors();
  for (const auto& [method, options] : all_codecs()) {
    const CompressedEmbeddings made = compress(method, embeddings, options, {});
    const std::string path = folder.file("x.safetensors");
    save_compressed(made, path, true, {});
    EXPECT_EQ(std::ssize(bytes_of(path)), file_bytes(made)) << method;
    const Artifact artifact = Artifact::open(path);
    artifact.verify({});
    EXPECT_EQ(holds_codes(artifact), !made.codec->plain_type()) << method;
    const Embeddings read = load_embeddings(artifact);
    EXPECT_EQ(values_of(read.vectors), values_of(made.decode({}).vectors)) << method;
    EXPECT_EQ(read.ids.text(7), "row 7");
    EXPECT_EQ(read.record.at("method"), Value(method));
    EXPECT_EQ(read.metric(), Metric::kL2);
    EXPECT_EQ(read.record.at("parents").as_list().at(0).at("method"), Value("made up"));
    if (!holds_codes(artifact)) continue;
    save_compressed(load_compressed(artifact), folder.file("again.safetensors"), true, {});
    EXPECT_EQ(bytes_of(folder.file("again.safetensors")), bytes_of(path)) << method;
  }
}

TEST(Compressed, EqualRunsGiveEqualBytesAtAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const Embeddings embeddings = embeddings_of(normal_vectors(9000 / one_in(), 9), "cosine");
  const std::vector<int> numbers = one_in() == 1 ? std::vector{1, 2, 5} : std::vector{1, 5};
  for (const auto& [method, options] : all_codecs()) {
    if (std::string_view(method) == "matryoshka") continue;
    std::string first;
    for (const int threads : numbers) {
      Context context;
      context.threads = threads;
      save_compressed(compress(method, embeddings, options, context), folder.file("x.safetensors"), true,
                      context);
      const std::string bytes = bytes_of(folder.file("x.safetensors"));
      EXPECT_EQ(first.empty() ? bytes : first, bytes) << method << " with " << threads;
      first = bytes;
    }
  }
}

TEST(Compressed, TellsWhatItLost) {
  const Embeddings embeddings = named_vectors();
  const auto lost = [&](const char* method) {
    return compress(method, embeddings, Value::object(), {})
        .record.at("quality")
        .at("relative_error")
        .as_real();
  };
  EXPECT_GT(lost("f16"), 0);
  EXPECT_LT(lost("f16"), 1e-3);
  EXPECT_LT(lost("sq8"), 0.02);
  EXPECT_GT(lost("sq4"), 0.02);
  EXPECT_LT(lost("sq4"), 0.3);
}

TEST(Compressed, RefusesNothingToCompressAndUnknownCodecs) {
  EXPECT_NE(error_of([] {
              compress("sq8", embeddings_of(Matrix(0, 3), "l2"), Value::object(), {});
            }).find("no vectors"),
            std::string::npos);
  EXPECT_NE(
      error_of([] { compress("lvqq", named_vectors(), Value::object(), {}); }).find("did you mean \"lvq\""),
      std::string::npos);
}

TEST(Compressed, ADamagedFileIsAnErrorAtEveryCutAndFlip) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.safetensors"), bad = folder.file("bad.safetensors");
  const Embeddings few = embeddings_of(normal_vectors(6, 5), "l2");
  for (const char* method : {"sq8", "lvq", "rotation", "rabitq", "all_but_the_top", "standardize"}) {
    save_compressed(compress(method, few, Value::object(), {}), path, true, {});
    const std::string good = bytes_of(path);
    // Text of the header and all tensors; the padding between is spaces. What is read may differ, but a wrong
    // file is an Error and nothing else.
    for (size_t at = 0; at < good.size(); at = good[at] == ' ' ? at + 61 : at + 3) {
      std::string flipped = good;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      std::ofstream(bad, std::ios::binary) << flipped;
      try {
        load_embeddings(bad);
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): reading or refusing are both right
      }
    }
    for (size_t size = 0; size < good.size(); size += 97) {
      std::ofstream(bad, std::ios::binary) << good.substr(0, size);
      EXPECT_THROW(load_embeddings(bad), Error) << method << " cut at " << size;
    }
  }
}

}  // namespace
}  // namespace whitney::codec
