// The whole service with the model that ships with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/mutex.h"
#include "tests/service/running_service.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Clock = std::chrono::steady_clock;

std::string Fixture(const std::string& name) {
  return ReadFile(absl::StrCat(QUIRE_FIXTURES, "/", name));
}

class Nano : public testing::Test {
 protected:
  void SetUp() override { StartAgain(); }
  void StartAgain(std::vector<std::string> arguments = {}) {
    service_ = nullptr;
    arguments.insert(arguments.begin(), {"--model", "nano"});
    auto started = RunningService::Start(
        {.worker_program = "quire-worker", .arguments = std::move(arguments)});
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = *std::move(started);
  }
  std::unique_ptr<RunningService> service_;
};

TEST_F(Nano, ReadsAnImageWithBlocksInsideThePage) {
  const Recognised read = Recognise(service_->stub(), Fixture("images/simple_text.png"));

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(1)[0];
  EXPECT_EQ(page.model(), "nano");
  EXPECT_EQ(page.width_px(), 886);
  EXPECT_THAT(page.markdown(), Not(IsEmpty()));
  EXPECT_THAT(page.markdown(), Not(HasSubstr("<|")));
  for (const quire::v1::Block& block : page.blocks()) {
    for (const quire::v1::Box& box : block.boxes()) {
      EXPECT_GE(box.left(), 0);
      EXPECT_LE(box.right(), 1);
      EXPECT_LE(box.bottom_px(), page.height_px());
    }
  }
}

TEST_F(Nano, ReadsEveryPageOfAPdf) {
  quire::v1::RecognizeOptions options;
  options.set_max_tokens_per_page(120);

  const Recognised read = Recognise(service_->stub(), Fixture("pdf/five_pages.pdf"), options);

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(5), IsEmpty());
  EXPECT_THAT(read.results, SizeIs(5));
  EXPECT_EQ(std::max(read.results.at(1)[0].width_px(), read.results.at(1)[0].height_px()), 2048);
}

// five_pages.pdf, its pages shown turned clockwise.
std::string TurnedPdf(int degrees) {
  const std::string pages = Fixture("pdf/five_pages.pdf");
  constexpr absl::string_view kUpright = "/Rotate 0 /Trans <<\n\n>>";
  std::string turned = absl::StrCat("/Rotate ", degrees, " /Trans <<>>");
  turned.insert(turned.size() - 2, kUpright.size() - turned.size(), ' ');  // every offset stays
  return absl::StrReplaceAll(pages, {{kUpright, absl::string_view(turned)}});
}

class TurnedPage : public Nano, public testing::WithParamInterface<int> {};

TEST_P(TurnedPage, IsFoundAndRead) {
  quire::v1::RecognizeOptions options;
  options.set_orient(quire::v1::ORIENT_AUTO);
  options.set_page_ranges("1");
  options.set_max_tokens_per_page(120);

  const Recognised read = Recognise(service_->stub(), TurnedPdf(GetParam()), options);

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(1)[0];
  EXPECT_EQ(page.rotation_degrees(), GetParam());
  EXPECT_EQ(page.turned_degrees(), (360 - GetParam()) % 360);
  EXPECT_THAT(page.text(), HasSubstr("Harbour Clock"));
  EXPECT_EQ(page.width_px() > page.height_px(), GetParam() % 180 != 0);
  ASSERT_GT(page.blocks_size(), 0);
  // The title is at the page's top, wherever that is shown.
  const quire::v1::Box& title = page.blocks(0).boxes(0);
  const double from_top = GetParam() == 90    ? 1 - title.right()
                          : GetParam() == 180 ? 1 - title.bottom()
                          : GetParam() == 270 ? title.left()
                                              : title.top();
  EXPECT_LT(from_top, 0.2) << title.ShortDebugString();
  EXPECT_NEAR(SecondsAtWork(page), page.total_seconds(), StageTolerance(page));
}

INSTANTIATE_TEST_SUITE_P(Degrees, TurnedPage, testing::Values(0, 90, 180, 270));

