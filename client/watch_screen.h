#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// A front as `quire watch` last saw it.
struct WatchedFront {
  std::string address;
  std::optional<v1::WatchStatusResponse> state;  // nothing before the first answer
  std::string trouble;                           // why there is no newer one
  double pages_per_minute = 0;                   // lately
};

// The live view: each front with its queue, workers, slots and the documents in work. At most `rows`
// lines of at most `columns` characters, without control characters; what does not fit is counted in
// the last line.
std::vector<std::string> WatchScreen(const std::vector<WatchedFront>& fronts, int rows, int columns);

}  // namespace quire::client
