// Health, reflection, server info, status and metrics of a whole front.

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/wrappers.pb.h"
#include "tests/support/front_under_test.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What grpc.health.v1.Health/Check says of a name: 1 SERVING, 2 NOT_SERVING; nothing for an unknown
// name. Its messages are one string and one enum, each field 1.
std::optional<int> Health(FrontUnderTest& front, const std::string& service) {
  google::protobuf::StringValue name;
  name.set_value(service);
  grpc::Slice slice(name.SerializeAsString());
  grpc::ByteBuffer request(&slice, 1);
  grpc::GenericStub stub(front.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answered;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { answered.set_value(std::move(status)); });
  const grpc::Status status = answered.get_future().get();
  if (!status.ok()) return std::nullopt;
  grpc::Slice answer;
  EXPECT_TRUE(response.TrySingleSlice(&answer).ok());
  google::protobuf::Int32Value value;
  EXPECT_TRUE(value.ParseFromArray(answer.begin(), static_cast<int>(answer.size())));
  return value.value();
}

// The body of GET /metrics.
std::string Scrape(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<uint16_t>(port));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target), 0);
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[65536];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, n);
  close(fd);
  return answer;
}

constexpr int kServing = 1;
constexpr int kNotServing = 2;

TEST(Health, IsLiveButNotReadyWithoutAWorker) {
  FrontUnderTest front;
  EXPECT_EQ(Health(front, "live"), kServing);
  EXPECT_EQ(Health(front, ""), kNotServing);
  EXPECT_EQ(Health(front, "ready"), kNotServing);
  EXPECT_EQ(Health(front, "quire.v1.OcrService"), kNotServing);
}

TEST(Health, IsReadyOnceAWorkerHasAttached) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  EXPECT_EQ(Health(front, ""), kServing);
  EXPECT_EQ(Health(front, "ready"), kServing);
  EXPECT_EQ(Health(front, "quire.v1.OcrService"), kServing);
  EXPECT_EQ(Health(front, "model/fake"), kServing);
}

TEST(Health, DoesNotKnowOtherNames) {
  FrontUnderTest front;
  EXPECT_EQ(Health(front, "model/other"), std::nullopt);
}

TEST(Health, IsNotReadyWhileDraining) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());

  front.front().BeginDrain({});
  front.front().Status();  // after the drain has begun

  EXPECT_EQ(Health(front, "live"), kServing);
  EXPECT_EQ(Health(front, "ready"), kNotServing);
  EXPECT_EQ(Health(front, "model/fake"), kNotServing);
}

TEST(Reflection, CanDescribeTheHealthService) {
  FrontUnderTest front;
  EXPECT_NE(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
                "grpc.health.v1.Health"),
            nullptr);
}

TEST(ServerInfo, NamesModelsWorkersAndLimits) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  grpc::ClientContext context;
  quire::v1::GetServerInfoResponse info;

  ASSERT_TRUE(front.stub().GetServerInfo(&context, {}, &info).ok());

  EXPECT_NE(info.version(), "");
  ASSERT_EQ(info.models_size(), 1);
  EXPECT_EQ(info.models(0).key(), "fake");
  EXPECT_THAT(info.models(0).modes(),
              ElementsAre(quire::v1::MODE_BASE, quire::v1::MODE_AUTO));
  ASSERT_EQ(info.workers_size(), 1);
  EXPECT_EQ(info.workers(0).id(), "fake");
  EXPECT_EQ(info.workers(0).slots(), 2);
  EXPECT_EQ(info.workers(0).state(), quire::v1::WORKER_STATE_READY);
  EXPECT_EQ(info.limits().max_documents(), 64);
  EXPECT_EQ(info.limits().max_document_bytes(), 500'000'000);
}

