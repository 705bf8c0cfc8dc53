#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "whitney/data/attributes.h"

namespace whitney {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

TEST(Date, CountsMicrosecondsSince1970) {
  EXPECT_EQ(parse_date("1970-01-01"), 0);
  EXPECT_EQ(parse_date("1970-01-02"), kDay);
  EXPECT_EQ(parse_date("1969-12-31T23:59:59.999999Z"), -1);
  // 2000-03-01 is day 11,017: 30 years of 365 days, 7 leap days before 2000, then 31 + 29 days.
  EXPECT_EQ(parse_date("2000-03-01"), 11'017 * kDay);
  EXPECT_EQ(parse_date("2000-03-01T01:02:03.5Z"), 11'017 * kDay + 3'723 * kSecond + 500'000);
}

TEST(Date, RefusesWhatIsNoDayOrNoTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-11",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-02-29",
                           "2026-11-31",
                           "2026-11-24Z",
                           "2026-11-24T10:00Z",
                           "2026-11-24T24:00:00Z",
                           "2026-11-24T10:60:00Z",
                           "2026-11-24T10:00:60Z",
                           "2026-11-24T10:00:00",
                           "2026-11-24T10:00:00.Z",
                           "2026-11-24T10:00:00.1234567Z",
                           "2026-11-24 10:00:00Z",
                           "26-11-24",
                           " 2026-11-24",
                           "2026-11-24 ",
                           "+026-11-24"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
}

TEST(Date, KnowsLeapYears) {
  EXPECT_TRUE(parse_date("2024-02-29"));
  EXPECT_TRUE(parse_date("2000-02-29"));
  EXPECT_FALSE(parse_date("1900-02-29"));
}

TEST(Date, IsWrittenWithItsTimeOnlyWhenThereIsOne) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(date_text(11'017 * kDay + 3'723 * kSecond), "2000-03-01T01:02:03Z");
  EXPECT_EQ(date_text(kDay * 11'017 + 1), "2000-03-01T00:00:00.000001Z");
}

TEST(Date, BeyondTheCalendarIsWrittenAsANumber) {
  EXPECT_EQ(date_text(std::numeric_limits<int64_t>::max()), "9223372036854775807us");
  EXPECT_EQ(date_text(std::numeric_limits<int64_t>::min()), "-9223372036854775808us");
}

RC_GTEST_PROP(DateProperty, EveryDateReadsBack, ()) {
  // Years 0000 to 9999.
  const int64_t date = *rc::gen::inRange<int64_t>(-62'167'219'200 * kSecond, 253'402'300'800 * kSecond);
  RC_ASSERT(parse_date(date_text(date)) == date);
}

}  // namespace
}  // namespace whitney
