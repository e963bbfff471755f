#include "client/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

TEST(Request, CarriesWhatWasAskedFor) {
  const auto options = MakeRequestOptions({.pages = "1-3",
                                           .mode = "gundam",
                                           .task = "free-text",
                                           .model = "nano",
                                           .request_id = "r",
                                           .dpi = 200,
                                           .max_tokens = 50,
                                           .stream = true});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->page_ranges(), "1-3");
  EXPECT_EQ(options->mode(), v1::MODE_GUNDAM);
  EXPECT_EQ(options->task(), v1::TASK_FREE_TEXT);
  EXPECT_EQ(options->model(), "nano");
  EXPECT_EQ(options->request_id(), "r");
  EXPECT_EQ(options->dpi(), 200);
  EXPECT_EQ(options->max_tokens_per_page(), 50);
  EXPECT_TRUE(options->stream_text());
  EXPECT_TRUE(options->ordered());
}

TEST(Request, LeavesToTheServerWhatNobodyAskedFor) {
  const auto options = MakeRequestOptions({});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->task(), v1::TASK_UNSPECIFIED);
  EXPECT_EQ(options->mode(), v1::MODE_UNSPECIFIED);
}

TEST(Request, TakesTheTaskFromPromptOrText) {
  EXPECT_EQ(MakeRequestOptions({.prompt = "Sum it up."})->task(), v1::TASK_CUSTOM);
  EXPECT_EQ(MakeRequestOptions({.locate = "Total"})->task(), v1::TASK_LOCATE);
}

TEST(Request, WantsNoBlocksForPlainText) {
  EXPECT_TRUE(MakeRequestOptions({.format = OutputFormat::kText})->omit_blocks());
  EXPECT_FALSE(MakeRequestOptions({.format = OutputFormat::kJson})->omit_blocks());
}

TEST(Request, ReadsADocumentThatBecomesOneTextByBlocksAndInOrder) {
  const auto options =
      MakeRequestOptions({.format = OutputFormat::kDocument, .ordered = false});
  EXPECT_FALSE(options->omit_blocks());
  EXPECT_TRUE(options->ordered());
}

TEST(Request, WantsImagesAndBlocksForFigures) {
  const auto options = MakeRequestOptions({.format = OutputFormat::kMarkdown, .figures = true});
  EXPECT_TRUE(options->include_page_image());
  EXPECT_FALSE(options->omit_blocks());
  EXPECT_FALSE(MakeRequestOptions({})->include_page_image());
}

TEST(Request, KeepsFilesInPageOrder) {
  EXPECT_FALSE(MakeRequestOptions({.ordered = false})->ordered());
  EXPECT_TRUE(MakeRequestOptions({.output_folder = "out", .ordered = false})->ordered());
}

TEST(Request, TakesTheFirstLineAsPassword) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("password", "sesame open\r\nsecond line\n");
  EXPECT_EQ(MakeRequestOptions({.password_file = path})->password(), "sesame open");
}

TEST(Request, SaysWhichPasswordFileCannotBeRead) {
  const auto options = MakeRequestOptions({.password_file = "/no/such/file"});
  EXPECT_EQ(ExitCodeFor(options.status()), kExitFile);
  EXPECT_THAT(std::string(options.status().message()), ::testing::HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace quire::client
