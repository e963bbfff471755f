#include "proto/checkpoint/tokenizer_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::HasSubstr;

std::string FaultOf(const std::string& text) {
  const TestFolder folder;
  return std::string(CheckTokenizerFile(folder.Write("tokenizer.json", text), 3, 16).message());
}

TEST(TokenizerFile, HoldsThePlaceholderUnderItsId) {
  EXPECT_EQ(
      FaultOf(
          R"({"added_tokens": [{"id": 0, "content": "<b>"}, {"id": 3, "content": "<image>"}]})"),
      "");
}

TEST(TokenizerFile, ThatLacksThePlaceholderIsRefused) {
  EXPECT_THAT(FaultOf(R"({"added_tokens": [{"id": 3, "content": "<img>"}]})"),
              HasSubstr("tokenizer.json: it has no token <image>; expected one with the id 3"));
}

TEST(TokenizerFile, WithAnotherIdIsRefused) {
  EXPECT_THAT(FaultOf(R"({"added_tokens": [{"id": 4, "content": "<image>"}]})"),
              HasSubstr("has the id 4; expected 3"));
}

TEST(TokenizerFile, WithIdsPastTheVocabularyIsRefused) {
  EXPECT_THAT(FaultOf(R"({"added_tokens": [{"id": 16, "content": "x"}]})"),
              HasSubstr("the id 16; expected one below 16"));
}

TEST(TokenizerFile, ThatIsNoTokenizerIsRefused) {
  EXPECT_THAT(FaultOf("{}"), HasSubstr("no list \"added_tokens\""));
  EXPECT_THAT(FaultOf(R"({"added_tokens": [{"id": -1, "content": "x"}]})"),
              HasSubstr("no id or no content"));
  EXPECT_THAT(FaultOf("nothing"), HasSubstr("no JSON object"));
}

}  // namespace
}  // namespace quire
