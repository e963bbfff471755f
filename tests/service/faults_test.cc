// Processes that die, hang or are killed: pages still end exactly once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "proto/rich_status.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::unique_ptr<RunningService> Started(const ServiceOptions& options) {
  auto started = RunningService::Start(options);
  EXPECT_TRUE(started.ok()) << started.status();
  return started.ok() ? *std::move(started) : nullptr;
}

// The first of the server's children with this name; 0 when there is none.
pid_t ChildOf(const RunningService& service, const std::string& program) {
  const std::vector<pid_t> children = service.Children(program);
  return children.empty() ? 0 : children.front();
}

TEST(Faults, AKilledWorkerLosesNoPageAtTwentySeededMoments) {
  const std::string document = MakePdf(16);
  std::map<int, std::string> undisturbed;
  std::unique_ptr<RunningService> service;
  std::mt19937 random(20);

  for (int moment = 0; moment < 20; ++moment) {
    if (moment % 4 == 0) {  // a fresh one, since back-off grows with each death
      service = Started({.environment = {"QUIRE_FAKE_DELAY_MS=20"}});
      ASSERT_NE(service, nullptr);
    }
    if (undisturbed.empty()) undisturbed = Recognise(service->stub(), document).Markdown();
    ASSERT_THAT(undisturbed, SizeIs(16));
    // The moment is an event of the answer: each run dies at another one.
    int events_until_kill = static_cast<int>(random() % 20);
    const Recognised read = Recognise(service->stub(), document, {}, [&](const auto&) {
      if (events_until_kill-- != 0) return;
      if (const pid_t worker = ChildOf(*service, "quire-fake-worker"); worker > 0) {
        kill(worker, SIGKILL);
      }
    });

    ASSERT_TRUE(read.status.ok()) << "moment " << moment << ": " << read.status.error_message();
    ASSERT_THAT(read.NotOnce(16), IsEmpty()) << "moment " << moment;
    ASSERT_EQ(read.Markdown(), undisturbed) << "moment " << moment;
  }
}

TEST(Faults, APageThatKillsWorkersFailsAndItsNeighboursAreRead) {
  auto service = Started({.environment = {"QUIRE_FAKE_DEADLY_RED=13"}});
  ASSERT_NE(service, nullptr);
  std::vector<MadePage> pages(6);
  for (int i = 0; i < 6; ++i) pages[i].code = i + 1;
  pages[2].red = 13;

  const Recognised read = Recognise(service->stub(), MakePdf(pages));

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(6), IsEmpty());
  EXPECT_THAT(read.results, SizeIs(5));
  ASSERT_TRUE(read.failures.contains(3));
  EXPECT_THAT(read.failures.at(3)[0].status().message(), HasSubstr("worker"));
}

TEST(Faults, AKilledRendererLosesNoPage) {
  auto service = Started({.arguments = {"--renderers", "1"}});
  ASSERT_NE(service, nullptr);
  bool killed = false;

  const Recognised read =
      Recognise(service->stub(), MakePdf(300), {}, [&](const quire::v1::RecognizeResponse& event) {
        if (killed || !event.has_page_result()) return;
        killed = true;
        if (const pid_t renderer = ChildOf(*service, "quire-render"); renderer > 0) {
          kill(renderer, SIGSTOP);  // it dies with the page that it gets meanwhile
          std::this_thread::sleep_for(std::chrono::milliseconds(200));
          kill(renderer, SIGKILL);
        }
      });

  EXPECT_TRUE(killed);
  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(300), IsEmpty());
  EXPECT_THAT(read.failures, IsEmpty());
}

// Answers the greeting with `closed`, then dies of each document and leaves a byte in a file for it.
std::string RendererThatDies(const std::string& folder) {
  const std::string program = folder + "/render";
  std::ofstream(program) << "#!/usr/bin/env python3\n"
                            "import os, signal, socket\n"
                            "control = socket.socket(fileno=3)\n"
                            "control.recv(1 << 16)\n"
                            "control.sendall(b'\\2\\0\\0\\0' + b'\\x22\\0')\n"
                            "control.recv(1 << 16)\n"
                            "open('" << folder << "/opened', 'a').write('.')\n"
                            "os.kill(os.getpid(), signal.SIGKILL)\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  return program;
}