TEST_F(Nano, SaysHowFarAPageIsFromItsTextLayer) {
  quire::v1::RecognizeOptions options;
  options.set_text_layer(quire::v1::TEXT_LAYER_COMPARE);
  options.set_page_ranges("1");

  const Recognised read = Recognise(service_->stub(), Fixture("pdf/five_pages.pdf"), options);

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::TextLayerComparison& layer = read.results.at(1)[0].text_layer();
  EXPECT_GT(layer.layer_characters(), 1000);
  EXPECT_LT(layer.edit_distance(), 0.03);
}

TEST_F(Nano, TakesATextLayerInsteadOfReading) {
  quire::v1::RecognizeOptions options;
  options.set_text_layer(quire::v1::TEXT_LAYER_USE);

  const Recognised read = Recognise(service_->stub(), Fixture("pdf/five_pages.pdf"), options);

  EXPECT_THAT(read.NotOnce(5), IsEmpty());
  ASSERT_THAT(read.results, SizeIs(5));
  EXPECT_EQ(read.results.at(1)[0].text_source(), quire::v1::TEXT_SOURCE_TEXT_LAYER);
  EXPECT_THAT(read.results.at(1)[0].text(), HasSubstr("had been seven minutes slow."));
  EXPECT_EQ(read.summary->output_tokens(), 0);
}

TEST_F(Nano, NamesWhereAllOfALonePagesTimeWent) {
  const Recognised read = Recognise(service_->stub(), Fixture("images/simple_text.png"));

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(1)[0];
  EXPECT_NEAR(SecondsAtWork(page), page.total_seconds(), StageTolerance(page))
      << page.seconds().DebugString();
}

TEST_F(Nano, NamesWaitingAsWaitingWherePagesShareTheModel) {
  quire::v1::RecognizeOptions options;
  options.set_max_tokens_per_page(120);

  const Recognised read = Recognise(service_->stub(), Fixture("pdf/five_pages.pdf"), options);

  ASSERT_THAT(read.results, SizeIs(5)) << read.status.error_message();
  for (const auto& [number, results] : read.results) {
    const quire::v1::PageResult& page = results[0];
    EXPECT_NEAR(SecondsAtWork(page) + page.seconds().queue(), page.total_seconds(),
                StageTolerance(page))
        << "page " << number << ": " << page.seconds().DebugString();
  }
}

TEST_F(Nano, SaysWhenEachStageOfAPageBegan) {
  const Recognised read = Recognise(service_->stub(), Fixture("images/simple_text.png"));

  ASSERT_THAT(read.results, SizeIs(1)) << read.status.error_message();
  const quire::v1::PageResult& page = read.results.at(1)[0];
  const quire::v1::StageStarts& starts = page.starts();
  EXPECT_GE(page.queued_seconds(), 0);
  EXPECT_GE(starts.transfer(), starts.render() + page.seconds().render());
  EXPECT_GE(starts.tokenize(), starts.transfer());
  EXPECT_GE(starts.preprocess(), starts.tokenize());
  EXPECT_GE(starts.vision(), starts.preprocess());
  EXPECT_GE(starts.prefill(), starts.vision());
  EXPECT_GE(starts.decode(), starts.prefill());
  EXPECT_GE(starts.postprocess(), starts.decode());
  EXPECT_LE(starts.postprocess() + page.seconds().postprocess(),
            page.total_seconds() + StageTolerance(page));
}

TEST_F(Nano, SeesSeveralPagesInOnePrompt) {
  quire::v1::RecognizeImageRequest request;
  request.set_image(Fixture("pdf/five_pages.pdf"));
  request.mutable_options()->set_max_tokens_per_page(8);
  quire::v1::RecognizeImageResponse one, two;
  grpc::ClientContext first, second;
  const grpc::Status read_one = service_->stub().RecognizeImage(&first, request, &one);
  request.set_pages_in_prompt(2);
  const grpc::Status read_two = service_->stub().RecognizeImage(&second, request, &two);

  ASSERT_TRUE(read_one.ok()) << read_one.error_message();
  ASSERT_TRUE(read_two.ok()) << read_two.error_message();
  EXPECT_EQ(two.page().vision_tokens(), 2 * one.page().vision_tokens());  // pages of one size
  EXPECT_EQ(two.page().width_px(), one.page().width_px());
  EXPECT_GT(two.page().output_tokens(), 0);
}

