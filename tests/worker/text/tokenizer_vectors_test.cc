#include <fstream>
#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/text/tokenizer.h"

// The tokenizer against ids that others made: nano's reference reader, and DeepSeek-OCR's tokenizer
// as other implementations publish it.

namespace quire::worker {
namespace {

struct Vector {
  std::string text;
  std::vector<int> ids;
};

class DeepSeekVector : public ::testing::TestWithParam<Vector> {
 protected:
  const std::unique_ptr<Tokenizer> tokenizer_ =
      Tokenizer::Load(QUIRE_FIXTURES "/tokenizers/deepseek_subset.json").value();
};
TEST_P(DeepSeekVector, IsEncodedAsPublished) {
  EXPECT_EQ(tokenizer_->Encode(GetParam().text), GetParam().ids);
}
TEST_P(DeepSeekVector, IsDecodedToItsText) {
  EXPECT_EQ(tokenizer_->Decode(GetParam().ids), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Texts, DeepSeekVector,
    ::testing::Values(
        Vector{"Hello", {19923}}, Vector{"The capital of France is", {671, 6102, 294, 8760, 344}},
        Vector{"\n<|grounding|>Convert the document to markdown.",
               {201, 128820, 21842, 270, 4940, 304, 2121, 7919, 16}},
        Vector{"\n<|grounding|>Convert the document to markdown. ",
               {201, 128820, 21842, 270, 4940, 304, 2121, 7919, 16, 223}},
        Vector{"\nFree OCR.", {201, 21431, 126041, 16}}, Vector{"12345", {6895, 1883}},
        Vector{"year 2026, price $1299.99",
               {24821, 223, 939, 24, 14, 5220, 957, 9603, 27, 16, 1977}},
        Vector{"日本語のテキスト", {88768, 1576, 17383, 20367, 24552}},
        Vector{"  spaced", {223, 48914}},
        Vector{"def main():\n\tpass", {3465, 1840, 15536, 200, 9762}},
        Vector{"\n<|grounding|>OCR this image.", {201, 128820, 119316, 566, 4609, 16}},
        Vector{"\nParse the figure.", {201, 68779, 270, 5991, 16}},
        Vector{"\nDescribe this image in detail.", {201, 72188, 566, 4609, 295, 6271, 16}},
        Vector{"\nLocate <|ref|>xxxx<|/ref|> in the image.",
               {201, 26751, 434, 223, 128816, 22694, 128817, 295, 270, 4609, 16}},
        Vector{"<|ref|>title<|/ref|><|det|>[[330, 198, 558, 230]]<|/det|>\n# R&D QUALITY",
               {128816, 10212, 128817, 128818, 22663,  14461, 14, 223, 1809,  14,     223,  27277,
                14,     223,   11342,  11621,  128819, 201,   5,  433, 33885, 107150, 14167}},
        Vector{"<table><tr><td>12345</td><td>a</td></tr></table>",
               {114761, 32, 128823, 128821, 6895, 1883, 128822, 128821, 67, 128822, 128824, 1718,
                8603, 32}},
        Vector{"先天下之忧而忧", {1735, 13538, 107287, 867, 13036}}));

class NanoPage : public ::testing::TestWithParam<int> {
 protected:
  const std::unique_ptr<Tokenizer> tokenizer_ =
      Tokenizer::Load(QUIRE_FIXTURES "/models/nano/tokenizer.json").value();
  const nlohmann::json page_ = nlohmann::json::parse(
      std::ifstream(QUIRE_FIXTURES "/models/nano/golden/golden.json"))[GetParam()];
};
TEST_P(NanoPage, HasThePromptOfTheReferenceReader) {
  const std::string prompt = page_["task"] == "MARKDOWN"
                                 ? "\n<|grounding|>Convert the document to markdown."
                                 : "\nFree OCR.";
  EXPECT_EQ(tokenizer_->Encode(prompt), page_["prompt_ids"].get<std::vector<int>>());
}
TEST_P(NanoPage, IsDecodedToTheTextOfTheReferenceReader) {
  std::vector<int> ids = page_["output_ids"];
  std::erase_if(ids, [](int id) { return id <= 2; });
  EXPECT_EQ(tokenizer_->Decode(ids), page_["output_text"].get<std::string>());
}
INSTANTIATE_TEST_SUITE_P(Pages, NanoPage, ::testing::Range(0, 6));

}  // namespace
}  // namespace quire::worker
