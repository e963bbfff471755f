// What bad input gets: each case its status code, its reason and words that a user can act on; and
// the service reads the next document.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using grpc::StatusCode;

class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = RunningService::Start(
        {.arguments = {"--max-document-megabytes", "1", "--max-document-pages", "20",
                       "--upload-stall-seconds", "1", "--max-page-megapixels", "4"}});
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = started->release();
  }
  static void TearDownTestSuite() {
    delete service_;
    service_ = nullptr;
  }
  // After every case: the service still reads.
  void TearDown() override {
    const Recognised read = Recognise(service_->stub(), MakePdf(1));
    EXPECT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  }

  static grpc::Status StatusOf(const std::string& document,
                               const quire::v1::RecognizeOptions& options = {}) {
    return Recognise(service_->stub(), document, options).status;
  }
  static void Expect(const grpc::Status& status, StatusCode code, const std::string& reason,
                     const std::string& words) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(Reason(status), reason) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(words));
  }
  static RunningService* service_;
};

RunningService* BadInput::service_ = nullptr;

TEST_F(BadInput, UnknownBytes) {
  Expect(StatusOf("\x01\x02these bytes are nothing\x03"), StatusCode::INVALID_ARGUMENT,
         "UNKNOWN_FORMAT", "PDF");
}

TEST_F(BadInput, AFormatThatIsKnownButNotRead) {
  Expect(StatusOf(std::string("\0\0\0\x18" "ftypheic\0\0\0\0mif1heic", 24)),
         StatusCode::INVALID_ARGUMENT, "UNSUPPORTED_FORMAT", "HEIC");
}

TEST_F(BadInput, ADamagedPdf) {
  Expect(StatusOf("%PDF-1.7\nthis is no PDF at all\n%%EOF\n"), StatusCode::INVALID_ARGUMENT,
         "PDF_DAMAGED", "PDF");
}

TEST_F(BadInput, AnEncryptedPdfWithoutPassword) {
  Expect(StatusOf(ReadFile(std::string(QUIRE_FIXTURES) + "/pdf/encrypted.pdf")),
         StatusCode::FAILED_PRECONDITION, "PDF_ENCRYPTED", "password");
}

TEST_F(BadInput, AnEncryptedPdfWithTheWrongPassword) {
  quire::v1::RecognizeOptions options;
  options.set_password("wrong");
  Expect(StatusOf(ReadFile(std::string(QUIRE_FIXTURES) + "/pdf/encrypted.pdf"), options),
         StatusCode::FAILED_PRECONDITION, "PDF_WRONG_PASSWORD", "password");
}

TEST_F(BadInput, AnEncryptedPdfWithItsPasswordIsRead) {
  quire::v1::RecognizeOptions options;
  options.set_password("quire");
  const Recognised read = Recognise(
      service_->stub(), ReadFile(std::string(QUIRE_FIXTURES) + "/pdf/encrypted.pdf"), options);
  EXPECT_THAT(read.results, SizeIs(1)) << read.status.error_message();
}

TEST_F(BadInput, APasswordThatIsTooLong) {
  quire::v1::RecognizeOptions options;
  options.set_password(std::string(128, 'p'));
  Expect(StatusOf(MakePdf(1), options), StatusCode::INVALID_ARGUMENT, "INVALID_OPTION", "127");
}

TEST_F(BadInput, ZeroPages) {
  const grpc::Status status = StatusOf(MakePdf(std::vector<MadePage>{}));
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST_F(BadInput, TooManyPages) {
  Expect(StatusOf(MakePdf(21)), StatusCode::INVALID_ARGUMENT, "TOO_MANY_PAGES", "20");
}

TEST_F(BadInput, ATruncatedImage) {
  const std::string png = ReadFile(std::string(QUIRE_FIXTURES) + "/images/simple_text.png");
  Expect(StatusOf(png.substr(0, png.size() / 2)), StatusCode::INVALID_ARGUMENT, "IMAGE_DAMAGED",
         "PNG");
}

TEST_F(BadInput, AnEmptyUpload) {
  Expect(StatusOf(""), StatusCode::INVALID_ARGUMENT, "EMPTY_DOCUMENT", "");
}

TEST_F(BadInput, ADocumentThatIsTooLarge) {
  Expect(StatusOf(std::string(1'100'000, 'x')), StatusCode::INVALID_ARGUMENT, "DOCUMENT_TOO_LARGE",
         "--max-document-megabytes");
}

TEST_F(BadInput, PageRangesThatDoNotParse) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("1-x");
  Expect(StatusOf(MakePdf(2), options), StatusCode::INVALID_ARGUMENT, "INVALID_PAGE_RANGES", "1-x");
}

