#include "whitney/text/tokenizer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/data/input_stream.h"

namespace whitney::text {
namespace {

using Ids = std::vector<int32_t>;

std::string fixture_path(const std::string& name) {
  const char* folder = std::getenv("WHITNEY_DATA");
  return std::string(folder != nullptr ? folder : "../shared/data") + "/tokenizer-fixtures/" + name;
}

std::string read_fixture(const std::string& name) {
  auto input = data::InputStream::open(fixture_path(name));
  return std::string(input.read_all({}).text);
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A tokenizer out of the files of a folder.
Tokenizer open_files(const std::vector<std::pair<std::string, std::string>>& files) {
  const TemporaryFolder folder;
  for (const auto& [name, text] : files) write_file(folder.file(name), text);
  return Tokenizer::open(folder.path());
}

Tokenizer open_bert() { return open_files({{"vocab.txt", read_fixture("bert-base-uncased-vocab.txt.gz")}}); }
Tokenizer open_gpt2() {
  return open_files({{"vocab.json", read_fixture("gpt2-vocab.json.gz")},
                     {"merges.txt", read_fixture("gpt2-merges.txt.gz")},
                     {"config.json", R"({"model_type": "gpt2"})"}});
}
Tokenizer open_json(const std::string& name) { return Tokenizer::parse(read_fixture(name), name); }

TEST(TokenizerFolder, HeedsTheClassInTheModelsConfig) {
  const auto open_with = [](const std::string& config) {
    return open_files({{"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nplay\n"}, {"config.json", config}});
  };
  for (const char* name : {"BertJapaneseTokenizer", "FunnelTokenizer"}) {
    EXPECT_NE(error_of([&] { open_with(std::string(R"({"tokenizer_class": ")") + name + "\"}"); }).find(name),
              std::string::npos);
  }
  EXPECT_EQ(open_with(R"({"tokenizer_class": null, "model_type": "electra"})").encode("play").size(), 3u);
  EXPECT_NE(error_of([&] {
              open_with(R"({"model_type": "funnel"})");
            }).find("config.json: a model of the type \"funnel\""),
            std::string::npos);
  EXPECT_NE(error_of([&] { open_with(R"({"tokenizer_class": 3})"); }).find("\"tokenizer_class\" is 3"),
            std::string::npos);
  const auto byte_level_of = [](const std::string& type) {
    return open_files({{"vocab.json", R"({"<s>": 0, "</s>": 1, "a": 2})"},
                       {"merges.txt", "#version: 0.2\n"},
                       {"tokenizer_config.json", R"({"tokenizer_class": null})"},
                       {"config.json", R"({"model_type": ")" + type + "\"}"}});
  };
  EXPECT_EQ(byte_level_of("roberta").encode("a"), (std::vector<int32_t>{0, 2, 1}));
  EXPECT_EQ(byte_level_of("qwen3").encode("a"), (std::vector<int32_t>{2}));
}

// As transformers 5.24 gives them for the same files.
TEST(TokenizerFolder, HeedsTheTokensOfTheConfig) {
  const std::string vocabulary = R"({"</s>": 0, "<pad>": 1, "a": 2, "b": 3, "<": 4, "|": 5, ">": 6})";
  const auto open_with = [&](const std::string& config) {
    return open_files(
        {{"vocab.json", vocabulary}, {"merges.txt", "#version: 0.2\n"}, {"tokenizer_config.json", config}});
  };
  const Tokenizer opt =
      open_with(R"({"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true, "bos_token": "</s>",
      "eos_token": {"content": "</s>"}, "unk_token": "</s>", "pad_token": "<pad>"})");
  EXPECT_EQ(opt.encode("ab<pad>b</s>"), (Ids{0, 2, 3, 1, 3, 0}));
  const Tokenizer qwen =
      open_with(R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|b|>", "pad_token": "<|b|>",
      "added_tokens_decoder": {"8": {"content": "<|a|>", "special": true, "normalized": false},
                               "7": {"content": "<|b|>", "special": true, "normalized": false}}})");
  EXPECT_EQ(qwen.encode("a<|a|>b<|b|><a>"), (Ids{2, 8, 3, 7, 4, 2, 6}));
  EXPECT_EQ(qwen.special_ids().eos, 7);
  EXPECT_EQ(qwen.vocabulary_size(), 9);

  const std::string words = "[PAD]\n[UNK]\n<cls>\n<sep>\na\n<\n>\nnew\n[CLS]\n[SEP]\n";
  const Tokenizer bert =
      open_files({{"vocab.txt", words},
                  {"tokenizer_config.json", R"({"cls_token": "<cls>", "sep_token": "<sep>"})"},
                  {"added_tokens.json", R"({"<new>": 10})"}});
  EXPECT_EQ(bert.encode("a <new> a <sep>"), (Ids{2, 4, 10, 4, 3, 3}));
}