TEST_F(Nano, RefusesAModeThatItDoesNotKnowAndNamesThoseItDoes) {
  quire::v1::RecognizeOptions options;
  options.set_mode(quire::v1::MODE_TINY);

  const Recognised read = Recognise(service_->stub(), Fixture("images/simple_text.png"), options);

  EXPECT_EQ(read.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(read.status.error_message(), HasSubstr("GUNDAM"));
}

// A page takes about 25 steps: views, prompt and the tokens that it is cut off at.
quire::v1::RecognizeOptions ShortPages() {
  quire::v1::RecognizeOptions options;
  options.set_mode(quire::v1::MODE_BASE);
  options.set_max_tokens_per_page(20);
  return options;
}

TEST_F(Nano, ReadsEveryPageThoughItsDeviceFailsAgainAndAgain) {
  const std::string document = Fixture("pdf/five_pages.pdf");
  const Recognised undisturbed = Recognise(service_->stub(), document, ShortPages());
  StartAgain({"--worker-args=--slots=2", "--worker-args=--raise-device-fault-at-step=70"});

  const Recognised read = Recognise(service_->stub(), document, ShortPages());

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(5), IsEmpty());
  EXPECT_EQ(read.Markdown(), undisturbed.Markdown());
  EXPECT_GE(service_->Metric(R"(quire_worker_restarts_total{reason="device_failed"})"), 1);
  EXPECT_THAT(service_->Log(), HasSubstr("illegal memory access"));
}

TEST_F(Nano, ReadsEveryPageThoughItsDeviceHasMemoryForOneAtATime) {
  const std::string document = Fixture("pdf/five_pages.pdf");
  const Recognised undisturbed = Recognise(service_->stub(), document, ShortPages());
  StartAgain({"--worker-args=--slots=4", "--worker-args=--raise-out-of-memory-above-pages=1"});

  const Recognised read = Recognise(service_->stub(), document, ShortPages());

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(5), IsEmpty());
  EXPECT_EQ(read.Markdown(), undisturbed.Markdown());
  EXPECT_GE(service_->Metric(R"(quire_page_attempts_total{reason="out_of_memory"})"), 1);
  EXPECT_EQ(service_->Metric(R"(quire_worker_restarts_total{reason="device_failed"})"), 0);
}

// Kills the first worker that it finds once a moment has come.
class DelayedKill {
 public:
  DelayedKill(const RunningService& service, Clock::duration delay)
      : thread_([this, &service, until = Clock::now() + delay] {
          MutexLock lock(mutex_);
          while (!over_ && changed_.WaitUntil(mutex_, until)) {
          }
          if (over_) return;
          const std::vector<pid_t> workers = service.Children("quire-worker");
          if (!workers.empty()) kill(workers.front(), SIGKILL);
        }) {}
  ~DelayedKill() {
    {
      MutexLock lock(mutex_);
      over_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

TEST_F(Nano, LosesNoPageWhenItIsKilledAtTwentySeededMoments) {
  const std::string document = Fixture("pdf/five_pages.pdf");
  quire::v1::RecognizeOptions options;  // one view and few tokens, so that all stages are met often
  options.set_mode(quire::v1::MODE_BASE);
  options.set_max_tokens_per_page(40);
  const Clock::time_point begin = Clock::now();
  const Recognised undisturbed = Recognise(service_->stub(), document, options);
  const Clock::duration whole = Clock::now() - begin;
  ASSERT_THAT(undisturbed.results, SizeIs(5)) << undisturbed.status.error_message();
  std::mt19937 random(20);

  for (int moment = 0; moment < 20; ++moment) {
    if (moment % 4 == 3) StartAgain();  // back-off grows with each death
    const double fraction = std::uniform_real_distribution<double>(0.02, 0.95)(random);
    DelayedKill killer(*service_, std::chrono::duration_cast<Clock::duration>(whole * fraction));
    const Recognised read = Recognise(service_->stub(), document, options);

    ASSERT_TRUE(read.status.ok()) << "moment " << moment << ": " << read.status.error_message();
    ASSERT_THAT(read.NotOnce(5), IsEmpty()) << "moment " << moment;
    ASSERT_EQ(read.Markdown(), undisturbed.Markdown()) << "moment " << moment;
  }
}

}  // namespace
}  // namespace quire
