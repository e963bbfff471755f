#include "tests/service/running_service.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

std::string Binary(const std::string& name) { return absl::StrCat(QUIRE_BINARIES, "/", name); }

// The third field of /proc/PID/stat is the state, the fourth the parent.
pid_t ParentOf(const std::string& pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;  // of one line; not read by iterators, which throw when the process ends meanwhile
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return -1;
  const std::vector<std::string> fields =
      absl::StrSplit(text.substr(name_end + 1), ' ', absl::SkipEmpty());
  int parent = -1;
  return fields.size() > 1 && fields[0] != "Z" && absl::SimpleAtoi(fields[1], &parent) ? parent : -1;
}

// Waits for a file to appear in a folder, or for the deadline. Woken by the kernel, not by a clock.
bool WaitForFile(const std::string& folder, const std::string& name, server::ChildProcess& child,
                 Clock::time_point deadline) {
  const int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  inotify_add_watch(watch, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
  bool there = false;
  while (!(there = std::filesystem::exists(folder + "/" + name)) && Clock::now() < deadline) {
    if (child.WaitUntil(Clock::now() + std::chrono::milliseconds(50))) break;
  }
  close(watch);
  return there;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningService>> RunningService::Start(
    const ServiceOptions& options) {
  std::unique_ptr<RunningService> service(new RunningService);
  std::string folder = absl::StrCat(testing::TempDir(), "/quire-service-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) return absl::InternalError("no temporary folder");
  service->folder_ = folder;
  service->address_ = absl::StrCat("unix:", folder, "/front.sock");
  server::ChildOptions child;
  std::filesystem::create_directory(folder + "/tmp");
  // The shell becomes the server; it is there for the log's sake.
  child.program = "/bin/sh";
  child.arguments = {"-c", R"(log=$1; shift; exec "$@" 2>>"$log")", "sh", folder + "/log",
                     Binary("quire-server"), "--listen", service->address_, "--metrics-listen", "127.0.0.1:0",
                     "--worker-program", Binary(options.worker_program), "--render-program",
                     Binary("quire-render"), "--workers", "cpu", "--models-dir",
                     absl::StrCat(QUIRE_FIXTURES, "/models"), "--ready-file", folder + "/ready"};
  child.arguments.insert(child.arguments.end(), options.arguments.begin(), options.arguments.end());
  child.environment = options.environment;
  child.environment.push_back(absl::StrCat("TMPDIR=", folder, "/tmp"));
  QUIRE_ASSIGN_OR_RETURN(service->server_, server::ChildProcess::Start(child));
  if (!WaitForFile(folder, "ready", service->server_, Clock::now() + std::chrono::seconds(60))) {
    return absl::DeadlineExceededError("quire-server was not ready after 60 s");
  }
  const auto ready = nlohmann::json::parse(ReadFile(folder + "/ready"), nullptr, false);
  service->metrics_address_ = ready.value("metrics", "");
  service->worker_address_ = ready.value("workers", "");
  service->addresses_ = ready.value("listen", std::vector<std::string>());
  service->token_ = options.token;
  service->channel_ = grpc::CreateChannel(service->address_, grpc::InsecureChannelCredentials());
  service->stub_ = quire::v1::OcrService::NewStub(service->channel_);
  return service;
}

RunningService::~RunningService() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<pid_t> RunningService::Children(const std::string& program) const {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    int pid = 0;
    if (!absl::SimpleAtoi(name, &pid) || ParentOf(name) != server_.pid()) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::string command;
    std::getline(file, command, '\0');
    if (absl::EndsWith(command, "/" + program)) children.push_back(pid);
  }
  return children;
}

std::optional<server::ExitState> RunningService::Stop(std::chrono::seconds at_most) {
  if (!server_.running()) return std::nullopt;
  server_.Signal(SIGTERM);
  return server_.WaitUntil(Clock::now() + at_most);
}

void RunningService::Crash() {
  server_.Signal(SIGKILL);
  server_.WaitUntil(Clock::now() + std::chrono::seconds(10));
}

std::string RunningService::Log() const { return ReadFile(folder_ + "/log"); }

double RunningService::Metric(const std::string& name) const {
  const std::vector<std::string> lines = absl::StrSplit(Metrics(), '\n');
  for (const std::string& line : lines) {
    double value = 0;
    if (absl::StartsWith(line, name + " ") &&
        absl::SimpleAtod(line.substr(name.size() + 1), &value)) {
      return value;
    }
  }
  return -1;
}

bool RunningService::IsServing(const std::string& name) const {
  // Question and answer are one string and one enum, each field 1.
  google::protobuf::StringValue question;
  question.set_value(name);
  const grpc::Slice slice(question.SerializeAsString());
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  std::promise<grpc::Status> answered;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { answered.set_value(std::move(status)); });
  grpc::Slice answer;
  google::protobuf::Int32Value serving;
  return answered.get_future().get().ok() && response.TrySingleSlice(&answer).ok() &&
         serving.ParseFromArray(answer.begin(), static_cast<int>(answer.size())) &&
         serving.value() == 1;
}

bool RunningService::WaitForStatus(
    const std::function<bool(const quire::v1::WatchStatusResponse&)>& fits) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  quire::v1::WatchStatusRequest request;
  request.set_interval_seconds(0.2);
  const auto stream = stub_->WatchStatus(&context, request);
  quire::v1::WatchStatusResponse status;
  while (stream->Read(&status)) {
    if (!fits(status)) continue;
    context.TryCancel();
    return true;
  }
  return false;
}

