#include "worker/page_log.h"

#include <string>

#include "proto/log_line.h"

namespace quire::worker {

void LogPageEnd(const quire::worker::v1::PageJob& job, const absl::StatusOr<PageOutput>& output) {
  LogLine line(output.ok() ? "page read" : "page not read");
  line.Add("document", job.document_id())
      .Add("request_id", job.request_id())
      .Add("page", job.page_number())
      .Add("job", static_cast<int64_t>(job.job_id()))
      .Add("traceparent", job.traceparent());
  if (!output.ok()) {
    line.Add("code", absl::StatusCodeToString(output.status().code()))
        .Add("error", std::string(output.status().message()))
        .Write();
    return;
  }
  const StageSeconds& seconds = output->seconds;
  line.Add("output_tokens", output->output_tokens)
      .Add("queue_seconds", seconds.queue)
      .Add("transfer_seconds", seconds.transfer)
      .Add("preprocess_seconds", seconds.preprocess)
      .Add("tokenize_seconds", seconds.tokenize)
      .Add("vision_seconds", seconds.vision)
      .Add("prefill_seconds", seconds.prefill)
      .Add("decode_seconds", seconds.decode)
      .Add("postprocess_seconds", seconds.postprocess)
      .Write();
}

}  // namespace quire::worker