TEST(ServerInfo, ShowsLocalWorkersThatAreNotThere) {
  FrontUnderTest front({}, {.devices = {{"cpu", "cpu"}, {"cuda-0", "cuda:0"}}});
  front.front().OnLocalWorkerEnded("cuda-0", "exit code 78", /*given_up=*/true);
  grpc::ClientContext context;
  quire::v1::GetServerInfoResponse info;

  ASSERT_TRUE(front.stub().GetServerInfo(&context, {}, &info).ok());

  ASSERT_EQ(info.workers_size(), 2);
  EXPECT_EQ(info.workers(0).state(), quire::v1::WORKER_STATE_STARTING);
  EXPECT_EQ(info.workers(1).state(), quire::v1::WORKER_STATE_FAILED);
  EXPECT_THAT(info.workers(1).last_error(), HasSubstr("exit code 78"));
  EXPECT_EQ(info.workers(1).device(), "cuda:0");
}

TEST(Status, IsSentAgainAndAgain) {
  FrontUnderTest front;
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  grpc::ClientContext context;
  quire::v1::WatchStatusRequest request;
  request.set_interval_seconds(0.2);
  const auto stream = front.stub().WatchStatus(&context, request);
  quire::v1::WatchStatusResponse first, second;
  ASSERT_TRUE(stream->Read(&first));
  Recognize(front.stub(), "pages=3 bad=2");

  ASSERT_TRUE(stream->Read(&second));

  EXPECT_TRUE(first.ready());
  EXPECT_EQ(first.pages_read(), 0);
  EXPECT_EQ(second.pages_read(), 2);
  EXPECT_EQ(second.pages_failed(), 1);
  context.TryCancel();
}

TEST(Figures, CountWhatHappened) {
  FrontUnderTest front;
  EXPECT_EQ(Recognize(front.stub(), "pages=1").reason(), "NO_WORKER");
  FakeWorker worker(front.WorkerOptions());
  ASSERT_TRUE(front.WaitUntilReady());
  Recognize(front.stub(), "pages=4 bad=2");

  const std::string text = Scrape(front.metrics_address());

  for (const char* stage : {"upload", "queue", "render", "transfer", "preprocess", "tokenize",
                            "vision", "prefill", "decode", "postprocess"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("quire_stage_seconds_count{stage=\"", stage, "\"} 3")));
  }
  EXPECT_THAT(text, HasSubstr("quire_page_seconds_count 3"));
  EXPECT_THAT(text, HasSubstr("quire_first_page_seconds_count 1"));
  EXPECT_THAT(text, HasSubstr("quire_pages_total{outcome=\"read\"} 3"));
  EXPECT_THAT(text, HasSubstr("quire_pages_total{outcome=\"failed\"} 1"));
  EXPECT_THAT(text, HasSubstr("quire_page_attempts_total{reason=\"first\"} 4"));
  EXPECT_THAT(text, HasSubstr("quire_documents_total{code=\"OK\"} 1"));
  EXPECT_THAT(text, HasSubstr("quire_rejected_total{reason=\"NO_WORKER\"} 1"));
  EXPECT_THAT(text, HasSubstr("quire_output_tokens_total 21"));
  EXPECT_THAT(text, HasSubstr("quire_received_bytes_total 13"));
  EXPECT_THAT(text, HasSubstr("quire_build_info{version="));
}

TEST(Figures, CannotBeServedOnATakenPort) {
  Metrics first;
  const std::string address = first.Serve("127.0.0.1:0").value();
  Metrics second;

  const absl::Status status = second.Serve(address).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--metrics-listen"));
}

TEST(Listening, RefusesAnAddressThatIsTaken) {
  FrontUnderTest front([](FrontOptions& options) { options.listen.push_back("127.0.0.1:0"); });
  const std::string taken = front.front().addresses().at(1);
  Metrics metrics;
  const PrivateFolder folder = PrivateFolder::Create().value();
  FrontOptions options;
  options.listen = {taken};
  options.attach_socket = folder.path() + "/attach.sock";

  const auto second = Front::Start(options, {}, std::make_unique<FakeRenderPool>(), metrics);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(taken));
}

}  // namespace
}  // namespace quire::server
