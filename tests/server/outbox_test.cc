#include "server/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

quire::v1::RecognizeResponse Result(int page) {
  quire::v1::RecognizeResponse response;
  response.mutable_page_result()->set_page_number(page);
  return response;
}

quire::v1::PageStarted Started(int page, int attempt) {
  quire::v1::PageStarted started;
  started.set_page_number(page);
  started.set_attempt(attempt);
  return started;
}

// Everything that comes out, in words.
std::vector<std::string> Drain(Outbox& outbox) {
  std::vector<std::string> words;
  while (const auto message = outbox.Next()) {
    const quire::v1::RecognizeResponse& response = message->response;
    if (response.has_page_started()) {
      words.push_back(absl::StrCat("started ", response.page_started().page_number()));
    } else if (response.has_text_delta()) {
      words.push_back(absl::StrCat("text ", response.text_delta().page_number(), " ",
                                   response.text_delta().text()));
    } else if (response.has_page_image()) {
      words.push_back(absl::StrCat("image ", response.page_image().data().size(),
                                   response.page_image().last() ? " last" : ""));
    } else if (response.has_page_result()) {
      words.push_back(absl::StrCat("result ", response.page_result().page_number(),
                                   message->ends_page ? "" : " and more"));
    } else if (response.has_summary()) {
      words.push_back("summary");
    }
  }
  return words;
}

TEST(Outbox, GivesMessagesInOrder) {
  Outbox outbox;
  outbox.PushStarted(Started(1, 1));
  outbox.PushEnd(1, {}, Result(1));
  quire::v1::RecognizeResponse summary;
  summary.mutable_summary();
  outbox.Push(summary);

  EXPECT_THAT(Drain(outbox), ElementsAre("started 1", "result 1", "summary"));
}

TEST(Outbox, JoinsTextThatWaits) {
  Outbox outbox;
  outbox.PushText(1, 1, "a");
  outbox.PushText(2, 1, "x");
  outbox.PushText(1, 1, "b");

  EXPECT_THAT(Drain(outbox), ElementsAre("text 1 ab", "text 2 x"));
}

TEST(Outbox, SendsTextBeforeItsPagesEnd) {
  Outbox outbox;
  outbox.PushText(1, 1, "a");
  outbox.PushEnd(1, {}, Result(1));

  EXPECT_THAT(Drain(outbox), ElementsAre("text 1 a", "result 1"));
}

TEST(Outbox, DropsTextOfAnEarlierAttempt) {
  Outbox outbox;
  outbox.PushStarted(Started(1, 1));
  outbox.PushText(1, 1, "old");
  outbox.PushStarted(Started(1, 2));
  outbox.PushText(1, 2, "new");

  EXPECT_THAT(Drain(outbox), ElementsAre("started 1", "started 1", "text 1 new"));
}

TEST(Outbox, CutsImagesIntoPiecesBeforeTheResult) {
  Outbox outbox;
  outbox.PushEnd(1, {.cleaned = std::string((1 << 20) + 1, 'p')}, Result(1));

  EXPECT_THAT(Drain(outbox), ElementsAre("image 1048576", "image 1 last", "result 1"));
}

TEST(Outbox, HoldsLaterPagesBackInAnOrderedDocument) {
  Outbox outbox;
  outbox.SetOrder(PageRanges::Parse("2,4-5").value());
  outbox.PushEnd(5, {}, Result(5));
  outbox.PushEnd(4, {}, Result(4));
  EXPECT_THAT(Drain(outbox), IsEmpty());

  outbox.PushEnd(2, {}, Result(2));

  EXPECT_THAT(Drain(outbox), ElementsAre("result 2", "result 4", "result 5"));
}

TEST(Outbox, SendsTextOfLaterPagesInAnOrderedDocument) {
  Outbox outbox;
  outbox.SetOrder(PageRanges::Parse("1-2").value());
  outbox.PushText(2, 1, "b");

  EXPECT_THAT(Drain(outbox), ElementsAre("text 2 b"));
}

}  // namespace
}  // namespace quire::server
