#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.grpc.pb.h"
#include "server/child_process.h"

namespace quire {

struct ServiceOptions {
  // File name in the build's bin folder.
  std::string worker_program = "quire-fake-worker";
  std::vector<std::string> arguments;    // of quire-server, added to what every test gives
  std::vector<std::string> environment;  // "KEY=value"
  std::string token;  // that WaitForStatus() shows
};

// A quire-server with its children, as a user would start it, on a unix socket in a folder of its
// own. The destructor ends it.
class RunningService {
 public:
  // Returns when the server says that it is ready.
  static absl::StatusOr<std::unique_ptr<RunningService>> Start(const ServiceOptions& options);
  ~RunningService();

  quire::v1::OcrService::Stub& stub() { return *stub_; }
  const std::string& address() const { return address_; }
  // All that it listens on, the unix socket first.
  const std::vector<std::string>& addresses() const { return addresses_; }
  // For remote workers.
  const std::string& worker_address() const { return worker_address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  const std::string& folder() const { return folder_; }
  pid_t pid() const { return server_.pid(); }
  // Running processes whose parent is the server and whose program has this name.
  std::vector<pid_t> Children(const std::string& program) const;
  // SIGTERM, then how it ended.
  std::optional<server::ExitState> Stop(std::chrono::seconds at_most = std::chrono::seconds(30));
  // SIGKILL, as a crash of the front.
  void Crash();
  // The text of GET /metrics.
  std::string Metrics() const;
  // One figure of it, such as quire_slots{state="used"}; -1 when it is not there.
  double Metric(const std::string& name) const;
  // What the server and its children wrote to standard error until now.
  std::string Log() const;
  // What grpc.health.v1 says of a name.
  bool IsServing(const std::string& name) const;
  // Until the server's status, sent every 0.2 s, fits; false after 30 s.
  bool WaitForStatus(const std::function<bool(const quire::v1::WatchStatusResponse&)>& fits);

 private:
  RunningService() = default;
  std::string folder_, address_, metrics_address_, worker_address_, token_;
  std::vector<std::string> addresses_;
  server::ChildProcess server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<quire::v1::OcrService::Stub> stub_;
};

// Everything that one Recognize call answered.
struct Recognised {
  grpc::Status status;
  std::optional<quire::v1::DocumentAccepted> accepted;
  std::map<int, std::vector<quire::v1::PageResult>> results;  // by page number
  std::map<int, std::vector<quire::v1::PageFailed>> failures;
  std::vector<int> order;  // page numbers as they ended
  std::map<int, std::string> streamed;  // text of each page's last attempt
  std::optional<quire::v1::DocumentSummary> summary;

  // Page numbers that ended other than exactly once, of 1..pages.
  std::vector<int> NotOnce(int pages) const;
  std::map<int, std::string> Markdown() const;
};

// Sends a document and takes all answers. `on_event` sees each as it comes; `prepare` may add to the
// call before it begins.
Recognised Recognise(quire::v1::OcrService::Stub& stub, const std::string& document,
                     const quire::v1::RecognizeOptions& options = {},
                     const std::function<void(const quire::v1::RecognizeResponse&)>& on_event = {},
                     const std::function<void(grpc::ClientContext&)>& prepare = {});

// Seconds of a page's stages that are work: all but upload, which is the document's, and queue.
double SecondsAtWork(const quire::v1::PageResult& page);
// What work and waiting may miss of a page's total: 3 % or 5 ms.
double StageTolerance(const quire::v1::PageResult& page);

// The bytes of a file; the test fails when it cannot be read.
std::string ReadFile(const std::string& path);

// The reason of a status' ErrorInfo.
std::string Reason(const grpc::Status& status);

}  // namespace quire
