// Who gets in: TLS, client certificates, tokens, and the limits of connections; with the real
// programs over TCP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/service/certificates.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using grpc::StatusCode;

// What a client shows.
struct Papers {
  std::string ca_file, cert_file, key_file, token;
};

std::string ReadIfNamed(const std::string& path) { return path.empty() ? "" : ReadFile(path); }

// A connection of its own.
std::shared_ptr<grpc::Channel> Connect(const std::string& address, const Papers& papers) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (papers.ca_file.empty()) {
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(papers.ca_file);
  options.pem_cert_chain = ReadIfNamed(papers.cert_file);
  options.pem_private_key = ReadIfNamed(papers.key_file);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

grpc::Status Ask(const std::string& address, const Papers& papers) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!papers.token.empty()) context.AddMetadata("authorization", "Bearer " + papers.token);
  quire::v1::GetServerInfoResponse info;
  return quire::v1::OcrService::NewStub(Connect(address, papers))->GetServerInfo(&context, {}, &info);
}

// A program's output and whether it ended with 0.
struct Ran {
  int code = -1;
  std::string output;
};

Ran RunProgram(const std::string& command) {
  std::FILE* program = popen((std::string(QUIRE_BINARIES) + "/" + command + " 2>&1").c_str(), "r");
  Ran ran;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, program) != nullptr) ran.output += buffer;
  ran.code = WEXITSTATUS(pclose(program));
  return ran;
}

class FrontDoor : public testing::Test {
 protected:
  FrontDoor()
      : folder_(absl::StrCat(testing::TempDir(), "/quire-door-", getpid(), "-", next_++)),
        authority_(folder_) {
    authority_.Issue("server");
    authority_.Issue("client");
  }
  ~FrontDoor() override {
    service_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  void Start(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    auto started = RunningService::Start(
        {.arguments = std::move(arguments), .environment = std::move(environment)});
    ASSERT_TRUE(started.ok()) << started.status();
    service_ = *std::move(started);
    address_ = service_->addresses().back();
  }
  std::vector<std::string> Tls() const {
    return {"--tls-cert-file", authority_.cert_file("server"), "--tls-key-file",
            authority_.key_file("server")};
  }
  Papers Trusting() const { return {.ca_file = authority_.ca_file()}; }
  Papers WithCertificate() const {
    return {.ca_file = authority_.ca_file(),
            .cert_file = authority_.cert_file("client"),
            .key_file = authority_.key_file("client")};
  }
  std::string WriteFile(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path + ".part") << text;
    std::filesystem::rename(path + ".part", path);
    return path;
  }
  // Asks again over new connections until the answer has this code; false after 20 s. The pause is no
  // synchronisation: when gRPC looks at a file again, nothing tells.
  bool AskUntil(const Papers& papers, StatusCode code) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
      if (Ask(address_, papers).error_code() == code) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } while (std::chrono::steady_clock::now() < until);
    return false;
  }

  static inline int next_ = 0;
  const std::string folder_;
  Authority authority_;
  std::unique_ptr<RunningService> service_;
  std::string address_;
};

TEST_F(FrontDoor, SpeaksTlsOverTcpAndPlainOverTheUnixSocket) {
  Start(Tls());

  EXPECT_TRUE(Ask(address_, Trusting()).ok());
  EXPECT_EQ(Ask(address_, {}).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Ask(service_->address(), {}).ok());
}

