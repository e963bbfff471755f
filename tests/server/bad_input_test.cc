// What bad input gets from a whole front: a code, a reason and words; and the next document is
// read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using grpc::StatusCode;

Answers ReadInOnePrompt(quire::v1::OcrService::Stub& stub, const std::string& document, int pages,
                        const quire::v1::RecognizeOptions& options = {}) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image(document);
  request.set_pages_in_prompt(pages);
  *request.mutable_options() = options;
  quire::v1::RecognizeImageResponse response;
  Answers answers;
  answers.status = stub.RecognizeImage(&context, request, &response);
  return answers;
}

void Expect(const Answers& answers, StatusCode code, const std::string& reason,
            const std::string& words) {
  EXPECT_EQ(answers.status.error_code(), code) << answers.status.error_message();
  EXPECT_EQ(answers.reason(), reason);
  EXPECT_THAT(answers.status.error_message(), HasSubstr(words));
}

class RefusedInput : public testing::Test {
 protected:
  RefusedInput()
      : front_([](FrontOptions& options) {
          options.limits.upload_stall_seconds = 0.3;
          options.spool.max_document_bytes = 3 << 20;
        }),
        worker_(front_.WorkerOptions()) {
    EXPECT_TRUE(front_.WaitUntilReady());
  }
  void TearDown() override {
    EXPECT_THAT(Recognize(front_.stub(), "pages=1").Results(), SizeIs(1));
  }

  FrontUnderTest front_;
  FakeWorker worker_;
};

TEST_F(RefusedInput, UnknownBytes) {
  Expect(Recognize(front_.stub(), "nonsense"), StatusCode::INVALID_ARGUMENT, "UNKNOWN_FORMAT",
         "no document");
}

TEST_F(RefusedInput, AMissingPassword) {
  Expect(Recognize(front_.stub(), "pages=1 password=open"), StatusCode::FAILED_PRECONDITION,
         "PDF_ENCRYPTED", "password");
}

TEST_F(RefusedInput, ZeroPages) {
  Expect(Recognize(front_.stub(), "pages=0"), StatusCode::INVALID_ARGUMENT, "NO_PAGES",
         "no pages");
}

TEST_F(RefusedInput, AChunkBeforeOptions) {
  Expect(RecognizeClient(front_.stub()).Chunk("pages=1").HalfClose().Finish(),
         StatusCode::INVALID_ARGUMENT, "OPTIONS_FIRST", "options");
}

TEST_F(RefusedInput, AStreamWithoutAnything) {
  Expect(RecognizeClient(front_.stub()).HalfClose().Finish(), StatusCode::INVALID_ARGUMENT,
         "OPTIONS_FIRST", "options");
}

TEST_F(RefusedInput, OptionsTwice) {
  Expect(RecognizeClient(front_.stub()).Options().Options().HalfClose().Finish(),
         StatusCode::INVALID_ARGUMENT, "OPTIONS_TWICE", "second time");
}

TEST_F(RefusedInput, AnEmptyUpload) {
  Expect(Recognize(front_.stub(), ""), StatusCode::INVALID_ARGUMENT, "EMPTY_DOCUMENT",
         "without a byte");
}

TEST_F(RefusedInput, ALargeChunk) {
  Expect(Recognize(front_.stub(), std::string((2 << 20) + 1, 'x')), StatusCode::INVALID_ARGUMENT,
         "CHUNK_TOO_LARGE", "2097152");
}

TEST_F(RefusedInput, ADocumentThatIsTooLarge) {
  const std::string chunk(1 << 20, 'x');
  RecognizeClient client(front_.stub());
  client.Options().Chunk(chunk).Chunk(chunk).Chunk(chunk).Chunk(chunk).HalfClose();
  Expect(client.Finish(), StatusCode::INVALID_ARGUMENT, "DOCUMENT_TOO_LARGE",
         "--max-document-megabytes");
}

TEST_F(RefusedInput, PageRangesThatDoNotParse) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("1-x");
  Expect(Recognize(front_.stub(), "pages=1", options), StatusCode::INVALID_ARGUMENT,
         "INVALID_PAGE_RANGES", "1-x");
}

TEST_F(RefusedInput, PageRangesOutsideOfTheDocument) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("2-5");
  Expect(Recognize(front_.stub(), "pages=3", options), StatusCode::INVALID_ARGUMENT,
         "PAGE_OUT_OF_RANGE", "has 3 pages");
}

TEST_F(RefusedInput, AnUnknownEnumValue) {
  quire::v1::RecognizeOptions options;
  options.set_mode(static_cast<quire::v1::Mode>(77));
  Expect(Recognize(front_.stub(), "pages=1", options), StatusCode::INVALID_ARGUMENT,
         "INVALID_OPTION", "77");
}

TEST_F(RefusedInput, AModeThatTheModelDoesNotKnow) {
  quire::v1::RecognizeOptions options;
  options.set_mode(quire::v1::MODE_LARGE);
  Expect(Recognize(front_.stub(), "pages=1", options), StatusCode::INVALID_ARGUMENT,
         "UNKNOWN_MODE", "AUTO, BASE");
}

TEST_F(RefusedInput, ATaskThatTheModelDoesNotKnow) {
  quire::v1::RecognizeOptions options;
  options.set_task(quire::v1::TASK_FIGURE);
  Expect(Recognize(front_.stub(), "pages=1", options), StatusCode::INVALID_ARGUMENT,
         "UNKNOWN_TASK", "FREE_TEXT, MARKDOWN");
}

TEST_F(RefusedInput, AModelThatNoWorkerHolds) {
  quire::v1::RecognizeOptions options;
  options.set_model("huge");
  Expect(Recognize(front_.stub(), "pages=1", options), StatusCode::INVALID_ARGUMENT,
         "UNKNOWN_MODEL", "fake");
}

