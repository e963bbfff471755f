// Logs hold neither what documents say nor what opens them, whatever becomes of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kToken[] = "marked-token-7f3a";
constexpr char kWrongToken[] = "marked-wrong-token-51";
constexpr char kPassword[] = "marked-password-9c1b";
constexpr char kPrompt[] = "marked-prompt-d2e8";
constexpr char kContent[] = "marked-content-6b40";

Recognised Read(RunningService& service, const std::string& token, const std::string& document,
                quire::v1::RecognizeOptions options = {}) {
  return Recognise(service.stub(), document, options, {},
                   [&](grpc::ClientContext& context) {
                     context.AddMetadata("authorization", "Bearer " + token);
                   });
}

class Secrets : public testing::TestWithParam<const char*> {};

TEST_P(Secrets, AreNotLogged) {
  const std::string tokens = absl::StrCat(testing::TempDir(), "/quire-secrets-", getpid());
  std::ofstream(tokens) << "alice " << kToken << "\n";
  auto started = RunningService::Start(
      {.arguments = {"--client-token-file", tokens, "--log-format", GetParam(), "--renderers", "1"},
       .environment = {"QUIRE_FAKE_DEADLY_RED=13", "SPDLOG_LEVEL=trace"},
       .token = kToken});
  ASSERT_TRUE(started.ok()) << started.status();
  RunningService& service = **started;
  quire::v1::RecognizeOptions options;
  options.set_password(kPassword);
  const std::string pdf = MakePdf(3);
  const Recognised read = Read(service, kToken, pdf, options);
  ASSERT_THAT(read.results, SizeIs(3)) << read.status.error_message();
  MadePage deadly;
  deadly.red = 13;

  // Each way that a document can go wrong.
  Read(service, kWrongToken, pdf, options);
  Read(service, kToken, absl::StrCat("%PDF-1.7\n", kContent), options);
  Read(service, kToken, absl::StrCat(kContent, "is no document"), options);
  Read(service, kToken, ReadFile(std::string(QUIRE_FIXTURES) + "/pdf/encrypted.pdf"), options);
  Read(service, kToken, MakePdf({deadly}), options);
  options.set_custom_prompt(kPrompt);
  options.set_locate_text(kPrompt);
  Read(service, kToken, pdf, options);
  options.set_task(quire::v1::TASK_CUSTOM);
  Read(service, kToken, pdf, options);
  options.set_task(quire::v1::TASK_UNSPECIFIED);
  options.set_page_ranges(kContent);
  Read(service, kToken, pdf, options);
  std::ofstream(tokens) << "alice " << kToken << " marked-third-word\n";
  Read(service, kToken, pdf);
  service.Stop();
  const std::string log = service.Log();
  std::remove(tokens.c_str());

  for (const char* expected : {"alice", "OK", "PDF_DAMAGED", "UNSUPPORTED_FORMAT",
                               "PDF_WRONG_PASSWORD", "ended: signal 9"}) {
    EXPECT_THAT(log, HasSubstr(expected));  // it was all logged
  }
  EXPECT_THAT(log, Not(HasSubstr("marked-")));
  EXPECT_THAT(log, Not(HasSubstr(read.results.at(1)[0].markdown())));
}

INSTANTIATE_TEST_SUITE_P(Formats, Secrets, testing::Values("plain", "json"));

}  // namespace
}  // namespace quire