TEST_F(FrontDoor, IsNotTakenForOneOfAnotherAuthority) {
  Start(Tls());
  const Authority other(folder_ + "/other");

  EXPECT_EQ(Ask(address_, {.ca_file = other.ca_file()}).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(FrontDoor, AsksClientsForACertificateOfTheirAuthority) {
  std::vector<std::string> arguments = Tls();
  arguments.insert(arguments.end(), {"--tls-client-ca-file", authority_.ca_file()});
  Start(arguments);
  const Authority other(folder_ + "/other");
  other.Issue("client");

  EXPECT_TRUE(Ask(address_, WithCertificate()).ok());
  EXPECT_FALSE(Ask(address_, Trusting()).ok());
  EXPECT_FALSE(Ask(address_, {.ca_file = authority_.ca_file(),
                              .cert_file = other.cert_file("client"),
                              .key_file = other.key_file("client")}).ok());
}

TEST_F(FrontDoor, ShowsAChangedCertificateWithoutARestart) {
  Start(Tls());
  const Authority renewed(folder_ + "/renewed");
  renewed.Issue("server");
  ASSERT_TRUE(Ask(address_, Trusting()).ok());

  std::filesystem::copy_file(renewed.key_file("server"), authority_.key_file("server"),
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(renewed.cert_file("server"), authority_.cert_file("server"),
                             std::filesystem::copy_options::overwrite_existing);

  EXPECT_TRUE(AskUntil({.ca_file = renewed.ca_file()}, StatusCode::OK));
  EXPECT_EQ(Ask(address_, Trusting()).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(FrontDoor, RefusesToStartWithoutTheFilesThatItIsGiven) {
  const std::string start = absl::StrCat(
      "quire-server --workers none --metrics-listen none --listen unix:", folder_, "/s ");
  const Ran missing = RunProgram(start + "--tls-cert-file /nowhere.pem --tls-key-file /nowhere.key");
  const Ran half = RunProgram(start + "--tls-cert-file " + authority_.cert_file("server"));
  const Ran empty = RunProgram(start + "--client-token-file " + WriteFile("empty", "# none\n"));

  EXPECT_EQ(missing.code, 78);
  EXPECT_THAT(missing.output, HasSubstr("/nowhere.pem"));
  EXPECT_EQ(half.code, 78);
  EXPECT_THAT(half.output, HasSubstr("--tls-key-file"));
  EXPECT_EQ(empty.code, 78);
  EXPECT_THAT(empty.output, HasSubstr("holds no token"));
}

TEST_F(FrontDoor, AsksEveryCallForAToken) {
  Start({"--client-token-file", WriteFile("tokens", "alice one\nbob two\n")});
  const auto stub = quire::v1::OcrService::NewStub(Connect(address_, {}));
  quire::v1::RecognizeImageResponse image;
  quire::v1::WatchStatusResponse state;
  grpc::ClientContext image_context, watch_context;
  const auto watch = stub->WatchStatus(&watch_context, {});

  EXPECT_TRUE(Ask(address_, {.token = "one"}).ok());
  EXPECT_TRUE(Ask(address_, {.token = "two"}).ok());
  EXPECT_EQ(Reason(Ask(address_, {.token = "three"})), "WRONG_TOKEN");
  EXPECT_EQ(Reason(Ask(address_, {})), "WRONG_TOKEN");
  EXPECT_EQ(Reason(Recognise(*stub, MakePdf(1)).status), "WRONG_TOKEN");
  EXPECT_EQ(Reason(stub->RecognizeImage(&image_context, {}, &image)), "WRONG_TOKEN");
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), StatusCode::UNAUTHENTICATED);
}

TEST_F(FrontDoor, ReadsTokensAgainWhenTheirFileChanges) {
  Start({"--client-token-file", WriteFile("tokens", "alice one\n")});
  ASSERT_TRUE(Ask(address_, {.token = "one"}).ok());

  WriteFile("tokens", "alice renewed\n");

  EXPECT_TRUE(Ask(address_, {.token = "renewed"}).ok());
  EXPECT_EQ(Reason(Ask(address_, {.token = "one"})), "WRONG_TOKEN");
}

TEST_F(FrontDoor, HoldsATokenToItsDocumentsAtOnce) {
  Start({"--client-token-file", WriteFile("tokens", "alice one documents=1\nbob two\n")},
        {"QUIRE_FAKE_DELAY_MS=60000"});
  const auto stub = quire::v1::OcrService::NewStub(Connect(address_, {}));
  const auto begin = [&](grpc::ClientContext& context, const std::string& token) {
    context.AddMetadata("authorization", "Bearer " + token);
    auto stream = stub->Recognize(&context);
    quire::v1::RecognizeRequest request;
    request.mutable_options();
    stream->Write(request);
    request.set_chunk(MakePdf(1));
    stream->Write(request);
    stream->WritesDone();
    return stream;
  };
  quire::v1::RecognizeResponse response;
  grpc::ClientContext first_context, second_context, other_context;
  const auto first = begin(first_context, "one");
  ASSERT_TRUE(first->Read(&response));

  const auto second = begin(second_context, "one");
  EXPECT_FALSE(second->Read(&response));
  const grpc::Status refused = second->Finish();
  const auto other = begin(other_context, "two");
  EXPECT_TRUE(other->Read(&response));

  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Reason(refused), "TOO_MANY_DOCUMENTS_OF_TOKEN");
  first_context.TryCancel();
  other_context.TryCancel();
}

TEST_F(FrontDoor, IsOpenedByTheCommandLine) {
  std::vector<std::string> arguments = Tls();
  arguments.insert(arguments.end(), {"--tls-client-ca-file", authority_.ca_file(),
                                     "--client-token-file", WriteFile("tokens", "alice one\n")});
  Start(arguments);
  const std::string trusting =
      absl::StrCat("quire status --server ", address_, " --ca-file ", authority_.ca_file());
  const std::string shown = absl::StrCat(trusting, " --cert-file ", authority_.cert_file("client"),
                                         " --key-file ", authority_.key_file("client"));

  const Ran right = RunProgram(shown + " --token-file " + WriteFile("mine", "one\n"));
  const Ran read = RunProgram(absl::StrCat("quire recognise", shown.substr(sizeof("quire status") - 1),
                                    " --token-file ", folder_, "/mine ", QUIRE_FIXTURES,
                                    "/pdf/five_pages.pdf"));
  const Ran wrong = RunProgram(shown + " --token-file " + WriteFile("other", "two\n"));
  const Ran bare = RunProgram(trusting + " --token-file " + folder_ + "/mine");
  const Ran none = RunProgram(shown + " --token-file /nowhere");

  EXPECT_EQ(right.code, 0) << right.output;
  EXPECT_EQ(read.code, 0) << read.output;
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.output, HasSubstr("token"));
  EXPECT_NE(bare.code, 0);
  EXPECT_NE(none.code, 0);
  EXPECT_THAT(none.output, HasSubstr("/nowhere"));
}

// A worker as on another host: over TCP, with what it is given.
class RemoteWorker {
 public:
  RemoteWorker(const std::string& id, const std::string& front, std::vector<std::string> papers) {
    papers.insert(papers.begin(), {"--id", id, "--model", "fake", "--attach", front});
    auto started = server::ChildProcess::Start(
        {.program = std::string(QUIRE_BINARIES) + "/quire-fake-worker", .arguments = papers});
    EXPECT_TRUE(started.ok()) << started.status();
    if (started.ok()) process_ = *std::move(started);
  }
  ~RemoteWorker() { process_.Kill(); }

 private:
  server::ChildProcess process_;
};

bool IsAttached(RunningService& service, const std::string& id) {
  return service.WaitForStatus([&](const auto& status) {
    return std::any_of(status.workers().begin(), status.workers().end(),
                       [&](const auto& worker) { return worker.id() == id; });
  });
}

TEST_F(FrontDoor, TakesARemoteWorkerOverTlsWithATokenThatIsReadAgain) {
  std::vector<std::string> arguments = Tls();
  const std::string tokens = WriteFile("worker-tokens", "secret\n");
  arguments.insert(arguments.end(),
                   {"--worker-listen", "127.0.0.1:0", "--worker-token-file", tokens});
  Start(arguments);
  WriteFile("mine", "not-yet\n");
  RemoteWorker worker("far", service_->worker_address(),
                      {"--ca-file", authority_.ca_file(), "--token-file", folder_ + "/mine"});
  ASSERT_TRUE(service_->WaitForStatus(
      [&](const auto&) { return absl::StrContains(service_->Log(), "a worker from ipv4"); }));

  WriteFile("worker-tokens", "far renewed\n");
  WriteFile("mine", "renewed\n");

  EXPECT_TRUE(IsAttached(*service_, "far"));
  EXPECT_THAT(Recognise(service_->stub(), MakePdf(20)).NotOnce(20), IsEmpty());
}

TEST_F(FrontDoor, TakesARemoteWorkerByItsCertificate) {
  std::vector<std::string> arguments = Tls();
  arguments.insert(arguments.end(), {"--worker-listen", "127.0.0.1:0", "--worker-client-ca-file",
                                     authority_.ca_file()});
  Start(arguments);
  const Authority other(folder_ + "/other");
  other.Issue("worker");
  authority_.Issue("worker");
  RemoteWorker wrong("wrong", service_->worker_address(),
                     {"--ca-file", authority_.ca_file(), "--cert-file", other.cert_file("worker"),
                      "--key-file", other.key_file("worker")});
  RemoteWorker right("right", service_->worker_address(),
                     {"--ca-file", authority_.ca_file(), "--cert-file",
                      authority_.cert_file("worker"), "--key-file", authority_.key_file("worker")});

  EXPECT_TRUE(IsAttached(*service_, "right"));
  EXPECT_THAT(service_->Log(), Not(HasSubstr("worker wrong attached")));
}

TEST_F(FrontDoor, EndsAConnectionThatFloodsItWithPings) {
  Start({}, {"QUIRE_FAKE_DELAY_MS=60000"});
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 100);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  const auto stub = quire::v1::OcrService::NewStub(
      grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));

  const Recognised flooding = Recognise(*stub, MakePdf(3));

  EXPECT_EQ(flooding.status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_TRUE(service_->WaitForStatus([](const auto& status) { return status.documents() == 0; }));
}

