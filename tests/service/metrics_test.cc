// What a scrape of the running service gives.

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

class Metrics : public testing::Test {
 protected:
  void SetUp() override {
    auto started = RunningService::Start({});
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = *std::move(started);
    ASSERT_TRUE(Recognise(service_->stub(), MakePdf(5)).status.ok());
    text_ = service_->Metrics();
  }
  std::unique_ptr<RunningService> service_;
  std::string text_;
};

TEST_F(Metrics, ShowEveryStage) {
  for (const char* stage : {"upload", "queue", "render", "transfer", "preprocess", "tokenize",
                            "vision", "prefill", "decode", "postprocess"}) {
    EXPECT_THAT(text_, HasSubstr(absl::StrCat("quire_stage_seconds_count{stage=\"", stage, "\"} 5")))
        << text_.substr(0, 2000);
  }
}

TEST_F(Metrics, CountPagesByOutcome) {
  EXPECT_THAT(text_, HasSubstr("quire_pages_total{outcome=\"read\"} 5"));
}

TEST_F(Metrics, SatisfyPromtool) {
  const std::string file = service_->folder() + "/metrics.txt";
  std::ofstream(file) << text_;

  const std::string command =
      absl::StrCat(QUIRE_PROMTOOL, " check metrics < ", file, " 2>&1");
  std::FILE* promtool = popen(command.c_str(), "r");
  std::string complaints;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, promtool) != nullptr) complaints += buffer;

  EXPECT_EQ(pclose(promtool), 0) << complaints;
  EXPECT_EQ(complaints, "");
}

}  // namespace
}  // namespace quire
