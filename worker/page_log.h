#pragma once

#include "absl/status/statusor.h"
#include "quire/worker/v1/worker.pb.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

// A line for a page that ended: whose it was, and where its time went or why it failed. No text of it.
void LogPageEnd(const quire::worker::v1::PageJob& job, const absl::StatusOr<PageOutput>& output);

}  // namespace quire::worker
