#include "worker/render/open_documents.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/rich_status.h"
#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

// A file in memory with these bytes.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : fd_(memfd_create("document", MFD_CLOEXEC)) {
    EXPECT_EQ(write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(fd_); }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

class OpenDocumentsTest : public testing::Test {
 protected:
  const std::string png_ = QuarteredImage(".png");
  const MemoryFile file_{png_};
  absl::Status Open(OpenDocuments& documents, uint64_t id) {
    return documents.Open(id, file_.fd(), png_.size(), "", {}).status();
  }
};

TEST_F(OpenDocumentsTest, AreFoundUntilTheyAreClosed) {
  OpenDocuments documents(1 << 20, 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  EXPECT_NE(documents.Find(1), nullptr);
  EXPECT_EQ(documents.Find(2), nullptr);

  documents.Close(1);

  EXPECT_EQ(documents.Find(1), nullptr);
}

TEST_F(OpenDocumentsTest, ForgetTheOneThatWasNotUsedForLongest) {
  OpenDocuments documents(1 << 20, 2);
  ASSERT_TRUE(Open(documents, 1).ok());
  ASSERT_TRUE(Open(documents, 2).ok());
  documents.Find(1);
  ASSERT_TRUE(Open(documents, 3).ok());

  EXPECT_NE(documents.Find(1), nullptr);
  EXPECT_EQ(documents.Find(2), nullptr);
  EXPECT_NE(documents.Find(3), nullptr);
}

TEST_F(OpenDocumentsTest, ForgetWhatTakesTooMuchMemoryButTheLast) {
  OpenDocuments documents(static_cast<int64_t>(png_.size()), 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  ASSERT_TRUE(Open(documents, 2).ok());

  EXPECT_EQ(documents.size(), 1u);
  EXPECT_NE(documents.Find(2), nullptr);
}

TEST_F(OpenDocumentsTest, NeverReadBeyondAFilesEnd) {
  OpenDocuments documents(1 << 20, 8);
  EXPECT_TRUE(absl::IsInternal(documents.Open(1, file_.fd(), png_.size() + 1, "", {}).status()));
  EXPECT_EQ(ReasonOf(documents.Open(1, file_.fd(), 0, "", {}).status()), "EMPTY_DOCUMENT");
}

// The file's length is checked first, however much is claimed.
TEST_F(OpenDocumentsTest, ForgetNothingForADocumentThatIsNotThere) {
  OpenDocuments documents(1 << 20, 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  EXPECT_FALSE(documents.Open(2, file_.fd(), uint64_t{1} << 40, "", {}).ok());
  EXPECT_FALSE(documents.Open(3, -1, png_.size(), "", {}).ok());

  EXPECT_NE(documents.Find(1), nullptr);
  EXPECT_EQ(documents.size(), 1u);
}

TEST_F(OpenDocumentsTest, PutADocumentInPlaceOfOneWithItsNumber) {
  OpenDocuments documents(1 << 20, 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  const std::string bmp = QuarteredImage(".bmp");
  const MemoryFile other(bmp);
  ASSERT_TRUE(documents.Open(1, other.fd(), bmp.size(), "", {}).ok());

  EXPECT_EQ(documents.Find(1)->format(), quire::v1::DOCUMENT_FORMAT_BMP);
  EXPECT_EQ(documents.size(), 1u);
}

TEST_F(OpenDocumentsTest, KeepNoneThatCannotBeOpened) {
  OpenDocuments documents(1 << 20, 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  const MemoryFile garbage("\1\2\3");
  EXPECT_EQ(ReasonOf(documents.Open(1, garbage.fd(), 3, "", {}).status()), "UNKNOWN_FORMAT");

  EXPECT_EQ(documents.Find(1), nullptr);
}

TEST_F(OpenDocumentsTest, KeepTheLastOneWhateverItsSize) {
  OpenDocuments documents(1, 8);
  ASSERT_TRUE(Open(documents, 1).ok());
  EXPECT_NE(documents.Find(1), nullptr);
}

}  // namespace
}  // namespace quire::render
