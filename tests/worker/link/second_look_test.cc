#include "worker/second_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;

constexpr int kWidth = 120;
constexpr int kHeight = 200;

// Reads a whole page and one without margins as well as it is told to, at once.
class ScriptedReader : public PageReader {
 public:
  ScriptedReader() { info_.second_look = {.doubt = 0.06, .invention = 0.35}; }

  void Read(PageRequest request, PageCallbacks callbacks) override {
    const bool whole = request.pixels.width == kWidth;
    const size_t which = whole ? 0 : 1;
    reads_.push_back(whole ? "whole" : "cut");
    callbacks.on_started();
    callbacks.on_pixels_released();
    PageOutput output;
    output.raw = reads_.back();
    output.text_log_probability = means_[which];
    output.output_tokens = 100;
    output.text_tokens = tokens_[which];
    output.finish_reason = finish_reason_;
    output.seconds.decode = whole ? 1 : 2;
    output.starts.decode = whole ? 5 : 6;
    output.first_token_seconds = whole ? 0.5 : 0.75;
    output.text.blocks = {{"text", "", {{10, 20, 30, 40}}}};
    output.readable_share = readable_share_;
    output.readable_text = {.markdown = "a part", .blocks = {{"title", "a part", {{10, 20, 30, 40}}}}};
    if (cancel_at_ == reads_.back()) owner_->Cancel(request.job_id);
    absl::Status fault = std::exchange(cancelled_, false) ? absl::CancelledError("cancelled")
                         : fail_at_ == reads_.back()      ? absl::InternalError("the device failed")
                                                          : absl::OkStatus();
    callbacks.on_done(fault.ok() ? absl::StatusOr<PageOutput>(output) : fault);
  }
  void Cancel(uint64_t) override { cancelled_ = true; }
  const ReaderInfo& info() const override { return info_; }
  ReaderStats stats() const override { return {}; }

  std::vector<double> means_ = {-0.2, -0.02};
  std::vector<int> tokens_ = {100, 100};
  FinishReason finish_reason_ = FinishReason::kStop;
  double readable_share_ = 0;
  std::vector<std::string> reads_;
  PageReader* owner_ = nullptr;
  std::string cancel_at_, fail_at_;
  ReaderInfo info_;

 private:
  bool cancelled_ = false;
};

// A page with ink at 30 to 90 by 40 to 150, so that its margins end at 28 and 38.
class Second : public testing::Test {
 protected:
  Second() : page_(kWidth, kHeight) {
    std::fill(page_.data.begin(), page_.data.end(), 255);
    for (int y = 40; y < 150; ++y) {
      std::fill_n(page_.data.begin() + (y * kWidth + 30) * 3, 60 * 3, 0);
    }
    reader_.owner_ = &second_look_;
    request_.job_id = 7;
    request_.pixels = page_.view();
  }
  void Read() {
    PageCallbacks callbacks;
    callbacks.on_started = [this] { ++started_; };
    callbacks.on_pixels_released = [this] { ++released_; };
    callbacks.on_text = [](const std::string&) {};
    callbacks.on_done = [this](absl::StatusOr<PageOutput> output) { output_ = std::move(output); };
    second_look_.Read(request_, std::move(callbacks));
  }

  Image page_;
  PageRequest request_;
  ScriptedReader reader_;
  SecondLook second_look_{reader_};
  int started_ = 0;
  int released_ = 0;
  absl::StatusOr<PageOutput> output_ = absl::UnknownError("not done");
};

TEST_F(Second, LookIsNotTakenAtAPageOfWhichTheModelIsSure) {
  reader_.means_[0] = -0.05;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_FALSE(output_->margins_cut);
}

TEST_F(Second, LookLeavesOutWhatEvenItCouldNotRead) {
  reader_.info_.second_look.unreadable = 0.1;
  reader_.means_ = {-0.3, -0.11};
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole", "cut"));
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->finish_reason, FinishReason::kUnreadable);
  EXPECT_TRUE(output_->text.blocks.empty());
  EXPECT_EQ(output_->text.markdown, "");
  EXPECT_EQ(output_->raw, "cut");  // who asks for it still sees it
}

TEST_F(Second, LookKeepsReadableParagraphsOfAnUnreadablePage) {
  reader_.info_.second_look.unreadable = 0.1;
  reader_.means_ = {-0.3, -0.11};
  reader_.readable_share_ = SecondLook::kLeastReadable;
  Read();
  EXPECT_EQ(output_->finish_reason, FinishReason::kUnreadable);
  EXPECT_EQ(output_->text.markdown, "a part");
  ASSERT_EQ(output_->text.blocks.size(), 1);
  EXPECT_EQ(output_->text.blocks[0].boxes[0].left, 10 + 28);  // on the whole page
}

