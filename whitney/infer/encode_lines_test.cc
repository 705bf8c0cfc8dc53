#include "whitney/infer/encode_lines.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/infer/encode_corpus.h"
#include "whitney/infer/infer_cases_test.h"
#include "whitney/infer/not_finite.h"
#include "whitney/infer/progress_cases_test.h"

namespace whitney::infer {
namespace {

class EncodeLines : public testing::Test {
 protected:
  void SetUp() override { write_small_model(folder_.file("model")); }

  Encoder open() const { return Encoder::open(Context(), folder_.file("model")); }

  std::string lines_of(const std::string& texts, const LineFields& fields = {},
                       const EncodeOptions& options = {}) {
    write_file(folder_.file("texts.jsonl"), texts);
    std::string all;
    num_parts_ = 0;
    encode_lines(Context(), open(), folder_.file("texts.jsonl"), fields, options,
                 [&](std::string_view lines) {
                   all += lines;
                   ++num_parts_;
                 });
    return all;
  }

  // Of texts.jsonl, with a journal.
  EncodedLines keep_lines(const Context& context, const Encoder& encoder, std::string& lines,
                          const EncodeOptions& options = {}) const {
    lines.clear();
    return encode_lines(
        context, encoder, folder_.file("texts.jsonl"), {}, options,
        [&](std::string_view more) { lines += more; }, journal_);
  }

  static std::string texts_of(int num_texts) {
    std::string texts;
    for (int i = 0; i < num_texts; ++i)
      texts += R"({"id": "t)" + std::to_string(i) + R"(", "text": "play )" + std::to_string(i % 60) + "\"}\n";
    return texts;
  }

  TemporaryFolder folder_;
  std::string journal_ = folder_.file("out.jsonl.partial");
  int num_parts_ = 0;
};

// The most bytes that a file may have while this lives, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(EncodeLines, GiveTheVectorsOfTheWholeFileBlockByBlock) {
  write_file(folder_.file("lines.jsonl"), lines_of(texts_of(5000)));
  EXPECT_EQ(num_parts_, 3);
  const Embeddings read = read_vectors(folder_.file("lines.jsonl"), {}, Context());
  const Encoder encoder = Encoder::open(Context(), folder_.file("model"));
  const Corpus corpus = read_corpus(folder_.file("texts.jsonl"), {}, "text", Context());
  const EncodedCorpus whole = encode_corpus(Context(), encoder, folder_.file("model"), corpus, {});
  ASSERT_EQ(read.size(), 5000);
  EXPECT_EQ(read.ids.string(4999), "t4999");
  for (int64_t i = 0; i < 5000; ++i) {
    const auto one = read.vectors.row<float>(i), other = whole.encoding.vectors.row<float>(i);
    ASSERT_TRUE(std::ranges::equal(one, other)) << i;
  }
}

TEST_F(EncodeLines, KeepIdsOfAnyKindAndNumberRowsWithoutOne) {
  EXPECT_TRUE(lines_of("{\"id\": 7, \"text\": \"play\"}\n").starts_with("{\"id\":7,\"vector\":["));
  EXPECT_TRUE(lines_of("{\"text\": \"play\"}\n").starts_with("{\"id\":0,\"vector\":["));
  EXPECT_TRUE(lines_of("{\"key\": \"a\\\"b\", \"body\": \"\"}\n", {"key", "body"})
                  .starts_with("{\"id\":\"a\\\"b\",\"vector\":["));
  EXPECT_EQ(lines_of(""), "");
}

TEST_F(EncodeLines, HoldTokensWindowsAndWordsAsWell) {
  const Encoder encoder = Encoder::open(Context(), folder_.file("model"));
  const std::vector<std::string_view> texts = {"play music 1 2 3", "game"};
  const std::string input = "{\"id\": 3, \"text\": \"play music 1 2 3\"}\n{\"id\": 4, \"text\": \"game\"}\n";
  EncodeOptions tokens, late, sparse;
  tokens.output = EncodeOutput::kTokens;
  late.long_texts = LongTexts::kLate;
  late.max_length = 4;
  sparse.output = EncodeOutput::kSparse;
  for (const EncodeOptions& options : {tokens, late, sparse}) {
    const Encoding whole = encoder.encode(Context(), texts, options);
    std::istringstream lines(lines_of(input, {}, options));
    std::string line;
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_TRUE(std::getline(lines, line));
      const Value value = Value::parse_json(line, "line");
      EXPECT_EQ(value.at("id").as_int(), static_cast<int64_t>(3 + i));
      const auto& starts = whole.starts.empty() ? whole.sparse_starts : whole.starts;
      const Value::List& list = value.at(whole.starts.empty() ? "values" : "vectors").as_list();
      ASSERT_EQ(std::ssize(list), starts[i + 1] - starts[i]);
      for (size_t j = 0; j < list.size(); ++j) {
        const auto at = starts[i] + static_cast<int64_t>(j);
        if (whole.starts.empty()) {
          EXPECT_EQ(static_cast<float>(list[j].as_real()), whole.sparse_weights[size_t(at)]);
          EXPECT_EQ(value.at("indices").as_list()[j].as_int(), whole.sparse_words[size_t(at)]);
        } else {
          const auto row = whole.vectors.row<float>(at);
          ASSERT_EQ(list[j].as_list().size(), row.size());
          EXPECT_EQ(static_cast<float>(list[j].as_list().back().as_real()), row.back());
        }
      }
    }
    EXPECT_FALSE(std::getline(lines, line));
  }
}

