#include <random>
#include <string>

#include "gtest/gtest.h"
#include "worker/text/page_text.h"

// Whatever a model writes, the parser neither fails nor takes long.

namespace quire::worker {
namespace {

// A seeded string of tags, halves of tags and text.
std::string Soup(uint32_t seed) {
  static const char* const kIngredients[] = {
      "<|ref|>", "<|/ref|>", "<|det|>",        "<|/det|>", "<|",   "<|re",  "|>",    "text",
      "image",   "words",    "[[1, 2, 3, 4]]", "[[1, 2",   "]]",   "\n",    "\n\n",  " ",
      "**",      "# ",       "<table>",        "<tr>",     "<td>", "</td>", "</tr>", "</table>",
      "<",       ">",        "\\coloneqq",     "ß"};
  std::mt19937 random(seed);
  std::string soup;
  for (uint32_t i = random() % 40; i > 0; --i)
    soup += kIngredients[random() % std::size(kIngredients)];
  return soup;
}

class TagSoup : public ::testing::TestWithParam<uint32_t> {};
TEST_P(TagSoup, LeavesNoMarkInTheMarkdown) {
  for (uint32_t i = 0; i < 2000; ++i) {
    const std::string soup = Soup(GetParam() * 2000 + i);
    const PageText page = ParsePageText(soup, 1000, 1000);
    ASSERT_EQ(page.markdown.find("<|/det|>"), std::string::npos) << soup;
    ASSERT_EQ(page.markdown.find("<|/ref|>"), std::string::npos) << soup;
    ASSERT_EQ(page.markdown.find("\n\n\n"), std::string::npos) << soup;
    ASSERT_LE(page.text.size(), page.markdown.size() + 1) << soup;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, TagSoup, ::testing::Range(0u, 10u));

// A megabyte of the same thing again and again takes milliseconds; were the parser quadratic, it
// would run into the test's time limit.
class Megabyte : public ::testing::TestWithParam<const char*> {};
TEST_P(Megabyte, IsTakenApartInTime) {
  std::string raw;
  while (raw.size() < (1u << 20)) raw += GetParam();
  EXPECT_LE(ParsePageText(raw, 1000, 1000).markdown.size(), raw.size());
}
INSTANTIATE_TEST_SUITE_P(Of, Megabyte,
                         ::testing::Values("<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|", "<",
                                           "**", "**a", "# ", "\n", " ", "<td>", "<td", "[[1,",
                                           "<|ref|>a<|/ref|>", "<|ref|>text<|/ref|><|det|>",
                                           "<|ref|>a<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>b\n"));

}  // namespace
}  // namespace quire::worker
