#include "whitney/core/error.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(Error, JoinsItsParts) {
  try {
    fail("edges.tsv:", 17, ": weight ", 0.5, " is odd");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "edges.tsv:17: weight 0.5 is odd");
  }
}

TEST(Error, TellsAUsersFaultFromOurs) {
  EXPECT_THROW(WHITNEY_CHECK(1 == 2, "numbers ", 1), InternalError);
  EXPECT_NO_THROW(WHITNEY_CHECK(1 == 1));
  EXPECT_THROW(throw UsageError("x"), Error);
}

TEST(Error, AsksForAReportAndNamesThePlaceWithoutTheFolderOfTheBuild) {
  try {
    WHITNEY_CHECK(false, "why");
  } catch (const InternalError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("please report"), std::string::npos);
    EXPECT_NE(text.find("internal error at whitney/core/error_test.cc:"), std::string::npos) << text;
    EXPECT_NE(text.find("why"), std::string::npos);
  }
}

}  // namespace
}  // namespace whitney
