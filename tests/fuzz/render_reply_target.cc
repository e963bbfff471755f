// What a renderer that a document has taken over may answer: a page that is believed lies in the memory
// that was granted.

#include <cmath>
#include <google/protobuf/stubs/logging.h>

#include <cstdint>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "quire/render/v1/render.pb.h"
#include "server/render_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It complains of each input with broken UTF-8.
  [[maybe_unused]] static const auto kTold = google::protobuf::SetLogHandler(nullptr);
  constexpr uint64_t kGranted = 1 << 20;
  constexpr int kMaxPages = 3000;
  quire::render::v1::RenderReply reply;
  if (!reply.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (reply.has_error()) {
    const absl::Status error = quire::FromProto(reply.error());
    (void)quire::ReasonOf(error);
    QUIRE_CHECK(quire::ToProto(error).code() == static_cast<int>(error.code()));
  }
  if (reply.has_opened() && quire::server::IsSoundOpening(reply.opened(), kMaxPages)) {
    QUIRE_CHECK(reply.opened().pages() >= 1 && reply.opened().pages() <= kMaxPages);
  }
  if (reply.has_rendered() && quire::server::IsSoundPage(reply.rendered(), kGranted)) {
    const auto& page = reply.rendered();
    const auto bytes = static_cast<unsigned __int128>(page.width_px()) * page.height_px() * 3;
    QUIRE_CHECK(page.width_px() > 0 && page.height_px() > 0 && bytes <= kGranted);
    QUIRE_CHECK(std::isfinite(page.dpi()) && std::isfinite(page.width_points()));
  }
  return 0;
}