TEST(Faults, ADocumentThatKillsTwoRenderersIsRefused) {
  std::string folder = testing::TempDir() + "/quire-render-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  auto service = Started(
      {.arguments = {"--renderers", "1", "--render-program", RendererThatDies(folder)}});
  ASSERT_NE(service, nullptr);

  const Recognised read = Recognise(service->stub(), MakePdf(1));

  EXPECT_EQ(read.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(read.status), "RENDER_DIED") << read.status.error_message();
  EXPECT_EQ(ReadFile(folder + "/opened"), "..");
  std::filesystem::remove_all(folder);
}

TEST(Faults, ARendererThatHangsIsKilledAndItsPageFails) {
  auto service = Started({.arguments = {"--renderers", "1", "--render-seconds", "1"}});
  ASSERT_NE(service, nullptr);
  bool stopped = false;

  const Recognised read =
      Recognise(service->stub(), MakePdf(30), {}, [&](const quire::v1::RecognizeResponse& event) {
        if (stopped || !event.has_page_result()) return;
        stopped = true;
        if (const pid_t renderer = ChildOf(*service, "quire-render"); renderer > 0) {
          kill(renderer, SIGSTOP);
        }
      });

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(30), IsEmpty());
  ASSERT_THAT(read.failures, SizeIs(1));
  EXPECT_EQ(ReasonOf(FromProto(read.failures.begin()->second[0].status())), "RENDER_TIMEOUT");
}

TEST(Faults, AWorkerThatHangsIsReplacedAndThePageEnds) {
  auto service = Started({.arguments = {"--page-stall-seconds", "1", "--max-page-attempts", "2"},
                          .environment = {"QUIRE_FAKE_HANGING_RED=14"}});
  ASSERT_NE(service, nullptr);
  std::vector<MadePage> pages(3);
  pages[1].red = 14;

  const Recognised read = Recognise(service->stub(), MakePdf(pages));

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(3), IsEmpty());
  EXPECT_THAT(read.failures, SizeIs(1));
  EXPECT_TRUE(read.failures.contains(2));
}

TEST(Faults, ACancelledDocumentFreesItsSlots) {
  auto service = Started({.environment = {"QUIRE_FAKE_DELAY_MS=60000"}});
  ASSERT_NE(service, nullptr);
  grpc::ClientContext context;
  auto stream = service->stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.mutable_options();
  stream->Write(request);
  request.set_chunk(MakePdf(50));
  stream->Write(request);
  stream->WritesDone();
  quire::v1::RecognizeResponse response;
  while (stream->Read(&response) && !response.has_page_started()) {
  }
  context.TryCancel();
  stream->Finish();

  grpc::ClientContext watch_context;
  quire::v1::WatchStatusRequest watch;
  watch.set_interval_seconds(0.2);
  auto status_stream = service->stub().WatchStatus(&watch_context, watch);
  quire::v1::WatchStatusResponse status;
  int reading = -1;
  for (int i = 0; i < 25 && reading != 0 && status_stream->Read(&status); ++i) {
    reading = status.pages_reading() + status.pages_waiting();
  }
  watch_context.TryCancel();

  EXPECT_EQ(reading, 0);
}

TEST(Faults, ChildrenLeaveWhenTheFrontIsKilled) {
  auto service = Started({});
  ASSERT_NE(service, nullptr);
  Recognise(service->stub(), MakePdf(1));
  std::vector<pid_t> children = service->Children("quire-fake-worker");
  const std::vector<pid_t> renderers = service->Children("quire-render");
  children.insert(children.end(), renderers.begin(), renderers.end());
  ASSERT_THAT(children, Not(IsEmpty()));

  service->Crash();

  for (const pid_t child : children) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::filesystem::exists("/proc/" + std::to_string(child)) &&
           std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(child)));
  }
}

TEST(Faults, SigtermFinishesWhatRunsAndRefusesWhatComes) {
  auto service = Started({.environment = {"QUIRE_FAKE_DELAY_MS=150"}});
  ASSERT_NE(service, nullptr);
  bool told = false;

  const Recognised read = Recognise(service->stub(), MakePdf(6), {}, [&](const auto& event) {
    if (told || !event.has_page_started()) return;
    told = true;
    kill(service->pid(), SIGTERM);
  });
  const auto exit = service->Stop();

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(6), IsEmpty());
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->code, 0) << exit->Describe();
}

}  // namespace
}  // namespace quire