TEST(TokenizerFolder, NamesWhatIsWrongWithTheTokensOfTheConfig) {
  const auto error_with = [](const std::string& config) {
    return error_of([&] {
      open_files({{"vocab.json", R"({"a": 0, "<|endoftext|>": 1})"},
                  {"merges.txt", ""},
                  {"tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer", )" + config + "}"}});
    });
  };
  const auto holds = [](const std::string& error, const char* part) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  holds(error_with(R"("added_tokens_decoder": {"x": {"content": "b"}})"), "the key \"x\"");
  holds(error_with(R"("added_tokens_decoder": {"3": {"special": true}})"), "\"added_tokens_decoder\" is");
  holds(error_with(R"("added_tokens_decoder": {"3": {"content": "a"}})"), "the model gives it 0");
  holds(error_with(R"("bos_token": 5)"), "\"bos_token\" is 5");
  holds(error_with(R"("add_prefix_space": "no")"), "\"add_prefix_space\" is \"no\"");
  holds(error_with(R"("padding_side": 1)"), "\"padding_side\" is 1");
  holds(error_with(R"("add_bos_token": 1)"), "\"add_bos_token\" is 1");
  holds(error_with(R"("add_bos_token": true, "bos_token": "<s>")"), "has no token <s>");
}

class Fixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixture_path("golden.jsonl"))) {
      GTEST_SKIP() << "no " << fixture_path("golden.jsonl") << " (WHITNEY_DATA)";
    }
  }

  // Each golden text gives the ids under `key`.
  static void expect_golden(const Tokenizer& tokenizer, const std::string& key) {
    std::ifstream file(fixture_path("golden.jsonl"));
    int num_texts = 0;
    for (std::string line; std::getline(file, line); ++num_texts) {
      const Value golden = Value::parse_json(line, "golden.jsonl");
      Ids expected;
      for (const Value& id : golden.at(key).as_list()) expected.push_back(static_cast<int32_t>(id.as_int()));
      EXPECT_EQ(tokenizer.encode(golden.at("text").as_string()), expected) << golden.at("text").to_json();
    }
    EXPECT_EQ(num_texts, 19);
  }
};

TEST_F(Fixtures, WordPieceGivesTheGoldenIds) { expect_golden(open_bert(), "bert_uncased"); }
TEST_F(Fixtures, ByteLevelBpeGivesTheGoldenIds) { expect_golden(open_gpt2(), "gpt2"); }
TEST_F(Fixtures, RobertaGivesTheGoldenIds) {
  expect_golden(open_json("roberta-base-tokenizer.json.gz"), "roberta");
}
TEST_F(Fixtures, UnigramGivesTheGoldenIds) {
  expect_golden(open_json("t5-small-tokenizer.json.gz"), "t5_small");
}

TEST_F(Fixtures, ByteLevelBpeDecodesToTheSameText) {
  const Tokenizer tokenizer = open_gpt2();
  std::ifstream file(fixture_path("golden.jsonl"));
  for (std::string line; std::getline(file, line);) {
    const Value golden = Value::parse_json(line, "golden.jsonl");
    const std::string& text = golden.at("text").as_string();
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  const std::string odd("\0\x01 \xF0\x9F\x98\x80\xE2\x80\x8D \xCC\x81 \r\n\n\t  x", 21);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(odd)), odd);
}

TEST_F(Fixtures, IdsAreTheSameForAnyNumberOfThreads) {
  const Tokenizer tokenizer = open_bert();
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) {
    texts.push_back("Text " + std::to_string(i * 7919) + " of unbelievable tokenisations, " +
                    std::string(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26)));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  TokenBatch expected;
  for (size_t i = 0; i < views.size(); ++i) {
    const Ids ids = tokenizer.encode(views[i]);
    expected.ids.insert(expected.ids.end(), ids.begin(), ids.end());
    expected.starts.push_back(std::ssize(expected.ids));
  }
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    TokenBatch batch;
    tokenizer.encode(context, views, {}, batch);
    EXPECT_EQ(batch.ids, expected.ids) << threads;
    EXPECT_EQ(batch.starts, expected.starts) << threads;
  }
}

