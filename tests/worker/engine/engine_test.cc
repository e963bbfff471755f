// The engine's promises to its callers, kept with nano.

#include "worker/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/engine/nano_pages.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class EngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { reader_ = OpenNano({}, /*slots=*/2).release(); }
  static void TearDownTestSuite() {
    delete reader_;
    reader_ = nullptr;
  }
  static PageReader* reader_;
  const GoldenPage page_ = GoldenPageNamed("single_wide.png");
};

PageReader* EngineTest::reader_ = nullptr;

TEST_F(EngineTest, SaysWhereTheTimeWentAndReleasesThePixelsOnce) {
  PageWatch watch;
  reader_->Read(RequestFor(page_), watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(watch.pixel_releases(), 1);
  EXPECT_GT(output->seconds.preprocess, 0);
  EXPECT_GT(output->seconds.vision, 0);
  EXPECT_GT(output->seconds.prefill, 0);
  EXPECT_GT(output->seconds.decode, 0);
  EXPECT_LT(output->mean_log_probability, 0);
  EXPECT_EQ(output->output_tokens, static_cast<int>(page_.output_ids.size()));
  EXPECT_EQ(output->finish_reason, FinishReason::kStop);
}

// nano's config asks for it: its own boxes are rough.
TEST_F(EngineTest, PutsBlocksWhereTheInkIs) {
  const GoldenPage page = GoldenPageNamed("letter_layout.png");
  const PageRequest request = RequestFor(page);
  PageWatch watch;
  reader_->Read(request, watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  const PageText said = ParsePageText(output->raw, request.pixels.width, request.pixels.height);
  ASSERT_FALSE(said.blocks.empty());
  ASSERT_EQ(output->text.blocks.size(), said.blocks.size());
  EXPECT_NE(output->text.blocks[0].boxes[0].top, said.blocks[0].boxes[0].top);
  EXPECT_NEAR(output->text.blocks[0].boxes[0].top, said.blocks[0].boxes[0].top, request.pixels.height * 0.05);
}

// Boxes are never quite sure; whether the text is, stands beside.
TEST_F(EngineTest, SaysHowSureItIsOfTheTextAlone) {
  const auto read = [&](const GoldenPage& page) {
    PageWatch watch;
    reader_->Read(RequestFor(page), watch.Callbacks());
    return *watch.Wait();
  };

  const PageOutput plain = read(page_);
  const PageOutput layout = read(GoldenPageNamed("letter_layout.png"));

  EXPECT_DOUBLE_EQ(plain.text_log_probability, plain.mean_log_probability);
  EXPECT_LT(layout.text_log_probability, 0);
  EXPECT_GT(layout.text_log_probability, layout.mean_log_probability);
}

TEST_F(EngineTest, SaysWhenStagesBegan) {
  PageWatch watch;
  reader_->Read(RequestFor(page_), watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  const StageStarts& starts = output->starts;
  EXPECT_GT(starts.tokenize, 0);
  EXPECT_GE(starts.preprocess, starts.tokenize);
  EXPECT_GE(starts.vision, starts.preprocess + output->seconds.preprocess);
  EXPECT_GE(starts.prefill, starts.vision);
  EXPECT_GE(starts.decode, starts.prefill);
  EXPECT_GE(starts.postprocess, starts.decode + output->seconds.decode);
}

TEST_F(EngineTest, TimesPartsThatAddUpToItsDecodeSteps) {
  const std::unique_ptr<PageReader> reader = OpenNano({}, /*slots=*/1, /*profile_every=*/1);
  PageWatch watch;
  reader->Read(RequestFor(page_), watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  const DecodeProfile profile = reader->stats().decode_profile;
  EXPECT_EQ(profile.steps, output->output_tokens - 1);  // the first token is the prompt's
  EXPECT_EQ(profile.tokens, profile.steps);
  EXPECT_GT(profile.attention_seconds, 0);
  EXPECT_GT(profile.experts_seconds, 0);
  EXPECT_GT(profile.head_seconds, 0);
  EXPECT_GT(profile.sampling_seconds, 0);
  EXPECT_NEAR(profile.attention_seconds + profile.experts_seconds + profile.head_seconds +
                  profile.sampling_seconds + profile.other_seconds,
              output->seconds.decode, 0.05 * output->seconds.decode);
}

TEST_F(EngineTest, StreamsTheTextThatItReturns) {
  PageWatch watch;
  PageRequest request = RequestFor(page_);
  request.stream_text = true;
  reader_->Read(request, watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_THAT(output->raw, Not(IsEmpty()));
  EXPECT_EQ(watch.text(), output->raw);
}

TEST_F(EngineTest, StopsAtTheTokenCap) {
  PageWatch watch;
  PageRequest request = RequestFor(page_);
  request.max_tokens = 7;
  reader_->Read(request, watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->finish_reason, FinishReason::kLength);
  EXPECT_THAT(output->output_ids,
              ElementsAreArray(page_.output_ids.begin(), page_.output_ids.begin() + 7));
}

TEST_F(EngineTest, KeepsAnNgramBanThatIsAskedFor) {
  PageWatch watch;
  PageRequest request = RequestFor(page_);
  request.max_tokens = 40;
  request.ngram_ban = NgramBan{.size = 1, .window = 1000};  // no token twice
  reader_->Read(request, watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  std::vector<int> ids = output->output_ids;
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST_F(EngineTest, ReadsSeveralImagesInOnePrompt) {
  const GoldenPage other = GoldenPageNamed("letter.png");
  PageWatch watch;
  PageRequest request = RequestFor(page_);
  request.more_images = {other.image.view(), page_.image.view()};
  request.max_tokens = 5;
  reader_->Read(request, watch.Callbacks());
  const absl::StatusOr<PageOutput> output = watch.Wait();

  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->vision_tokens, 2 * page_.vision_rows + other.vision_rows);
  EXPECT_EQ(watch.pixel_releases(), 1);
  EXPECT_GT(output->output_tokens, 0);
}

TEST_F(EngineTest, RefusesAPromptWithMoreImagesThanTheContextHolds) {
  const GoldenPage letter = GoldenPageNamed("letter.png");
  PageWatch watch;
  PageRequest request = RequestFor(letter);
  request.more_images.assign(8192 / letter.vision_rows, letter.image.view());
  reader_->Read(request, watch.Callbacks());
  const absl::Status refused = watch.Wait().status();

  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("context is 8192"));
}

TEST_F(EngineTest, CancelsAPageInTheMiddle) {
  const GoldenPage letter = GoldenPageNamed("letter.png");
  PageWatch watch;
  PageRequest request = RequestFor(letter, 77);
  request.stream_text = true;
  reader_->Read(request, watch.Callbacks());
  watch.WaitForText();

  reader_->Cancel(77);

  EXPECT_TRUE(absl::IsCancelled(watch.Wait().status()));
  EXPECT_EQ(watch.pixel_releases(), 1);
  EXPECT_EQ(reader_->stats().pages, 0);
}

TEST_F(EngineTest, CancelsAPageThatHasOnlyStarted) {
  const GoldenPage letter = GoldenPageNamed("letter.png");
  PageWatch watch;
  reader_->Read(RequestFor(letter, 78), watch.Callbacks());
  watch.WaitUntilStarted();

  reader_->Cancel(78);

  EXPECT_TRUE(absl::IsCancelled(watch.Wait().status()));
}

TEST_F(EngineTest, RefusesMorePagesThanSlots) {
  const GoldenPage letter = GoldenPageNamed("letter.png");
  PageWatch first, second, third;
  reader_->Read(RequestFor(letter, 1), first.Callbacks());
  reader_->Read(RequestFor(letter, 2), second.Callbacks());
  reader_->Read(RequestFor(letter, 3), third.Callbacks());

  const absl::StatusOr<PageOutput> refused = third.Wait();

  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("2 slots"));
  EXPECT_EQ(third.pixel_releases(), 1);
  reader_->Cancel(1);
  reader_->Cancel(2);
  EXPECT_FALSE(first.Wait().ok());
  EXPECT_FALSE(second.Wait().ok());
}

TEST_F(EngineTest, NamesTheModesAndTasksThatItKnows) {
  PageWatch mode, task;
  PageRequest request = RequestFor(page_);
  request.mode = Mode::kTiny;
  reader_->Read(request, mode.Callbacks());
  const absl::StatusOr<PageOutput> tiny = mode.Wait();
  request = RequestFor(page_);
  request.task = Task::kFigure;
  reader_->Read(request, task.Callbacks());
  const absl::StatusOr<PageOutput> figure = task.Wait();

  EXPECT_TRUE(absl::IsInvalidArgument(tiny.status()));
  EXPECT_THAT(std::string(tiny.status().message()), HasSubstr("GUNDAM"));
  EXPECT_TRUE(absl::IsInvalidArgument(figure.status()));
  EXPECT_THAT(std::string(figure.status().message()), HasSubstr("FREE_TEXT"));
}

// The letter has more views than the device has memory for at once.
TEST(DeviceMemory, ShortForABatchOfViewsIsEnoughForItsHalves) {
  const GoldenPage page = GoldenPageNamed("letter.png");
  PageRequest request = RequestFor(page);
  request.mode = Mode::kGundam;
  request.max_tokens = 8;
  PageWatch together, apart;

  const std::unique_ptr<PageReader> roomy = OpenNano();
  const std::unique_ptr<PageReader> short_of_memory =
      OpenNano({.max_batch_views = 5}, /*slots=*/2, /*profile_every=*/0,
               {.out_of_memory_above_pages = 1});
  roomy->Read(request, together.Callbacks());
  short_of_memory->Read(request, apart.Callbacks());

  ASSERT_TRUE(together.Wait().ok()) << together.Wait().status();
  ASSERT_TRUE(apart.Wait().ok()) << apart.Wait().status();
  EXPECT_EQ(apart.Wait()->output_ids, together.Wait()->output_ids);
  EXPECT_FALSE(short_of_memory->stats().broken);
}

TEST(DeviceMemory, ShortForPagesTogetherFailsThemAndIsEnoughForEachAlone) {
  const GoldenPage page = GoldenPageNamed("single_square.png");
  const std::unique_ptr<PageReader> reader =
      OpenNano({}, /*slots=*/2, /*profile_every=*/0, {.out_of_memory_above_pages = 1});

  const auto together = ReadTogether(*reader, {page, page});
  const auto alone = ReadTogether(*reader, {page});

  for (const absl::StatusOr<PageOutput>& output : together) {
    EXPECT_TRUE(absl::IsResourceExhausted(output.status())) << output.status();
    EXPECT_THAT(std::string(output.status().message()), HasSubstr("no memory left"));
  }
  ASSERT_TRUE(alone[0].ok()) << alone[0].status();
  EXPECT_THAT(alone[0]->output_ids, ElementsAreArray(page.output_ids));
}

TEST(DeviceFault, FailsThePagesThatItMeetsAndAllLaterOnes) {
  const GoldenPage page = GoldenPageNamed("single_square.png");
  const std::unique_ptr<PageReader> reader =
      OpenNano({}, /*slots=*/2, /*profile_every=*/0, {.device_fault_at_step = 20});

  const auto met = ReadTogether(*reader, {page});
  const auto later = ReadTogether(*reader, {page});

  EXPECT_TRUE(absl::IsInternal(met[0].status())) << met[0].status();
  EXPECT_THAT(std::string(met[0].status().message()), HasSubstr("illegal memory access"));
  EXPECT_TRUE(absl::IsInternal(later[0].status())) << later[0].status();
  EXPECT_THAT(std::string(later[0].status().message()), HasSubstr("has to start again"));
  EXPECT_TRUE(reader->stats().broken);
}

TEST(EngineEnd, AnswersEveryPage) {
  const GoldenPage letter = GoldenPageNamed("letter.png");
  std::vector<PageWatch> watches(3);
  {
    const std::unique_ptr<PageReader> reader = OpenNano();
    for (size_t i = 0; i < watches.size(); ++i) {
      reader->Read(RequestFor(letter, i + 1), watches[i].Callbacks());
    }
  }

  for (PageWatch& watch : watches) {
    EXPECT_TRUE(absl::IsCancelled(watch.Wait().status()));
    EXPECT_EQ(watch.pixel_releases(), 1);
  }
}

}  // namespace
}  // namespace quire::worker
