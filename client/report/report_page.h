#pragma once

#include <optional>
#include <string>

#include "client/report/page_preview.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Pictures of a page.
struct PagePreviews {
  std::optional<PagePreview> as_read;    // none: a blank sheet
  std::optional<PagePreview> uncleaned;  // from before clean-ups
};

// A page that was read: its picture, or a blank sheet of its size, with a box for each block,
// beside the text, and a bar of its stages.
//   id       of the page in the report, such as "d1p3"; its blocks are "d1p3b0", ...
std::string FormatReportPage(const v1::PageResult& page, const std::string& id,
                             const PagePreviews& previews);

// A page that was not.
std::string FormatFailedReportPage(const v1::PageFailed& page, const std::string& id);

// A bar of the seconds of each stage, and the figures below it.
std::string FormatStageBar(const v1::StageSeconds& seconds);

}  // namespace quire::client