TEST_F(EncodeLines, NameTheLineThatIsWrong) {
  EXPECT_NE(
      error_of([&] { lines_of("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n"); }).find(".jsonl:2: field \"text\""),
      std::string::npos);
  EXPECT_NE(error_of([&] { lines_of("{\"text\": 5}\n"); }).find("must be a string"), std::string::npos);
}

TEST_F(EncodeLines, GoOnWhereTheyWereStoppedAndGiveTheSameBytes) {
  const std::string straight = lines_of(texts_of(5000));
  const Encoder encoder = open();
  CancellationToken token;
  StopAfter progress(2048, token);
  Context context;
  context.progress = &progress;
  context.cancellation = &token;
  std::string lines;
  EXPECT_THROW(keep_lines(context, encoder, lines), Cancelled);
  EXPECT_EQ(lines, "");
  EXPECT_EQ(keep_lines(Context(), encoder, lines).num_resumed, 2048);
  EXPECT_EQ(lines, straight);
  EXPECT_EQ(keep_lines(Context(), encoder, lines).num_resumed, 4096);
  EXPECT_EQ(lines, straight);
}

TEST_F(EncodeLines, EncodeNothingTwice) {
  const std::string straight = lines_of(texts_of(4096));
  std::string lines;
  keep_lines(Context(), open(), lines);
  // An encoder of spoilt weights that passes for the model: whatever it encodes is refused.
  const std::string weights = folder_.file("model") + "/model.safetensors";
  std::filesystem::copy(weights, folder_.file("kept"));
  fill_tensor(weights, "bert.embeddings.LayerNorm.bias", 0, 1, std::numeric_limits<float>::infinity());
  const Encoder spoilt = open();
  std::filesystem::rename(folder_.file("kept"), weights);
  EXPECT_EQ(keep_lines(Context(), spoilt, lines).num_resumed, 4096);
  EXPECT_EQ(lines, straight);
  std::filesystem::remove(journal_);
  EXPECT_THROW(keep_lines(Context(), spoilt, lines), NotFinite);
}

TEST_F(EncodeLines, LoseABlockAtMostWhenTheirDiskIsFull) {
  const std::string straight = lines_of(texts_of(5000));
  const Encoder encoder = open();
  std::string lines;
  {
    const FileSizeLimit limit(600'000);  // a block of 2048 lines takes about 420,000 bytes
    const std::string error = error_of([&] { keep_lines(Context(), encoder, lines); });
    EXPECT_NE(error.find("out.jsonl.partial: cannot be written"), std::string::npos) << error;
  }
  EXPECT_EQ(keep_lines(Context(), encoder, lines).num_resumed, 2048);
  EXPECT_EQ(lines, straight);
}

TEST_F(EncodeLines, KeepTheirWorkWhenTheOutputCannotBeWritten) {
  const std::string straight = lines_of(texts_of(5000));
  const auto write = [](std::string_view) { fail("no space left"); };
  EXPECT_THROW(encode_lines(Context(), open(), folder_.file("texts.jsonl"), {}, {}, write, journal_), Error);
  std::string lines;
  EXPECT_EQ(keep_lines(Context(), open(), lines).num_resumed, 4096);
  EXPECT_EQ(lines, straight);
}

TEST_F(EncodeLines, AreMadeAnewForOtherTextsIdsOrOptions) {
  write_file(folder_.file("texts.jsonl"), texts_of(2100));
  const Encoder encoder = open();
  std::string lines;
  keep_lines(Context(), encoder, lines);
  Notes notes;
  Context context;
  context.progress = &notes;
  std::string texts = texts_of(2100);
  texts.replace(texts.find("t7\""), 2, "x7");
  const std::string straight = lines_of(texts);
  EXPECT_EQ(keep_lines(context, encoder, lines).num_resumed, 0);
  EXPECT_EQ(lines, straight);
  EncodeOptions options;
  options.dim = 4;
  EXPECT_EQ(keep_lines(context, encoder, lines, options).num_resumed, 0);
  EXPECT_EQ(lines, lines_of(texts, {}, options));
  ASSERT_EQ(notes.sentences.size(), 2);
  for (const std::string& note : notes.sentences)
    EXPECT_TRUE(note.starts_with(journal_ + ": holds work on other texts, with another model")) << note;
}

TEST_F(EncodeLines, NameTheTextWhoseValuesAreNoNumbers) {
  spoil_word_music(folder_.file("model"));
  const std::string error =
      error_of([&] { lines_of("{\"id\": 7, \"text\": \"play\"}\n{\"id\": 9, \"text\": \"music\"}\n"); });
  EXPECT_NE(error.find("gives values that are no numbers for text 9 ("), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney::infer
