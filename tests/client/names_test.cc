#include "client/names.h"

#include <gtest/gtest.h>

#include "quire/v1/ocr.pb.h"

namespace quire::client {
namespace {

TEST(NameOf, IsTheValueInLowerCaseWithoutItsPrefix) {
  EXPECT_EQ(NameOf(v1::TASK_FREE_TEXT), "free-text");
  EXPECT_EQ(NameOf(v1::FINISH_REASON_STOP), "stop");
}

TEST(NameOf, IsUnknownForANumberOfALaterVersion) {
  EXPECT_EQ(NameOf(static_cast<v1::Mode>(99)), "unknown");
}

TEST(Named, FindsTheValue) { EXPECT_EQ(Named<v1::Mode>("gundam"), v1::MODE_GUNDAM); }

TEST(Named, DoesNotKnowOtherWords) {
  EXPECT_EQ(Named<v1::Mode>("huge"), std::nullopt);
  EXPECT_EQ(Named<v1::Mode>("unspecified"), std::nullopt);
}

}  // namespace
}  // namespace quire::client