TEST_F(Fixtures, HeedsDoLowerCaseAndTheRolesOfTheConfig) {
  const std::string vocabulary = read_fixture("bert-base-uncased-vocab.txt.gz");
  const std::string config =
      R"({"do_lower_case": false, "model_max_length": 1000000000000000019884624838656, "padding_side": "left",
          "bos_token": "[CLS]", "eos_token": {"content": "[SEP]"}, "mask_token": null})";
  const Tokenizer tokenizer = open_files({{"vocab.txt", vocabulary}, {"tokenizer_config.json", config}});
  EXPECT_EQ(tokenizer.encode("Hello"), (Ids{101, 100, 102}));
  EXPECT_EQ(tokenizer.encode("hello"), (Ids{101, 7592, 102}));
  EXPECT_EQ(tokenizer.special_ids().bos, 101);
  EXPECT_EQ(tokenizer.special_ids().eos, 102);
  EXPECT_EQ(tokenizer.special_ids().pad, 0);
  EXPECT_EQ(tokenizer.special_ids().mask, std::nullopt);
  EXPECT_EQ(tokenizer.padding_side(), Side::kLeft);
  EXPECT_EQ(tokenizer.model_max_length(), std::nullopt);
}

TEST_F(Fixtures, AWordOfTenMegabytesIsNotQuadratic) {
  const Tokenizer tokenizer = open_gpt2();
  const std::string word(10'000'000 / one_in(), 'a');
  const Ids ids = tokenizer.encode(word);
  EXPECT_EQ(tokenizer.decode(ids), word);
}

// A WordPiece of a few tokens: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, play 4, ##ing 5, ##s 6, a 7.
std::string small_json(const std::string& more = "", const std::string& model_more = "") {
  return R"({"added_tokens": [{"id": 2, "content": "[CLS]", "special": true, "normalized": false},
                              {"id": 8, "content": "new york", "single_word": true}],
    "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 8)" +
         model_more +
         R"(, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "play": 4, "##ing": 5, "##s": 6, "a": 7}})" +
         more + "}";
}

Tokenizer small(const std::string& more = "") { return Tokenizer::parse(small_json(more), "t.json"); }

TEST(Tokenizer, CutsWordsGreedilyAndGivesUpOnWholeWords) {
  const Tokenizer tokenizer = small();
  const EncodeOptions plain{.add_special_tokens = false, .max_length = {}};
  EXPECT_EQ(tokenizer.encode("playings", plain), (Ids{4, 5, 6}));
  EXPECT_EQ(tokenizer.encode("playingx", plain), (Ids{1}));
  EXPECT_EQ(tokenizer.encode("playingss a", plain), (Ids{1, 7}));  // 9 characters
  EXPECT_EQ(tokenizer.encode("", plain), Ids{});
  EXPECT_EQ(tokenizer.encode(""), (Ids{2, 3}));
}

TEST(Tokenizer, FindsAddedTokensBeforeAnythingElse) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.encode("a[CLS]a New York a"), (Ids{2, 7, 2, 7, 8, 7, 3}));
  EXPECT_EQ(tokenizer.encode("new yorks"), (Ids{2, 1, 1, 3}));
  EXPECT_EQ(tokenizer.encode("[cls]"), (Ids{2, 1, 1, 1, 3}));
}

TEST(Tokenizer, CutsToTheLengthThatIsAskedFor) {
  const Tokenizer right = small();
  EXPECT_EQ(right.encode("a a playings", {.max_length = 5}), (Ids{2, 7, 7, 4, 3}));
  EXPECT_EQ(right.encode("a a", {.max_length = 2}), (Ids{2, 3}));
  EXPECT_EQ(right.encode("playings", {.add_special_tokens = false, .max_length = 2}), (Ids{4, 5}));
  const Tokenizer left = small(R"(, "truncation": {"max_length": 7, "direction": "Left"})");
  EXPECT_EQ(left.encode("a a playings", {.max_length = 5}), (Ids{2, 4, 5, 6, 3}));
  EXPECT_EQ(left.truncation_length(), 7);
  EXPECT_EQ(left.encode("a a a a a a a").size(), 9);  // the declaration's length is the caller's to take
  EXPECT_NE(error_of([&] { right.encode("a", {.max_length = 1}); }).find("no room for 2 special tokens"),
            std::string::npos);
}

