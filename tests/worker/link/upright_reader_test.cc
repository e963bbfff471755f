#include "worker/upright_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;

// A page of 2 x 3 pixels whose first one is marked: where the mark stands says how it was turned.
constexpr int kWidth = 2;
constexpr int kHeight = 3;

int DegreesOf(PixelView page) {
  const auto marked = [&](int x, int y) { return page.data[(y * page.width + x) * 3] == 255; };
  if (page.width == kHeight) return marked(kHeight - 1, 0) ? 90 : 270;
  return marked(0, 0) ? 0 : 180;
}

// Reads a page as well as it is told to for each way up, at once.
class ScriptedReader : public PageReader {
 public:
  void Read(PageRequest request, PageCallbacks callbacks) override {
    const int degrees = DegreesOf(request.pixels);
    reads_.push_back(std::to_string(degrees) + (request.max_tokens > 0 ? " probed" : ""));
    callbacks.on_started();
    callbacks.on_pixels_released();
    if (request.stream_text) callbacks.on_text("text at " + std::to_string(degrees));
    PageOutput output;
    output.mean_log_probability = means_[degrees];
    output.output_tokens = tokens_[degrees];
    output.text_tokens = pictures_.contains(degrees) ? 0 : tokens_[degrees];
    output.seconds.decode = 1;
    output.text.blocks = {{"text", "", {{0, 0, 1, 1}}}};  // at the upper left, as it was read
    if (request.opening_tokens > 0 && output.output_tokens >= request.opening_tokens &&
        !callbacks.on_opening(output.mean_log_probability)) {
      output.finish_reason = FinishReason::kLength;
    }
    if (cancel_at_ == degrees) owner_->Cancel(request.job_id);
    const bool cancelled = std::exchange(cancelled_, false);
    callbacks.on_done(cancelled ? absl::StatusOr<PageOutput>(absl::CancelledError("cancelled"))
                                : output);
  }
  void Cancel(uint64_t) override { cancelled_ = true; }
  const ReaderInfo& info() const override { return info_; }
  ReaderStats stats() const override { return {}; }

  std::map<int, double> means_ = {{0, -0.9}, {90, -0.8}, {180, -0.7}, {270, -0.85}};
  std::map<int, int> tokens_ = {{0, 100}, {90, 100}, {180, 100}, {270, 100}};
  std::set<int> pictures_;  // ways up in which the page is taken for a picture
  std::vector<std::string> reads_;
  PageReader* owner_ = nullptr;
  int cancel_at_ = -1;

 private:
  ReaderInfo info_;
  bool cancelled_ = false;
};

class Upright : public testing::Test {
 protected:
  Upright() : page_(kWidth, kHeight) {
    page_.data[0] = 255;
    reader_.owner_ = &upright_;
  }
  void Read(bool find_orientation = true) {
    PageRequest request;
    request.job_id = 7;
    request.pixels = page_.view();
    request.find_orientation = find_orientation;
    request.stream_text = true;
    PageCallbacks callbacks;
    callbacks.on_started = [this] { ++started_; };
    callbacks.on_pixels_released = [this] { ++released_; };
    callbacks.on_text = [this](const std::string& text) { texts_.push_back(text); };
    callbacks.on_done = [this](absl::StatusOr<PageOutput> output) { output_ = std::move(output); };
    upright_.Read(std::move(request), std::move(callbacks));
  }

  Image page_;
  ScriptedReader reader_;
  UprightReader upright_{reader_};
  int started_ = 0;
  int released_ = 0;
  std::vector<std::string> texts_;
  absl::StatusOr<PageOutput> output_ = absl::UnknownError("not done");
};

TEST_F(Upright, ReadsAGoodPageOnce) {
  reader_.means_[0] = -0.3;
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("0"));
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->turned_degrees, 0);
  EXPECT_THAT(texts_, ElementsAre("text at 0"));
}

TEST_F(Upright, TriesTheOtherWaysOfAPoorOneAndReadsTheBest) {
  Read();
  EXPECT_THAT(reader_.reads_, ElementsAre("0", "90 probed", "180 probed", "270 probed", "180"));
  ASSERT_TRUE(output_.ok()) << output_.status();
  EXPECT_EQ(output_->turned_degrees, 180);
  EXPECT_EQ(output_->seconds.decode, 5);
}

TEST_F(Upright, ShowsNothingOfWhatWasTried) {
  Read();
  EXPECT_THAT(texts_, ElementsAre("text at 180"));
  EXPECT_EQ(started_, 1);
  EXPECT_EQ(released_, 1);
}

TEST_F(Upright, ReadsAPoorPageUprightWhenNothingIsBetter) {
  reader_.means_[0] = -0.5;
  Read();
  EXPECT_EQ(reader_.reads_.back(), "0");
  EXPECT_EQ(output_->turned_degrees, 0);
}

// A model that sees no text ends at once, and is sure of that.
TEST_F(Upright, TriesAPageInWhichNothingWasSeen) {
  reader_.means_[0] = 0;
  reader_.tokens_[0] = 1;
  Read();
  EXPECT_EQ(output_->turned_degrees, 180);
}

// A picture's box is as sure, and longer.
TEST_F(Upright, TriesAPageThatIsTakenForAPicture) {
  reader_.means_ = {{0, -0.02}, {90, -0.03}, {180, -0.7}, {270, -0.85}};
  reader_.tokens_[0] = reader_.tokens_[90] = 23;
  reader_.pictures_ = {0, 90};
  Read();
  EXPECT_EQ(output_->turned_degrees, 180);
}

TEST_F(Upright, BelievesNoWayUpInWhichNothingWasSeen) {
  reader_.means_[90] = 0;
  reader_.tokens_[90] = 1;
  Read();
  EXPECT_EQ(output_->turned_degrees, 180);
}

TEST_F(Upright, PutsBoxesOntoThePageAsItCame) {
  const auto box_after = [this](int best) {
    reader_.means_ = {{0, -0.9}, {90, -0.9}, {180, -0.9}, {270, -0.9}};
    reader_.means_[best] = -0.5;
    Read();
    const PixelBox& box = output_->text.blocks[0].boxes[0];
    return std::vector<double>{box.left, box.top, box.right, box.bottom};
  };
  EXPECT_THAT(box_after(90), ElementsAre(0, 2, 1, 3));   // lower left
  EXPECT_THAT(box_after(180), ElementsAre(1, 2, 2, 3));  // lower right
  EXPECT_THAT(box_after(270), ElementsAre(1, 0, 2, 1));  // upper right
}

TEST_F(Upright, EndsWhenItIsCancelledWhileItTries) {
  reader_.cancel_at_ = 90;
  Read();
  EXPECT_EQ(output_.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(reader_.reads_, ElementsAre("0", "90 probed"));
}

TEST_F(Upright, HandsOnPagesThatAreToBeReadAsTheyAre) {
  Read(/*find_orientation=*/false);
  EXPECT_THAT(reader_.reads_, ElementsAre("0"));
  EXPECT_EQ(output_->turned_degrees, 0);
}

}  // namespace
}  // namespace quire::worker