TEST_F(RefusedInput, AnUploadThatStallsBeforeTheFirstByte) {
  Expect(RecognizeClient(front_.stub()).Options().Finish(), StatusCode::DEADLINE_EXCEEDED,
         "UPLOAD_STALLED", "0.3 s");
}

TEST_F(RefusedInput, AnUploadThatStallsInTheMiddle) {
  Expect(RecognizeClient(front_.stub()).Options().Chunk("pages").Finish(),
         StatusCode::DEADLINE_EXCEEDED, "UPLOAD_STALLED", "after 5 bytes");
}

TEST_F(RefusedInput, AnImageAboveThreeMebibytes) {
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image(std::string((3 << 20) + 1, 'x'));
  quire::v1::RecognizeImageResponse response;

  Answers answers;
  answers.status = front_.stub().RecognizeImage(&context, request, &response);

  Expect(answers, StatusCode::INVALID_ARGUMENT, "DOCUMENT_TOO_LARGE", "send it with Recognize");
}

TEST_F(RefusedInput, MorePagesInAPromptThanEight) {
  Expect(ReadInOnePrompt(front_.stub(), "pages=9", 9), StatusCode::INVALID_ARGUMENT,
         "INVALID_OPTION", "pages_in_prompt is 9; give 1 to 8");
}

TEST_F(RefusedInput, APromptOfPagesThatAreToBeTurned) {
  quire::v1::RecognizeOptions options;
  options.set_orient(quire::v1::ORIENT_AUTO);
  Expect(ReadInOnePrompt(front_.stub(), "pages=2", 2, options), StatusCode::INVALID_ARGUMENT,
         "INVALID_OPTION", "pages_in_prompt is 2");
}

TEST_F(RefusedInput, APromptOfPagesWhoseOwnTextIsAskedFor) {
  quire::v1::RecognizeOptions options;
  options.set_text_layer(quire::v1::TEXT_LAYER_USE);
  Expect(ReadInOnePrompt(front_.stub(), "pages=2", 2, options), StatusCode::INVALID_ARGUMENT,
         "INVALID_OPTION", "text_layer USE");
}

TEST_F(RefusedInput, MorePagesInAPromptThanTheFileHas) {
  Expect(ReadInOnePrompt(front_.stub(), "pages=2", 3), StatusCode::INVALID_ARGUMENT,
         "PAGE_OUT_OF_RANGE", "pages_in_prompt is 3, the document has 2 pages");
}

TEST(RefusedPrompt, WhoseImagesAreTooLargeTogether) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.max_page_pixels = 32 * 16 * 2; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());

  EXPECT_TRUE(ReadInOnePrompt(front.stub(), "pages=3", 2).status.ok());
  Expect(ReadInOnePrompt(front.stub(), "pages=3", 3), StatusCode::INVALID_ARGUMENT,
         "PAGE_TOO_LARGE", "--max-page-megapixels");
}

TEST_F(RefusedInput, AWatchIntervalThatIsTooShort) {
  grpc::ClientContext context;
  quire::v1::WatchStatusRequest request;
  request.set_interval_seconds(0.01);
  const auto stream = front_.stub().WatchStatus(&context, request);
  quire::v1::WatchStatusResponse response;
  EXPECT_FALSE(stream->Read(&response));

  Answers answers;
  answers.status = stream->Finish();

  Expect(answers, StatusCode::INVALID_ARGUMENT, "INVALID_OPTION", "0.2 to 60");
}

TEST(FullFront, RefusesOneDocumentTooMany) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.max_documents = 1; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  front.render_pool().Hold();
  RecognizeClient first(front.stub());
  first.Options().Chunk("pages=1").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(1));

  const Answers second = Recognize(front.stub(), "pages=1");

  EXPECT_EQ(second.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(second.reason(), "TOO_MANY_DOCUMENTS");
  front.render_pool().Release();
  EXPECT_THAT(first.Finish().Results(), SizeIs(1));
}

TEST(FullFront, RefusesDocumentsWhilePagesWait) {
  FrontUnderTest front([](FrontOptions& options) { options.limits.max_waiting_pages = 2; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  front.render_pool().Hold();
  RecognizeClient first(front.stub());
  first.Options().Chunk("pages=9").HalfClose();
  ASSERT_TRUE(front.render_pool().WaitForDrawings(3));

  const Answers second = Recognize(front.stub(), "pages=1");

  EXPECT_EQ(second.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(second.reason(), "QUEUE_FULL");
  front.render_pool().Release();
  EXPECT_THAT(first.Finish().Results(), SizeIs(9));
}

TEST(FullFront, RefusesWhatDoesNotFitIntoTheSpool) {
  FrontUnderTest front([](FrontOptions& options) { options.spool.max_total_bytes = 10; });
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());

  const Answers answers = Recognize(front.stub(), "pages=1 and more");

  EXPECT_EQ(answers.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(answers.reason(), "SPOOL_FULL");
}

TEST(EmptyFront, IsUnavailableUntilAWorkerAttaches) {
  FrontUnderTest front;

  const Answers answers = Recognize(front.stub(), "pages=1");

  EXPECT_EQ(answers.status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(answers.reason(), "NO_WORKER");
}

TEST(EmptyFront, SaysThatNoWorkerWillCome) {
  FrontUnderTest front([](FrontOptions& options) { options.worker_may_come = false; });

  const Answers answers = Recognize(front.stub(), "pages=1");

  EXPECT_EQ(answers.status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(answers.status.error_message(), HasSubstr("none will come"));
}

}  // namespace
}  // namespace quire::server
