// What the running service writes about documents and pages.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kHostileId[] = "mine \" page=9 }{";

// The log of one document of three pages, once the service has ended.
std::string LogOfThreePages(const char* format) {
  auto started = RunningService::Start({.arguments = {"--log-format", format}});
  EXPECT_TRUE(started.ok()) << started.status();
  RunningService& service = **started;
  quire::v1::RecognizeOptions options;
  options.set_request_id(kHostileId);
  const Recognised read = Recognise(service.stub(), MakePdf(3), options, {}, [](auto& context) {
    context.AddMetadata("traceparent", kTraceparent);
  });
  EXPECT_THAT(read.results, SizeIs(3)) << read.status.error_message();
  service.Stop();
  return service.Log();
}

// Each line as an object; a line that is none fails the test.
std::vector<nlohmann::json> Parsed(const std::string& log) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(log);
  for (std::string line; std::getline(text, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
    EXPECT_TRUE(lines.back().is_object()) << line;
  }
  return lines;
}

TEST(Logs, AreJsonWithTheTraceInEveryLineAboutTheDocument) {
  int front_pages = 0, worker_pages = 0, ends = 0;

  for (const nlohmann::json& line : Parsed(LogOfThreePages("json"))) {
    if (!line.contains("document")) continue;
    EXPECT_THAT(line.value("traceparent", ""), StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    EXPECT_EQ(line.value("request_id", ""), kHostileId);
    const bool page = line.value("message", "") == "page read";
    const bool of_worker = line.value("program", "") == "quire-worker";
    if (page) {
      EXPECT_EQ(line.value("worker", ""), "cpu");
      EXPECT_GE(line.value("page", 0), 1);
      EXPECT_GT(line.value("decode_seconds", 0.0), 0);
    }
    (page ? of_worker ? worker_pages : front_pages : ends) += 1;
  }

  EXPECT_EQ(front_pages, 3);
  EXPECT_EQ(worker_pages, 3);
  EXPECT_EQ(ends, 1);
}

TEST(Logs, InPlainTextKeepALineALine) {
  const std::string log = LogOfThreePages("plain");

  EXPECT_THAT(log, HasSubstr(R"(request_id="mine \" page=9 }{" )"));
  EXPECT_THAT(log, HasSubstr(" traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_THAT(log, HasSubstr(" decode_seconds=0."));
}

// protobuf says it of each such field, to stderr if nobody stops it.
TEST(Logs, HoldOneLineOfManyRequestsThatAreNoProtobuf) {
  auto started = RunningService::Start({.arguments = {"--log-format", "json"}});
  ASSERT_TRUE(started.ok()) << started.status();
  quire::v1::RecognizeOptions options;
  options.set_request_id("not UTF-8: \xff");

  for (int call = 0; call < 20; ++call) {
    EXPECT_FALSE(Recognise((*started)->stub(), MakePdf(1), options).status.ok());
  }

  int complaints = 0;
  for (const nlohmann::json& line : Parsed((*started)->Log())) {
    complaints += line.value("library", "") == "protobuf" ? 1 : 0;
  }
  EXPECT_GE(complaints, 1);
  EXPECT_LE(complaints, 3);  // they may take more than ten seconds
}

}  // namespace
}  // namespace quire
