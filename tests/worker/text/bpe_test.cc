#include "worker/text/bpe.h"

#include <numeric>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Bpe Bytes() {
  std::array<int, 256> ids;
  std::iota(ids.begin(), ids.end(), 0);
  return Bpe(ids);
}

std::vector<int> Encode(const Bpe& bpe, std::string_view piece) {
  std::vector<int> ids;
  bpe.Encode(piece, ids);
  return ids;
}

TEST(Bpe, GivesABytePerTokenWithoutMerges) {
  EXPECT_THAT(Encode(Bytes(), "ab"), ElementsAre('a', 'b'));
  EXPECT_THAT(Encode(Bytes(), ""), IsEmpty());
}

TEST(Bpe, JoinsTheLowestRankFirst) {
  Bpe bpe = Bytes();
  bpe.AddMerge('b', 'c', 300);
  bpe.AddMerge('a', 'b', 301);
  EXPECT_THAT(Encode(bpe, "abc"), ElementsAre('a', 300));
}

TEST(Bpe, JoinsTheLeftmostOfEqualPairs) {
  Bpe bpe = Bytes();
  bpe.AddMerge('a', 'a', 300);
  EXPECT_THAT(Encode(bpe, "aaa"), ElementsAre(300, 'a'));
}

TEST(Bpe, JoinsWhatEarlierMergesGave) {
  Bpe bpe = Bytes();
  bpe.AddMerge('a', 'b', 300);
  bpe.AddMerge('c', 'd', 301);
  bpe.AddMerge(300, 301, 302);
  EXPECT_THAT(Encode(bpe, "xabcdy"), ElementsAre('x', 302, 'y'));
}

TEST(Bpe, FindsANewPairToTheLeftOfAMerge) {
  Bpe bpe = Bytes();
  bpe.AddMerge('b', 'c', 300);
  bpe.AddMerge('a', 300, 301);
  EXPECT_THAT(Encode(bpe, "abc"), ElementsAre(301));
}

TEST(Bpe, EncodesAMegabyteWordInTime) {
  Bpe bpe = Bytes();
  bpe.AddMerge('a', 'a', 300);
  bpe.AddMerge(300, 300, 301);
  EXPECT_EQ(Encode(bpe, std::string(1 << 20, 'a')).size(), size_t{1} << 18);
}

}  // namespace
}  // namespace quire::worker
