#include "worker/render/format.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>

namespace quire::render {
namespace {

namespace api = quire::v1;

constexpr size_t kPdfHeaderWithin = 1024;  // readers accept junk before "%PDF-" up to here
constexpr size_t kRiffKindAt = 8;           // "RIFF", a size, the kind

struct Magic {
  std::string_view bytes;
  size_t offset;
  api::DocumentFormat format;
  std::string_view refused;
  std::string_view hint;
};

constexpr std::string_view kToPng = "convert it to PNG or JPEG";
constexpr std::string_view kPrint = "print it to PDF";
constexpr std::string_view kUnpack = "unpack it and send what it holds";
constexpr api::DocumentFormat kNone = api::DOCUMENT_FORMAT_UNSPECIFIED;

using std::string_view_literals::operator""sv;

constexpr Magic kMagics[] = {
    {"\x89PNG\r\n\x1a\n"sv, 0, api::DOCUMENT_FORMAT_PNG, "", ""},
    {"\xff\xd8\xff"sv, 0, api::DOCUMENT_FORMAT_JPEG, "", ""},
    {"WEBP"sv, kRiffKindAt, api::DOCUMENT_FORMAT_WEBP, "", ""},
    {"AVI "sv, kRiffKindAt, api::DOCUMENT_FORMAT_VIDEO, "", ""},
    {"II*\0"sv, 0, api::DOCUMENT_FORMAT_TIFF, "", ""},
    {"MM\0*"sv, 0, api::DOCUMENT_FORMAT_TIFF, "", ""},
    {"II+\0"sv, 0, api::DOCUMENT_FORMAT_TIFF, "", ""},
    {"MM\0+"sv, 0, api::DOCUMENT_FORMAT_TIFF, "", ""},
    {"ftypavif"sv, 4, kNone, "AVIF", kToPng},
    {"ftypavis"sv, 4, kNone, "AVIF", kToPng},
    {"ftyphei"sv, 4, kNone, "HEIC", kToPng},
    {"ftyphev"sv, 4, kNone, "HEIC", kToPng},
    {"ftypmif1"sv, 4, kNone, "HEIF", kToPng},
    {"ftypmsf1"sv, 4, kNone, "HEIF", kToPng},
    {"\0\0\0\x0cjP  \r\n\x87\n"sv, 0, kNone, "JPEG 2000", kToPng},
    {"\xff\x4f\xff\x51"sv, 0, kNone, "JPEG 2000", kToPng},
    {"\0\0\0\x0cJXL \r\n\x87\n"sv, 0, kNone, "JPEG XL", kToPng},
    {"\xff\x0a"sv, 0, kNone, "JPEG XL", kToPng},
    {"GIF8"sv, 0, kNone, "GIF", kToPng},
    {"8BPS"sv, 0, kNone, "Photoshop", kToPng},
    {"AT&TFORM"sv, 0, kNone, "DjVu", kPrint},
    {"%!PS"sv, 0, kNone, "PostScript", "convert it with ps2pdf"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, 0, kNone, "an old Microsoft Office document", kPrint},
    {"{\\rtf"sv, 0, kNone, "RTF", kPrint},
    {"ftyp"sv, 4, api::DOCUMENT_FORMAT_VIDEO, "", ""},
    {"\x1a\x45\xdf\xa3"sv, 0, api::DOCUMENT_FORMAT_VIDEO, "", ""},
    {"\x1f\x8b"sv, 0, kNone, "gzip", kUnpack},
    {"7z\xbc\xaf\x27\x1c"sv, 0, kNone, "7-Zip", kUnpack},
    {"Rar!"sv, 0, kNone, "RAR", kUnpack},
};

const Magic* FindMagic(std::string_view head) {
  const auto* const found =
      std::find_if(std::begin(kMagics), std::end(kMagics), [&](const Magic& magic) {
        if (magic.offset == kRiffKindAt && !head.starts_with("RIFF")) return false;
        return head.size() > magic.offset && head.substr(magic.offset).starts_with(magic.bytes);
      });
  return found == std::end(kMagics) ? nullptr : found;
}

// "BM" alone is weak: the size of the header that follows must be a known one.
bool IsBmp(std::string_view head) {
  constexpr int kHeaderBytes[] = {12, 40, 52, 56, 64, 108, 124};
  return head.starts_with("BM") && head.size() > 18 && head[15] == 0 && head[16] == 0 &&
         std::find(std::begin(kHeaderBytes), std::end(kHeaderBytes), head[14]) !=
             std::end(kHeaderBytes);
}

std::string_view View(std::span<const uint8_t> bytes, size_t limit) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), limit)};
}

// What a ZIP archive is, by the names at its start.
SniffedFormat SniffZip(std::string_view head) {
  const auto holds = [&](std::string_view name) { return head.find(name) != head.npos; };
  if (holds("word/")) return {kNone, "DOCX", kPrint};
  if (holds("xl/")) return {kNone, "XLSX", kPrint};
  if (holds("ppt/")) return {kNone, "PPTX", kPrint};
  if (holds("mimetypeapplication/vnd.oasis")) return {kNone, "OpenDocument", kPrint};
  if (holds("mimetypeapplication/epub")) return {kNone, "EPUB", kPrint};
  if (holds("[Content_Types].xml")) return {kNone, "an Office document", kPrint};
  return {kNone, "ZIP", kUnpack};
}

bool IsText(std::string_view head) {
  return !head.empty() && std::all_of(head.begin(), head.end(), [](unsigned char c) {
    return c >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

SniffedFormat SniffText(std::string_view head) {
  const size_t start = head.find_first_not_of(" \t\r\n");
  std::string begin(head.substr(start == head.npos ? 0 : start, 512));
  std::transform(begin.begin(), begin.end(), begin.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (begin.find("<svg") != begin.npos) return {kNone, "SVG", kToPng};
  if (begin.starts_with("<!doctype html") || begin.starts_with("<html")) {
    return {kNone, "HTML", kPrint};
  }
  if (begin.starts_with("<?xml")) return {kNone, "XML", kPrint};
  return {kNone, "plain text", "it can be read as it is"};
}

}  // namespace

SniffedFormat SniffFormat(std::span<const uint8_t> bytes) {
  const std::string_view head = View(bytes, 4096);
  const Magic* const magic = FindMagic(head);
  if (magic != nullptr && magic->format != kNone) return {magic->format, "", ""};
  if (head.substr(0, kPdfHeaderWithin).find("%PDF-") != head.npos) {
    return {api::DOCUMENT_FORMAT_PDF, "", ""};
  }
  if (head.starts_with("PK\x03\x04")) return SniffZip(head);
  if (magic != nullptr) return {kNone, magic->refused, magic->hint};
  if (IsBmp(head)) return {api::DOCUMENT_FORMAT_BMP, "", ""};
  if (IsText(head)) return SniffText(head);
  return {};
}

std::string_view FormatName(api::DocumentFormat format) {
  switch (format) {
    case api::DOCUMENT_FORMAT_PDF:
      return "PDF";
    case api::DOCUMENT_FORMAT_PNG:
      return "PNG";
    case api::DOCUMENT_FORMAT_JPEG:
      return "JPEG";
    case api::DOCUMENT_FORMAT_WEBP:
      return "WebP";
    case api::DOCUMENT_FORMAT_BMP:
      return "BMP";
    case api::DOCUMENT_FORMAT_TIFF:
      return "TIFF";
    case api::DOCUMENT_FORMAT_VIDEO:
      return "video";
    default:
      return "unknown";
  }
}

}  // namespace quire::render