TEST_F(Second, LookTakesAFewReadableParagraphsForChance) {
  reader_.info_.second_look.unreadable = 0.1;
  reader_.means_ = {-0.3, -0.11};
  reader_.readable_share_ = SecondLook::kLeastReadable * 0.9;
  Read();
  EXPECT_EQ(output_->text.markdown, "");
}

TEST_F(Second, LookKeepsWhatItCouldRead) {
  reader_.info_.second_look.unreadable = 0.1;
  reader_.means_ = {-0.3, -0.1};
  Read();
  EXPECT_EQ(output_->finish_reason, FinishReason::kStop);
  EXPECT_EQ(output_->text.blocks.size(), 1);
}

TEST_F(Second, LookLeavesOutWhatHasNoMarginsToCut) {
  request_.pixels = {page_.data.data(), kWidth, 1};  // the page's edge alone
  reader_.info_.second_look.unreadable = 0.1;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
  EXPECT_EQ(output_->finish_reason, FinishReason::kUnreadable);
}

TEST_F(Second, LookDoesNotCallAnEmptyPageUnreadable) {
  reader_.info_.second_look.unreadable = 0.1;
  reader_.tokens_ = {1, 1};
  Read();
  EXPECT_EQ(output_->finish_reason, FinishReason::kStop);
}

TEST_F(Second, LookLeavesShownTextAsItIs) {
  reader_.info_.second_look.unreadable = 0.1;
  request_.stream_text = true;
  Read();
  EXPECT_EQ(output_->finish_reason, FinishReason::kStop);
}

TEST_F(Second, LookIsThePageWhenItIsSurer) {
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole", "cut"));
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->raw, "cut");
  EXPECT_TRUE(output_->margins_cut);
  EXPECT_EQ(started_, 1);
  EXPECT_EQ(released_, 1);
}

TEST_F(Second, LookHasItsBoxesOnTheWholePage) {
  Read();
  const PixelBox& box = output_->text.blocks.at(0).boxes.at(0);
  EXPECT_THAT((std::vector<double>{box.left, box.top, box.right, box.bottom}),
              ElementsAre(38, 58, 58, 78));
}

TEST_F(Second, LookIsForgottenWhenItIsLessSure) {
  reader_.means_[1] = -0.3;
  Read();
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->raw, "whole");
  EXPECT_FALSE(output_->margins_cut);
  EXPECT_EQ(output_->text.blocks.at(0).boxes.at(0).left, 10);
}

TEST_F(Second, LookCountsItsTimeEitherWay) {
  Read();
  EXPECT_EQ(output_->seconds.decode, 3);
  EXPECT_EQ(output_->starts.decode, 5);
  EXPECT_GE(output_->first_token_seconds, 1.75);  // after all of the first
  reader_.means_[1] = -0.3;
  Read();
  EXPECT_EQ(output_->seconds.decode, 3);
  EXPECT_EQ(output_->starts.decode, 5);
  EXPECT_EQ(output_->first_token_seconds, 0.5);
}

TEST_F(Second, LookThatSeesNothingIsNotBelievedOverText) {
  reader_.tokens_[1] = 1;
  reader_.means_[1] = 0;
  Read();
  EXPECT_EQ(output_->raw, "whole");
}

TEST_F(Second, LookThatSeesNothingIsBelievedOverWhatWasInvented) {
  reader_.means_ = {-0.5, 0};
  reader_.tokens_[1] = 1;
  Read();
  EXPECT_EQ(output_->raw, "cut");
}

TEST_F(Second, LookIsNotTakenWhereThereAreNoMargins) {
  std::fill_n(page_.data.begin(), 12, 0);
  std::fill_n(page_.data.end() - 12, 12, 0);
  std::fill_n(page_.data.begin() + kWidth * 3, 12, 0);
  std::fill_n(page_.data.end() - (kWidth + 4) * 3, 12, 0);
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookIsNotTakenAtAPageThatWasCutShort) {
  reader_.finish_reason_ = FinishReason::kLength;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookIsNotTakenForModelsThatDoNotAsk) {
  reader_.info_.second_look = {};
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookIsNotTakenAtTextThatIsShownAlready) {
  request_.stream_text = true;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookIsNotTakenAtSeveralImages) {
  request_.more_images = {page_.view()};
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookIsNotTakenAtAProbe) {
  request_.look_once = true;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
}

TEST_F(Second, LookThatFailsLeavesTheFirst) {
  reader_.fail_at_ = "cut";
  Read();
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->raw, "whole");
}

TEST_F(Second, LookIsNotTakenAtAPageThatFailed) {
  reader_.fail_at_ = "whole";
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("whole"));
  EXPECT_EQ(output_.status().code(), absl::StatusCode::kInternal);
}

TEST_F(Second, LookEndsWhenItIsCancelled) {
  reader_.cancel_at_ = "cut";
  Read();
  EXPECT_EQ(output_.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace quire::worker