TEST_F(BadInput, PageRangesOutsideTheDocument) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("2-5");
  Expect(StatusOf(MakePdf(3), options), StatusCode::INVALID_ARGUMENT, "PAGE_OUT_OF_RANGE", "3");
}

TEST_F(BadInput, AnUnknownTaskNumber) {
  quire::v1::RecognizeOptions options;
  options.set_task(static_cast<quire::v1::Task>(99));
  Expect(StatusOf(MakePdf(1), options), StatusCode::INVALID_ARGUMENT, "INVALID_OPTION", "99");
}

TEST_F(BadInput, ATaskThatTheModelDoesNotKnow) {
  quire::v1::RecognizeOptions options;
  options.set_task(quire::v1::TASK_FIGURE);
  Expect(StatusOf(MakePdf(1), options), StatusCode::INVALID_ARGUMENT, "UNKNOWN_TASK", "FREE_TEXT");
}

TEST_F(BadInput, AModeThatTheModelDoesNotKnow) {
  quire::v1::RecognizeOptions options;
  options.set_mode(quire::v1::MODE_LARGE);
  Expect(StatusOf(MakePdf(1), options), StatusCode::INVALID_ARGUMENT, "UNKNOWN_MODE", "AUTO");
}

TEST_F(BadInput, AModelThatNoWorkerHolds) {
  quire::v1::RecognizeOptions options;
  options.set_model("deepseek-ocr-9");
  Expect(StatusOf(MakePdf(1), options), StatusCode::INVALID_ARGUMENT, "UNKNOWN_MODEL", "fake");
}

TEST_F(BadInput, AnImageOverThePixelLimit) {
  const std::string header(
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x27\x10\0\0\x27\x10\x08\x02\0\0\0", 29);
  Expect(StatusOf(header + std::string("\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82", 16)),
         StatusCode::INVALID_ARGUMENT, "IMAGE_TOO_LARGE", "--max-page-megapixels");
}

TEST_F(BadInput, APageOverThePixelLimitFailsAlone) {
  quire::v1::RecognizeOptions options;
  options.set_dpi(600);
  MadePage huge;
  huge.width_pt = huge.height_pt = 1728;  // 14,400 px at 600 dpi

  const Recognised read = Recognise(service_->stub(), MakePdf({MadePage{}, huge}), options);

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.results, SizeIs(1));
  ASSERT_TRUE(read.failures.contains(2));
  EXPECT_THAT(read.failures.at(2)[0].status().message(),
              testing::AllOf(HasSubstr("page 2 is 14,400 x 14,400 px at 600 dpi"),
                             HasSubstr("--max-page-megapixels")));
}

TEST_F(BadInput, AFirstMessageWithoutOptions) {
  grpc::ClientContext context;
  auto stream = service_->stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.set_chunk("%PDF-");
  stream->Write(request);
  stream->WritesDone();
  quire::v1::RecognizeResponse response;
  while (stream->Read(&response)) {
  }
  Expect(stream->Finish(), StatusCode::INVALID_ARGUMENT, "OPTIONS_FIRST", "options");
}

TEST_F(BadInput, OptionsTwice) {
  grpc::ClientContext context;
  auto stream = service_->stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.mutable_options();
  stream->Write(request);
  stream->Write(request);
  stream->WritesDone();
  quire::v1::RecognizeResponse response;
  while (stream->Read(&response)) {
  }
  Expect(stream->Finish(), StatusCode::INVALID_ARGUMENT, "OPTIONS_TWICE", "options");
}

TEST_F(BadInput, AnUploadThatStalls) {
  grpc::ClientContext context;
  auto stream = service_->stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.mutable_options();
  stream->Write(request);
  quire::v1::RecognizeResponse response;
  while (stream->Read(&response)) {
  }
  Expect(stream->Finish(), StatusCode::DEADLINE_EXCEEDED, "UPLOAD_STALLED", "1 s");
}

}  // namespace
}  // namespace quire
