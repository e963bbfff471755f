// RecognizeOptions as any client may send them: checked without harm, and every refusal names a reason.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "server/page_ranges.h"
#include "server/recognize_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It complains of each input with broken UTF-8.
  [[maybe_unused]] static const auto kTold = google::protobuf::SetLogHandler(nullptr);
  using namespace quire;
  static const v1::ModelInfo kModel = [] {
    v1::ModelInfo model;
    model.set_key("m");
    model.add_modes(v1::MODE_BASE);
    model.add_tasks(v1::TASK_MARKDOWN);
    model.add_tasks(v1::TASK_LOCATE);
    model.set_context_tokens(8192);
    return model;
  }();
  v1::RecognizeOptions options;
  if (!options.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::Status status = server::CheckOptions(options, {&kModel, 1});
  if (!status.ok()) {
    QUIRE_CHECK(absl::IsInvalidArgument(status) && !ReasonOf(status).empty());
    return 0;
  }
  QUIRE_CHECK(server::PageRanges::Parse(options.page_ranges()).ok());
  QUIRE_CHECK(server::CanRead(kModel, options));
  return 0;
}
