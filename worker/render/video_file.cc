#include "worker/render/video_file.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/image_codec.h"
#include "worker/render/turned_canvas.h"

namespace quire::render {
namespace {

constexpr int kIoBytes = 1 << 16;
constexpr double kHalfAMillisecond = 0.0005;  // times of frames are rounded

absl::Status VideoDamaged(std::string_view what) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "VIDEO_DAMAGED",
      absl::StrCat("the video ", std::string(what), ": convert it to MP4 with H.264, or send frames as PNG"));
}

// The bytes as FFmpeg reads them.
struct Source {
  Bytes bytes;
  int64_t at = 0;
};

int ReadSource(void* opaque, uint8_t* to, int size) {
  auto& source = *static_cast<Source*>(opaque);
  const int64_t left = static_cast<int64_t>(source.bytes.size()) - source.at;
  if (left <= 0) return AVERROR_EOF;
  const auto count = static_cast<int>(std::min<int64_t>(size, left));
  std::memcpy(to, source.bytes.data() + source.at, count);
  source.at += count;
  return count;
}

int64_t SeekSource(void* opaque, int64_t offset, int whence) {
  auto& source = *static_cast<Source*>(opaque);
  const auto size = static_cast<int64_t>(source.bytes.size());
  if ((whence & AVSEEK_SIZE) != 0) return size;
  const int64_t from = whence == SEEK_CUR ? source.at : whence == SEEK_END ? size : 0;
  if (offset < -from || offset > size - from) return AVERROR(EINVAL);
  return source.at = from + offset;
}

// A file that names another one gets none.
int RefuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EACCES);
}

// The demuxer by the first bytes, so that none is tried that was not meant to be.
const AVInputFormat* FormatOf(Bytes bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 12));
  if (head.starts_with("RIFF")) return av_find_input_format("avi");
  if (head.starts_with("\x1a\x45\xdf\xa3")) return av_find_input_format("matroska");
  return av_find_input_format("mov");
}

int OrientationOf(const AVStream& stream) {
  const uint8_t* const matrix =
      av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) return 1;
  const double clockwise = -av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (!std::isfinite(clockwise)) return 1;
  switch (static_cast<int>(std::lround(clockwise / 90)) & 3) {
    case 1:
      return 6;
    case 2:
      return 3;
    case 3:
      return 8;
    default:
      return 1;
  }
}

}  // namespace

struct VideoFile::Libraries {
  explicit Libraries(Bytes bytes) : source{bytes} {}
  ~Libraries() {
    sws_freeContext(scaler);
    av_frame_free(&decoded);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
    if (io != nullptr) av_freep(&io->buffer);
    avio_context_free(&io);
  }
  const AVStream& stream() const { return *format->streams[stream_index]; }
  double SecondsOf(int64_t time) const {
    const int64_t start = stream().start_time == AV_NOPTS_VALUE ? 0 : stream().start_time;
    return static_cast<double>(time - start) * av_q2d(stream().time_base);
  }

  // The frame as rows of `pixel_format`. ResourceExhausted when there is no memory.
  absl::StatusOr<std::vector<uint8_t>> Scale(int width, int height, AVPixelFormat pixel_format,
                                             int bytes_per_pixel) {
    scaler = sws_getCachedContext(scaler, frame->width, frame->height,
                                  static_cast<AVPixelFormat>(frame->format), width, height,
                                  pixel_format, SWS_AREA, nullptr, nullptr, nullptr);
    if (scaler == nullptr) return OutOfRenderMemory("a frame of the video");
    std::vector<uint8_t> pixels(static_cast<size_t>(width) * height * bytes_per_pixel +
                                kScalerSlack);
    uint8_t* const rows[] = {pixels.data(), nullptr, nullptr, nullptr};
    const int strides[] = {width * bytes_per_pixel, 0, 0, 0};
    sws_scale(scaler, frame->data, frame->linesize, 0, frame->height, rows, strides);
    return pixels;
  }
  static constexpr size_t kScalerSlack = 64;  // it may write beyond a row's end

  Source source;
  AVIOContext* io = nullptr;
  AVFormatContext* format = nullptr;
  AVCodecContext* decoder = nullptr;
  AVPacket* packet = nullptr;
  AVFrame* decoded = nullptr;  // being filled
  AVFrame* frame = nullptr;    // the last one that was
  SwsContext* scaler = nullptr;
  int stream_index = -1;
  bool flushing = false;
};

VideoFile::VideoFile(std::unique_ptr<Libraries> libraries) : av_(std::move(libraries)) {}
VideoFile::~VideoFile() = default;

absl::StatusOr<std::unique_ptr<VideoFile>> VideoFile::Open(Bytes bytes,
                                                           const DocumentLimits& limits) {
  av_log_set_level(AV_LOG_QUIET);
  auto av = std::make_unique<Libraries>(bytes);
  auto* const buffer = static_cast<uint8_t*>(av_malloc(kIoBytes));
  if (buffer == nullptr) return OutOfRenderMemory("the video");
  av->io = avio_alloc_context(buffer, kIoBytes, 0, &av->source, ReadSource, nullptr, SeekSource);
  av->format = avformat_alloc_context();
  av->packet = av_packet_alloc();
  av->decoded = av_frame_alloc();
  av->frame = av_frame_alloc();
  if (av->io == nullptr || av->format == nullptr || av->packet == nullptr ||
      av->decoded == nullptr || av->frame == nullptr) {
    return OutOfRenderMemory("the video");
  }
  av->format->pb = av->io;
  av->format->io_open = RefuseToOpen;
  std::unique_ptr<VideoFile> video(new VideoFile(std::move(av)));
  QUIRE_RETURN_IF_ERROR(video->Prepare(limits));
  return video;
}