std::string RunningService::Metrics() const {
  const std::vector<std::string> parts = absl::StrSplit(metrics_address_, ':');
  int port = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &port)) return "";
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<uint16_t>(port));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (connect(socket_fd, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0 &&
      write(socket_fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char buffer[65536];
    for (ssize_t n; (n = read(socket_fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, n);
  }
  close(socket_fd);
  const size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

std::vector<int> Recognised::NotOnce(int pages) const {
  std::vector<int> wrong;
  for (int page = 1; page <= pages; ++page) {
    const auto read = results.find(page);
    const auto failed = failures.find(page);
    const size_t ends = (read == results.end() ? 0 : read->second.size()) +
                        (failed == failures.end() ? 0 : failed->second.size());
    if (ends != 1) wrong.push_back(page);
  }
  return wrong;
}

std::map<int, std::string> Recognised::Markdown() const {
  std::map<int, std::string> pages;
  for (const auto& [page, read] : results) pages[page] = read.front().markdown();
  return pages;
}

Recognised Recognise(quire::v1::OcrService::Stub& stub, const std::string& document,
                     const quire::v1::RecognizeOptions& options,
                     const std::function<void(const quire::v1::RecognizeResponse&)>& on_event,
                     const std::function<void(grpc::ClientContext&)>& prepare) {
  grpc::ClientContext context;
  if (prepare) prepare(context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(5));
  auto stream = stub.Recognize(&context);
  // Uploading and reading go side by side, as a server that answers early expects.
  std::thread upload([&] {
    quire::v1::RecognizeRequest request;
    *request.mutable_options() = options;
    bool open = stream->Write(request);
    constexpr size_t kChunk = 256 << 10;
    for (size_t at = 0; open && at < document.size(); at += kChunk) {
      request.set_chunk(document.substr(at, kChunk));
      open = stream->Write(request);
    }
    stream->WritesDone();
  });
  Recognised recognised;
  quire::v1::RecognizeResponse response;
  while (stream->Read(&response)) {
    if (on_event) on_event(response);
    if (response.has_accepted()) recognised.accepted = response.accepted();
    if (response.has_page_started()) recognised.streamed[response.page_started().page_number()] = "";
    if (response.has_text_delta()) {
      recognised.streamed[response.text_delta().page_number()] += response.text_delta().text();
    }
    if (response.has_page_result()) {
      const int page = response.page_result().page_number();
      recognised.results[page].push_back(response.page_result());
      recognised.order.push_back(page);
    }
    if (response.has_page_failed()) {
      const int page = response.page_failed().page_number();
      recognised.failures[page].push_back(response.page_failed());
      recognised.order.push_back(page);
    }
    if (response.has_summary()) recognised.summary = response.summary();
  }
  upload.join();
  recognised.status = stream->Finish();
  return recognised;
}

double SecondsAtWork(const quire::v1::PageResult& page) {
  const quire::v1::StageSeconds& s = page.seconds();
  return s.render() + s.transfer() + s.preprocess() + s.tokenize() + s.vision() + s.prefill() +
         s.decode() + s.postprocess();
}

double StageTolerance(const quire::v1::PageResult& page) {
  return std::max(0.03 * page.total_seconds(), 0.005);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

std::string Reason(const grpc::Status& status) { return ReasonOf(FromGrpc(status)); }

}  // namespace quire
