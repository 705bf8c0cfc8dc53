#include "whitney/core/prepare_run.h"
#include "whitney/core/notes_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ToyOptions {
  int dim = 8;
  int walk_length = 80;
  bool walk = false;
  void fields(auto&& field) {
    field("dim", dim, Range{1, 64}, "Width");
    field("walk_length", walk_length, Range{1, 100}, "Nodes per walk");
    field("walk", walk, "Walk at all");
  }
  std::vector<std::string> ineffective() const {
    if (walk || walk_length == 80) return {};
    return {"walk_length has no effect without walk"};
  }
};

Method toy() {
  MethodInfo info;
  info.name = "toy";
  return declare_method<ToyOptions>(Verb::kLearn, std::move(info), nullptr);
}

TEST(PrepareOptions, FillsInDefaultsInTheOrderOfTheDeclaration) {
  const Value options = prepare_options(toy(), Value::object({{"walk", true}, {"dim", 16}}), Context{});
  EXPECT_EQ(options.to_json(), R"({"dim":16,"walk_length":80,"walk":true})");
}

TEST(PrepareOptions, NotesAnOptionWithoutEffect) {
  Notes notes;
  Context context;
  context.progress = &notes;
  prepare_options(toy(), Value::object({{"walk_length", 40}}), context);
  EXPECT_THAT(notes.sentences, ElementsAre("walk_length has no effect without walk"));
}

struct NamedOptions : ToyOptions {
  static std::vector<std::string> ineffective() { return {"walk_length", "walk"}; }
};

TEST(PrepareOptions, MakesASentenceOfTheNameOfAnOptionThatWasChanged) {
  Notes notes;
  Context context;
  context.progress = &notes;
  MethodInfo info;
  info.name = "toy";
  prepare_options(declare_method<NamedOptions>(Verb::kLearn, std::move(info), nullptr),
                  Value::object({{"walk", true}}), context);
  EXPECT_THAT(notes.sentences, ElementsAre("option \"walk\" of toy has no effect with these options"));
}

TEST(PrepareOptions, SaysNothingWhenAllOptionsCount) {
  Notes notes;
  Context context;
  context.progress = &notes;
  prepare_options(toy(), Value::object({{"walk_length", 40}, {"walk", true}}), context);
  EXPECT_TRUE(notes.sentences.empty());
}

TEST(RefuseIfTooLarge, NamesBothFigures) {
  Context context;
  context.max_memory_bytes = 1'000'000;
  try {
    refuse_if_too_large(toy(), {.peak_bytes = 12'345'678'900}, context);
    FAIL() << "an estimate of 12 GB was let through a limit of 1 MB";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("toy needs about 12.3 GB"));
    EXPECT_THAT(error.what(), HasSubstr("1.0 MB are allowed"));
  }
}

TEST(RefuseIfTooLarge, LetsThroughWhatFitsExactly) {
  Context context;
  context.max_memory_bytes = 1'000'000;
  EXPECT_NO_THROW(refuse_if_too_large(toy(), {.peak_bytes = 1'000'000}, context));
}

TEST(SizeText, CountsInPowersOfAThousand) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(999), "999 bytes");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(999'949), "999.9 kB");
  EXPECT_EQ(size_text(999'950), "1.0 MB");
  EXPECT_EQ(size_text(2'500'000'000), "2.5 GB");
}

}  // namespace
}  // namespace whitney
