#include "client/progress.h"

#include <gtest/gtest.h>

namespace quire::client {
namespace {

TEST(FormatProgress, SaysHowManyOthersAreBeforeTheFirstPage) {
  EXPECT_EQ(FormatProgress({.name = "a.pdf", .pages_total = 10, .pages_ahead = 12}, 80),
            "a.pdf: 0 of 10 pages, shares the workers with 12 others");
}

TEST(FormatProgress, TellsPagesSpeedAndTimeLeft) {
  EXPECT_EQ(FormatProgress({.name = "a.pdf", .pages_done = 3, .pages_total = 10,
                            .elapsed_seconds = 9}, 80),
            "a.pdf: 3 of 10 pages, 20.0 pages a minute, 21 s left");
}

TEST(FormatProgress, PromisesNothingBeforeTheFirstPage) {
  EXPECT_EQ(FormatProgress({.name = "a.pdf", .pages_total = 10, .elapsed_seconds = 9}, 80),
            "a.pdf: 0 of 10 pages");
}

TEST(FormatProgress, TellsHowMuchWasSent) {
  EXPECT_EQ(FormatProgress({.name = "a.pdf", .bytes_sent = 25, .document_bytes = 100}, 80),
            "a.pdf: 25 % sent");
  EXPECT_EQ(FormatProgress({.name = "a.pdf", .bytes_sent = 100, .document_bytes = 100}, 80),
            "a.pdf: sent, being opened");
}

TEST(FormatProgress, LeavesFoldersOut) {
  EXPECT_EQ(FormatProgress({.name = "far/away/a.pdf", .pages_total = 1}, 80),
            "a.pdf: 0 of 1 pages");
}

TEST(FormatProgress, FitsTheTerminal) {
  EXPECT_EQ(FormatProgress({.name = "äöü.pdf", .pages_total = 10}, 5), "äöü.p");
}

TEST(FormatProgress, CutsLongNamesAndControls) {
  EXPECT_EQ(FormatProgress({.name = "\x1b" + std::string(50, 'a'), .pages_total = 1}, 80),
            " " + std::string(29, 'a') + ": 0 of 1 pages");
}

}  // namespace
}  // namespace quire::client
