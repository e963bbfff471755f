#include <gtest/gtest.h>

#include "proto/text_distance/code_points.h"
#include "proto/text_distance/edit_distance.h"
#include "proto/text_distance/letter_distance.h"

namespace quire {
namespace {

TEST(CodePoints, ComeBackAsTheyWere) {
  const std::string text = "aé字😀";
  EXPECT_EQ(ToCodePoints(text).size(), 4u);
  EXPECT_EQ(ToUtf8(ToCodePoints(text)), text);
}

TEST(CodePoints, ReplaceWhatIsNoUtf8) {
  EXPECT_EQ(ToCodePoints("a\xFF\xC3"), U"a\uFFFD\uFFFD");
  EXPECT_EQ(ToCodePoints("\xED\xA0\x80"), U"\uFFFD\uFFFD\uFFFD");  // half of a surrogate pair
}

TEST(EditDistance, CountsAcrossBlocks) {
  const std::u32string a(200, U'a');
  std::u32string b = a;
  b[63] = b[64] = b[128] = U'b';
  EXPECT_EQ(EditDistance(a, b), 3u);
  EXPECT_EQ(EditDistance(a, a + U"xyz"), 3u);
  EXPECT_EQ(EditDistance(a, U""), 200u);
}

TEST(Letters, LeaveOutBlanksAndSigns) {
  EXPECT_EQ(Letters("“Él”, said 字 – 4\u00A0%:\n*ﬁve*"), U"Élsaid字4five");
}

TEST(LetterDistance, SeesLettersAlone) {
  EXPECT_EQ(LetterDistance("A “line”,\nbroken", "A \"line\", broken"), 0);
  EXPECT_EQ(LetterDistance("abcd", "abxd"), 0.25);
  EXPECT_EQ(LetterDistance("", "abc"), 1);
  EXPECT_EQ(LetterDistance("", " - "), 0);
}

TEST(LetterDistance, LooksAtNoMoreThanItsLimit) {
  const std::string same(kComparedLetters, 'a');
  EXPECT_EQ(LetterDistance(same + "b", same + "c"), 0);
}

}  // namespace
}  // namespace quire
