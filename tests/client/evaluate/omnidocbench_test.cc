#include "client/evaluate/omnidocbench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "client/evaluate/data_set.h"
#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

constexpr char kPage[] = R"([{"layout_dets": [
  {"category_type": "text_block", "order": 3, "anno_id": 3, "text": "goes on."},
  {"category_type": "title", "order": 1, "anno_id": 1, "text": "Title"},
  {"category_type": "text_block", "order": 2, "anno_id": 2, "text": "A paragraph that"},
  {"category_type": "table", "order": 4, "anno_id": 4, "html": "<table></table>", "latex": "x"},
  {"category_type": "equation_isolated", "order": 5, "anno_id": 5, "latex": "$$y$$"},
  {"category_type": "header", "order": null, "anno_id": 6, "text": "head"},
  {"category_type": "text_block", "order": 7, "anno_id": 7, "text": "no", "ignore": true}],
 "page_info": {"image_path": "some/folder/page.jpg"},
 "extra": {"relation": [{"source_anno_id": 2, "target_anno_id": 3, "relation_type": "truncated"}]}}])";

class OmniDocBench : public ::testing::Test {
 protected:
  absl::StatusOr<int> Import(const std::string& annotations) const {
    return ImportOmniDocBench(folder_.Write("a.json", annotations), folder_.Path(""),
                              folder_.Path("data"));
  }
  std::string Complaint(const std::string& annotations) const {
    const auto imported = Import(annotations);
    EXPECT_EQ(ExitCodeFor(imported.status()), kExitFile);
    return std::string(imported.status().message());
  }

  const TemporaryFolder folder_;
};

TEST_F(OmniDocBench, BecomesAFolderOfPagesAndTruths) {
  folder_.Write("page.jpg", "pixels");
  const auto imported = Import(kPage);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(*imported, 1);
  EXPECT_EQ(folder_.Read("data/page.md"),
            "# Title\n\nA paragraph that goes on.\n\n<table></table>\n\n$$y$$\n\n");
  EXPECT_EQ(folder_.Read("data/page.jpg"), "pixels");
  EXPECT_TRUE(ReadDataSet(folder_.Path("data")).ok());
  EXPECT_TRUE(Import(kPage).ok());  // again, over itself
}

TEST_F(OmniDocBench, SaysWhichImageIsMissing) {
  EXPECT_THAT(Complaint(kPage), HasSubstr("page.jpg: No such file"));
}

TEST_F(OmniDocBench, SaysWhatIsNoAnnotations) {
  EXPECT_THAT(Complaint("{}"), HasSubstr("wants a list of pages"));
  EXPECT_THAT(Complaint("[1]"), HasSubstr("page 0 has no page_info.image_path"));
  EXPECT_THAT(Complaint("[{\"page_info\": {\"image_path\": \"..\"}}]"), HasSubstr("page 0"));
}

TEST_F(OmniDocBench, SaysThatTwoImagesShareAName) {
  folder_.Write("page.jpg", "");
  std::string twice(kPage);
  twice.insert(twice.size() - 1, "," + std::string(kPage).substr(1, sizeof(kPage) - 3));
  EXPECT_THAT(Complaint(twice), HasSubstr("page 1: there are two images of the name page"));
}

TEST_F(OmniDocBench, TakesFieldsOfOtherTypesAsMissing) {
  folder_.Write("page.jpg", "");
  const auto imported = Import(
      R"([{"layout_dets": [3, {"order": "x"}, {"order": 1, "text": 7, "anno_id": "a"}],
           "extra": {"relation": [1, {"relation_type": "truncated"}]},
           "page_info": {"image_path": "page.jpg"}}])");
  EXPECT_TRUE(imported.ok()) << imported.status();
}

}  // namespace
}  // namespace quire::client
