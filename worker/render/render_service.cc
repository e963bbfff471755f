#include "worker/render/render_service.h"

#include <unistd.h>

#include <limits>
#include <new>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/frame_io.h"
#include "worker/render/image_codec.h"

namespace quire::render {
namespace {

namespace wire = quire::render::v1;

// Files of open documents may take this part of the memory; drawing needs the rest.
constexpr int64_t kFilesPart = 4;
constexpr size_t kMostDocuments = 64;
// So that it fits into a reply.
constexpr int64_t kMostPngBytes = kMaxFrameBytes - 4096;

absl::Status BadRequest(std::string_view what) {
  return absl::InternalError(absl::StrCat("the front asks for ", std::string(what)));
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
                       .max_page_pixels = request.max_page_pixels()}));
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
  if (request.include_png()) {
    QUIRE_ASSIGN_OR_RETURN(*rendered.mutable_png(),
                           EncodePng({canvas.data, page.width_px, page.height_px}));
    if (static_cast<int64_t>(rendered.png().size()) > kMostPngBytes) {
      return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_IMAGE_TOO_LARGE",
                       absl::StrCat("page ", request.page_index() + 1, " as PNG has ",
                                    WithCommas(static_cast<int64_t>(rendered.png().size())),
                                    " bytes; the limit is ", WithCommas(kMostPngBytes),
                                    ": lower --dpi or do without the page's image"),
                       {{"page", absl::StrCat(request.page_index() + 1)}});
    }
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