TEST_F(FrontDoor, RefusesAMessageAboveFourMebibytes) {
  Start({});
  const auto stub = quire::v1::OcrService::NewStub(Connect(address_, {}));
  grpc::ClientContext context;
  quire::v1::RecognizeImageRequest request;
  request.set_image(std::string(5 << 20, 'x'));
  quire::v1::RecognizeImageResponse response;

  EXPECT_EQ(stub->RecognizeImage(&context, request, &response).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(FrontDoor, CarriesNoMoreCallsOnAConnectionThanItSays) {
  Start({"--max-streams-per-connection", "2"});
  const auto stub = quire::v1::OcrService::NewStub(Connect(address_, {}));
  grpc::ClientContext contexts[3];
  quire::v1::WatchStatusResponse state;
  const auto first = stub->WatchStatus(&contexts[0], {});
  const auto second = stub->WatchStatus(&contexts[1], {});
  ASSERT_TRUE(first->Read(&state));
  ASSERT_TRUE(second->Read(&state));

  contexts[2].set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  quire::v1::GetServerInfoResponse info;
  EXPECT_EQ(stub->GetServerInfo(&contexts[2], {}, &info).error_code(),
            StatusCode::DEADLINE_EXCEEDED);  // it waits at the client
  EXPECT_TRUE(Ask(address_, {}).ok());       // another connection is not concerned
  contexts[0].TryCancel();
  contexts[1].TryCancel();
}

}  // namespace
}  // namespace quire
