#pragma once

#include <string>
#include <string_view>

#include "client/exit_code.h"
#include "client/ocr_client.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What `quire status` prints for people; several lines.
std::string FormatServerInfo(std::string_view address, const v1::GetServerInfoResponse& info);

// What `quire watch` prints for one moment; one line.
std::string FormatWatchLine(const v1::WatchStatusResponse& state);

// One state as JSON in a line; of several fronts: {"server", "status"}.
std::string WatchJsonLine(std::string_view server, const v1::WatchStatusResponse& state);

// `quire status`: prints to standard output what the server runs.
ExitCode ShowStatus(OcrClient& client, bool json);

// `quire watch`: prints a line at every interval until Ctrl-C, which is its normal end (0).
ExitCode WatchServer(OcrClient& client, double interval_seconds, bool json);

}  // namespace quire::client
