#include "proto/library_log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <chrono>
#include <string>

#include "proto/log_line.h"
#include "proto/mutex.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kBetweenLines{10};

// Errors of one library. Thread-safe.
class RareErrors {
 public:
  void Add(const char* library, std::string message) {
    int64_t left_out = 0;
    {
      MutexLock lock(mutex_);
      const Clock::time_point now = Clock::now();
      if (now < next_) {
        ++left_out_;
        return;
      }
      next_ = now + kBetweenLines;
      std::swap(left_out, left_out_);
    }
    LogLine line(std::move(message));
    line.Add("library", library);
    if (left_out > 0) line.Add("left_out", left_out);
    line.Warn();
  }

 private:
  Mutex mutex_;
  Clock::time_point next_ ABSL_GUARDED_BY(mutex_);  // line at the earliest
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;    // since the last one
};

void TakeFromProtobuf(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  static RareErrors errors;
  if (level == google::protobuf::LOGLEVEL_FATAL) {  // the program ends
    LogLine(message).Add("library", "protobuf").Warn();
  } else {
    errors.Add("protobuf", message);
  }
}

// Of lower severity there is something only when GRPC_VERBOSITY asks for it.
void TakeFromGrpc(gpr_log_func_args* args) {
  static RareErrors errors;
  if (args->severity == GPR_LOG_SEVERITY_ERROR) {
    errors.Add("gRPC", args->message);
  } else {
    LogLine(args->message).Add("library", "gRPC").Write();
  }
}

}  // namespace

void LogForLibraries() {
  google::protobuf::SetLogHandler(&TakeFromProtobuf);
  gpr_set_log_function(&TakeFromGrpc);
}

}  // namespace quire
