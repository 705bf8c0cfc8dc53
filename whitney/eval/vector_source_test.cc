#include "whitney/eval/vector_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney::eval {
namespace {

std::vector<float> values(std::span<const float> row) { return {row.begin(), row.end()}; }

TEST(VectorSource, EncodesTheTextsUnderTheirIds) {
  const char* root = std::getenv("WHITNEY_ROOT");
  if (root == nullptr) GTEST_SKIP() << "no WHITNEY_ROOT";
  const TemporaryFolder folder;
  const std::string model = folder.file("model");
  std::filesystem::copy(std::string(root) + "/tests/data/checkpoints/bert-mlm-tiny", model);
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nplay\nmusic\ngame\n";
  for (int i = 0; i < 40; ++i) words += std::to_string(i) + "\n";
  std::ofstream(model + "/vocab.txt") << words;
  std::ofstream(folder.file("texts.csv")) << "name,words\nx,play music\ny,game\nz,play music\n";
  VectorSource source;
  EXPECT_NE(error_of([&] { source.read(model, Value::object(), {}); }).find("--texts FILE"),
            std::string::npos);
  source.texts = Path{folder.file("texts.csv")};
  source.text_field = "words";
  source.id_field = "name";
  const Embeddings found = source.read(model, Value::object(), {});
  EXPECT_EQ(found.ids, Ids::strings(std::vector<std::string>{"x", "y", "z"}));
  const TextVectors expected =
      TextSource::open({}, model, {}).encode({}, std::vector<std::string>{"game", "play music"});
  EXPECT_EQ(values(found.vectors.row<float>(0)), values(expected.of(1)));
  EXPECT_EQ(values(found.vectors.row<float>(1)), values(expected.of(0)));
  EXPECT_EQ(values(found.vectors.row<float>(2)), values(expected.of(1)));
}

TEST(VectorSource, ReadsEmbeddingsAndNotesIdleTexts) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const TemporaryFolder folder;
  std::ofstream(folder.file("x.jsonl")) << R"({"id":"a","vector":[1,2]})" << "\n";
  VectorSource source;
  source.texts = Path{"texts.csv"};
  EXPECT_EQ(source.read(folder.file("x.jsonl"), Value::object(), context).size(), 1);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("\"texts\" has no effect"), std::string::npos);
}

TEST(VectorSource, NamesTheFileOfAVectorThatIsNotFinite) {
  const TemporaryFolder folder;
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(1);
  embeddings.vectors = Matrix(1, 1);
  embeddings.vectors.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  save_embeddings(embeddings, folder.file("x.safetensors"), false, {});
  const std::string error =
      error_of([&] { VectorSource().read(folder.file("x.safetensors"), Value::object(), {}); });
  EXPECT_NE(error.find("x.safetensors: the vector of \"0\" (row 0, counted from 0) holds NaN"),
            std::string::npos)
      << error;
}

}  // namespace
}  // namespace whitney::eval
