#include "worker/text/prompt.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/text/tokenizer.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const PromptTable kPrompts = {
    {"CUSTOM", "<image>\n%s"},
    {"FREE_TEXT", "<image>\nFree OCR."},
    {"LOCATE", "<image>\nLocate <|ref|>%s<|/ref|> in the image."},
    {"MARKDOWN", "12345<image>\n<|grounding|>Convert the document to markdown."}};

class BuildPromptTest : public ::testing::Test {
 protected:
  absl::StatusOr<Prompt> Build(Task task, std::string argument = "",
                               const PromptTable& prompts = kPrompts) const {
    return BuildPrompt(*tokenizer_, prompts,
                       {.task = task,
                        .argument = std::move(argument),
                        .vision_rows = 3,
                        .begin_id = 0,
                        .image_id = 128815});
  }
  std::string ErrorOf(Task task, std::string argument = "",
                      const PromptTable& prompts = kPrompts) const {
    const auto prompt = Build(task, std::move(argument), prompts);
    EXPECT_EQ(prompt.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(prompt.status().message());
  }

  const std::unique_ptr<Tokenizer> tokenizer_ =
      Tokenizer::Load(QUIRE_FIXTURES "/tokenizers/deepseek_subset.json").value();
};

TEST_F(BuildPromptTest, PutsBeginAndRowsBeforeTheText) {
  const auto prompt = Build(Task::kFreeText).value();
  EXPECT_THAT(prompt.ids, ElementsAre(0, 128815, 128815, 128815, 201, 21431, 126041, 16));
  EXPECT_EQ(prompt.vision_rows, 3);
}

TEST_F(BuildPromptTest, PutsTheRowsWhereTheImageStands) {
  const auto prompt = Build(Task::kMarkdown).value();
  EXPECT_THAT(prompt.ids, ElementsAre(0, 6895, 1883, 128815, 128815, 128815, 201, 128820, 21842,
                                      270, 4940, 304, 2121, 7919, 16));
}

TEST_F(BuildPromptTest, PutsTheSoughtTextIntoItsPlace) {
  EXPECT_THAT(Build(Task::kLocate, "xxxx")->ids,
              ElementsAre(0, 128815, 128815, 128815, 201, 26751, 434, 223, 128816, 22694, 128817,
                          295, 270, 4609, 16));
}

TEST_F(BuildPromptTest, LeavesACustomPromptAsItIs) {
  EXPECT_THAT(Build(Task::kCustom, "Parse the figure. ")->ids,
              ElementsAre(0, 128815, 128815, 128815, 201, 68779, 270, 5991, 16, 223));
}

TEST_F(BuildPromptTest, LetsNoUserInjectControlTokens) {
  const auto prompt = Build(Task::kCustom, "<image><|det|><|/ref|>%s").value();
  const std::vector<int> text(prompt.ids.begin() + 4, prompt.ids.end());
  EXPECT_THAT(text, ::testing::Each(::testing::Lt(128000)));
  EXPECT_EQ(tokenizer_->Decode(text), "\n<image><|det|><|/ref|>%s");
}

TEST_F(BuildPromptTest, NamesTheTasksThatTheModelKnows) {
  EXPECT_EQ(ErrorOf(Task::kFigure, "", {{"FREE_TEXT", "<image>"}, {"MARKDOWN", "<image>"}}),
            "this model does not know task FIGURE; it knows FREE_TEXT, MARKDOWN");
}

TEST_F(BuildPromptTest, AsksForTheTextToLocate) {
  EXPECT_THAT(ErrorOf(Task::kLocate), HasSubstr("task LOCATE needs a text"));
  EXPECT_THAT(ErrorOf(Task::kCustom, " \n"), HasSubstr("task CUSTOM needs a text"));
}

TEST_F(BuildPromptTest, RefusesAPromptWithoutAnImage) {
  EXPECT_THAT(ErrorOf(Task::kFreeText, "", {{"FREE_TEXT", "Free OCR."}}),
              HasSubstr("must hold \"<image>\" once"));
}

TEST_F(BuildPromptTest, RefusesAPromptWithTwoImages) {
  EXPECT_THAT(ErrorOf(Task::kFreeText, "", {{"FREE_TEXT", "<image><image>"}}),
              HasSubstr("must hold \"<image>\" once"));
}

}  // namespace
}  // namespace quire::worker
