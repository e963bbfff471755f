#include "client/evaluate/omnidocbench.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/json_format.h"
#include "client/page_format.h"
#include "client/text_sink.h"
#include "proto/status.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

absl::Status WrongAnnotations(const std::string& text) {
  return WithExitCode(absl::InvalidArgumentError(text), kExitFile);
}

struct Block {
  double order = 0;
  int64_t id = -1;
  std::string kind;
  std::string text;
  std::string html;
  std::string latex;
};

std::string StringOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Blocks that are read, in reading order.
std::vector<Block> BlocksOf(const Json& page) {
  static const std::set<std::string> skipped = {"figure", "header",  "footer",
                                                "page_number", "abandon", "mask"};
  std::vector<Block> blocks;
  for (const Json& item : page.value("layout_dets", Json::array())) {
    if (!item.is_object()) continue;
    const auto order = item.find("order");
    const auto ignore = item.find("ignore");
    if (order == item.end() || !order->is_number()) continue;
    if (ignore != item.end() && ignore->is_boolean() && ignore->get<bool>()) continue;
    Block block{.order = order->get<double>(),
                .kind = StringOf(item, "category_type"),
                .text = StringOf(item, "text"),
                .html = StringOf(item, "html"),
                .latex = StringOf(item, "latex")};
    const auto id = item.find("anno_id");
    if (id != item.end() && id->is_number_integer()) block.id = id->get<int64_t>();
    if (skipped.count(block.kind) == 0) blocks.push_back(std::move(block));
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.order < b.order; });
  return blocks;
}

// By block, the block whose paragraph it goes on with.
std::map<int64_t, int64_t> Continuations(const Json& page) {
  std::map<int64_t, int64_t> before;
  const auto extra = page.find("extra");
  if (extra == page.end() || !extra->is_object()) return before;
  for (const Json& relation : extra->value("relation", Json::array())) {
    if (!relation.is_object() || StringOf(relation, "relation_type") != "truncated") continue;
    const auto source = relation.find("source_anno_id");
    const auto target = relation.find("target_anno_id");
    if (source == relation.end() || target == relation.end()) continue;
    if (!source->is_number_integer() || !target->is_number_integer()) continue;
    before[target->get<int64_t>()] = source->get<int64_t>();
  }
  return before;
}

// Moves the text of each block that goes on with an earlier one to its end.
void JoinParagraphs(std::vector<Block>& blocks, const std::map<int64_t, int64_t>& before) {
  std::map<int64_t, size_t> places;  // where a block's text stands now
  for (size_t i = 0; i < blocks.size(); ++i) {
    places[blocks[i].id] = i;
    const auto found = before.find(blocks[i].id);
    if (blocks[i].id < 0 || found == before.end()) continue;
    const auto place = places.find(found->second);
    if (place == places.end() || place->second == i) continue;
    std::string& text = blocks[place->second].text;
    const bool broken = !text.empty() && text.back() == '-';
    if (broken) text.pop_back();
    absl::StrAppend(&text, broken ? "" : " ", blocks[i].text);
    blocks[i].text.clear();
    places[blocks[i].id] = place->second;
  }
}

std::string ToMarkdown(const Json& page) {
  std::vector<Block> blocks = BlocksOf(page);
  JoinParagraphs(blocks, Continuations(page));
  std::string text;
  for (const Block& block : blocks) {
    const std::string& body = block.kind == "table" && !block.html.empty() ? block.html
                              : !block.text.empty()                        ? block.text
                              : !block.html.empty()                        ? block.html
                                                                           : block.latex;
    if (body.empty()) continue;
    absl::StrAppend(&text, block.kind == "title" ? "# " : "", body, "\n\n");
  }
  return text;
}

absl::Status WriteFile(const std::string& folder, const std::string& stem,
                       const std::string& text) {
  QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<TextSink> sink, MakeFileSink(folder, stem, ".md"));
  QUIRE_RETURN_IF_ERROR(sink->Write(text));
  return sink->Commit(true).status();
}

absl::Status ImportPage(const Json& page, size_t number, const fs::path& images,
                        const std::string& folder, std::set<std::string>& stems) {
  const auto info = page.is_object() ? page.find("page_info") : page.end();
  // The name alone: a path could lead out of the folder.
  const fs::path name = info != page.end() && info->is_object()
                            ? fs::path(StringOf(*info, "image_path")).filename()
                            : fs::path();
  if (name.empty() || name == "." || name == "..") {
    return WrongAnnotations(absl::StrCat("page ", number, " has no page_info.image_path"));
  }
  if (!stems.insert(name.stem().string()).second) {
    return WrongAnnotations(absl::StrCat("page ", number, ": there are two images of the name ",
                                         Printable(name.stem().string())));
  }
  std::error_code error;
  const fs::path image = fs::absolute(images / name, error);
  if (!fs::is_regular_file(image, error)) {
    return FileError("read the image", image.string(), ENOENT);
  }
  QUIRE_RETURN_IF_ERROR(WriteFile(folder, name.stem().string(), ToMarkdown(page)));
  const fs::path link = fs::path(folder) / name;
  if (fs::equivalent(image, link, error)) return absl::OkStatus();
  fs::remove(link, error);
  fs::create_symlink(image, link, error);
  return error ? FileError("create", link.string(), error.value()) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> ImportOmniDocBench(const std::string& annotations,
                                       const std::string& images_folder,
                                       const std::string& folder) {
  errno = 0;
  std::ifstream file(annotations, std::ios::binary);
  if (!file) return FileError("read", annotations, errno != 0 ? errno : EIO);
  const Json pages = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!pages.is_array() || pages.empty()) {
    return WrongAnnotations(absl::StrCat(Printable(annotations),
                                         " is not OmniDocBench's: it wants a list of pages"));
  }
  std::set<std::string> stems;
  for (size_t i = 0; i < pages.size(); ++i) {
    QUIRE_RETURN_IF_ERROR(ImportPage(pages[i], i, images_folder, folder, stems));
  }
  return static_cast<int>(pages.size());
}

}  // namespace quire::client
