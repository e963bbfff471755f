#include "worker/render/render_service.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "proto/text_distance/code_points.h"
#include "worker/render/clean_up.h"
#include "worker/render/frame_io.h"
#include "worker/render/image_codec.h"

namespace quire::render {
namespace {

namespace wire = quire::render::v1;

// Files of open documents may take this part of the memory; drawing needs the rest.
constexpr int64_t kFilesPart = 4;
constexpr size_t kMostDocuments = 64;
// So that it fits into a reply.
constexpr int64_t kMostPngBytes = kMaxFrameBytes - (2 << 20);

absl::Status BadRequest(std::string_view what) {
  return absl::InternalError(absl::StrCat("the front asks for ", std::string(what)));
}

// In UTF-8 that protobuf takes, whatever the PDF says that its characters are.
std::string Sound(const std::string& text) { return ToUtf8(ToCodePoints(text)); }

void AddTextLayer(const TextLayer& layer, const DrawnPage& page, wire::PageRendered& rendered) {
  if (layer.paragraphs.empty() || page.width_points <= 0) return;
  wire::PageTextLayer& out = *rendered.mutable_layer();
  out.set_text(Sound(layer.Text()));
  for (const TextLayer::Paragraph& paragraph : layer.paragraphs) {
    quire::v1::Block& block = *out.add_blocks();
    block.set_label("text");
    block.set_text(Sound(paragraph.text));
    quire::v1::Box& box = *block.add_boxes();
    const auto share = [](double points, double whole) {
      return std::clamp(points / whole, 0.0, 1.0);
    };
    box.set_left(share(paragraph.box.left, page.width_points));
    box.set_top(share(paragraph.box.top, page.height_points));
    box.set_right(share(paragraph.box.right, page.width_points));
    box.set_bottom(share(paragraph.box.bottom, page.height_points));
    box.set_left_px(box.left() * page.width_px);
    box.set_top_px(box.top() * page.height_px);
    box.set_right_px(box.right() * page.width_px);
    box.set_bottom_px(box.bottom() * page.height_px);
  }
}

}  // namespace

RenderService::RenderService(Canvas arena, int64_t memory_bytes)
    : arena_(arena),
      documents_(memory_bytes > 0 ? memory_bytes / kFilesPart : std::numeric_limits<int64_t>::max(),
                 kMostDocuments) {}

wire::RenderReply RenderService::Answer(const wire::RenderRequest& request, int fd) {
  wire::RenderReply reply;
  absl::Status status;
  try {
    switch (request.request_case()) {
      case wire::RenderRequest::kOpen:
        status = Open(request.open(), fd, *reply.mutable_opened());
        break;
      case wire::RenderRequest::kRender:
        status = Render(request.render(), *reply.mutable_rendered());
        break;
      case wire::RenderRequest::kClose:
        documents_.Close(request.close().document_id());
        reply.mutable_closed();
        break;
      case wire::RenderRequest::REQUEST_NOT_SET:
        status = BadRequest("nothing");
        break;
    }
  } catch (const std::bad_alloc&) {  // what the libraries throw under the address-space limit
    status = OutOfRenderMemory("this");
  }
  if (!status.ok()) *reply.mutable_error() = ToProto(status);
  return reply;
}

absl::Status RenderService::Open(const wire::OpenDocument& request, int fd,
                                 wire::DocumentOpened& opened) {
  if (fd < 0) return BadRequest("a document without its file");
  QUIRE_ASSIGN_OR_RETURN(
      Document * document,
      documents_.Open(request.document_id(), fd, request.document_bytes(), request.password(),
                      {.max_pages = request.max_pages(),
                       .max_page_pixels = request.max_page_pixels(),
                       .frames = request.frames()}));
  opened.set_format(document->format());
  opened.set_pages(document->pages());
  return absl::OkStatus();
}

absl::Status RenderService::Render(const wire::RenderPage& request, wire::PageRendered& rendered) {
  Document* document = documents_.Find(request.document_id());
  if (document == nullptr) {
    return MakeError(absl::StatusCode::kNotFound, "DOCUMENT_NOT_OPEN",
                     "the document is not open in this renderer");
  }
  if (request.arena_offset() > arena_.bytes ||
      request.arena_bytes() > arena_.bytes - request.arena_offset()) {
    return BadRequest("a place outside of the arena");
  }
  if ((request.long_side_px() > 0) == (request.dpi() > 0)) {
    return BadRequest("neither or both of a long side and dpi");
  }
  const Canvas canvas{arena_.data + request.arena_offset(), request.arena_bytes()};
  QUIRE_ASSIGN_OR_RETURN(
      const DrawnPage page,
      document->Draw(request.page_index(),
                     {.long_side_px = request.long_side_px(), .dpi = request.dpi()}, canvas));
  rendered.set_width_px(page.width_px);
  rendered.set_height_px(page.height_px);
  rendered.set_dpi(page.dpi);
  rendered.set_width_points(page.width_points);
  rendered.set_height_points(page.height_points);
  rendered.set_rotation_degrees(page.rotation_degrees);
  rendered.set_frame_seconds(page.frame_seconds);
  if (request.include_text_layer())
    AddTextLayer(document->Text(request.page_index()), page, rendered);
  return Finish(request, canvas, page, rendered);
}

absl::Status RenderService::Finish(const wire::RenderPage& request, Canvas canvas,
                                   const DrawnPage& page, wire::PageRendered& rendered) {
  const worker::PixelView pixels{canvas.data, page.width_px, page.height_px};
  if (request.include_uncleaned_png()) {
    QUIRE_ASSIGN_OR_RETURN(*rendered.mutable_uncleaned_png(), EncodePng(pixels));
  }
  if (request.clean_ups_size() > 0) {
    std::vector<quire::v1::CleanUp> clean_ups;
    for (const int clean_up : request.clean_ups()) {
      clean_ups.push_back(static_cast<quire::v1::CleanUp>(clean_up));
    }
    QUIRE_ASSIGN_OR_RETURN(const CleanedPage cleaned,
                           CleanPage(clean_ups, canvas, page.width_px, page.height_px));
    rendered.set_deskewed_degrees(cleaned.deskewed_degrees);
  }
  if (request.include_png()) {
    QUIRE_ASSIGN_OR_RETURN(*rendered.mutable_png(), EncodePng(pixels));
  }
  const auto png_bytes =
      static_cast<int64_t>(rendered.png().size() + rendered.uncleaned_png().size());
  if (png_bytes > kMostPngBytes) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "PAGE_IMAGE_TOO_LARGE",
        absl::StrCat("page ", request.page_index() + 1, " as PNG has ", WithCommas(png_bytes),
                     " bytes; the limit is ", WithCommas(kMostPngBytes),
                     ": lower --dpi or do without the page's image"),
        {{"page", absl::StrCat(request.page_index() + 1)}});
  }
  return absl::OkStatus();
}

absl::Status RenderService::Serve(int socket) {
  while (true) {
    absl::StatusOr<Frame> frame = ReadFrame(socket);
    if (absl::IsOutOfRange(frame.status())) return absl::OkStatus();
    if (!frame.ok()) return frame.status();
    wire::RenderRequest request;
    const bool sound = request.ParseFromString(frame->bytes);
    wire::RenderReply reply;
    if (sound) reply = Answer(request, frame->fd);
    if (frame->fd >= 0) close(frame->fd);
    if (!sound) return absl::InternalError("the front sent a request that cannot be parsed");
    QUIRE_RETURN_IF_ERROR(WriteFrame(socket, reply.SerializeAsString()));
  }
}

}  // namespace quire::render
