#include "client/summary.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/page_format.h"

namespace quire::client {

std::array<StageTime, 10> StageTimes(const v1::StageSeconds& seconds) {
  return {{{"upload", seconds.upload()},
           {"queue", seconds.queue()},
           {"render", seconds.render()},
           {"transfer", seconds.transfer()},
           {"preprocess", seconds.preprocess()},
           {"tokenize", seconds.tokenize()},
           {"vision", seconds.vision()},
           {"prefill", seconds.prefill()},
           {"decode", seconds.decode()},
           {"postprocess", seconds.postprocess()}}};
}

double PagesPerMinute(int pages, double seconds) {
  return seconds > 0 ? pages * 60.0 / seconds : 0;
}

std::string FormatSeconds(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 9.95) return absl::StrFormat("%.2g s", seconds);
  if (seconds >= 8.64e10) return "for ever";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrFormat("%d min %d s", whole / 60, whole % 60);
  return absl::StrFormat("%d h %d min", whole / 3600, whole % 3600 / 60);
}

std::string FormatSummary(std::string_view name, const v1::DocumentSummary& summary,
                          bool with_stages) {
  const int pages = summary.pages_read();
  std::string text = absl::StrFormat(
      "%s: %d %s read, %d failed, %s (%.1f pages a minute), first page after %s, %d tokens\n",
      Printable(name), pages, pages == 1 ? "page" : "pages", summary.pages_failed(),
      FormatSeconds(summary.total_seconds()), PagesPerMinute(pages, summary.total_seconds()),
      FormatSeconds(summary.first_page_seconds()), summary.output_tokens());
  if (!with_stages) return text;
  absl::StrAppend(&text, "  seconds by stage, summed over the pages:\n");
  for (const StageTime& stage : StageTimes(summary.seconds())) {
    absl::StrAppendFormat(&text, "  %-12s %9.3f\n", stage.name, stage.seconds);
  }
  return text;
}

}  // namespace quire::client
