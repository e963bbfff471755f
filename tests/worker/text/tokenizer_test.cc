#include "worker/text/tokenizer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/worker/text/tiny_tokenizer.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kNano[] = QUIRE_FIXTURES "/models/nano/tokenizer.json";

std::unique_ptr<Tokenizer> Tiny() {
  return Tokenizer::Parse(TinyTokenizer().dump(), "tiny").value();
}

// With tokens that are parts of one another.
std::unique_ptr<Tokenizer> WithNestedTokens() {
  auto json = TinyTokenizer();
  json["added_tokens"] = {{{"id", 300}, {"content", "<a"}},
                          {{"id", 301}, {"content", "<a>b"}},
                          {{"id", 302}, {"content", ">b"}}};
  return Tokenizer::Parse(json.dump(), "nested").value();
}

TEST(Tokenizer, MergesByRank) { EXPECT_THAT(Tiny()->Encode("a the"), ElementsAre('a', 258)); }

TEST(Tokenizer, MatchesAddedTokensBeforeAnythingElse) {
  EXPECT_THAT(Tiny()->Encode("h<image>e"), ElementsAre('h', 300, 'e'));
}

TEST(Tokenizer, TakesTheLongestAddedToken) {
  EXPECT_THAT(WithNestedTokens()->Encode("<a>b"), ElementsAre(301));
}

TEST(Tokenizer, FallsBackToAShorterAddedToken) {
  EXPECT_THAT(WithNestedTokens()->Encode("<a>c"), ElementsAre(300, '>', 'c'));
}

TEST(Tokenizer, TakesTheLeftmostAddedToken) {
  EXPECT_THAT(WithNestedTokens()->Encode("<<a<a>b>b"), ElementsAre('<', 300, 301, 302));
}

TEST(Tokenizer, ReadsAddedTokensAsTextWhenEncodingPlain) {
  EXPECT_THAT(Tiny()->EncodePlain("<image>"), ElementsAre('<', 'i', 'm', 'a', 'g', 'e', '>'));
}

TEST(Tokenizer, NeverGivesAControlTokenOfNanoWhenEncodingPlain) {
  const auto nano = Tokenizer::Load(kNano).value();
  EXPECT_THAT(nano->EncodePlain("<image><|ref|>x<|/ref|><|det|><｜end▁of▁sentence｜></td><td>"),
              ::testing::Each(::testing::Gt(14)));
}

TEST(Tokenizer, ReadsInvalidUtf8AsReplacementCharacters) {
  const auto tokenizer = Tiny();
  EXPECT_EQ(tokenizer->Decode(tokenizer->Encode("a\xFF"
                                                "b\xE2\x82")),
            "a\uFFFDb\uFFFD");
}

TEST(Tokenizer, EncodesNothingToNothing) {
  EXPECT_THAT(Tiny()->Encode(""), IsEmpty());
  EXPECT_THAT(Tiny()->EncodePlain(""), IsEmpty());
}

TEST(Tokenizer, DecodesTextToItself) {
  const auto nano = Tokenizer::Load(kNano).value();
  const std::string text =
      "Größe: 12,5 €\r\n\n\tnaïve 日本語 \U0001F600 <td>x</td>  e\u0301  \u00A0\u3000.\x01\x7F \n ";
  EXPECT_EQ(nano->Decode(nano->Encode(text)), text);
  EXPECT_EQ(nano->Decode(nano->EncodePlain(text)), text);
}

TEST(Tokenizer, GivesTheBytesOfATokenEvenWithinACharacter) {
  EXPECT_EQ(Tiny()->Bytes(0xC3), "\xC3");
  EXPECT_EQ(Tiny()->Bytes(258), " the");
  EXPECT_EQ(Tiny()->Bytes(300), "<image>");
}

TEST(Tokenizer, HasNoBytesForAnUnknownId) {
  EXPECT_EQ(Tiny()->Bytes(-1), "");
  EXPECT_EQ(Tiny()->Bytes(299), "");
  EXPECT_EQ(Tiny()->Bytes(301), "");
}

TEST(Tokenizer, FindsTokensByTheirText) {
  EXPECT_EQ(Tiny()->Find("<image>"), 300);
  EXPECT_EQ(Tiny()->Find(" the"), 258);
  EXPECT_EQ(Tiny()->Find("the"), std::nullopt);
}

TEST(Tokenizer, IsOneLargerThanItsLargestId) { EXPECT_EQ(Tiny()->size(), 301); }

TEST(Tokenizer, EncodesAMegabyteWordInTime) {
  const std::string word(1 << 20, 'h');
  EXPECT_EQ(Tiny()->Encode(word).size(), word.size());
}

TEST(Tokenizer, EncodesAMegabyteOfHalfTokensInTime) {
  const std::string text(1 << 20, '<');
  EXPECT_EQ(Tiny()->Encode(text).size(), text.size());
}

TEST(Tokenizer, NamesTheFileThatIsMissing) {
  const auto result = Tokenizer::Load("nowhere/tokenizer.json");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("nowhere/tokenizer.json"));
}

TEST(Tokenizer, NamesTheFileThatIsWrong) {
  const auto result = Tokenizer::Parse("{}", "models/x/tokenizer.json");
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("models/x/tokenizer.json: it has no \"model\""));
}

}  // namespace
}  // namespace quire::worker
