// Two fronts behind nginx are restarted one after the other while clients that try again send
// documents: none fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/service/remote_worker.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPages = 8;
constexpr int kClients = 4;
constexpr int kTries = 40;

// A proxy as it may stand before fronts: HTTP/2 in, gRPC to whichever front takes it.
std::string NginxSettings(const std::string& folder, const std::vector<std::string>& sockets) {
  std::string upstream;
  for (const std::string& socket : sockets) {
    absl::StrAppend(&upstream, "    server unix:", socket, " max_fails=0;\n");
  }
  return absl::StrCat(
      "daemon off;\nworker_processes 1;\nuser root;\npid ", folder, "/pid;\nerror_log ", folder,
      "/error.log;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n",
      "  client_body_temp_path ", folder, "/body;\n  proxy_temp_path ", folder,
      "/proxy;\n  fastcgi_temp_path ", folder, "/fastcgi;\n  uwsgi_temp_path ", folder,
      "/uwsgi;\n  scgi_temp_path ", folder, "/scgi;\n  upstream quire {\n", upstream,
      "  }\n  server {\n    listen unix:", folder,
      "/proxy.sock http2;\n    client_max_body_size 0;\n    location / {\n",
      "      grpc_pass grpc://quire;\n      grpc_read_timeout 1h;\n      grpc_send_timeout 1h;\n",
      "    }\n  }\n}\n");
}

class RollingRestart : public testing::Test {
 protected:
  RollingRestart() : folder_(absl::StrCat(testing::TempDir(), "/quire-roll-XXXXXX")) {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    std::ofstream(folder_ + "/tokens") << "remote 0123456789abcdef0123456789abcdef\n";
    std::ofstream(folder_ + "/token") << "0123456789abcdef0123456789abcdef\n";
    worker_ = std::make_unique<RemoteWorker>(RemoteWorkerOptions{
        .fronts = worker_addresses_,
        .token_file = folder_ + "/token",
        .arguments = {"--slots", "4"},
        .environment = {"QUIRE_FAKE_DELAY_MS=20"}});
  }
  ~RollingRestart() override {
    worker_ = nullptr;
    for (auto& front : fronts_) front = nullptr;
    proxy_.Signal(SIGTERM);
    proxy_.WaitUntil(Clock::now() + std::chrono::seconds(5));
    std::filesystem::remove_all(folder_);
  }

  std::string Socket(int front) const { return absl::StrCat(folder_, "/front", front, ".sock"); }

  void StartFront(int front) {
    auto started = RunningService::Start(
        {.arguments = {"--listen", "unix:" + Socket(front), "--workers", "none", "--worker-listen",
                       worker_addresses_[front], "--worker-token-file", folder_ + "/tokens"}});
    ASSERT_TRUE(started.ok()) << started.status();
    fronts_[front] = *std::move(started);
  }

  void StartProxy() {
    std::ofstream(folder_ + "/nginx.conf") << NginxSettings(folder_, {Socket(0), Socket(1)});
    auto started = server::ChildProcess::Start(
        {.program = QUIRE_NGINX, .arguments = {"-p", folder_, "-c", folder_ + "/nginx.conf"}});
    ASSERT_TRUE(started.ok()) << started.status();
    proxy_ = *std::move(started);
    // Woken by its end, else every 20 ms: a channel that finds no socket waits for seconds.
    const Clock::time_point until = Clock::now() + std::chrono::seconds(10);
    while (!std::filesystem::exists(folder_ + "/proxy.sock")) {
      ASSERT_LT(Clock::now(), until) << "nginx does not listen";
      ASSERT_FALSE(proxy_.WaitUntil(Clock::now() + std::chrono::milliseconds(20)).has_value());
    }
  }

  // Asks for what is missing until nothing is; false when that does not help.
  static bool ReadWhole(v1::OcrService::Stub& stub, const std::string& document,
                        std::atomic<int>& retries) {
    std::vector<int> missing(kPages);
    for (int i = 0; i < kPages; ++i) missing[i] = i + 1;
    for (int tries = 0; tries < kTries && !missing.empty(); ++tries) {
      if (tries > 0) {
        ++retries;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      v1::RecognizeOptions options;
      options.set_page_ranges(absl::StrJoin(missing, ","));
      options.set_request_id("rolling");
      const Recognised read = Recognise(stub, document, options);
      if (tries + 1 == kTries) {
        std::fprintf(stderr, "the last try: %s\n", read.status.error_message().c_str());
      }
      std::erase_if(missing, [&](int page) { return read.results.contains(page); });
    }
    return missing.empty();
  }

  std::string folder_;
  const std::vector<std::string> worker_addresses_ = {FreeAddress(), FreeAddress()};
  std::unique_ptr<RemoteWorker> worker_;
  std::unique_ptr<RunningService> fronts_[2];
  server::ChildProcess proxy_;
};

TEST_F(RollingRestart, FailsNoDocumentOfClientsThatTryAgain) {
  for (int front = 0; front < 2; ++front) StartFront(front);
  StartProxy();
  const std::string document = MakePdf(kPages);
  std::atomic<bool> over = false;
  std::atomic<int> read = 0, failed = 0, retries = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
      arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
      const auto stub = v1::OcrService::NewStub(grpc::CreateCustomChannel(
          absl::StrCat("unix:", folder_, "/proxy.sock"), grpc::InsecureChannelCredentials(),
          arguments));
      while (!over) ++(ReadWhole(*stub, document, retries) ? read : failed);
    });
  }

  for (int round = 0; round < 2; ++round) {
    for (int front = 0; front < 2; ++front) {
      fronts_[front] = nullptr;  // SIGTERM, and the wait for its end
      StartFront(front);
    }
  }
  over = true;
  for (std::thread& client : clients) client.join();

  EXPECT_EQ(failed, 0);
  EXPECT_GE(read, 2 * kClients);
  EXPECT_GE(retries, 1) << "no restart was felt: this shows nothing";
  EXPECT_EQ(worker_->lives(), 1);
  std::printf("%d documents read, %d failed, %d tries again\n", read.load(), failed.load(),
              retries.load());
}

}  // namespace
}  // namespace quire
