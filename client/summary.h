#pragma once

#include <array>
#include <string>
#include <string_view>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// One stage of a page's life and the seconds spent in it.
struct StageTime {
  const char* name;
  double seconds;
};

// All stages in the order in which a page goes through them.
std::array<StageTime, 10> StageTimes(const v1::StageSeconds& seconds);

// 0 when no time passed.
double PagesPerMinute(int pages, double seconds);

// "0.42 s", "17 s", "3 min 20 s", "2 h 5 min".
std::string FormatSeconds(double seconds);

// The closing lines about one document: pages, seconds, pages a minute.
//   with_stages  adds a table of seconds by stage
std::string FormatSummary(std::string_view name, const v1::DocumentSummary& summary,
                          bool with_stages);

}  // namespace quire::client