absl::Status VideoFile::Prepare(const DocumentLimits& limits) {
  if (avformat_open_input(&av_->format, "", FormatOf(av_->source.bytes), nullptr) < 0 ||
      avformat_find_stream_info(av_->format, nullptr) < 0) {
    return VideoDamaged("cannot be read");
  }
  const AVCodec* codec = nullptr;
  av_->stream_index = av_find_best_stream(av_->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (av_->stream_index < 0 || codec == nullptr)
    return VideoDamaged("has no pictures that can be decoded");
  av_->decoder = avcodec_alloc_context3(codec);
  if (av_->decoder == nullptr) return OutOfRenderMemory("the video");
  const AVCodecParameters& parameters = *av_->stream().codecpar;
  QUIRE_RETURN_IF_ERROR(CheckImageSize(parameters.width, parameters.height, limits));
  av_->decoder->thread_count = 1;  // the sandbox allows no more
  av_->decoder->max_pixels = limits.max_page_pixels;
  if (avcodec_parameters_to_context(av_->decoder, &parameters) < 0 ||
      avcodec_open2(av_->decoder, codec, nullptr) < 0) {
    return VideoDamaged(absl::StrCat("is coded as ", codec->name, ", which cannot be decoded"));
  }
  for (unsigned i = 0; i < av_->format->nb_streams; ++i) {
    if (static_cast<int>(i) != av_->stream_index) av_->format->streams[i]->discard = AVDISCARD_ALL;
  }
  orientation_ = OrientationOf(av_->stream());
  MeasureLength();
  return absl::OkStatus();
}

void VideoFile::MeasureLength() {
  while (av_read_frame(av_->format, av_->packet) >= 0) {
    const AVPacket& packet = *av_->packet;
    if (packet.stream_index == av_->stream_index && packet.pts != AV_NOPTS_VALUE) {
      seconds_ =
          std::max(seconds_, av_->SecondsOf(packet.pts + std::max<int64_t>(packet.duration, 0)));
    }
    av_packet_unref(av_->packet);
  }
  Rewind(0);
}

// To the last key frame before `seconds`.
void VideoFile::Rewind(double seconds) {
  const int64_t start = av_->stream().start_time == AV_NOPTS_VALUE ? 0 : av_->stream().start_time;
  const auto time = start + static_cast<int64_t>(seconds / av_q2d(av_->stream().time_base));
  if (av_seek_frame(av_->format, av_->stream_index, time, AVSEEK_FLAG_BACKWARD) < 0) {
    av_seek_frame(av_->format, av_->stream_index, 0, AVSEEK_FLAG_BYTE);
  }
  avcodec_flush_buffers(av_->decoder);
  av_->flushing = false;
  frame_seconds_ = -1;
}

bool VideoFile::Next() {
  while (true) {
    const int got = avcodec_receive_frame(av_->decoder, av_->decoded);
    if (got == 0) {
      std::swap(av_->decoded, av_->frame);
      const int64_t time = av_->frame->best_effort_timestamp;
      if (time != AV_NOPTS_VALUE) frame_seconds_ = std::max(0.0, av_->SecondsOf(time));
      return true;
    }
    if (got != AVERROR(EAGAIN) || av_->flushing) return false;
    // What is damaged inside is passed over, as players do.
    if (av_read_frame(av_->format, av_->packet) < 0) {
      av_->flushing = true;
      avcodec_send_packet(av_->decoder, nullptr);
      continue;
    }
    if (av_->packet->stream_index == av_->stream_index)
      avcodec_send_packet(av_->decoder, av_->packet);
    av_packet_unref(av_->packet);
  }
}

absl::Status VideoFile::GoTo(double seconds) {
  const bool stands_there = std::abs(frame_seconds_ - seconds) < kHalfAMillisecond;
  if (stands_there) return absl::OkStatus();
  Rewind(seconds);
  bool found = false;
  while (frame_seconds_ < seconds - kHalfAMillisecond && Next()) found = true;
  if (!found)
    return VideoDamaged(absl::StrCat("has no picture at ", seconds, " s that can be decoded"));
  return absl::OkStatus();
}

absl::StatusOr<DrawnPage> VideoFile::Draw(Canvas canvas) const {
  const int width = av_->frame->width;
  const int height = av_->frame->height;
  QUIRE_RETURN_IF_ERROR(CheckCanvas(canvas, width, height));
  QUIRE_ASSIGN_OR_RETURN(const std::vector<uint8_t> pixels,
                         av_->Scale(width, height, AV_PIX_FMT_RGB24, 3));
  const TurnedCanvas turned(canvas, width, height, orientation_);
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = pixels.data() + static_cast<size_t>(y) * width * 3;
    uint8_t* to = turned.Row(y);
    for (int x = 0; x < width; ++x, from += 3, to += turned.step()) std::memcpy(to, from, 3);
  }
  return DrawnPage{.width_px = turned.width(),
                   .height_px = turned.height(),
                   .frame_seconds = std::max(0.0, frame_seconds_)};
}

absl::StatusOr<std::array<uint8_t, VideoFile::kThumbnailSide * VideoFile::kThumbnailSide>>
VideoFile::Thumbnail() const {
  QUIRE_ASSIGN_OR_RETURN(const std::vector<uint8_t> pixels,
                         av_->Scale(kThumbnailSide, kThumbnailSide, AV_PIX_FMT_GRAY8, 1));
  std::array<uint8_t, kThumbnailSide * kThumbnailSide> thumbnail;
  std::copy_n(pixels.begin(), thumbnail.size(), thumbnail.begin());
  return thumbnail;
}

}  // namespace quire::render
