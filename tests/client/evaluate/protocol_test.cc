#include "client/evaluate/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Gives the same answer each time, a second slower than the time before.
class FakeReader : public DocumentReader {
 public:
  explicit FakeReader(absl::StatusOr<DocumentReading> answer) : answer_(std::move(answer)) {}
  absl::StatusOr<DocumentReading> Read(const DataDocument&) override {
    ++reads;
    if (answer_.ok()) answer_->seconds += 1;
    return answer_;
  }
  int reads = 0;

 private:
  absl::StatusOr<DocumentReading> answer_;
};

DataSet OnePdf(std::map<int, std::string> truths) {
  return {.documents = {{.path = "p", .name = "a.pdf", .is_pdf = true, .truths = truths}},
          .pdf_index = 0};
}

struct Outcome {
  absl::Status status;
  CandidateResult result;
};

Outcome RunOn(const DataSet& data, FakeReader& reader, int runs = 3) {
  Outcome outcome;
  outcome.status = RunProtocol(data, runs, reader, [](const std::string&) {}, outcome.result);
  return outcome;
}

TEST(RunProtocol, TakesTheMedianOfTheRunsAfterTheFirst) {
  FakeReader reader(DocumentReading{.pages = {{1, "a"}, {2, "b"}}});
  const Outcome outcome = RunOn(OnePdf({{1, "a"}, {2, "b"}}), reader);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(reader.reads, 4);
  EXPECT_EQ(outcome.result.pdf_seconds->median, 3);
  EXPECT_EQ(outcome.result.pdf_seconds->least, 2);
  EXPECT_EQ(outcome.result.pdf_page_seconds->median, 1.5);
  EXPECT_EQ(SumUp(outcome.result.pages)->character_error_rate, 0);
}

TEST(RunProtocol, CountsAPageThatFailedAsUnreadAndGivesNoTime) {
  FakeReader reader(DocumentReading{.pages = {{1, "a"}}, .failures = {"page 2 was not read"}});
  const Outcome outcome = RunOn(OnePdf({{1, "a"}, {2, "b"}}), reader);
  EXPECT_EQ(outcome.result.pages_failed, 1);
  EXPECT_FALSE(outcome.result.pdf_seconds.has_value());
  EXPECT_EQ(outcome.result.pages[1].characters.Rate(), 1);
  EXPECT_THAT(outcome.result.notes, ElementsAre("a.pdf: page 2 was not read"));
}

TEST(RunProtocol, SaysThatATruthHasNoPage) {
  FakeReader reader(DocumentReading{.pages = {{1, "a"}}});
  const Outcome outcome = RunOn(OnePdf({{1, "a"}, {7, "b"}}), reader);
  EXPECT_THAT(outcome.result.notes,
              ElementsAre("a.pdf: the truth of page 7 has no page: the document has 1"));
  EXPECT_EQ(outcome.result.pages_failed, 1);
}

TEST(RunProtocol, GoesOnAfterADocumentThatIsRefused) {
  FakeReader reader(absl::InvalidArgumentError("no PDF"));
  const Outcome outcome = RunOn(OnePdf({{1, "a"}, {2, "b"}}), reader);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.result.pages_failed, 2);
  EXPECT_THAT(outcome.result.notes, ElementsAre("a.pdf: no PDF"));
}

TEST(RunProtocol, EndsWhenTheServerIsAway) {
  FakeReader reader(absl::UnavailableError("no server"));
  EXPECT_EQ(ExitCodeFor(RunOn(OnePdf({}), reader).status), kExitNoServer);
  EXPECT_EQ(reader.reads, 1);
}

}  // namespace
}  // namespace quire::client