TEST(Tokenizer, KnowsItsTokensAndTheirRoles) {
  const Tokenizer tokenizer = small();
  EXPECT_EQ(tokenizer.vocabulary_size(), 9);
  EXPECT_EQ(tokenizer.id_of("##ing"), 5);
  EXPECT_EQ(tokenizer.id_of("new york"), 8);
  EXPECT_EQ(tokenizer.id_of("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer.token_of(8), "new york");
  EXPECT_EQ(tokenizer.token_of(9), std::nullopt);
  EXPECT_EQ(tokenizer.token_of(-1), std::nullopt);
  EXPECT_TRUE(tokenizer.is_special(2));
  EXPECT_FALSE(tokenizer.is_special(8));
  EXPECT_EQ(tokenizer.special_ids().cls, 2);
  EXPECT_EQ(tokenizer.special_ids().pad, 0);
  EXPECT_EQ(tokenizer.leading_special_tokens().size(), 1);
  EXPECT_EQ(tokenizer.num_special_tokens(), 2);
}

TEST(Tokenizer, DecodesWithAndWithoutSpecialTokens) {
  const Tokenizer tokenizer = small();
  const Ids ids = {2, 7, 4, 5, 8, 99, 3};
  EXPECT_EQ(tokenizer.decode(ids), "a playing new york [SEP]");  // [SEP] is no added token here
  EXPECT_EQ(tokenizer.decode(ids, false), "[CLS] a playing new york [SEP]");
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST(Tokenizer, DecodesAddedTokensAsTheyAreFound) {
  const std::string json = small_json();
  const std::string upper = std::string(json).replace(json.find("new york"), 8, "New York");
  const Tokenizer tokenizer = Tokenizer::parse(upper, "t.json");
  EXPECT_EQ(tokenizer.decode(Ids{8}), "new york");
  EXPECT_EQ(tokenizer.token_of(8), "New York");
}

TEST(Tokenizer, BeginsNoInputBehindWhatTheNormaliserDeletes) {
  const Tokenizer tokenizer = Tokenizer::parse(
      R"({"normalizer": {"type": "Nmt"},
          "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true},
          "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁a", -1], ["a", -2], ["▁", -3]]}})",
      "t.json");
  EXPECT_EQ(tokenizer.encode("a"), Ids{1});
  EXPECT_EQ(tokenizer.encode("\va"), Ids{2});
}

TEST(Tokenizer, ReadsBrokenUtf8AsReplacementCharacters) {
  EXPECT_EQ(small().encode("a\xFF\xC3 a"), (Ids{2, 7, 1, 7, 3}));
}

std::string error_of_json(const std::string& json) {
  return error_of([&] { Tokenizer::parse(json, "t.json"); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Tokenizer, RefusesUnknownPartsByName) {
  const auto expect_named = [](const std::string& from, const std::string& to, const std::string& words) {
    const std::string error = error_of_json(replaced(small_json(), from, to));
    EXPECT_NE(error.find("t.json"), std::string::npos) << error;
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  expect_named("\"Lowercase\"", "\"Uppercase\"", "normalizer");
  expect_named("\"Lowercase\"", "\"Uppercase\"", "Uppercase");
  expect_named("\"Whitespace\"", "\"Sentences\"", "Sentences");
  expect_named("\"BertProcessing\"", "\"GptProcessing\"", "unknown post-processor \"GptProcessing\"");
  expect_named("{\"type\": \"WordPiece\", \"prefix\"", "{\"type\": \"CTC\", \"prefix\"",
               "unknown decoder \"CTC\"");
  expect_named("\"WordPiece\", \"unk_token\"", "\"Neural\", \"unk_token\"", "unknown model \"Neural\"");
}

TEST(Tokenizer, RefusesDamagedVocabulariesInSentences) {
  const auto expect_words = [](const std::string& from, const std::string& to, const std::string& words) {
    const std::string error = error_of_json(replaced(small_json(), from, to));
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  expect_words("\"a\": 7", "\"a\": 6", "the tokens \"##s\" and \"a\" have the same id 6");
  expect_words("\"a\": 7", "\"a\": -7", "the id of token \"a\" is -7");
  expect_words("\"a\": 7", "\"a\": 4000000000", "the id of token \"a\" is 4000000000");
  expect_words("\"a\": 7", "\"a\": \"7\"", "the id of token \"a\" is no integer");
  expect_words("\"id\": 2", "\"id\": 4", "the added token \"[CLS]\" has the id 4, but the model gives it 2");
  expect_words("\"[SEP]\", 3]", "\"[SEP]\", 300]", "the special token 300 is beyond");
  const std::string of_a_list = error_of_json(R"({"model": {"type": "WordPiece", "vocab": []}})");
  EXPECT_NE(of_a_list.find("must be an object"), std::string::npos) << of_a_list;
  const std::string whole = small_json();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of_json(whole.substr(0, size)), "no error") << size;
  }
}

TEST(Tokenizer, SaysWhichFileIsMissing) {
  const TemporaryFolder folder;
  const std::string place = folder.path();
  EXPECT_NE(error_of([&] { Tokenizer::open(place); }).find("no tokenizer.json"), std::string::npos);
  write_file(folder.file("spiece.model"), "x");
  EXPECT_NE(error_of([&] { Tokenizer::open(place); }).find("spiece.model is not read"), std::string::npos);
  write_file(folder.file("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n");
  EXPECT_NE(error_of([&] { Tokenizer::open(place); }).find("the vocabulary has no token [SEP]"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::text
