#include "worker/text/tokenizer_json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/worker/text/tiny_tokenizer.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& json) {
  const auto file = ReadTokenizerJson(json);
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(file.status().message());
}

TEST(ReadTokenizerJson, TakesMergesAsPairs) {
  auto json = TinyTokenizer();
  json["model"]["merges"] = nlohmann::json::parse(R"([["Ġ", "t"], ["h", "e"], ["Ġt", "he"]])");
  EXPECT_EQ(ReadTokenizerJson(json.dump())->merges.size(), 3u);
}

TEST(ReadTokenizerJson, TakesAnEmptySequenceAsNoNormalizer) {
  auto json = TinyTokenizer();
  json["normalizer"] = {{"type", "Sequence"}, {"normalizers", nlohmann::json::array()}};
  EXPECT_TRUE(ReadTokenizerJson(json.dump()).ok());
}

TEST(ReadTokenizerJson, TakesAPreTokenizerOfOneStep) {
  auto json = TinyTokenizer();
  json["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Isolated"}};
  EXPECT_THAT(ReadTokenizerJson(json.dump())->patterns, ElementsAre("a"));
}

TEST(ReadTokenizerJson, RefusesDamagedJson) {
  EXPECT_THAT(ErrorOf("{\"model\": "), HasSubstr("JSON"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("JSON"));
  EXPECT_THAT(ErrorOf(std::string(100000, '[')), HasSubstr("JSON"));
}

TEST(ReadTokenizerJson, RefusesAFileAboveTheLimit) {
  EXPECT_THAT(ErrorOf(std::string((64u << 20) + 1, ' ')), HasSubstr("67108864"));
}

TEST(ReadTokenizerJson, RefusesAnotherModel) {
  auto json = TinyTokenizer();
  json["model"]["type"] = "Unigram";
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("'Unigram'; only BPE"));
}

TEST(ReadTokenizerJson, RefusesANormalizer) {
  auto json = TinyTokenizer();
  json["normalizer"] = {{"type", "NFC"}};
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("normalizer"));
}

TEST(ReadTokenizerJson, RefusesWhatWouldChangeTheMerging) {
  auto json = TinyTokenizer();
  json["model"]["ignore_merges"] = true;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("\"ignore_merges\""));
}

TEST(ReadTokenizerJson, RefusesAnUnknownPreTokenizerStep) {
  auto json = TinyTokenizer();
  json["pre_tokenizer"] = {{"type", "Metaspace"}};
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("'Metaspace'; known are Split"));
}

TEST(ReadTokenizerJson, RefusesAnotherSplitBehavior) {
  auto json = TinyTokenizer();
  json["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Removed"}};
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("'Removed'; only Isolated"));
}

TEST(ReadTokenizerJson, RefusesAPrefixSpace) {
  auto json = TinyTokenizer();
  json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}};
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("prefix space"));
}

TEST(ReadTokenizerJson, RefusesAMergeOfUnknownParts) {
  auto json = TinyTokenizer();
  json["model"]["merges"].push_back("h x");
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("merge 3 ('h' 'x')"));
}

TEST(ReadTokenizerJson, RefusesAMergeThatIsNoPair) {
  auto json = TinyTokenizer();
  json["model"]["merges"].push_back("hx");
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("merge 3"));
}

TEST(ReadTokenizerJson, RefusesAVocabularyWithoutAByte) {
  auto json = TinyTokenizer();
  json["model"]["vocab"].erase("a");
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("byte 97"));
}

TEST(ReadTokenizerJson, RefusesTheSameIdTwice) {
  auto json = TinyTokenizer();
  json["model"]["vocab"]["zz"] = 258;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("258 twice"));
}

TEST(ReadTokenizerJson, RefusesAnIdThatIsNoNumberOrTooLarge) {
  auto json = TinyTokenizer();
  json["model"]["vocab"]["zz"] = -1;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("'zz' must be a whole number"));
  json["model"]["vocab"]["zz"] = 4000000000u;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("to 1048575"));
}

TEST(ReadTokenizerJson, RefusesAnAddedTokenWithTheIdOfAnother) {
  auto json = TinyTokenizer();
  json["added_tokens"][0]["id"] = 65;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("'<image>' has the id 65 of 'A'"));
}

TEST(ReadTokenizerJson, RefusesAnAddedTokenThatTakesSpaces) {
  auto json = TinyTokenizer();
  json["added_tokens"][0]["lstrip"] = true;
  EXPECT_THAT(ErrorOf(json.dump()), HasSubstr("\"lstrip\""));
}

}  // namespace
}  // namespace quire::worker
