#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "quire/worker/v1/worker.pb.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

// Between the attach protocol's messages and the reader's structs.

// The front's job without its pixels. InvalidArgument for sizes below 1 or enum values that this
// version does not know.
absl::StatusOr<PageRequest> RequestFromJob(const quire::worker::v1::PageJob& job);

// Bytes of a job's pixels: width * height * 3 of each image.
uint64_t PixelBytes(const quire::worker::v1::PageJob& job);
// Where they are: `data` has PixelBytes bytes, the images' one after another.
void SetPixels(const uint8_t* data, PageRequest& request);

// The result as the front gets it; raw output only where the job wants it.
quire::v1::PageResult ResultFromOutput(const PageOutput& output, const PageRequest& request,
                                       const quire::worker::v1::PageJob& job);

// What a heartbeat says of decode steps.
quire::v1::DecodeProfile ProfileToWire(const DecodeProfile& profile);

// What the worker says of itself when it attaches.
quire::worker::v1::WorkerHello HelloFromInfo(const ReaderInfo& info, const std::string& worker_id,
                                             bool has_arena);

}  // namespace quire::worker
