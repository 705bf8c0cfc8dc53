#include "whitney/core/plug_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

int twice(int value) { return 2 * value; }
const bool provided = provide_function("test-twice", twice);

// Sets a variable for as long as it lives.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

TEST(PlugIn, FindsWhatWasProvidedWithoutLoadingAnything) {
  const Environment nowhere("WHITNEY_TRAIN_PLUGIN", "/nowhere/libwhitney_train.so");
  EXPECT_EQ(function_of_part<decltype(twice)>("train", "test-twice")(21), 42);
}

TEST(PlugIn, RefusesToCallAFunctionAsAnotherType) {
  EXPECT_THROW(function_of_part<int(double)>("train", "test-twice"), InternalError);
}

TEST(PlugIn, RefusesAFunctionOfAnotherVersion) {
  detail::provide_function("test-old", "0.0.1", typeid(int(int)).name(), nullptr);
  EXPECT_THAT(error_of([] { function_of_part<int(int)>("train", "test-old"); }), HasSubstr("version 0.0.1"));
}

TEST(PlugIn, RefusesASecondFunctionOfAName) {
  EXPECT_THROW(provide_function("test-twice", twice), InternalError);
}

TEST(PlugIn, IsLookedForBesideTheLibraryAndWhereTheEnvironmentSays) {
  EXPECT_THAT(plug_in_path("train"), HasSubstr("/libwhitney_train.so"));
  const Environment named("WHITNEY_TRAIN_PLUGIN", "/some/where.so");
  EXPECT_EQ(plug_in_path("train"), "/some/where.so");
  EXPECT_FALSE(has_plug_in("train"));
}

TEST(PlugIn, SaysWhatToDoWhereThePartIsMissing) {
  const Environment nowhere("WHITNEY_TRAIN_PLUGIN", "/nowhere/train.so");
  const std::string error = error_of([] { function_of_part<void()>("train", "lightgcn"); });
  EXPECT_THAT(error, HasSubstr("lightgcn needs"));
  EXPECT_THAT(error, HasSubstr("/nowhere/train.so does not exist"));
  EXPECT_THAT(error, HasSubstr("-DWHITNEY_TRAIN=ON"));
}

TEST(PlugIn, IsNotLoadedWhereItIsKeptOut) {
  keep_plug_in_out("paint", "brushes are elsewhere");
  EXPECT_THAT(error_of([] { function_of_part<void()>("paint", "oil"); }),
              HasSubstr("not loaded into this process: brushes are elsewhere"));
}

TEST(PlugIn, SaysWhyAFileCannotBeLoaded) {
  const TemporaryFolder folder;
  const std::string path = folder.file("libwhitney_train.so");
  std::ofstream(path) << "no library";
  const Environment named("WHITNEY_TRAIN_PLUGIN", path);
  const std::string error = error_of([] { function_of_part<void()>("train", "lightgcn"); });
  EXPECT_THAT(error, HasSubstr(path + ", which cannot be loaded"));
}

}  // namespace
}  // namespace whitney
