#include "whitney/codec/auto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::codec {
namespace {

// Of files that hold codes alone.
FileBytes codes_of(int64_t num_rows) {
  return [=](const std::shared_ptr<const Codec>& codec, std::string_view /*method*/,
             const Value& /*options*/) { return num_rows * (codec->code_bytes() + codec->fine_bytes()); };
}

int64_t saved_bytes(const CompressedEmbeddings& compressed) {
  const TemporaryFolder folder;
  save_compressed(compressed, folder.file("x.safetensors"), false, {});
  return static_cast<int64_t>(std::filesystem::file_size(folder.file("x.safetensors")));
}

CompressedEmbeddings within(const Embeddings& embeddings, const std::string& budget) {
  return compress("auto", embeddings, Value::object({{"budget", budget}, {"num_queries", 20}}), {});
}

TEST(Auto, ABudgetIsASizeOrAShare) {
  EXPECT_EQ(budget_bytes("64MB", 1'000'000, 384), 64'000'000);
  EXPECT_EQ(budget_bytes("1.5kB", 10, 384), 1500);
  EXPECT_EQ(budget_bytes("0.25", 10, 384), 3840);
  for (const char* bad : {"", "MB", "-1MB", "64 parsecs", "2", "1e"}) {
    EXPECT_NE(error_of([&] { budget_bytes(bad, 10, 10); }).find("64MB"), std::string::npos) << bad;
  }
}

TEST(Auto, TriesWhatFitsAndPutsTheBestFirst) {
  const int64_t n = 500;
  const Matrix vectors = normal_vectors(n, 32);
  const auto trials = try_codecs(Rows(vectors), Metric::kL2, 48 * n, codes_of(n), 50, {});
  EXPECT_GT(trials.size(), 5U);
  double least = 1;
  for (const CodecTrial& trial : trials) {
    EXPECT_LE(trial.bytes_per_vector, 48) << trial.method;
    EXPECT_EQ(trial.file_bytes, n * trial.bytes_per_vector) << trial.method;
    EXPECT_GE(trial.recall.with_vectors, trial.recall.rescored - 0.02) << trial.method;
    EXPECT_LE(trial.recall.rescored, least);
    least = trial.recall.rescored;
  }
  EXPECT_GT(trials.front().recall.rescored, 0.95);
}

TEST(Auto, TriesEveryFamily) {
  const int64_t n = 600;
  const Matrix vectors = normal_vectors(n, 16);
  std::set<std::string> tried;
  for (const CodecTrial& trial : try_codecs(Rows(vectors), Metric::kL2, 200 * n, codes_of(n), 20, {}))
    tried.insert(trial.method + " " + trial.options.to_json());
  const auto has = [&](const std::string& name) {
    return std::ranges::any_of(tried, [&](const std::string& one) { return one.starts_with(name); });
  };
  for (const Method* method : Registry::instance().of(Verb::kCompress)) {
    const std::string& name = method->info.name;
    // auto itself, and those that change what a search finds.
    if (name == "auto" || name == "all_but_the_top" || name == "standardize") continue;
    EXPECT_TRUE(has(name + " ")) << name;
  }
  for (const char* choice :
       {"sq8 {\"per_dimension\":false}", "sq4 {\"per_dimension\":false}", "rabitq {\"bits\":1}",
        "rabitq {\"bits\":8}", "pq {\"num_subspaces\":8,\"bits\":\"4\"}",
        "pq {\"num_subspaces\":4,\"bits\":\"8\"}", "pca {\"dim\":2,", "pca {\"dim\":8,",
        "matryoshka {\"dim\":8,"}) {
    EXPECT_TRUE(has(choice)) << choice;
  }
}

TEST(Auto, TellsTheRecallOfEachLevel) {
  const int64_t n = 500;
  const Matrix vectors = normal_vectors(n, 32);
  int found = 0;
  for (const CodecTrial& trial : try_codecs(Rows(vectors), Metric::kL2, 64 * n, codes_of(n), 50, {})) {
    const std::string options = trial.options.to_json();
    // rabitq's first level is one bit a dimension, whatever its bits.
    if ((trial.method == "lvq" && options == "{\"bits\":\"4x8\"}") ||
        (trial.method == "rabitq" && options == "{\"bits\":6}")) {
      EXPECT_LT(trial.recall.by_codes, trial.recall.rescored - 0.02) << trial.method;
      ++found;
    }
    if (trial.method == "sq4") {
      EXPECT_EQ(trial.recall.by_codes, trial.recall.rescored);
    }
  }
  EXPECT_EQ(found, 2);
}

TEST(Auto, TheFileKeepsTheBudget) {
  for (const auto& [rows, dim] : {std::pair{60, 8}, {300, 10}}) {
    Embeddings embeddings = embeddings_of(normal_vectors(rows, dim), rows == 300 ? "l2" : "cosine");
    std::vector<std::string> names;
    for (int64_t i = 0; i < rows; ++i) names.push_back(concat("a name of row ", i));
    embeddings.ids = Ids::strings(names);
    const std::string refusal = error_of([&] { within(embeddings, "1B"); });
    const size_t at = refusal.find("expected: ");
    ASSERT_NE(at, std::string::npos) << refusal;
    const int64_t least = std::stoll(refusal.substr(at + 10));
    EXPECT_EQ(saved_bytes(within(embeddings, concat(least, "B"))), least);
    EXPECT_NE(error_of([&] { within(embeddings, concat(least - 1, "B")); }).find("expected: "),
              std::string::npos);
    for (const double more : {1.05, 2.5}) {
      const auto budget = static_cast<int64_t>(static_cast<double>(least) * more);
      EXPECT_LE(saved_bytes(within(embeddings, concat(budget, "B"))), budget) << rows << " rows";
    }
  }
}

TEST(Auto, TheRecordNamesTheChosenCodecAndWhatWasTried) {
  const Embeddings embeddings = embeddings_of(normal_vectors(400, 12), "cosine");
  const CompressedEmbeddings small = within(embeddings, "1MB");
  const Value::List& trials = small.record.at("trials").as_list();
  EXPECT_GT(trials.size(), 20U);
  EXPECT_EQ(trials, small.trials);
  EXPECT_EQ(small.record.at("method"), trials.at(0).at("method"));
  for (const auto& [name, value] : trials.at(0).at("options").as_object())
    EXPECT_EQ(small.record.at("options").at(name), value) << name;
  EXPECT_EQ(trials.at(0).at("bytes_per_vector").as_int(), small.bytes_per_vector());
}

TEST(Auto, TheRecordHoldsAsManyTrialsAsTheBudgetLeavesRoomFor) {
  const Embeddings embeddings = embeddings_of(normal_vectors(400, 12), "l2");
  const int64_t best = within(embeddings, "1MB").trials.at(0).at("file_bytes").as_int();
  const CompressedEmbeddings small = within(embeddings, concat(best + 4096, "B"));
  const size_t kept = small.record.at("trials").as_list().size();
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, small.trials.size());
  EXPECT_EQ(small.record.at("trials").as_list().at(0), small.trials.at(0));
  EXPECT_LE(file_bytes(small), best + 4096);
}

TEST(Auto, StandsBehindNoOtherCodec) {
  const Embeddings embeddings = embeddings_of(normal_vectors(300, 8), "l2");
  EXPECT_NE(error_of([&] {
              compress("rotation", embeddings, Value::object({{"codec", "auto"}}), {});
            }).find("behind another codec"),
            std::string::npos);
}

TEST(Auto, SaysHowLittleWouldBeEnough) {
  const Matrix vectors = normal_vectors(300, 32);
  EXPECT_NE(
      error_of([&] { try_codecs(Rows(vectors), Metric::kL2, 0, codes_of(300), 50, {}); }).find("expected: "),
      std::string::npos);
}

}  // namespace
}  // namespace whitney::codec
